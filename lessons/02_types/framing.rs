//! What stands around messages where bytes come from the wire: gRPC's five-byte prefix, gzip.
//! `--decode` takes it off. No chapter teaches this file; lesson 1 shows the prefix.

use std::iter;

use grpc_workbook::cli;
use grpc_workbook::types::compression::{Compression, Error};
use grpc_workbook::types::wire::{Reader, as_text, packed_varints};

/// The size of gRPC's prefix, in bytes: a flag, and four bytes of length.
const PREFIX_SIZE: usize = 5;

/// A prefix with a length up to here is believed, even if fewer bytes follow.
const PLAUSIBLE_LENGTH: usize = 1 << 24;

/// How large unpacked bytes may be: as large as a message that receivers accept.
const MAX_UNPACKED_SIZE: usize = 4 * 1024 * 1024;

/// A message, or what stands in the place of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The offset of the prefix, or of the body if there is no prefix.
    pub start: usize,
    /// gRPC's prefix, or nothing.
    pub prefix: &'a [u8],
    /// What comes after the prefix, as much as there is.
    pub body: &'a [u8],
    /// What the body is.
    pub kind: Kind,
    /// How many bytes of the body are not there.
    pub missing: usize,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Message,
    /// Compressed, with gzip or otherwise.
    Packed,
    /// The trailers of gRPC-Web, which are text.
    Trailers,
}

/// Takes bytes apart. No message begins with the byte of a prefix's flag: 0 and 1 would be
/// field 0, which does not exist.
///
/// # Errors
/// After a message with a prefix come bytes that are no other: a line that says so.
pub fn parts(bytes: &[u8]) -> impl Iterator<Item = Result<Part<'_>, String>> {
    let mut start = 0;
    iter::from_fn(move || {
        let rest = &bytes[start..];
        let at = start;
        start = bytes.len();
        if rest.is_empty() {
            return None;
        }
        if at == 0 && !begins_with_prefix(bytes) {
            let kind = if bytes.starts_with(b"\x1f\x8b") {
                Kind::Packed
            } else {
                Kind::Message
            };
            return Some(Ok(Part {
                start: 0,
                prefix: &[],
                body: bytes,
                kind,
                missing: 0,
            }));
        }
        let Some((flag, length, after)) =
            split_prefix(rest).filter(|_| begins_with_prefix(rest))
        else {
            let more = rest.len();
            return Some(Err(format!(
                "at offset {at}: {more} bytes after a message with gRPC's prefix, which do not begin with another prefix"
            )));
        };
        let (prefix, body) = (&rest[..PREFIX_SIZE], &after[..length.min(after.len())]);
        let kind = match flag {
            0 => Kind::Message,
            0x80 => Kind::Trailers,
            _ => Kind::Packed,
        };
        start = at + PREFIX_SIZE + body.len();
        Some(Ok(Part { start: at, prefix, body, kind, missing: length - body.len() }))
    })
}

/// Whether the bytes begin with gRPC's prefix. The length in it may be larger than what follows,
/// unless it is unlikely, or the bytes are frames of HTTP/2.
fn begins_with_prefix(bytes: &[u8]) -> bool {
    split_prefix(bytes).is_some_and(|(_, length, body)| {
        length <= body.len() || (length < PLAUSIBLE_LENGTH && !is_http2(bytes))
    })
}

/// Flag, length and what comes after them, if the bytes begin as gRPC's prefix does.
fn split_prefix(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    let (&[flag, a, b, c, d], body) = bytes.split_first_chunk()?;
    // 80 is a possible tag, unless 0 follows.
    let possible = flag <= 1 || (matches!(flag, 0x80 | 0x81) && a == 0);
    possible.then_some((flag, u32::from_be_bytes([a, b, c, d]) as usize, body))
}

/// Whether the bytes are frames of HTTP/2, and nothing else: three bytes of length, one each of
/// type and flags, four of the stream, whose first is 0. In gRPC the message begins there, and no
/// message begins with 0.
fn is_http2(mut bytes: &[u8]) -> bool {
    while let Some((&[a, b, c, frame_type, _, stream, _, _, _], payload)) =
        bytes.split_first_chunk()
    {
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        match payload.get(length..) {
            Some(rest) if frame_type <= 9 && stream == 0 => bytes = rest,
            _ => return false,
        }
    }
    bytes.is_empty()
}

/// A number of bytes, in words.
pub fn count(bytes: usize) -> String {
    if bytes == 1 {
        "1 byte".into()
    } else {
        format!("{bytes} bytes")
    }
}

