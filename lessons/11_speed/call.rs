//! One call: its deadline, the check of its responses, and what is done when the server has
//! not begun it.

use std::error::Error;
use std::iter::successors;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prost::bytes::Bytes;
use tokio::time::sleep;
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

use super::deadline::Deadline;
use super::workload::Workload;
use crate::raw::RawCodec;

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
    deadline: &mut Deadline,
    retried: &AtomicU64,
) -> Result<(), CallError> {
    let mut retries = 0;
    let attempts = async {
        loop {
            let error = match begin(grpc, workload).await {
                Ok(response) => return check(response, workload).await,
                Err(status) => status,
            };
            let Some(pause) = pause_before_retry(&error, retries) else {
                return Err(error.into());
            };
            sleep(pause).await;
            retries += 1;
            retried.fetch_add(1, Relaxed);
        }
    };
    if let Some(ended) = deadline.run(attempts).await {
        return ended;
    }
    let mut message = format!("no answer within {:?}", deadline.limit());
    if retries > 0 {
        message += &format!(", and {retries} attempts that the server did not begin");
    }
    Err(CallError::Status(Status::deadline_exceeded(message)))
}
// ANCHOR_END: deadline

/// Begins a call of any kind, and waits for its headers: to HTTP/2 the four are one.
async fn begin(
    grpc: &mut Grpc<Channel>,
    workload: &Workload,
) -> Result<Response<Streaming<Bytes>>, Status> {
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let requests = Request::new(iter(workload.requests()));
    grpc.streaming(requests, workload.path.clone(), RawCodec)
        .await
}

/// Reads the messages of a response and its status.
async fn check(
    response: Response<Streaming<Bytes>>,
    workload: &Workload,
) -> Result<(), CallError> {
    let (headers, mut messages, _) = response.into_parts();
    for (n, expected) in (1_u64..).zip(workload.expected()) {
        let message = match messages.message().await {
            Ok(message) => message,
            Err(status) => return Err(of_content_type(&headers, status)),
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
        Err(status) => Err(of_content_type(&headers, status)),
    }
}

/// A call that failed after these headers. tonic does not look at their `content-type`, and
/// takes a page for a broken message.
fn of_content_type(headers: &MetadataMap, status: Status) -> CallError {
    let Some(content_type) = headers.get("content-type") else {
        let how = "does not speak gRPC: it answers without a content-type";
        return CallError::NotGrpc(how.into(), status);
    };
    let content_type = content_type.as_encoded_bytes();
    // What may follow says how messages are encoded, as in `application/grpc+proto`. Without a
    // plus sign it is another protocol: `application/grpc-web`.
    if let Some(rest) = content_type.strip_prefix(b"application/grpc")
        && matches!(rest, [] | [b'+' | b';' | b' ', ..])
    {
        return status.into();
    }
    let content_type = content_type[..content_type.len().min(80)].escape_ascii();
    let how = format!("does not speak gRPC: it answers with content-type {content_type}");
    CallError::NotGrpc(how, status)
}

// ANCHOR: never_begun
/// How long to wait before a call that failed is made again; `None` if it is not. It is if the
/// server has certainly done nothing for it, so that nothing can be done twice, and for about a
/// second, however many `retries` there were.
///
/// RFC 9113, sections 6.8 and 8.7: the server did nothing for streams that are refused, and for
/// those with a higher number than GOAWAY tells. A call that met a broken connection may have
/// run.
fn pause_before_retry(status: &Status, retries: u32) -> Option<Duration> {
    let nobody = causes(status).any(|error| error.is::<tonic::ConnectError>());
    let not_begun = causes(status).any(|error| {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let refused =
                error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (refused || error.is_go_away());
        }
        // It waited, in hyper, for its turn on a connection that takes no more: `is_user` is
        // what hyper calls one that had got as far as waiting for a free stream.
        let hyper = error.downcast_ref::<hyper::Error>();
        hyper.is_some_and(|error| error.is_canceled() || error.is_user())
    });
    if nobody && retries < 5 {
        // The server may be about to start again. To ask it all the time would keep it from
        // that.
        Some(Duration::from_millis(32 << retries))
    } else if not_begun && retries < 20 {
        Some(Duration::from_millis(1 << retries.min(6)))
    } else {
        None
    }
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
