//! The service of lesson 8: an adding machine and a collector. Many messages, one response:
//! client streaming.

use std::error::Error;

use tokio::task::yield_now;
use tonic::{Request, Response, Status, Streaming};

use crate::status::status_line;

/// What build.rs generated from `protos/accumulate.proto`.
pub mod proto {
    tonic::include_proto!("accumulate.v1");
}

use proto::accumulate_service_server::AccumulateService;
use proto::{AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse};

/// The service. It has no fields: a call needs nothing but its request.
pub struct Accumulator;

#[tonic::async_trait]
impl AccumulateService for Accumulator {
    // ANCHOR: method
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut log = CallLog::new("Accumulate");
        let result = accumulate(request.into_inner()).await;
        log.record(&result, |response| format!("sum = {}", response.sum));
        result.map(Response::new)
    }
    // ANCHOR_END: method

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let mut log = CallLog::new("Collect");
        let result = collect(request.into_inner()).await;
        log.record(&result, |CollectResponse { messages, closed }| {
            format!("messages = {messages}, closed = {closed}")
        });
        result.map(Response::new)
    }
}

// ANCHOR: accumulate
async fn accumulate(
    mut deltas: Streaming<AccumulateRequest>,
) -> Result<AccumulateResponse, Status> {
    let mut total = 0;
    while let Some(message) = message_unless_cancelled(&mut deltas).await? {
        total += i128::from(message.delta);
    }
    Ok(AccumulateResponse { sum: sum(total)? })
}

/// The sum to respond with, for a total of deltas. The total is an `i128` because an `i64` can
/// overflow: that takes some 2^32 of the largest deltas, 44 GiB, which one call can carry.
///
/// # Errors
/// OUT_OF_RANGE if the total does not fit in an int32.
pub fn sum(total: i128) -> Result<i32, Status> {
    i32::try_from(total).map_err(|_| {
        Status::out_of_range(format!("result does not fit in int32: {total}"))
    })
}
// ANCHOR_END: accumulate

// ANCHOR: collect
/// Responds as soon as it has enough: after eleven messages, or at the word `close`. Returning
/// drops the stream, which tells the client that the rest is not wanted.
async fn collect(
    mut words: Streaming<CollectRequest>,
) -> Result<CollectResponse, Status> {
    let mut response = CollectResponse::default();
    while response.messages < 11
        && !response.closed
        && let Some(message) = message_unless_cancelled(&mut words).await?
    {
        response.messages += 1;
        response.closed = message.data == "close";
    }
    Ok(response)
}
// ANCHOR_END: collect

// ANCHOR: unless_cancelled
/// The next message, or `None` if the client has finished. If the client has cancelled the call,
/// this does not return.
///
/// `Streaming::message` alone returns `None` in both cases, so half a stream would look like a
/// whole one. While a method waits, hyper checks whether the stream was reset, and drops the
/// method if it was. `yield_now` waits once, so that hyper checks before this returns `None`.
///
/// # Errors
/// A message cannot be decoded or is too large, or the connection broke.
pub async fn message_unless_cancelled<T>(
    messages: &mut Streaming<T>,
) -> Result<Option<T>, Status> {
    let message = messages.message().await?;
    if message.is_none() {
        yield_now().await;
    }
    Ok(message)
}
// ANCHOR_END: unless_cancelled

// ANCHOR: log
/// The line that a call leaves in the server's log, such as `Accumulate -> sum = 6`.
///
/// It is printed by `drop`, because tonic drops a method whose client has left: a `println!` at
/// the method's end would never run.
pub(crate) struct CallLog {
    /// The method's name in the .proto.
    method: &'static str,
    /// How the call ended. Until something else is recorded, this says that the client left.
    outcome: String,
}

impl CallLog {
    pub(crate) fn new(method: &'static str) -> CallLog {
        let outcome = "no answer: the client left, or its time was up".into();
        CallLog { method, outcome }
    }

    /// Records what the method is about to return. `in_words` describes a response.
    pub(crate) fn record<T>(
        &mut self,
        result: &Result<T, Status>,
        in_words: impl FnOnce(&T) -> String,
    ) {
        match result {
            Ok(response) => self.outcome = in_words(response),
            // tonic made this status, because the connection broke: the client has left.
            Err(status) if status.source().is_some() => {}
            Err(status) => self.outcome = status_line(status),
        }
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        println!("{} -> {}", self.method, self.outcome);
    }
}
// ANCHOR_END: log
