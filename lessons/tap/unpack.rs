//! Decompresses messages, with lesson 2's [`compression`](crate::types::compression).
//!
//! A header of the call, `grpc-encoding`, names the compression; the flag in a message's
//! prefix says whether this message is compressed.

use super::trace::MAX_KEPT;
use crate::types::compression::{Compression, Error};

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
    let encoding = encoding.map(|name| (name, Compression::from_name(name)));
    let compression = match encoding {
        Some((_, Some(compression))) => compression,
        Some(("identity", None)) => {
            return Unpacked::not("grpc-encoding is identity, which compresses nothing");
        }
        Some((other, None)) => {
            return Unpacked::not(format!("with {other}, which is not read here"));
        }
        None => return Unpacked::not("no grpc-encoding says how"),
    };
    let encoding = compression.name();
    if bytes.len() < length {
        return Unpacked::not(format!("with {encoding}"));
    }
    match compression.unpack(bytes, MAX_KEPT) {
        Ok(bytes) => Unpacked::Message { encoding, bytes },
        Err(Error::TooLarge) => {
            Unpacked::not(format!("with {encoding}, from more than {MAX_KEPT} bytes"))
        }
        Err(Error::Broken(_)) => Unpacked::not(format!("with {encoding}, and broken")),
    }
}
