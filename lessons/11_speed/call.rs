//! One call: its deadline, the check of its responses, and what is done when the server has
//! not begun it.

use std::error::Error;
use std::iter::successors;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prost::bytes::Bytes;
use tokio::time::{sleep, timeout};
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::workload::Workload;
use crate::raw::RawCodec;

/// How many times a call is made again that the server has not begun. The pauses before them,
/// 1 ms and twice as long each time until they are 64 ms, add up to a second.
const MOST_RETRIES: u32 = 20;

/// Why a call has no latency.
#[derive(Debug)]
pub enum CallError {
    /// A response was not the expected one. This says how it differs.
    WrongResponse(String),
    /// What answered is no gRPC server. This says how it gives itself away; the status is
    /// what tonic made of it.
    NotGrpc(String, Status),
    /// The call ended with this status.
    Status(Status),
}

impl From<Status> for CallError {
    fn from(status: Status) -> CallError {
        if not_http2(&status) {
            CallError::NotGrpc("does not speak HTTP/2".into(), status)
        } else {
            CallError::Status(status)
        }
    }
}

// ANCHOR: deadline
/// Makes a call that ends after `deadline` at the latest, with DEADLINE_EXCEEDED. If the server
/// has not begun it, it is made again, and `retried` counts that.
///
/// The deadline is not sent to the server: that would have the server start a timer for each
/// call, which is work that other clients may not ask of it. A call whose deadline has passed
/// is dropped, which sends CANCEL.
pub async fn call(
    grpc: &mut Grpc<Channel>,
    workload: &Workload,
    deadline: Duration,
    retried: &AtomicU64,
) -> Result<(), CallError> {
    let mut retries = 0;
    let attempts = async {
        while retries < MOST_RETRIES {
            match attempt(grpc, workload).await {
                Err(CallError::Status(status)) if never_begun(&status) => {}
                ended => return ended,
            }
            sleep(Duration::from_millis(1 << retries.min(6))).await;
            retries += 1;
            retried.fetch_add(1, Relaxed);
        }
        attempt(grpc, workload).await
    };
    match timeout(deadline, attempts).await {
        Ok(ended) => ended,
        Err(_) if retries > 0 => {
            Err(CallError::Status(Status::deadline_exceeded(format!(
                "no answer within {deadline:?}, and {retries} attempts that the server did not begin"
            ))))
        }
        Err(_) => Err(CallError::Status(Status::deadline_exceeded(format!(
            "no answer within {deadline:?}"
        )))),
    }
}
// ANCHOR_END: deadline

/// Makes a call of any kind: to HTTP/2 the four are one.
async fn attempt(grpc: &mut Grpc<Channel>, workload: &Workload) -> Result<(), CallError> {
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let requests = Request::new(iter(workload.requests()));
    let response = grpc
        .streaming(requests, workload.path.clone(), RawCodec)
        .await?;
    let content_type = response.metadata().get("content-type");
    let content_type = content_type
        .map(|value| String::from_utf8_lossy(value.as_encoded_bytes()).into_owned());
    let mut messages = response.into_inner();
    for (n, expected) in (1_u64..).zip(workload.expected()) {
        let message = match messages.message().await {
            Ok(message) => message,
            Err(status) => return Err(of_content_type(content_type, status)),
        };
        if message.as_ref() != Some(expected) {
            return Err(CallError::WrongResponse(describe(
                workload, n, message, expected,
            )));
        }
    }
    // The status comes after the last message.
    match messages.message().await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(CallError::WrongResponse(format!(
            "a wrong response: more than {} messages of {}",
            workload.response_count(),
            workload.method()
        ))),
        Err(status) => Err(of_content_type(content_type, status)),
    }
}

/// A call that failed after headers with this `content-type`. tonic does not look at it, and
/// takes a page for a broken message.
fn of_content_type(content_type: Option<String>, status: Status) -> CallError {
    match content_type {
        Some(grpc) if grpc.starts_with("application/grpc") => status.into(),
        Some(other) => CallError::NotGrpc(
            format!("does not speak gRPC: it answers with content-type {other}"),
            status,
        ),
        None => CallError::NotGrpc(
            "does not speak gRPC: it answers without a content-type".into(),
            status,
        ),
    }
}

// ANCHOR: never_begun
/// Whether the server has certainly done nothing for a call that failed, so that making it again
/// cannot do something twice.
///
/// RFC 9113, sections 6.8 and 8.7: such are streams that are refused, and those with a higher
/// number than GOAWAY tells. A call that met a broken connection is not among them, for it may
/// have run; nor is one that found nobody listening, since users would find nobody either.
fn never_begun(status: &Status) -> bool {
    causes(status).any(|error| {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let refused =
                error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (refused || error.is_go_away());
        }
        // It waited, in hyper, for its turn on a connection that takes no more: `is_user` is
        // what hyper calls one that had got as far as waiting for a free stream.
        let hyper = error.downcast_ref::<hyper::Error>();
        hyper.is_some_and(|error| error.is_canceled() || error.is_user())
    })
}
// ANCHOR_END: never_begun

/// Whether a call failed because the bytes that came back break the rules of HTTP/2. Text, taken
/// for a frame's header, announces a huge frame.
fn not_http2(status: &Status) -> bool {
    causes(status).any(|error| {
        error.downcast_ref::<h2::Error>().is_some_and(|error| {
            error.is_library()
                && error.is_go_away()
                && matches!(
                    error.reason(),
                    Some(h2::Reason::FRAME_SIZE_ERROR | h2::Reason::PROTOCOL_ERROR)
                )
        })
    })
}

/// What a status that tonic made up was made from: its source, that one's source, to the end.
/// Nothing if the server sent it.
fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(status.source(), |error| (*error).source())
}

/// Says how message `n` of a response, counted from 1, differs from the expected one.
fn describe(
    workload: &Workload,
    n: u64,
    message: Option<Bytes>,
    expected: &Bytes,
) -> String {
    let how = match message {
        Some(message) => {
            let pairs = message.iter().zip(expected);
            let same = pairs.take_while(|(a, b)| a == b).count();
            let (size, right) = (message.len(), expected.len());
            format!("has {size} bytes, should have {right}, and differs at byte {same}")
        }
        None => "is missing".into(),
    };
    format!("a wrong response: message {n} of {} {how}", workload.method())
}
