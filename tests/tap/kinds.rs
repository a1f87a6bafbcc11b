//! The four kinds of call through a tap: what comes back is the same as without it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::task::{Context, Poll};

use grpc_workbook::raw::RawCodec;
use grpc_workbook::tap::trace::{EventKind, Side};
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{NamedService, StreamingService};
use tonic::transport::{self, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

use super::{connect, tapped};

/// Takes messages and answers with their bytes, one by one as they come or all together.
/// Nothing on the wire says which kind a call is, so this serves all four.
#[derive(Clone)]
struct Bytewise;

impl Service<http::Request<Body>> for Bytewise {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let together = request.uri().path() == "/tap.Bytewise/Together";
        let answer = Answer { together };
        Box::pin(async move {
            Ok(tonic::server::Grpc::new(RawCodec)
                .streaming(answer, request)
                .await)
        })
    }
}

impl NamedService for Bytewise {
    const NAME: &'static str = "tap.Bytewise";
}

struct Answer {
    together: bool,
}

impl StreamingService<Bytes> for Answer {
    type Response = Bytes;
    type ResponseStream = ReceiverStream<Result<Bytes, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let (tx, rx) = mpsc::channel(1);
        let (together, mut messages) = (self.together, request.into_inner());
        tokio::spawn(async move {
            let mut all = Vec::new();
            while let Some(message) = messages.message().await? {
                all.extend(&message);
                for byte in message.into_iter().filter(|_| !together) {
                    if tx.send(Ok(Bytes::from(vec![byte]))).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if together {
                // It fails if the client has left.
                let _ = tx.send(Ok(all.into())).await;
            }
            Ok::<(), Status>(())
        });
        Box::pin(async move { Ok(Response::new(ReceiverStream::new(rx))) })
    }
}

/// What a call of each kind is answered.
async fn four_kinds(address: &str) -> Vec<Vec<Bytes>> {
    let mut grpc = Grpc::new(connect(address).await);
    let together = PathAndQuery::from_static("/tap.Bytewise/Together");
    let each = PathAndQuery::from_static("/tap.Bytewise/Each");
    let word = || Request::new(Bytes::from_static(b"one"));
    let words = || {
        let words = ["one", "", "three"].map(|word| Bytes::from_static(word.as_bytes()));
        Request::new(tokio_stream::iter(words))
    };

    grpc.ready().await.expect("channel should be ready");
    let unary = grpc.unary(word(), together.clone(), RawCodec).await;
    let unary = vec![unary.expect("call should succeed").into_inner()];

    grpc.ready().await.expect("channel should be ready");
    let answer = grpc.server_streaming(word(), each.clone(), RawCodec).await;
    let answers = answer.expect("call should succeed").into_inner();
    let server_streaming: Result<Vec<Bytes>, Status> = answers.collect().await;

    grpc.ready().await.expect("channel should be ready");
    let client_streaming = grpc.client_streaming(words(), together, RawCodec).await;
    let client_streaming =
        vec![client_streaming.expect("call should succeed").into_inner()];

    // Turn by turn: the next question is asked when the last one is answered.
    grpc.ready().await.expect("channel should be ready");
    let (tx, rx) = mpsc::channel(1);
    tx.send(Bytes::from_static(b"a"))
        .await
        .expect("request should be read");
    let questions = Request::new(ReceiverStream::new(rx));
    let answer = grpc.streaming(questions, each, RawCodec).await;
    let mut answers = answer.expect("call should succeed").into_inner();
    let mut both = Vec::new();
    for question in [&b"b"[..], b"c", b"d"] {
        both.extend(answers.message().await.expect("stream should go on"));
        tx.send(question.into())
            .await
            .expect("request should be read");
    }
    drop(tx);
    while let Some(answer) = answers.message().await.expect("stream should go on") {
        both.push(answer);
    }
    vec![
        unary,
        server_streaming.expect("stream should go on"),
        client_streaming,
        both,
    ]
}

#[tokio::test]
async fn calls_of_each_kind_are_answered_as_without_it() {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into())
        .expect("a free port should be found");
    let server = incoming
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    let incoming = incoming.with_nodelay(Some(true));
    let serving = transport::Server::builder()
        .add_service(Bytewise)
        .serve_with_incoming(incoming);
    let serving = tokio::spawn(serving);
    let (address, mut events) = tapped(&server).await;

    let without = four_kinds(&server).await;
    let with = four_kinds(&address).await;
    assert_eq!(with, without);
    let bytes = |text: &'static str| -> Vec<Bytes> {
        text.split(' ').map(|word| word.as_bytes().into()).collect()
    };
    assert_eq!(
        with,
        [
            bytes("one"),
            bytes("o n e"),
            bytes("onethree"),
            bytes("a b c d")
        ]
    );

    // Who sent how many messages, in each of the four streams.
    let mut messages = BTreeMap::<u32, [u32; 2]>::new();
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event.kind, EventKind::Undecodable { .. }), "{event:?}");
        if matches!(event.kind, EventKind::Message { .. }) {
            let count = messages.entry(event.stream).or_default();
            count[usize::from(event.from == Side::Server)] += 1;
        }
    }
    let expected = [(1, [1, 1]), (3, [1, 3]), (5, [3, 1]), (7, [4, 4])];
    assert_eq!(messages, BTreeMap::from(expected));
    serving.abort();
}
