//! Decompresses gzip and deflate, the compressions whose crates tonic has. A few bytes can become
//! gigabytes, so it is said how many are wanted. `--decode` and the tap use it; no chapter teaches
//! this file.

use std::io::{self, Read};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// A compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    /// In HTTP, deflate is zlib's format (RFC 9110, 8.4.1.2).
    Deflate,
}

/// Why bytes could not be decompressed.
#[derive(Debug)]
pub enum Error {
    /// They become more than was wanted.
    TooLarge,
    /// They are damaged, or cut off.
    Broken(io::Error),
}

impl Compression {
    /// The compression with this name in `grpc-encoding`, a header of the call
    /// (<https://github.com/grpc/grpc/blob/master/doc/compression.md>).
    pub fn from_name(name: &str) -> Option<Compression> {
        match name {
            "gzip" => Some(Compression::Gzip),
            "deflate" => Some(Compression::Deflate),
            _ => None,
        }
    }

    /// The compression that begins with these bytes.
    pub fn of(bytes: &[u8]) -> Option<Compression> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            // The first byte is the method, and the two are a multiple of 31.
            [0x78, second, ..] if (0x7800 + u32::from(*second)) % 31 == 0 => {
                Some(Compression::Deflate)
            }
            _ => None,
        }
    }

    /// Its name in `grpc-encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Deflate => "deflate",
        }
    }

    /// Decompresses `bytes`, up to `most`.
    ///
    /// # Errors
    /// There is more, or they cannot be decompressed.
    pub fn unpack(self, bytes: &[u8], most: usize) -> Result<Vec<u8>, Error> {
        match self {
            Compression::Gzip => read_at_most(MultiGzDecoder::new(bytes), most),
            Compression::Deflate => read_at_most(ZlibDecoder::new(bytes), most),
        }
    }
}

fn read_at_most(decoder: impl Read, most: usize) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::new();
    // A byte more would show that there is more.
    let mut decoder = decoder.take(most as u64 + 1);
    let read = decoder.read_to_end(&mut unpacked);
    if unpacked.len() > most {
        return Err(Error::TooLarge);
    }
    read.map_err(Error::Broken)?;
    Ok(unpacked)
}
