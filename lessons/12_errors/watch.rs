//! What `WatchSeats` sends: the free seats of a course, now and after each change.

use school::{Course, SchoolError};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::proto::WatchSeatsResponse;
use crate::{EnrolError, log};

/// The messages of a call. They end with UNAVAILABLE when the server stops (see lesson 7), and when
/// the school reports no more. `call` is the beginning of the line in the log.
pub fn seats(
    call: String,
    course: watch::Receiver<Course>,
    shutdown: CancellationToken,
) -> ReceiverStream<Result<WatchSeatsResponse, Status>> {
    // One message waits for a slow reader. What changes in the meantime, it reads as one change.
    let (tx, rx) = mpsc::channel(1);
    let last_tx = tx.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = send_changes(&call, course, tx) => {}
            () = shutdown.cancelled() => {
                let status = Status::unavailable("the server is stopping");
                // An error means that the client has left.
                let _ = last_tx.send(Err(status)).await;
            }
        }
    });
    ReceiverStream::new(rx)
}

// ANCHOR: late
/// Ends when the client leaves, or the school is gone.
async fn send_changes(
    call: &str,
    mut course: watch::Receiver<Course>,
    tx: mpsc::Sender<Result<WatchSeatsResponse, Status>>,
) {
    loop {
        let message = {
            // Holds a lock, which must be released before the next `.await`.
            let Course { seats_left, revision, .. } = *course.borrow_and_update();
            WatchSeatsResponse { seats_left, revision }
        };
        if tx.send(Ok(message)).await.is_err() {
            break;
        }
        tokio::select! {
            changed = course.changed() => if changed.is_err() {
                // Nobody knows how many seats are left from now on. Without an error, the client
                // would take the last number for the final one.
                let cause = "nobody reports the seats any more".into();
                let error = EnrolError::from(SchoolError::Unreachable(cause));
                let end = Err(Status::from(error));
                log(&format!("{call}, later"), &end);
                // An error means that the client has left.
                let _ = tx.send(end).await;
                break;
            },
            () = tx.closed() => break,
        }
    }
}
// ANCHOR_END: late
