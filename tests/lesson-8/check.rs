//! The check of the exercise: a meter has to refuse at once.

use std::pin::Pin;
use std::slice::Iter;
use std::task::{Context, Poll};
use std::time::Duration;

use grpc_workbook::accumulate::proto::{
    AccumulateRequest, accumulate_service_client::AccumulateServiceClient,
};
use support::checks::{Checks, Outcome, Verdict, outcome};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::Stream;
use tonic::service::Routes;

/// What the client does after its last delta.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It ends its stream.
    Ends,
    /// It sends nothing more, and does not end its stream either.
    IsSilent,
}

/// A client's stream that hands out a delta when the server asks for one, and tells when the
/// server asks for more than there is.
struct OneByOne {
    /// The deltas that the server has not asked for yet.
    left: Iter<'static, i32>,
    /// What to do when none is left.
    then: Then,
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
        match (self.left.next(), self.then) {
            (Some(&delta), _) => Poll::Ready(Some(AccumulateRequest { delta })),
            (None, Then::Ends) => Poll::Ready(None),
            (None, Then::IsSilent) => {
                self.asked_tx.send(()).expect("the check should be waiting");
                Poll::Pending
            }
        }
    }
}

const WAITS: &str = "no answer: it waits for another message";

/// Makes a call with these deltas, and returns how it ended, or that it did not end.
async fn accumulate(server: Routes, deltas: &'static [i32], then: Then) -> Outcome<i32> {
    let mut client = AccumulateServiceClient::new(server);
    let (asked_tx, mut asked_rx) = unbounded_channel();
    let left = deltas.iter();
    let call = client.accumulate(OneByOne { left, then, pause: false, asked_tx });
    tokio::select! {
        biased;
        response = call => outcome(response).map(|response| response.sum),
        Some(()) = asked_rx.recv() => Err(WAITS.into()),
        // A service that neither reads nor responds would stop the check.
        () = tokio::time::sleep(Duration::from_secs(20)) => Err("no answer".into()),
    }
}

pub async fn check(server: Routes) -> Verdict {
    use Then::{Ends, IsSilent};
    let negative =
        |n, delta| Err(format!("INVALID_ARGUMENT: delta {n} is negative: {delta}"));
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    let mut checks = Checks::default();
    for (deltas, then, expected) in [
        (&[][..], Ends, Ok(0)),
        (&[1, 2, 3], Ends, Ok(6)),
        (&[0, 0], Ends, Ok(0)),
        (&[i32::MAX], Ends, Ok(i32::MAX)),
        (&[i32::MAX, 0], Ends, Ok(i32::MAX)),
        (&[5, -1], Ends, negative(2, -1)),
        (&[5, -1], IsSilent, negative(2, -1)),
        (&[-5], IsSilent, negative(1, -5)),
        (&[3, 0, i32::MIN], IsSilent, negative(3, i32::MIN)),
        (&[5, -1, -2], Ends, negative(2, -1)),
        (&[i32::MAX, 1], Ends, too_large(2147483648)),
        (&[i32::MAX, 1], IsSilent, too_large(2147483648)),
        (&[1, i32::MAX, 7], IsSilent, too_large(2147483648)),
        (&[i32::MAX, i32::MAX], IsSilent, too_large(4294967294)),
        (&[i32::MAX, 1, -1], Ends, too_large(2147483648)),
        (&[i32::MAX, -1, 2], Ends, negative(2, -1)),
        (&[1, 2], IsSilent, Err(WAITS.to_string())),
    ] {
        let call = match then {
            Ends => format!("{deltas:?}"),
            IsSilent => format!("{deltas:?} and no end"),
        };
        let response = accumulate(server.clone(), deltas, then);
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}
