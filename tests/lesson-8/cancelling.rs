//! What a server can know of a client that has left: whether it had finished, and why.

use std::error::Error;
use std::time::Duration;

use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
    accumulate_service_server::AccumulateService,
};
use grpc_workbook::accumulate::{Accumulator, message_unless_cancelled};
use support::endings::{KillableServer, NotifyOnDrop};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{Client, serving};

/// Tells the test what it knows of its calls.
struct ReportingService {
    reports: UnboundedSender<&'static str>,
}

#[tonic::async_trait]
impl AccumulateService for ReportingService {
    /// As the lesson's method.
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let report = |event| {
            // The test may be over.
            let _ = self.reports.send(event);
        };
        let _over = NotifyOnDrop(self.reports.clone(), "over");
        match request.metadata().get("grpc-timeout") {
            Some(_) => report("begun, with a deadline"),
            None => report("begun"),
        }
        let mut deltas = request.into_inner();
        let mut sum = 0;
        loop {
            match message_unless_cancelled(&mut deltas).await {
                Ok(Some(message)) => sum += message.delta,
                Ok(None) => {
                    report("complete");
                    return Ok(Response::new(AccumulateResponse { sum }));
                }
                Err(status) => {
                    match status.source() {
                        Some(_) => report("broken"),
                        None => report("undecodable"),
                    }
                    return Err(status);
                }
            }
        }
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}

fn reporting_server() -> (KillableServer, UnboundedReceiver<&'static str>) {
    let (tx, rx) = unbounded_channel();
    let service = ReportingService { reports: tx };
    (KillableServer::start(serving(service)), rx)
}

/// Two hundred clients cancel, each in the way that goes wrong without the handle: they drop the
/// sender and the call at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_that_was_cancelled_by_the_handle_looks_complete() {
    let (server, mut reports) = reporting_server();
    let client = Client::new(server.channel().await);
    for _ in 0..200 {
        let mut client = client.clone();
        let (tx, rx) = mpsc::channel(1);
        let mut request = Request::new(ReceiverStream::new(rx));
        let handle = request.cancellation_handle();
        let call = tokio::spawn(async move { client.accumulate(request).await });
        for delta in [1, 2, 3] {
            tx.send(AccumulateRequest { delta })
                .await
                .expect("the call should go on");
        }
        assert_eq!(reports.recv().await, Some("begun"));
        handle.cancel();
        drop(tx);
        call.abort();
        // There is no "complete" before it.
        assert_eq!(reports.recv().await, Some("over"));
    }
}

/// What a method can find out: that there is a deadline, and that the connection broke. A call
/// that was cancelled looks like a call whose deadline has passed: the method is dropped.
#[tokio::test]
async fn a_method_can_learn_why_its_client_is_gone() {
    let (server, mut reports) = reporting_server();
    let mut client = Client::new(server.channel().await);
    let mut request = Request::new(tokio_stream::pending());
    // Long enough for the call to arrive at the server, on a busy machine too.
    request.set_timeout(Duration::from_secs(1));
    let response = client.accumulate(request).await;
    response.expect_err("call should fail");
    assert_eq!(reports.recv().await, Some("begun, with a deadline"));
    assert_eq!(reports.recv().await, Some("over"));

    // A client whose process dies: here the runtime that has its connection. The call stays until
    // then: dropped earlier, it would still be cancelled.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("the runtime should start its thread");
    let channel = runtime.spawn(async move { (server.channel().await, server) });
    let (channel, _server) = channel.await.expect("should connect");
    let call = tokio::spawn(async move {
        let mut client = Client::new(channel);
        client.accumulate(tokio_stream::pending()).await
    });
    assert_eq!(reports.recv().await, Some("begun"));
    runtime.shutdown_background();
    assert_eq!(reports.recv().await, Some("broken"));
    assert_eq!(reports.recv().await, Some("over"));
    let response = call.await.expect("the call should not panic");
    response.expect_err("call should fail");
}
