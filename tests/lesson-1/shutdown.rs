//! How a server ends while calls are open: it waits for them, for as long as the grace, or until
//! Ctrl-C is pressed again.

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::raw::RawCodec;
use prost::Message;
use prost::bytes::Bytes;
use support::programs::{Finished, Server};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Response, Status};

use crate::{LESSON, PATH};

/// A call that runs in a task of its own.
type Call = JoinHandle<Result<Response<Bytes>, Status>>;

#[tokio::test]
async fn a_call_that_is_open_at_sigterm_may_finish() {
    let mut server = Server::start(LESSON);
    let (names_tx, call) = open_call(&server).await;
    server.signal();
    server.wait_for("lesson-1-server stopping");
    names_tx
        .send(HelloRequest { name: "late".into() }.encode_to_vec().into())
        .expect("the call should wait for its message");
    drop(names_tx);
    let response = call
        .await
        .expect("the task should run to its end")
        .expect("the open call should be answered");
    assert_eq!(response.into_inner(), &b"\x0a\x0cHello, late!"[..]);
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    assert!(!output.contains("cut off"), "{output}");
}

/// A second signal does not wait for the calls that are open.
#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_twice_ends_the_server_at_once() {
    let mut server = Server::start(LESSON);
    let (_names_tx, call) = open_call(&server).await;
    server.interrupt();
    server.wait_for("lesson-1-server stopping");
    server.interrupt();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(1));
    assert!(
        output.ends_with(
            "Error: lesson-1-server cut off the connections that were still open\n"
        ),
        "{output}"
    );
    call.await
        .expect("the task should run to its end")
        .expect_err("the open call should be cut off");
}

#[tokio::test]
async fn a_call_that_stays_open_is_cut_off_after_the_grace() {
    let server = Server::start(LESSON);
    let (_names_tx, call) = open_call(&server).await;
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(1));
    assert!(
        output.ends_with(
            "Error: lesson-1-server cut off the connections that were still open\n"
        ),
        "{output}"
    );
    call.await
        .expect("the task should run to its end")
        .expect_err("the open call should be cut off");
}

/// Starts a call and holds its only message back: it goes into the sender. When this returns,
/// the server has the call.
async fn open_call(server: &Server) -> (UnboundedSender<Bytes>, Call) {
    let mut grpc = Grpc::new(server.channel().await);
    let (names_tx, names_rx) = mpsc::unbounded_channel();
    let mut open = grpc.clone();
    let mut call = Box::pin(async move {
        open.ready().await.expect("the channel should be connected");
        // As client streaming, so that the message can come later: the wire looks the same.
        let messages = Request::new(UnboundedReceiverStream::new(names_rx));
        open.client_streaming(messages, PathAndQuery::from_static(PATH), RawCodec)
            .await
    });
    // Frames of one connection arrive in order: once a second call is answered, the first has
    // arrived.
    grpc.ready().await.expect("the channel should be connected");
    let (empty, path) = (Request::new(Bytes::new()), PathAndQuery::from_static(PATH));
    tokio::select! {
        biased;
        _ = &mut call => panic!("the call should wait for its message"),
        response = grpc.unary(empty, path, RawCodec) => {
            response.expect("the second call should be answered");
        }
    }
    (names_tx, tokio::spawn(call))
}
