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
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::{Client, serving, word, words};

/// A service whose calls end badly. The test hears through the channel what a method does.
struct FaultyService(UnboundedSender<&'static str>);

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
        let FaultyService(tx) = self;
        let notify = |event| tx.send(event).expect("the test should be listening");
        let _dropped = NotifyOnDrop(tx.clone(), "dropped");
        let mut words = request.into_inner();
        let mut response = CollectResponse::default();
        while let Some(CollectRequest { data }) = words.message().await? {
            notify("read");
            response.messages += 1;
            match data.as_str() {
                "answer" => return Ok(Response::new(response)),
                "fail" => return Err(Status::invalid_argument("no such word: fail")),
                "panic" => panic!("as the chapter's table wants it"),
                "wait at the end" => response.closed = true,
                _ => {}
            }
        }
        notify("None");
        if response.closed {
            future::pending::<()>().await;
        }
        Ok(Response::new(response))
    }
}

/// What a [`FaultyService`] tells.
type Notes = UnboundedReceiver<&'static str>;

fn faulty_server() -> (KillableServer, Notes) {
    let (tx, rx) = unbounded_channel();
    (KillableServer::start(serving(FaultyService(tx))), rx)
}

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let (server, mut notes) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let mut endings = vec![
        method_fails_at_once(&mut client).await,
        method_fails_while_client_sends(&mut client).await,
        method_responds_while_client_sends(&mut client).await,
        method_panics(&mut client).await,
        sender_is_dropped(&mut client).await,
        client_drops_call(&mut client, &mut notes).await,
        deadline_passes(&mut client).await,
        message_is_undecodable(server.channel().await).await,
        message_is_too_large(server.channel().await).await,
        response_is_too_large(client.clone()).await,
    ];
    // All the calls so far are over, and left nothing behind.
    let response = client.collect(empty()).await.expect("call should succeed");
    assert_eq!(response.into_inner(), CollectResponse::default());
    endings.push(server_dies(client, server, notes).await);
    written("book/generated/08-accumulate-ends.md", &table(&endings));
}

async fn method_fails_at_once(client: &mut Client) -> Ending {
    let response = client.accumulate(pending()).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::FailedPrecondition);
    Ending {
        when: "the method returns an error before it has read anything",
        sees: status_cell(&status),
        specified: "",
    }
}

async fn method_fails_while_client_sends(client: &mut Client) -> Ending {
    let response = client.collect(words(["a", "fail"]).chain(pending())).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::InvalidArgument);
    Ending {
        when: "the method returns an error while the client is still sending",
        sees: status_cell(&status),
        specified: "",
    }
}

async fn method_responds_while_client_sends(client: &mut Client) -> Ending {
    let response = client
        .collect(words(["a", "answer"]).chain(pending()))
        .await;
    let response = response.expect("call should succeed").into_inner();
    Ending {
        when: "the method returns an answer while the client is still sending",
        sees: format!("the answer, `{response:?}`"),
        specified: "",
    }
}

async fn method_panics(client: &mut Client) -> Ending {
    let response = client.collect(words(["a", "panic"]).chain(pending())).await;
    Ending {
        when: "the method panics",
        sees: status_cell(&response.expect_err("call should fail")),
        specified: "`UNKNOWN`",
    }
}

/// What feeds the stream fails and drops its sender: it looks like a good end.
async fn sender_is_dropped(client: &mut Client) -> Ending {
    let (tx, rx) = mpsc::channel(1);
    tokio::spawn(async move { tx.send(word("a")).await });
    let response = client.collect(ReceiverStream::new(rx)).await;
    let response = response.expect("call should succeed").into_inner();
    Ending {
        when: "the client's sender is dropped in the middle",
        sees: format!("an answer to half of it, `{response:?}`"),
        specified: "",
    }
}

/// The chapter's riddle: a call that is given up looks like one that has ended.
async fn client_drops_call(client: &mut Client, notes: &mut Notes) -> Ending {
    // Notes on the calls before this one.
    while notes.try_recv().is_ok() {}
    let mut client = client.clone();
    let requests = words(["wait at the end"]).chain(pending());
    let call = tokio::spawn(async move { client.collect(requests).await.map(drop) });
    assert_eq!(notes.recv().await, Some("read"));
    call.abort();
    assert_eq!(notes.recv().await, Some("None"));
    assert_eq!(notes.recv().await, Some("dropped"));
    Ending {
        when: "the client drops its call",
        sees: "nothing, it no longer waits; the server's `message` says `Ok(None)`, \
               and then the method's future is dropped where it waits"
            .into(),
        specified: "`CANCELLED`, on both sides",
    }
}

async fn deadline_passes(client: &mut Client) -> Ending {
    let mut request = Request::new(words(["a"]).chain(pending()));
    request.set_timeout(Duration::from_millis(100));
    let response = client.collect(request).await;
    let status = response.expect_err("call should fail");
    assert_eq!(status.code(), Code::Cancelled);
    Ending {
        when: "the deadline passes, and the client has not finished",
        sees: status_cell(&status),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn message_is_undecodable(channel: Channel) -> Ending {
    Ending {
        when: "the second message is none",
        sees: status_cell(&second_message_fails(channel, b"\x08\x01").await),
        specified: "",
    }
}

async fn message_is_too_large(channel: Channel) -> Ending {
    let large = vec![0; 4 * 1024 * 1024 + 1];
    Ending {
        when: "the second message is larger than the server allows, 4 MiB",
        sees: status_cell(&second_message_fails(channel, &large).await),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

/// Sends a good message and then these bytes, which make the call fail.
async fn second_message_fails(channel: Channel, second: &[u8]) -> Status {
    let mut grpc = Grpc::new(channel);
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

async fn response_is_too_large(client: Client) -> Ending {
    let mut client = client.max_decoding_message_size(1);
    let response = client.collect(words(["answer"])).await;
    Ending {
        when: "the answer is larger than the client allows, here 1 byte",
        sees: status_cell(&response.expect_err("call should fail")),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn server_dies(
    mut client: Client,
    server: KillableServer,
    mut notes: Notes,
) -> Ending {
    while notes.try_recv().is_ok() {}
    let requests = words(["a"]).chain(pending());
    let call = tokio::spawn(async move { client.collect(requests).await });
    assert_eq!(notes.recv().await, Some("read"));
    server.kill();
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
    let (server, mut notes) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let (tx, rx) = mpsc::channel(1);
    tx.send(word("a"))
        .await
        .expect("the channel should have room");
    let requests = ReceiverStream::new(rx);
    let call = tokio::spawn(async move { client.collect(requests).await.map(drop) });
    assert_eq!(notes.recv().await, Some("read"));
    call.abort();
    tx.closed().await;
    let sent = tx.send(word("b")).await;
    sent.expect_err("the channel should be closed");
    while notes.recv().await != Some("dropped") {}
}
