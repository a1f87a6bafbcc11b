//! The check of the exercise: a meter has to refuse at once, and to count whole calls only.

use std::pin::Pin;
use std::slice::Iter;
use std::task::{Context, Poll};

use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse,
    accumulate_service_client::AccumulateServiceClient,
};
use support::checks::{Checks, Outcome, Verdict, outcome};
use tokio::sync::mpsc::{self, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, empty};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

/// What the client does after its last delta.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It ends its stream.
    Ends,
    /// It sends nothing more, and does not end its stream either.
    IsSilent,
    /// It cancels the call, and then makes one without deltas, to get the reading.
    Leaves,
}

/// A client's stream that hands out a delta when the server asks for one, and tells when the
/// server asks for more than there is.
struct OneByOne {
    /// The deltas that the server has not asked for yet.
    left: Iter<'static, i32>,
    /// Whether to pause before the next delta. tonic packs messages that are there already into
    /// one piece; after a pause, each is a piece of its own, and the next one is asked for when
    /// the server wants it.
    pause: bool,
    /// Tells that the server asks for one more delta.
    asked_tx: UnboundedSender<()>,
}

impl Stream for OneByOne {
    type Item = AccumulateRequest;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<AccumulateRequest>> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.pause = true;
        match self.left.next() {
            Some(&delta) => Poll::Ready(Some(AccumulateRequest { delta })),
            None => {
                self.asked_tx.send(()).expect("the check should be waiting");
                Poll::Pending
            }
        }
    }
}

const WAITS: &str = "no answer: it waits for another message";

fn reading(response: Result<Response<AccumulateResponse>, Status>) -> Outcome<i32> {
    outcome(response).map(|response| response.sum)
}

/// Makes a call with these deltas, and returns how it ended, or that it did not end.
async fn accumulate(server: Routes, deltas: &'static [i32], then: Then) -> Outcome<i32> {
    let mut client = AccumulateServiceClient::new(server.clone());
    match then {
        Then::Ends => reading(client.accumulate(crate::deltas(deltas.to_vec())).await),
        Then::IsSilent => {
            let (asked_tx, mut asked_rx) = unbounded_channel();
            let left = deltas.iter();
            let call = client.accumulate(OneByOne { left, pause: false, asked_tx });
            tokio::select! {
                biased;
                response = call => reading(response),
                Some(()) = asked_rx.recv() => Err(WAITS.into()),
            }
        }
        Then::Leaves => leave(server, deltas).await,
    }
}

/// Cancels a call after these deltas, and returns the meter's reading afterwards.
///
/// Over a connection: in a process, the server's method would be dropped with the call. The server
/// runs in this thread, so a panic in it is reported.
async fn leave(server: Routes, deltas: &[i32]) -> Outcome<i32> {
    let any_port = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any_port).expect("a free port should be found");
    let address = incoming.local_addr().expect("should have an address");
    let server = Server::builder().add_routes(server);
    tokio::spawn(server.serve_with_incoming(incoming));
    let channel = Channel::from_shared(format!("http://{address}"))
        .expect("should be a URI")
        .connect()
        .await
        .expect("the server should accept a connection");
    let mut client = AccumulateServiceClient::new(channel);
    let mut other = client.clone();

    let (tx, rx) = mpsc::channel(deltas.len());
    for &delta in deltas {
        tx.send(AccumulateRequest { delta })
            .await
            .expect("the channel should have room");
    }
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let cancel_when_begun = async {
        // Waits until the first call's HEADERS and messages are out.
        let begun = other.accumulate(empty()).await;
        handle.cancel();
        begun
    };
    let (_, begun) = tokio::join!(client.accumulate(request), cancel_when_begun);
    reading(begun)?;
    // The server has dealt with RST_STREAM when it has answered a few more calls.
    let mut last = Err("no call".into());
    for _ in 0..10 {
        last = reading(other.accumulate(empty()).await);
    }
    last
}

pub async fn check(server: Routes) -> Verdict {
    use Then::{Ends, IsSilent, Leaves};
    let negative =
        |n, delta| Err(format!("INVALID_ARGUMENT: delta {n} is negative: {delta}"));
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    let mut checks = Checks::default();
    for (deltas, then, expected) in [
        (&[][..], Ends, Ok(0)),
        (&[-5], IsSilent, negative(1, -5)),
        (&[3, 0, i32::MIN], IsSilent, negative(3, i32::MIN)),
        (&[5, -1], IsSilent, negative(2, -1)),
        (&[5, -1, -2], Ends, negative(2, -1)),
        (&[i32::MAX, 1], Ends, too_large(2147483648)),
        (&[i32::MAX, 1], IsSilent, too_large(2147483648)),
        (&[1, i32::MAX, 7], IsSilent, too_large(2147483648)),
        (&[i32::MAX, i32::MAX], IsSilent, too_large(4294967294)),
        (&[i32::MAX, 1, -1], Ends, too_large(2147483648)),
        (&[i32::MAX, -1, 2], Ends, negative(2, -1)),
        (&[1, 2], IsSilent, Err(WAITS.to_string())),
        // None of these counts.
        (&[], Ends, Ok(0)),
        (&[1, 2, 3], Ends, Ok(6)),
        (&[0, 0], Ends, Ok(6)),
        (&[4], Ends, Ok(10)),
        (&[20, 30], Leaves, Ok(10)),
        (&[i32::MAX - 9], IsSilent, too_large(2147483648)),
        (&[i32::MAX - 10], Ends, Ok(i32::MAX)),
        (&[0], Ends, Ok(i32::MAX)),
        (&[0, 1], IsSilent, too_large(2147483648)),
    ] {
        let call = match then {
            Ends => format!("{deltas:?}"),
            IsSilent => format!("{deltas:?} and no end"),
            Leaves => format!("{deltas:?} and the client cancels; then []"),
        };
        let response = accumulate(server.clone(), deltas, then);
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}
