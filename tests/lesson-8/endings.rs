//! How a call can end: the chapter's table, a row from a call.

use std::future;
use std::time::Duration;

use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
    accumulate_service_server::AccumulateService,
};
use grpc_workbook::raw::RawCodec;
use prost::bytes::Bytes;
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::written;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{StreamExt, empty, iter, pending};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::{Client, serving, word, words};

/// A service whose calls end badly.
struct FaultyService {
    /// Tells the test what a method does.
    reports: UnboundedSender<&'static str>,
}

#[tonic::async_trait]
impl AccumulateService for FaultyService {
    /// Returns an error before it reads anything.
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        Err(Status::failed_precondition("not today"))
    }

    /// Does what the words say.
    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let report = |event| {
            self.reports
                .send(event)
                .expect("the test should be listening");
        };
        let _dropped = NotifyOnDrop(self.reports.clone(), "dropped");
        let mut words = request.into_inner();
        let mut response = CollectResponse::default();
        while let Some(CollectRequest { data }) = words.message().await? {
            report("read");
            response.messages += 1;
            match data.as_str() {
                "answer" => return Ok(Response::new(response)),
                "fail" => return Err(Status::invalid_argument("no such word: fail")),
                "panic" => panic!("as the chapter's table wants it"),
                "wait at the end" => response.closed = true,
                _ => {}
            }
        }
        report("None");
        if response.closed {
            future::pending::<()>().await;
        }
        Ok(Response::new(response))
    }
}

/// A faulty server and a client of it, for one ending.
struct Setup {
    server: KillableServer,
    client: Client,
    /// What the service tells.
    reports: UnboundedReceiver<&'static str>,
}

impl Setup {
    async fn new() -> Setup {
        let (tx, reports) = unbounded_channel();
        let server = KillableServer::start(serving(FaultyService { reports: tx }));
        let client = Client::new(server.channel().await);
        Setup { server, client, reports }
    }

    async fn expect_report(&mut self, report: &str) {
        assert_eq!(self.reports.recv().await, Some(report));
    }

    /// Asserts that the connection still serves calls, and returns the ending.
    async fn still_serves(mut self, ending: Ending) -> Ending {
        let response = self.client.collect(empty()).await;
        let response = response.expect("call should succeed").into_inner();
        assert_eq!(response, CollectResponse::default());
        ending
    }
}

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let endings = [
        method_fails_at_once().await,
        method_fails_while_client_sends().await,
        method_responds_while_client_sends().await,
        method_panics().await,
        sender_is_dropped().await,
        client_drops_call().await,
        client_cancels().await,
        deadline_passes().await,
        message_is_undecodable().await,
        message_is_too_large().await,
        response_is_too_large().await,
        server_dies().await,
    ];
    written("book/generated/08-accumulate-ends.md", &table(&endings));
}

async fn method_fails_at_once() -> Ending {
    let mut setup = Setup::new().await;
    let response = setup.client.accumulate(pending()).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let ending = Ending {
        when: "the method returns an error before it has read anything",
        sees: status_cell(&status),
        specified: "",
    };
    setup.still_serves(ending).await
}

async fn method_fails_while_client_sends() -> Ending {
    let mut setup = Setup::new().await;
    let requests = words(["a", "fail"]).chain(pending());
    let response = setup.client.collect(requests).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::InvalidArgument);
    let ending = Ending {
        when: "the method returns an error while the client is still sending",
        sees: status_cell(&status),
        specified: "",
    };
    setup.still_serves(ending).await
}

async fn method_responds_while_client_sends() -> Ending {
    let mut setup = Setup::new().await;
    let requests = words(["a", "answer"]).chain(pending());
    let response = setup.client.collect(requests).await;
    let response = response.expect("call should succeed").into_inner();
    let ending = Ending {
        when: "the method returns a response while the client is still sending",
        sees: format!("the response, `{response:?}`"),
        specified: "",
    };
    setup.still_serves(ending).await
}

async fn method_panics() -> Ending {
    let mut setup = Setup::new().await;
    let requests = words(["a", "panic"]).chain(pending());
    let response = setup.client.collect(requests).await;
    let ending = Ending {
        when: "the method panics",
        sees: status_cell(&response.expect_err("call should fail")),
        specified: "`UNKNOWN`",
    };
    setup.still_serves(ending).await
}

/// What feeds the stream fails and drops its sender: it looks like a good end.
async fn sender_is_dropped() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, rx) = mpsc::channel(1);
    tokio::spawn(async move { tx.send(word("a")).await });
    let response = setup.client.collect(ReceiverStream::new(rx)).await;
    let response = response.expect("call should succeed").into_inner();
    let ending = Ending {
        when: "the client's sender is dropped in the middle",
        sees: format!("a response to half of it, `{response:?}`"),
        specified: "",
    };
    setup.still_serves(ending).await
}

/// The chapter's riddle: a call that is given up looks like one that has ended.
async fn client_drops_call() -> Ending {
    let mut setup = Setup::new().await;
    let mut client = setup.client.clone();
    let requests = words(["wait at the end"]).chain(pending());
    let call = tokio::spawn(async move { client.collect(requests).await.map(drop) });
    setup.expect_report("read").await;
    call.abort();
    setup.expect_report("None").await;
    setup.expect_report("dropped").await;
    let ending = Ending {
        when: "the client drops its call, before its stream has ended",
        sees: "nothing, it no longer waits; the server's `message` returns `Ok(None)`, \
               and then the method's future is dropped where it waits"
            .into(),
        specified: "`CANCELLED`, on both sides",
    };
    setup.still_serves(ending).await
}

