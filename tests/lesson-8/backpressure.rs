//! How messages are packed, and how far a client can be ahead of the server.

use std::sync::Arc;

use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
    accumulate_service_server::AccumulateService,
};
use grpc_workbook::http2::frames::Frame;
use grpc_workbook::http2::record::Recording;
use prost::Message;
use support::checks::outcome;
use support::endings::KillableServer;
use tokio::sync::mpsc::{self, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Request, Response, Status, Streaming};

use crate::{Client, deltas, serving};

/// What is ready at once crosses the wire in one frame; then an empty one ends the stream.
#[tokio::test]
async fn messages_that_are_ready_share_a_frame() {
    let server = KillableServer::start(serving(Accumulator));
    let mut recording = Recording::of(server.address.clone())
        .await
        .expect("the recording should listen");
    let channel = Endpoint::try_from(format!("http://{}", recording.address))
        .expect("should be a URI")
        .connect()
        .await
        .expect("the recording should accept a connection");
    let response = Client::new(channel).accumulate(deltas([1; 10])).await;
    assert_eq!(outcome(response), Ok(AccumulateResponse { sum: 10 }));
    let data = recording.client.wait(|seen| {
        let data = seen.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Data { data, end_stream }) => Some((data.len(), *end_stream)),
            _ => None,
        });
        Some(data.collect::<Vec<_>>()).filter(|data| data.iter().any(|(_, end)| *end))
    });
    let message = 5 + AccumulateRequest { delta: 1 }.encoded_len();
    let data = data.await.expect("the client should end its stream");
    assert_eq!(data, [(10 * message, false), (0, true)]);
}

/// A service whose `collect` reads only as fast as the test lets it.
struct SlowService {
    /// A permit for each message that it may read.
    may_read: Arc<Semaphore>,
    /// Tells of each message that was read.
    read_tx: UnboundedSender<()>,
}

#[tonic::async_trait]
impl AccumulateService for SlowService {
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let mut words = request.into_inner();
        let mut response = CollectResponse::default();
        loop {
            let permit = self.may_read.acquire().await;
            permit.expect("the semaphore should be open").forget();
            if words.message().await?.is_none() {
                return Ok(Response::new(response));
            }
            response.messages += 1;
            self.read_tx.send(()).expect("the test should be listening");
        }
    }
}

/// `send` waits while the server does not read: what is under way has a limit.
#[tokio::test]
async fn a_client_is_never_far_ahead() {
    const MESSAGES: usize = 200;
    // ANCHOR: ahead
    const SIZE: usize = 64 * 1024;
    // 1 MiB in the server's window for a stream and 1 MiB in h2's buffer in the client make 32
    // messages; four more are in the channel and in the buffers of tonic.
    const AHEAD: usize = 36;
    // ANCHOR_END: ahead

    let may_read = Arc::new(Semaphore::new(0));
    let (read_tx, mut read_rx) = unbounded_channel();
    let service = SlowService { may_read: may_read.clone(), read_tx };
    let server = KillableServer::start(serving(service));
    let mut client = Client::new(server.channel().await);
    let (words_tx, words_rx) = mpsc::channel(1);
    let (sent_tx, mut sent_rx) = watch::channel(0);
    tokio::spawn(async move {
        for n in 1..=MESSAGES {
            let request = CollectRequest { data: "x".repeat(SIZE) };
            words_tx.send(request).await.expect("the call should go on");
            sent_tx.send(n).expect("the test should be watching");
        }
    });
    let words = ReceiverStream::new(words_rx);
    let call = tokio::spawn(async move { outcome(client.collect(words).await) });
    for read in 0..MESSAGES {
        // The client can be ahead by ten at least; and is, before the server goes on.
        let ten_ahead = MESSAGES.min(read + 10);
        let sent = *sent_rx
            .wait_for(|sent| *sent >= ten_ahead)
            .await
            .expect("the client should go on");
        assert!(sent - read <= AHEAD, "{sent} sent, {read} read");
        may_read.add_permits(1);
        read_rx.recv().await.expect("the server should go on");
    }
    // One more: with it the service sees the end of the stream.
    may_read.add_permits(1);
    let messages = u32::try_from(MESSAGES).expect("200 should fit");
    let response = call.await.expect("the call should not panic");
    assert_eq!(response, Ok(CollectResponse { messages, closed: false }));
}
