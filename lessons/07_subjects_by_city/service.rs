//! The service of lesson 7: the subjects of a city, and a clock. One request, many
//! answers: server streaming.

use std::time::Duration;
use std::vec::IntoIter;

use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Iter, iter};
use tonic::{Request, Response, Status};

use crate::status::status_line;

/// What build.rs generated from `protos/subjects_by_city.proto`.
pub mod proto {
    tonic::include_proto!("subjects_by_city.v1");
}

use proto::subjects_by_city_service_server::SubjectsByCityService;
use proto::{ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse};

/// So many ticks may wait for a reader who is slow. After that the clock waits.
pub const ROOM: usize = 4;

pub struct SubjectsByCity;

#[tonic::async_trait]
impl SubjectsByCityService for SubjectsByCity {
    // All messages are known before the first is sent, so a list will do for a stream.
    type ListSubjectsStream = Iter<IntoIter<Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let request = request.into_inner();
        let subjects = subjects(&request.city)
            .inspect_err(|status| println!("{request:?} -> {}", status_line(status)))?;
        println!("{request:?} -> {} subjects", subjects.len());
        let message =
            |subject: &&str| ListSubjectsResponse { subject: (*subject).into() };
        let messages: Vec<_> = subjects.iter().map(message).map(Ok).collect();
        Ok(Response::new(iter(messages)))
    }

    // Messages that are made while the call runs come out of a channel.
    type TickStream = ReceiverStream<Result<TickResponse, Status>>;

    async fn tick(
        &self,
        request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        let TickRequest { data, interval_ms } = request.into_inner();
        let call = format!("Tick every {interval_ms} ms");
        let ticks = ticks(data)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?
            .map(|data| TickResponse { data });
        let (sender, receiver) = channel(ROOM);
        tokio::spawn(async move {
            let interval = Duration::from_millis(interval_ms.into());
            let sent = send_all(ticks, interval, sender).await;
            println!("{call} -> sent {sent}, then the client left");
        });
        // The call begins here. What the task sends from now on comes out of `receiver`.
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
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

/// `send 1 DATA`, `send 2 DATA` and so on, for ever.
///
/// # Errors
/// CANCELLED if the data is `close`.
pub fn ticks(data: String) -> Result<impl Iterator<Item = String>, Status> {
    match data.as_str() {
        "close" => Err(Status::cancelled("CANCELLED")),
        _ => Ok((1_u64..).map(move |n| format!("send {n} {data}"))),
    }
}

/// Sends the messages, each after `interval`, until they end or nobody listens any more.
/// Returns how many it sent.
pub async fn send_all<T>(
    messages: impl Iterator<Item = T>,
    interval: Duration,
    sender: Sender<Result<T, Status>>,
) -> u64 {
    let mut sent = 0;
    for message in messages {
        if !interval.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                // Without this line, the task would notice at the next tick only.
                () = sender.closed() => break,
            }
        }
        // Waits for room. An error says that the stream was dropped: the client has left.
        if sender.send(Ok(message)).await.is_err() {
            break;
        }
        sent += 1;
    }
    sent
}