async fn client_cancels() -> Ending {
    let mut setup = Setup::new().await;
    let mut client = setup.client.clone();
    let mut request = Request::new(words(["wait at the end"]).chain(pending()));
    let handle = request.cancellation_handle();
    let call = tokio::spawn(async move { client.collect(request).await });
    setup.expect_report("read").await;
    handle.cancel();
    setup.expect_report("None").await;
    setup.expect_report("dropped").await;
    let response = call.await.expect("the call should not panic");
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::Cancelled);
    let ending = Ending {
        when: "the client cancels, with `Request::cancellation_handle`",
        sees: format!("{}; the server, as above", status_cell(&status)),
        specified: "",
    };
    setup.still_serves(ending).await
}

async fn deadline_passes() -> Ending {
    let mut setup = Setup::new().await;
    let mut request = Request::new(words(["a"]).chain(pending()));
    request.set_timeout(Duration::from_millis(100));
    let response = setup.client.collect(request).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::Cancelled);
    let ending = Ending {
        when: "the deadline passes, and the client has not finished",
        sees: status_cell(&status),
        specified: "`DEADLINE_EXCEEDED`",
    };
    setup.still_serves(ending).await
}

async fn message_is_undecodable() -> Ending {
    let setup = Setup::new().await;
    let ending = Ending {
        when: "the second message cannot be decoded",
        sees: status_cell(&second_message_fails(&setup, b"\x08\x01").await),
        specified: "",
    };
    setup.still_serves(ending).await
}

async fn message_is_too_large() -> Ending {
    let setup = Setup::new().await;
    let large = vec![0; 4 * 1024 * 1024 + 1];
    let ending = Ending {
        when: "the second message is larger than the server allows, 4 MiB",
        sees: status_cell(&second_message_fails(&setup, &large).await),
        specified: "`RESOURCE_EXHAUSTED`",
    };
    setup.still_serves(ending).await
}

/// Sends a good message and then these bytes, which make the call fail.
async fn second_message_fails(setup: &Setup, second: &[u8]) -> Status {
    let mut grpc = Grpc::new(setup.server.channel().await);
    grpc.ready().await.expect("the channel should be ready");
    let messages = [
        Bytes::from_static(b"\x0a\x01a"),
        Bytes::copy_from_slice(second),
    ];
    let request = Request::new(iter(messages).chain(pending()));
    let path = PathAndQuery::from_static("/accumulate.v1.AccumulateService/Collect");
    let response = grpc.client_streaming(request, path, RawCodec).await;
    response.expect_err("call should fail")
}

async fn response_is_too_large() -> Ending {
    let setup = Setup::new().await;
    let mut client = setup.client.clone().max_decoding_message_size(1);
    let response = client.collect(words(["answer"])).await;
    let ending = Ending {
        when: "the response is larger than the client allows, here 1 byte",
        sees: status_cell(&response.expect_err("call should fail")),
        specified: "`RESOURCE_EXHAUSTED`",
    };
    setup.still_serves(ending).await
}

async fn server_dies() -> Ending {
    let mut setup = Setup::new().await;
    let requests = words(["a"]).chain(pending());
    let mut client = setup.client.clone();
    let call = tokio::spawn(async move { client.collect(requests).await });
    setup.expect_report("read").await;
    setup.server.kill();
    let response = call.await.expect("the call should not panic");
    Ending {
        when: "the server dies",
        sees: status_cell(&response.expect_err("call should fail")),
        specified: "`UNAVAILABLE`",
    }
}

/// The client's side: what feeds the stream of a call learns that the call is over.
#[tokio::test]
async fn a_dropped_call_closes_the_channel() {
    let mut setup = Setup::new().await;
    let mut client = setup.client.clone();
    let (tx, rx) = mpsc::channel(1);
    tx.send(word("a"))
        .await
        .expect("the channel should have room");
    let requests = ReceiverStream::new(rx);
    let call = tokio::spawn(async move { client.collect(requests).await.map(drop) });
    setup.expect_report("read").await;
    call.abort();
    tx.closed().await;
    let sent = tx.send(word("b")).await;
    sent.expect_err("the channel should be closed");
    while setup.reports.recv().await != Some("dropped") {}
}

/// The handle ends the sending. When that has ended already, only dropping the call cancels it.
#[tokio::test]
async fn the_handle_has_no_effect_after_the_end_of_the_stream() {
    let mut setup = Setup::new().await;
    let mut client = setup.client.clone();
    let mut request = Request::new(words(["wait at the end"]));
    let handle = request.cancellation_handle();
    let call = tokio::spawn(async move { client.collect(request).await.map(drop) });
    setup.expect_report("read").await;
    setup.expect_report("None").await;
    handle.cancel();
    // A RST_STREAM would have been sent before this call.
    let response = setup.client.collect(empty()).await;
    response.expect("call should succeed");
    setup.expect_report("None").await;
    setup.expect_report("dropped").await;
    assert!(setup.reports.try_recv().is_err() && !call.is_finished());
    call.abort();
    setup.expect_report("dropped").await;
}
