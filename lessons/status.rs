//! A status as the gRPC specification writes it: `INVALID_ARGUMENT: cannot divide by 0`.
//!
//! tonic's own `Display` of a code is a sentence, and its `Debug` is the Rust name.

use tonic::{Code, Status};

/// The name of a status code in the specification, such as `INVALID_ARGUMENT`.
///
/// Specification: <https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// A status on one line: the code's name, a colon, and the message.
pub fn status_line(status: &Status) -> String {
    format!("{}: {}", code_name(status.code()), one_line(status.message()))
}

/// A text from elsewhere, fit for a terminal: control characters, line ends among them, are
/// escaped. Without this, a message could forge a second line of a log.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