/// What a prefix says.
pub fn meaning(prefix: &[u8]) -> String {
    let Some((flag, length, _)) = split_prefix(prefix) else {
        return String::new();
    };
    let size = count(length);
    let follow = if length == 1 { "follows" } else { "follow" };
    match flag {
        0 => format!("{size} {follow}, not compressed"),
        1 => format!("{size} {follow}, compressed"),
        0x80 => format!("{size} of trailers {follow}"),
        _ => format!("{size} of trailers {follow}, compressed"),
    }
}

/// Unpacks what gzip or deflate has compressed.
///
/// # Errors
/// It is compressed with something else, damaged, or too large: a line that says so.
pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let Some(compression) = Compression::of(bytes) else {
        return Err(
            "compressed, and with neither gzip nor deflate: unpack it first".into()
        );
    };
    compression
        .unpack(bytes, MAX_UNPACKED_SIZE)
        .map_err(|error| match error {
            Error::TooLarge => "it unpacks to more than 4 MiB".into(),
            Error::Broken(error) => format!(
                "what gzip or deflate packed is damaged or cut off: {}",
                cli::without_os_code(&error)
            ),
        })
}

/// What bytes look like that are not a message, for the end of the error; empty if nothing is
/// known of them.
pub fn hint(bytes: &[u8]) -> String {
    let text = as_text(bytes).map(str::trim_start).unwrap_or_default();
    let looks_like = if text.starts_with("PRI * HTTP/2.0") {
        "the beginning of a connection of HTTP/2"
    } else if is_http2(bytes) {
        "frames of HTTP/2: a message is in the payload of DATA, after the nine bytes of its header"
    } else if matches!(bytes, [0x14..=0x17, 3, 0..=4, ..]) {
        "TLS, which is encrypted"
    } else if bytes.starts_with(b"k8s\0") {
        "an object of Kubernetes: leave out the first four bytes, `k8s` and 0"
    } else if let Some(name) = compression(bytes) {
        return format!(
            "; the bytes look like what {name} has compressed: unpack them first"
        );
    } else if is_delimited(bytes) {
        "a message with its length before it: leave the length out"
    } else if text.starts_with(['{', '[']) {
        "JSON"
    } else if text.starts_with("HTTP/") {
        "HTTP/1.1"
    } else if !text.is_empty() {
        "text"
    } else {
        return String::new();
    };
    format!("; the bytes look like {looks_like}")
}

/// The same, of bytes that begin with gRPC's prefix. Kafka's messages begin with a 0 and the number
/// of their schema, which is as long, and then say which message of the schema follows.
pub fn hint_behind_prefix(bytes: &[u8], body: &[u8]) -> String {
    let Some(([0, _, _, _, _], rest)) = bytes.split_first_chunk() else {
        return hint(body);
    };
    // 0 stands for the schema's first message.
    match rest.split_first() {
        Some((0, message)) if !message.is_empty() && is_message(message) => {
            "; the bytes look like a message of Kafka with the number of its schema: leave out the first six".into()
        }
        _ => hint(body),
    }
}

/// The program whose compressed data begins like this, gzip excepted.
fn compression(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 6] = [
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xff\x06\0\0sNaPpY", "snappy"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"PK\x03\x04", "zip"),
        (b"\x78\x9c", "zlib"),
        (b"\x78\xda", "zlib"),
    ];
    let known = BEGINNINGS
        .iter()
        .find(|(beginning, _)| bytes.starts_with(beginning));
    known.map(|(_, name)| *name)
}

fn is_message(bytes: &[u8]) -> bool {
    Reader::new(bytes).all(|field| field.is_ok())
}

/// Whether the bytes are messages with their length before each as a varint, as
/// `writeDelimitedTo` writes them to files.
fn is_delimited(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(size) = rest.iter().take(10).position(|byte| byte & 0x80 == 0) {
        let (length, after) = rest.split_at(size + 1);
        let Ok(&[length]) = packed_varints(length).as_deref() else {
            return false;
        };
        let message = usize::try_from(length)
            .ok()
            .and_then(|length| after.get(..length));
        // Zeros alone are no messages.
        let Some(message) = message.filter(|message| !message.is_empty()) else {
            return false;
        };
        if !is_message(message) {
            return false;
        }
        rest = &after[message.len()..];
    }
    rest.is_empty() && !bytes.is_empty()
}
