//! The service of lesson 8: many messages, one answer: client streaming.

use std::error::Error;
use std::fmt::Debug;

use tokio::task::yield_now;
use tonic::{Request, Response, Status, Streaming};

use crate::status::status_line;

/// What build.rs generated from `protos/accumulate.proto`.
pub mod proto {
    tonic::include_proto!("accumulate.v1");
}

use proto::accumulate_service_server::AccumulateService;
use proto::{AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse};

pub struct Accumulator;

#[tonic::async_trait]
impl AccumulateService for Accumulator {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut line = Line::of("Accumulate");
        let answer = accumulate(request.into_inner()).await;
        line.ends(&answer);
        answer.map(Response::new)
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let mut line = Line::of("Collect");
        let answer = collect(request.into_inner()).await;
        line.ends(&answer);
        answer.map(Response::new)
    }
}

async fn accumulate(
    mut deltas: Streaming<AccumulateRequest>,
) -> Result<AccumulateResponse, Status> {
    let mut total = 0;
    while let Some(AccumulateRequest { delta }) = next(&mut deltas).await? {
        total += i128::from(delta);
    }
    Ok(AccumulateResponse { sum: sum(total)? })
}

/// Answers before the client has finished, if it has heard enough. What the client still
/// sends is not read: to return is to say that nothing more is wanted.
async fn collect(
    mut words: Streaming<CollectRequest>,
) -> Result<CollectResponse, Status> {
    let mut answer = CollectResponse::default();
    while answer.messages < 11
        && !answer.closed
        && let Some(CollectRequest { data }) = next(&mut words).await?
    {
        answer.messages += 1;
        answer.closed = data == "close";
    }
    Ok(answer)
}

/// The answer for a total of deltas. The total is an int128 because an int64 can overflow:
/// that takes 2^32 of the largest deltas, 44 GiB, which a client can send in one call.
///
/// # Errors
/// OUT_OF_RANGE: it is no int32.
pub fn sum(total: i128) -> Result<i32, Status> {
    i32::try_from(total).map_err(|_| {
        Status::out_of_range(format!("result does not fit in int32: {total}"))
    })
}

/// The next message, or `None` when the client has finished.
///
/// `message` alone says `None` as well when the client has given the call up. Such a call is
/// dropped, but only where it waits: so this waits, if only for a moment, before it says that
/// there is nothing more.
pub async fn next<T>(messages: &mut Streaming<T>) -> Result<Option<T>, Status> {
    let message = messages.message().await?;
    if message.is_none() {
        yield_now().await;
    }
    Ok(message)
}

/// The line that a call leaves on standard output, printed when it is dropped: a method whose
/// client has left is dropped too, and runs no further.
struct Line {
    method: &'static str,
    end: String,
}

impl Line {
    fn of(method: &'static str) -> Line {
        Line { method, end: "no answer: the client left, or its time was up".into() }
    }

    fn ends(&mut self, answer: &Result<impl Debug, Status>) {
        self.end = match answer {
            Ok(answer) => format!("{answer:?}"),
            // tonic made this status: the connection broke.
            Err(status) if status.source().is_some() => return,
            Err(status) => status_line(status),
        };
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        println!("{} -> {}", self.method, self.end);
    }
}
