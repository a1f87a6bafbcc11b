//! Backpressure: what a client that does not read holds up, and where the messages are then.

use std::time::Duration;

use grpc_workbook::http2::record::Recording;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_server::SubjectsByCityService,
};
use grpc_workbook::subjects_by_city::{TICK_BUFFER, send_all, ticks};
use prost::Message;
use support::endings::KillableServer;
use support::written;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

use crate::faulty::{Setup, TINY_MESSAGES};
use crate::{
    BoxedStream, WINDOW, connect_recorded, data_lengths, read, request, serving,
};

/// Ticks as the lesson's service does, and counts.
struct CountingService {
    /// How many ticks were made.
    made: watch::Sender<u64>,
    /// How many ticks have left the channel for tonic, and their bytes with the prefixes.
    taken: watch::Sender<(u64, u64)>,
    /// How many ticks went into the channel in all, once the client has left.
    sent: UnboundedSender<u64>,
}

#[tonic::async_trait]
impl SubjectsByCityService for CountingService {
    type ListSubjectsStream = BoxedStream<ListSubjectsResponse>;

    async fn list_subjects(
        &self,
        _request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        Err(Status::unimplemented(""))
    }

    type TickStream = BoxedStream<TickResponse>;

    async fn tick(
        &self,
        request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        let made = self.made.clone();
        let ticks = ticks(request.into_inner().data)?
            .map(|data| TickResponse { data })
            .inspect(move |_| made.send_modify(|made| *made += 1));
        let (tx, rx) = mpsc::channel(TICK_BUFFER);
        let sent_tx = self.sent.clone();
        tokio::spawn(async move {
            let sent = send_all(ticks, Duration::ZERO, tx).await;
            // The test may have failed already.
            let _ = sent_tx.send(sent);
        });
        let taken = self.taken.clone();
        let counted = ReceiverStream::new(rx).map(move |message| {
            let size = message
                .as_ref()
                .map_or(0, |message| 5 + message.encoded_len());
            taken.send_modify(|(count, bytes)| {
                *count += 1;
                *bytes += size as u64;
            });
            message
        });
        Ok(Response::new(Box::pin(counted)))
    }
}

/// Waits until the server has sent as much DATA as the window allows, and returns how many
/// bytes it has sent.
async fn wait_for_full_window(recording: &mut Recording) -> u32 {
    let sent = recording.server.wait(|frames| {
        let sent: u32 = data_lengths(frames).iter().sum();
        (sent >= WINDOW).then_some(sent)
    });
    sent.await.expect("the connection should be open")
}

/// `--break slow-reader`, and where the messages are that were made.
#[tokio::test]
async fn a_slow_reader_holds_up_the_sender() {
    let (made_tx, mut made) = watch::channel(0);
    let (taken_tx, taken) = watch::channel((0, 0));
    let (sent_tx, mut sent) = mpsc::unbounded_channel();
    let service = CountingService { made: made_tx, taken: taken_tx, sent: sent_tx };
    let server = KillableServer::start(serving(service));
    let (mut client, mut recording) = connect_recorded(&server).await;
    let large = TickRequest { data: "x".repeat(40_000), interval_ms: 0 };
    let unread = client.tick(large).await.expect("call should start");

    assert_eq!(wait_for_full_window(&mut recording).await, WINDOW);
    // hyper takes a message before it looks whether the window has room for it.
    let buffered = TICK_BUFFER as u64;
    let expected = u64::from(WINDOW) / 40_000 + 1 + 1 + buffered + 1;
    let waits = made.wait_for(|made| *made >= expected).await;
    waits.expect("the service should be there");
    // Time for more, if there were any: the connection works, only the stream is full.
    for _ in 0..100 {
        let response = client.list_subjects(request("")).await;
        let code = response.map(drop).map_err(|status| status.code());
        assert_eq!(code, Err(Code::Unimplemented));
    }
    drop(unread);
    let sent = sent.recv().await.expect("the task should end");
    let made = *made.borrow();
    let (taken, bytes) = *taken.borrow();
    assert_eq!((made, sent, taken), (expected, expected - 1, expected - 1 - buffered));
    let table = table_of_places(made, sent, taken, bytes);
    written("book/generated/07-subjects-by-city-slow.md", &table);
}

/// The chapter's table of where the messages are, from what was counted.
fn table_of_places(made: u64, sent: u64, taken: u64, bytes: u64) -> String {
    let in_channel = sent - taken;
    let beyond_window = bytes - u64::from(WINDOW);
    let in_hand = made - sent;
    format!(
        "| where | what has piled up |\n|---|---|\n\
         | in your code, at the client | nothing: it reads nothing |\n\
         | below it, in the client's HTTP/2 | {WINDOW} bytes, the window of the stream |\n\
         | in the server's HTTP/2, below your code | {beyond_window} bytes, for which there is no credit yet |\n\
         | both together | {taken} messages, {bytes} bytes with their prefixes |\n\
         | in the channel, which has room for {TICK_BUFFER} | {in_channel} messages |\n\
         | in the task, which waits in `send` | {in_hand} message |\n\
         | made in all, and no more | {made} messages |\n"
    )
}

#[tokio::test]
async fn with_the_lessons_window_tiny_messages_wait_too() {
    let Setup { server, .. } = Setup::new().await;
    let (mut client, mut recording) = connect_recorded(&server).await;
    let unread = client.list_subjects(request("tiny")).await;
    assert_eq!(wait_for_full_window(&mut recording).await, WINDOW);
    let seen = read(unread).await;
    assert!(seen.error.is_none(), "{:?}", seen.error);
    assert_eq!(seen.messages.len(), TINY_MESSAGES);
}

/// A stream that is read takes no more memory if it is longer.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_stream_takes_no_more_memory() {
    use grpc_workbook::speed::usage::Usage;
    use support::programs::Server;

    let server = Server::start(crate::LESSON);
    let mut client = crate::connect(&server.address).await;
    let mut peaks = Vec::new();
    for count in [10_000, 100_000] {
        let request = TickRequest { data: "hello".into(), interval_ms: 0 };
        let response = client.tick(request).await.expect("call should start");
        let mut ticks = response.into_inner();
        for n in 1..=count {
            let tick = ticks.message().await.expect("the stream should go on");
            let tick = tick.expect("the clock should not stop");
            assert!(n % 1000 != 0 || tick.data == format!("send {n} hello"));
        }
        let usage = Usage::of(server.id()).expect("the server should be running");
        peaks.push(usage.peak_kib);
    }
    // If they were kept, 100,000 messages would take more than that for their texts alone.
    assert!(peaks[1] < peaks[0] + 4096, "{peaks:?}");
}
