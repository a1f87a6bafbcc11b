//! Reads the header `grpc-status-details-bin`, in which a status has its details: base64 of a
//! `google.rpc.Status`, which holds each detail in an `Any`, and that says of which type it is.
//! Lesson 12 explains it.

use tonic::codegen::http::{HeaderMap, HeaderValue};
use tonic::metadata::MetadataMap;

use super::schema::{Schema, hex};
use crate::types::wire::{Reader, Value};

/// The name of the header.
pub const HEADER: &str = "grpc-status-details-bin";

/// How many characters of the details are shown. A server may send kilobytes.
const MAX_SHOWN: usize = 1500;

/// The numbers of the fields that are read here, by their message.
mod number {
    pub mod status {
        pub const CODE: u32 = 1;
        pub const MESSAGE: u32 = 2;
        pub const DETAILS: u32 = 3;
    }
    pub mod any {
        pub const TYPE_URL: u32 = 1;
        pub const VALUE: u32 = 2;
    }
}

/// The header with its value in words, such as
/// `grpc-status-details-bin Status { code: 5, message: "no", details: [ErrorInfo { reason: "NO" }] }`.
/// What cannot be read is shown as it is.
pub fn describe(schema: &Schema, value: &str) -> String {
    let text = match decoded(value) {
        Some(bytes) => status(schema, &bytes).unwrap_or_else(|| {
            format!("{} bytes that are no Status: {}", bytes.len(), hex(&bytes))
        }),
        None => format!("not base64: {value}"),
    };
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{HEADER} {}...", &text[..at]),
        None => format!("{HEADER} {text}"),
    }
}

/// The bytes of a header whose name ends in `-bin`.
fn decoded(value: &str) -> Option<Vec<u8>> {
    let mut headers = HeaderMap::new();
    headers.insert(HEADER, HeaderValue::from_str(value).ok()?);
    let metadata = MetadataMap::from_headers(headers);
    let bytes = metadata.get_bin(HEADER)?.to_bytes().ok()?;
    Some(bytes.to_vec())
}

/// A `google.rpc.Status` in words. `None` if the bytes are none.
fn status(schema: &Schema, bytes: &[u8]) -> Option<String> {
    use number::status::{CODE, DETAILS, MESSAGE};

    let mut parts = Vec::new();
    let mut details = Vec::new();
    for field in Reader::new(bytes) {
        let field = field.ok()?;
        match (field.number, field.value) {
            (CODE, Value::Varint(code)) => parts.push(format!("code: {code}")),
            (MESSAGE, Value::Len(text)) => {
                parts.push(format!("message: {:?}", String::from_utf8_lossy(text)));
            }
            (DETAILS, Value::Len(any)) => {
                details.push(detail(schema, any).unwrap_or_else(|| hex(any)));
            }
            // The definition has no other fields.
            _ => return None,
        }
    }
    if !details.is_empty() {
        parts.push(format!("details: [{}]", details.join(", ")));
    }
    if parts.is_empty() {
        return Some("Status {}".into());
    }
    Some(format!("Status {{ {} }}", parts.join(", ")))
}

/// What an `Any` holds: by its fields if its type is known, and by their numbers if not. `None` if
/// the bytes are no `Any`.
fn detail(schema: &Schema, any: &[u8]) -> Option<String> {
    let mut type_url = "";
    let mut value: &[u8] = &[];
    for field in Reader::new(any) {
        let field = field.ok()?;
        match (field.number, field.value) {
            (number::any::TYPE_URL, Value::Len(url)) => {
                type_url = str::from_utf8(url).ok()?;
            }
            (number::any::VALUE, Value::Len(bytes)) => value = bytes,
            _ => return None,
        }
    }
    // `type.googleapis.com/google.rpc.ErrorInfo`: what follows the last slash is the full name.
    let name = type_url.rsplit('/').next()?;
    match schema.message_named(name) {
        Some(definition) => schema
            .describe(Some(definition), value)
            .or_else(|| Some(format!("{name} {}", hex(value)))),
        // Nobody told us of this type. `describe` would call it "message".
        None => match schema.describe(None, value) {
            Some(text) => {
                Some(format!("{name}{}", text.strip_prefix("message").unwrap_or(&text)))
            }
            None => Some(format!("{name} {}", hex(value))),
        },
    }
}
