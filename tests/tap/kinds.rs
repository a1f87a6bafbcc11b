//! The four kinds of call through a tap: what comes back is the same as without it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::task::{Context, Poll};

use grpc_workbook::raw::{self, RawCodec};
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::trace::{EventKind, Side};
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{NamedService, StreamingService};
use tonic::transport::{self, Channel, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

use super::{connect, tapped};

/// Sends back the bytes of the messages that it receives: one by one as they come, or all
/// together at the end. Nothing on the wire says which kind a call is, so this serves all four.
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
        let method = Method { together };
        Box::pin(async move {
            Ok(tonic::server::Grpc::new(RawCodec)
                .streaming(method, request)
                .await)
        })
    }
}

impl NamedService for Bytewise {
    const NAME: &'static str = "tap.Bytewise";
}

/// `Together` or `Each`.
struct Method {
    /// Whether the bytes of all messages come back in one message.
    together: bool,
}

impl StreamingService<Bytes> for Method {
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
                // This fails if the client has left.
                let _ = tx.send(Ok(all.into())).await;
            }
            Ok::<(), Status>(())
        });
        Box::pin(async move { Ok(Response::new(ReceiverStream::new(rx))) })
    }
}

const TOGETHER: &str = "/tap.Bytewise/Together";
const EACH: &str = "/tap.Bytewise/Each";

/// What a call of each kind gets back: unary, server streaming, client streaming, bidirectional.
async fn four_kinds(address: &str) -> [Vec<Bytes>; 4] {
    let channel = connect(address).await;
    [
        unary(channel.clone()).await,
        server_streaming(channel.clone()).await,
        client_streaming(channel.clone()).await,
        bidirectional(channel).await,
    ]
}

async fn unary(channel: Channel) -> Vec<Bytes> {
    let response = raw::unary(channel, TOGETHER, b"one").await;
    vec![response.expect("call should succeed").into_inner()]
}

async fn server_streaming(channel: Channel) -> Vec<Bytes> {
    // One message is a stream too: on the wire there is no difference.
    let messages = tokio_stream::once(Bytes::from_static(b"one"));
    let response = raw::streaming(channel, EACH, messages).await;
    let messages = response.expect("call should succeed").into_inner();
    let messages: Result<Vec<Bytes>, Status> = messages.collect().await;
    messages.expect("stream should end with OK")
}

async fn client_streaming(channel: Channel) -> Vec<Bytes> {
    let words = ["one", "", "three"].map(|word| Bytes::from_static(word.as_bytes()));
    let response =
        raw::client_streaming(channel, TOGETHER, tokio_stream::iter(words)).await;
    vec![response.expect("call should succeed").into_inner()]
}

/// Turn by turn: each message is sent when the one before it has been answered.
async fn bidirectional(channel: Channel) -> Vec<Bytes> {
    let (tx, rx) = mpsc::channel(1);
    let send = async |letter: &'static [u8]| {
        let sent = tx.send(Bytes::from_static(letter)).await;
        sent.expect("the message should be taken");
    };
    send(b"a").await;
    let response = raw::streaming(channel, EACH, ReceiverStream::new(rx)).await;
    let mut messages = response.expect("call should succeed").into_inner();
    let mut received = Vec::new();
    for letter in [b"b", b"c", b"d"] {
        received.extend(messages.message().await.expect("stream should go on"));
        send(letter).await;
    }
    drop(tx);
    while let Some(message) = messages.message().await.expect("stream should go on") {
        received.push(message);
    }
    received
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
    while let Ok(TappedEvent { event, .. }) = events.try_recv() {
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
