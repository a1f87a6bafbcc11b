//! Decompresses messages, as far as the crates that tonic has can.
//!
//! A header of the call, `grpc-encoding`, names the compression; the flag in a message's
//! prefix says whether this message is compressed
//! (<https://github.com/grpc/grpc/blob/master/doc/compression.md>).

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::trace::MAX_KEPT;

/// What a compressed message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpacked {
    /// The message, decompressed.
    Message {
        /// The name of the compression.
        encoding: &'static str,
        /// All its bytes, at most [`MAX_KEPT`].
        bytes: Vec<u8>,
    },
    /// It is not decompressed.
    Not {
        /// Why, or how it is compressed.
        why: String,
    },
}

impl Unpacked {
    fn not(why: impl Into<String>) -> Unpacked {
        Unpacked::Not { why: why.into() }
    }
}

/// Decompresses a message, whose `length` bytes are all there, or only the first of them.
/// A small message can become a huge one, so no more than [`MAX_KEPT`] is decompressed.
pub fn unpack(encoding: Option<&str>, bytes: &[u8], length: usize) -> Unpacked {
    let (encoding, decoder): (&str, Box<dyn Read + '_>) = match encoding {
        Some("gzip") => ("gzip", Box::new(MultiGzDecoder::new(bytes))),
        // In HTTP, deflate is zlib's format (RFC 9110, 8.4.1.2).
        Some("deflate") => ("deflate", Box::new(ZlibDecoder::new(bytes))),
        Some("identity") => {
            return Unpacked::not("grpc-encoding is identity, which compresses nothing");
        }
        Some(other) => {
            return Unpacked::not(format!("with {other}, which is not read here"));
        }
        None => return Unpacked::not("no grpc-encoding says how"),
    };
    if bytes.len() < length {
        return Unpacked::not(format!("with {encoding}"));
    }
    let mut unpacked = Vec::new();
    let read = decoder.take(MAX_KEPT as u64 + 1).read_to_end(&mut unpacked);
    if unpacked.len() > MAX_KEPT {
        Unpacked::not(format!("with {encoding}, from more than {MAX_KEPT} bytes"))
    } else if read.is_err() {
        Unpacked::not(format!("with {encoding}, and broken"))
    } else {
        Unpacked::Message { encoding, bytes: unpacked }
    }
}
