//! What `WatchSeats` sends: the free seats of a course, now and after each change.

use school::Course;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::proto::WatchSeatsResponse;

/// The messages of a call. They end with UNAVAILABLE when the server stops; see lesson 7.
pub fn seats(
    course: watch::Receiver<Course>,
    shutdown: CancellationToken,
) -> ReceiverStream<Result<WatchSeatsResponse, Status>> {
    // One message waits for a slow reader. What changes in the meantime, it reads as one change.
    let (tx, rx) = mpsc::channel(1);
    let last_tx = tx.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = send_changes(course, tx) => {}
            () = shutdown.cancelled() => {
                let status = Status::unavailable("the server is stopping");
                // An error means that the client has left.
                let _ = last_tx.send(Err(status)).await;
            }
        }
    });
    ReceiverStream::new(rx)
}

/// Ends when the client leaves.
async fn send_changes(
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
            // An error means that the school is gone.
            changed = course.changed() => if changed.is_err() { break },
            () = tx.closed() => break,
        }
    }
}
