//! Errors for the person who ran a program: one line that says what happened.

use std::env;
use std::error::Error;
use std::fmt::{self, Debug};
use std::io::{self, ErrorKind};
use std::iter::successors;

use tonic::{Code, Status, TimeoutExpired};

use super::client::speaks_something_else;
use crate::status::{code_name, one_line};
use crate::{LESSONS, Lesson};

/// Why a program could not do its work.
///
/// `main` returns it. Rust then prints `Error: ` and its `Debug`, which is one line, and exits
/// with code 1.
pub struct Failure {
    /// What happened.
    error: Box<dyn Error + Send + Sync>,
    /// Whether the program asked for it, as with `--break`.
    is_provoked: bool,
}

impl Failure {
    /// A failure with this message, which is one line.
    pub fn new(line: impl Into<String>) -> Failure {
        Failure { error: line.into().into(), is_provoked: false }
    }

    /// The same failure, of a call that no server was meant to answer: the line does not ask
    /// whether another server was meant.
    pub fn provoked(self) -> Failure {
        Failure { is_provoked: true, ..self }
    }

    /// A failure of a lesson's client to which something other than its server answered. The line
    /// ends with the name of that server.
    pub fn wrong_server(line: &str) -> Failure {
        Failure::new(format!("{line}{}", own_server()))
    }
}

// Every error becomes a Failure with `?`. This is why Failure itself is no Error: the standard
// library has a conversion from each type to itself already.
impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { error: error.into(), is_provoked: false }
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let error: &(dyn Error + 'static) = &*self.error;
        let Some(status) = error.downcast_ref::<Status>() else {
            return f.write_str(&causes(error));
        };
        f.write_str(&call_ended(status))?;
        if !self.is_provoked && may_be_another_server(status) {
            f.write_str(&own_server())?;
        }
        Ok(())
    }
}

/// The lesson whose client the running program is.
pub(super) fn own_lesson() -> Option<&'static Lesson> {
    let program = env::current_exe().unwrap_or_default();
    let name = program.file_stem().and_then(|name| name.to_str());
    LESSONS.iter().find(|lesson| name == Some(&lesson.client()))
}

/// The end of a line about a server that is not the client's own. Lesson 11's client is left out:
/// it calls the servers of other lessons too.
fn own_server() -> String {
    match own_lesson() {
        Some(lesson) if lesson.number != 11 => {
            let Lesson { number, .. } = lesson;
            format!("; lesson {number}'s server is cargo run --bin {}", lesson.server())
        }
        _ => String::new(),
    }
}

/// How a call ended: the status code by its name and number in the specification, and the
/// message.
fn call_ended(status: &Status) -> String {
    let code = format!("{} ({})", code_name(status.code()), status.code() as i32);
    if is_deadline(status) {
        let message = status.message();
        return format!("the deadline passed, so the call ended with {code}: {message}");
    }
    match status.source() {
        // The server sent no status: tonic made one up, because something below gRPC failed.
        Some(cause) => match what_failed(cause) {
            // Which of the causes it is depends on who was faster: the client that wrote, or
            // the end of the connection.
            GONE if speaks_something_else() => {
                format!("{NOT_HTTP2}, so the call ended with {code}")
            }
            GONE => format!("{GONE}, so the call ended with {code}"),
            what => {
                let cause = causes(below_tonic(cause));
                format!("{what}, so the call ended with {code}: {cause}")
            }
        },
        None if is_not_of_grpc(status) => format!(
            "what listens there does not speak gRPC, so the call ended with {code}: {}",
            one_line(status.message())
        ),
        None if status.message().is_empty() => {
            format!("the call ended with {code}, without a message")
        }
        None => format!("the call ended with {code}: {}", one_line(status.message())),
    }
}

/// Whether a deadline ended the call. tonic's client and tonic's server each have a timer, and end
/// the call with the same status; only the client's has a cause.
fn is_deadline(status: &Status) -> bool {
    let timed_out = TimeoutExpired(()).to_string();
    status.code() == Code::Cancelled && status.message() == timed_out
}

/// Whether tonic made up a status because what answered does not speak gRPC: a page of HTML came,
/// for instance.
pub fn is_not_of_grpc(status: &Status) -> bool {
    let made_up = [
        "grpc-status header missing, mapped from HTTP status code",
        "protocol error: received message with invalid compression flag",
    ];
    let message = status.message();
    made_up.iter().any(|text| message.starts_with(text))
        && !http_code(message).is_some_and(may_come_before_grpc)
}

/// The code of HTTP that the message of a status made up by tonic ends with.
fn http_code(message: &str) -> Option<u16> {
    let (_, code) = message
        .rsplit_once("HTTP status code ")
        .or_else(|| message.rsplit_once("response with status: "))?;
    code.split(' ').next()?.parse().ok()
}

/// Whether a call to the right server may get this code of HTTP (RFC 9110, section 15, and RFC
/// 6585): from its library for HTTP/2, as with 431 for headers that are too large, or from a proxy
/// before it, which refuses the call or does not reach the server.
fn may_come_before_grpc(code: u16) -> bool {
    matches!(code, 401 | 403 | 407 | 408 | 413 | 429 | 431 | 502 | 503 | 504)
}

/// Whether the call may have ended like this because the client called the wrong server.
fn may_be_another_server(status: &Status) -> bool {
    match status.source() {
        _ if is_deadline(status) => false,
        Some(cause) => what_failed(cause) != RESET,
        None => status.code() == Code::Unimplemented || is_not_of_grpc(status),
    }
}

/// The cause of tonic's own error, which says no more than `transport error`.
fn below_tonic<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut chain = chain(error);
    let below = chain.find(|error| !error.is::<tonic::transport::Error>());
    below.unwrap_or(error)
}

/// What [`what_failed`] calls a connection that has ended.
pub(super) const GONE: &str = "the server went away";

/// What [`what_failed`] calls an answer that is text, for instance.
pub(super) const NOT_HTTP2: &str = "what listens there does not speak HTTP/2";

/// What [`what_failed`] calls the end of one call on a connection that goes on.
const RESET: &str = "the stream was reset";

/// What failed below gRPC, in words.
fn what_failed(cause: &(dyn Error + 'static)) -> &'static str {
    for error in chain(cause) {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_canceled() {
                return GONE;
            }
            // No answer to the PING of `cli::endpoint`.
            if error.is_timeout() {
                return "the server says nothing";
            }
        }
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_library()
            && error.reason() == Some(h2::Reason::FRAME_SIZE_ERROR)
        {
            // Text, taken for a frame's header, announces a huge frame.
            return NOT_HTTP2;
        }
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_reset()
        {
            return RESET;
        }
        if as_io_error(error).is_some_and(is_gone) {
            return GONE;
        }
    }
    "the connection failed"
}

/// Whether an I/O error says that the other side has ended the connection.
pub(super) fn is_gone(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset};
    use ErrorKind::{NotConnected, UnexpectedEof};
    let is_end = matches!(
        error.kind(),
        BrokenPipe
            | ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | NotConnected
            | UnexpectedEof
    );
    // In the middle of a frame: a server that answers with TLS does this.
    is_end || error.to_string().contains("bytes remaining on stream")
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
