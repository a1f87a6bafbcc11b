//! Errors for the person who ran a program: one line that says what happened.

use std::error::Error;
use std::fmt::{self, Debug};
use std::io::{self, ErrorKind};
use std::iter::successors;

use tonic::{Code, Status, TimeoutExpired};

use crate::status::{code_name, one_line};

/// Why a program could not do its work.
///
/// `main` returns it. Rust then prints `Error: ` and its `Debug`, which is one line, and exits
/// with code 1.
pub struct Failure(Box<dyn Error + Send + Sync>);

impl Failure {
    /// A failure with this message, which is one line.
    pub fn new(line: impl Into<String>) -> Failure {
        Failure(line.into().into())
    }
}

// Every error becomes a Failure with `?`. This is why Failure itself is no Error: the standard
// library has a conversion from each type to itself already.
impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.into())
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let error: &(dyn Error + 'static) = &*self.0;
        f.write_str(&match error.downcast_ref::<Status>() {
            Some(status) => call_ended(status),
            None => causes(error),
        })
    }
}

/// How a call ended: the status code by its name and number in the specification, and the
/// message.
fn call_ended(status: &Status) -> String {
    let code = format!("{} ({})", code_name(status.code()), status.code() as i32);
    // tonic's client and tonic's server each have a timer, and end the call with the same status.
    let timed_out = TimeoutExpired(()).to_string();
    if status.code() == Code::Cancelled && status.message() == timed_out {
        return format!(
            "the deadline passed, so the call ended with {code}: {timed_out}"
        );
    }
    match status.source() {
        // The server sent no status: tonic made one up, because something below gRPC failed.
        Some(cause) => {
            let what = what_failed(cause);
            let cause = causes(below_tonic(cause));
            format!("{what}, so the call ended with {code}: {cause}")
        }
        None if status.message().is_empty() => {
            format!("the call ended with {code}, without a message")
        }
        None => format!("the call ended with {code}: {}", one_line(status.message())),
    }
}

/// The cause of tonic's own error, which says no more than `transport error`.
fn below_tonic<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut chain = chain(error);
    let below = chain.find(|error| !error.is::<tonic::transport::Error>());
    below.unwrap_or(error)
}

/// What failed below gRPC, in words.
fn what_failed(cause: &(dyn Error + 'static)) -> &'static str {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset};
    const GONE: [ErrorKind; 4] = [
        BrokenPipe,
        ConnectionAborted,
        ConnectionRefused,
        ConnectionReset,
    ];

    for error in chain(cause) {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && error.is_canceled()
        {
            return "the server went away";
        }
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_library()
            && error.reason() == Some(h2::Reason::FRAME_SIZE_ERROR)
        {
            // Text, taken for a frame's header, announces a huge frame.
            return "what listens there does not speak HTTP/2";
        }
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_reset()
        {
            // Only this call: the connection goes on.
            return "the stream was reset";
        }
        if let Some(error) = as_io_error(error)
            && GONE.contains(&error.kind())
        {
            return "the server went away";
        }
    }
    "the connection failed"
}

/// The error and what caused it, outermost first, joined by colons. tonic's `Display` alone is
/// `transport error`.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut lines: Vec<String> = Vec::new();
    for error in chain(error) {
        let line = match error.downcast_ref() {
            Some(error) => without_os_code(error),
            None => one_line(&error.to_string()),
        };
        // Some errors repeat their cause in their own text.
        if lines.last().is_none_or(|last| !last.contains(&line)) {
            lines.push(line);
        }
    }
    lines.join(": ")
}

/// The first I/O error among an error and its causes.
pub(super) fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    chain(error).find_map(as_io_error)
}

fn as_io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    // h2 keeps its I/O error out of the chain of causes.
    error
        .downcast_ref()
        .or_else(|| error.downcast_ref::<h2::Error>()?.get_io())
}

/// The error itself, then its cause, then the cause's cause, to the end.
fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// An I/O error without the operating system's number for it, such as `connection refused`.
pub fn without_os_code(error: &io::Error) -> String {
    let text = one_line(&error.to_string());
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}
