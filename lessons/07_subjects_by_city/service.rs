//! The service of lesson 7: the subjects of a city, and a clock. One request, many
//! messages in response: server streaming.
//!
//! `ListSubjects` has all its messages before it sends the first, so its stream is a list.
//! `Tick` makes its messages while the call runs, so a task sends them through a channel.

use std::time::Duration;
use std::vec::IntoIter;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Iter, iter};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::status::status_line;

/// What build.rs generated from `protos/subjects_by_city.proto`.
pub mod proto {
    tonic::include_proto!("subjects_by_city.v1");
}

use proto::subjects_by_city_service_server::SubjectsByCityService;
use proto::{ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse};

/// Ticks buffered per call. When full, `send` waits, so a slow reader slows the clock
/// instead of filling memory.
pub const TICK_BUFFER: usize = 4;

/// The service. By default it is never told that the server stops.
#[derive(Default)]
pub struct SubjectsByCity {
    /// Cancelled when the server is to stop: ends the streams that have no end of their own.
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl SubjectsByCityService for SubjectsByCity {
    // ANCHOR: list
    // The type of `iter(messages)`, where `messages` is a Vec.
    type ListSubjectsStream = Iter<IntoIter<Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let ListSubjectsRequest { city } = request.into_inner();
        let call = format!("ListSubjects {city:?}");
        let subjects = subjects(&city)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?;
        println!("{call} -> {} subjects", subjects.len());
        let mut messages = Vec::new();
        for subject in subjects {
            messages.push(Ok(ListSubjectsResponse { subject: subject.to_string() }));
        }
        Ok(Response::new(iter(messages)))
    }
    // ANCHOR_END: list

    // ANCHOR: tick
    // The receiving end of the channel, as a stream.
    type TickStream = ReceiverStream<Result<TickResponse, Status>>;

    async fn tick(
        &self,
        request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        let TickRequest { data, interval_ms } = request.into_inner();
        let call = format!("Tick every {interval_ms} ms");
        let ticks = ticks(data)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?;
        let messages = ticks.map(|data| TickResponse { data });
        let interval = Duration::from_millis(interval_ms.into());
        let (tx, rx) = mpsc::channel(TICK_BUFFER);
        let last_tx = tx.clone();
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                sent = send_all(messages, interval, tx) => {
                    println!("{call} -> sent {sent}, then the client left");
                }
                () = shutdown.cancelled() => {
                    let status = Status::unavailable("the server is stopping");
                    println!("{call} -> {}", status_line(&status));
                    // An error means that the client has left, and needs no status any more.
                    let _ = last_tx.send(Err(status)).await;
                }
            }
        });
        // This sends the headers. The messages follow, as the task puts them into the channel.
        Ok(Response::new(ReceiverStream::new(rx)))
    }
    // ANCHOR_END: tick
}

/// The subjects that are taught in a city.
///
/// # Errors
/// NOT_FOUND for a city that is not in the table.
pub fn subjects(city: &str) -> Result<&'static [&'static str], Status> {
    match city {
        "beijing" => Ok(&[
            "python",
            "c++",
            "go",
            "产品经理",
            "测试",
            "运维",
            "java",
            "php",
        ]),
        "shanghai" => Ok(&["python", "c++", "go", "测试", "运维", "java", "php"]),
        "wuhan" => Ok(&["python", "测试", "java", "php"]),
        _ => Err(Status::not_found(format!("unknown city: {city}"))),
    }
}

/// The ticks `send 1 DATA`, `send 2 DATA` and so on, without end.
///
/// # Errors
/// CANCELLED if the data is `close`.
pub fn ticks(data: String) -> Result<impl Iterator<Item = String>, Status> {
    if data == "close" {
        return Err(Status::cancelled("CANCELLED"));
    }
    Ok((1_u64..).map(move |n| format!("send {n} {data}")))
}

// ANCHOR: send_all
/// Sends messages into a channel, each after `interval`, until there are no more or the
/// receiver is dropped. Returns how many it sent.
pub async fn send_all<T>(
    messages: impl Iterator<Item = T>,
    interval: Duration,
    tx: mpsc::Sender<Result<T, Status>>,
) -> u64 {
    let mut sent = 0;
    for message in messages {
        if !interval.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                // Without this line, the task would not notice until the next tick.
                () = tx.closed() => break,
            }
        }
        // Waits while the buffer is full. An error means that tonic has dropped the stream,
        // since the client has left.
        if tx.send(Ok(message)).await.is_err() {
            break;
        }
        sent += 1;
    }
    sent
}
// ANCHOR_END: send_all
