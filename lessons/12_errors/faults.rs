//! Faults on request, for the chapter's `--break`: what a proxy, a careless method or a broken
//! server would answer. A server for tests may have such a switch. One for customers must not.

use std::{fs, io};

use prost::Message;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

/// The header with the details of a status.
const DETAILS: &str = "grpc-status-details-bin";

/// The answer to a call whose header `fault` names one of the faults, in the place of the service.
pub fn answer(headers: &HeaderMap) -> Option<Response<Body>> {
    let fault = headers.get("fault")?.to_str().ok()?;
    let response = match fault {
        "proxy-html" => bad_gateway("<html>\n<h1>502 Bad Gateway</h1>\n</html>\n"),
        "proxy-empty" => bad_gateway(""),
        "io-error" => terms().err()?.into_http(),
        "details-too-long" => details_too_long().into_http(),
        "not-base64" => with_details("this is not base64"),
        // For the client in Python: base64, but not of a google.rpc.Status.
        "not-a-status" => with_plain_text().into_http(),
        // Two codes that contradict each other.
        "two-codes" => two_codes().into_http(),
        _ => return None,
    };
    println!("the fault {fault}, in the place of an answer");
    Some(response)
}

/// What a proxy answers when it does not reach the server. It knows nothing of gRPC.
fn bad_gateway(html: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::new(html.to_string()));
    *response.status_mut() = tonic::codegen::http::StatusCode::BAD_GATEWAY;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/html"));
    response
}

// ANCHOR: io_error
/// The terms that students accept.
fn terms() -> Result<String, Status> {
    // Wrong: `?` makes a Status of the io::Error. tonic has a conversion for that.
    Ok(read("/srv/school/terms-2031.txt")?)
}

/// Reads a file. The error names it, which helps us.
fn read(path: &str) -> io::Result<String> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{path}: {error}"));
    fs::read_to_string(path).map_err(named)
}
// ANCHOR_END: io_error

/// A violation for each row of a long list, in more bytes than fit into headers.
fn details_too_long() -> Status {
    let mut details = ErrorDetails::new();
    for row in 1..=400 {
        let field = format!("students[{row}].email");
        details.add_bad_request_violation(field, "must not be empty");
    }
    let message = "the request is not valid";
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// A status whose details are this text, as a server might send that encodes nothing.
fn with_details(text: &'static str) -> Response<Body> {
    let mut response = Status::not_found("there is no such course").into_http();
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(DETAILS, HeaderValue::from_static(text));
    response
}

/// A status with text in the place of a google.rpc.Status.
fn with_plain_text() -> Status {
    let text = Bytes::from_static(b"no such course");
    Status::with_details(Code::NotFound, "there is no such course", text)
}

/// A status that says NOT_FOUND in its header, and ABORTED in its details.
fn two_codes() -> Status {
    let (message, details) = ("there is no such course".to_string(), Vec::new());
    let inner =
        pb::Status { code: Code::Aborted as i32, message: message.clone(), details };
    Status::with_details(Code::NotFound, message, inner.encode_to_vec().into())
}
