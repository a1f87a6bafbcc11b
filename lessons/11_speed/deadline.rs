//! A deadline for each call of a worker, at the price of one timer.

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// What `tokio::time::timeout` does, for one future after the other.
///
/// `timeout` registers a timer for each call and takes it back, which costs a worker a few
/// percent of its calls. This one has a timer that is left as it is while calls come and go. When
/// it fires, it is set to the deadline of the call that is being made by then.
pub struct Deadline {
    /// How long each future may take.
    limit: Duration,
    /// Fires at the deadline of the current future, or earlier.
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    /// A deadline for futures that may take so long each.
    pub fn new(limit: Duration) -> Deadline {
        Deadline { limit, timer: Box::pin(sleep(limit)) }
    }

    /// How long each future may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Runs a future. `None` if it has not completed within the limit; then it is dropped.
    pub async fn run<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let end = Instant::now() + self.limit;
        let mut future = pin!(future);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = &mut self.timer => {}
            }
            if self.timer.deadline() >= end {
                return None;
            }
            self.timer.as_mut().reset(end);
        }
    }
}
