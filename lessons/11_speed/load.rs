//! The load generator: makes calls, counts how they end, and measures how long each of them
//! took. `call.rs` makes one call, `schedule.rs` says when, `result.rs` counts.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Uri};

pub use super::call::CallError;
use super::call::call;
use super::deadline::Deadline;
pub use super::plan::{Plan, Until};
pub use super::result::{CallTimes, LoadResult};
use super::schedule::{Schedule, release_permits};
use super::workload::Workload;
use crate::cli::{self, Failure};

// ANCHOR: connect
/// Opens the connections of a plan.
///
/// # Errors
/// Nobody listens at `server`.
pub async fn connect(server: &Uri, plan: &Plan) -> Result<Vec<Channel>, Failure> {
    // h2 ends a connection on which too many small frames wait to be read: see lesson 7. A
    // frame of n bytes costs 256 - n, and half the connection's window may be spent. This
    // is enough for a full stream window of empty messages, five bytes of prefix each, on
    // every stream, up to the most that HTTP/2 allows. A window is a permission: it takes no
    // memory until it is used.
    const STREAM: usize = 65_535;
    const PREFIX: usize = 5;
    let cost = STREAM / PREFIX * (256 - PREFIX);
    let connection = (2 * cost * plan.in_flight).min(i32::MAX as usize);
    let endpoint = Endpoint::from(server.clone())
        .connect_timeout(plan.timeout)
        .initial_stream_window_size(STREAM as u32)
        .initial_connection_window_size(connection as u32);
    let mut channels = Vec::new();
    for _ in 0..plan.connections {
        channels.push(cli::connect_with(endpoint.clone()).await?);
    }
    Ok(channels)
}
// ANCHOR_END: connect

/// A load: what its workers share, and what can be looked at while it is made.
pub struct Load {
    /// How many workers there are, and how long a call may take.
    plan: Plan,
    /// What each call sends and expects.
    workload: Arc<Workload>,
    /// When calls start. Shared with the thread that releases permits.
    schedule: Arc<Schedule>,
    /// What all workers have counted: a histogram each would not fit into the processor's cache.
    result: Mutex<LoadResult>,
    /// Calls that were made again: see [`LoadResult::retried`]. Counted as it happens, while
    /// the calls go on.
    retried: AtomicU64,
}

/// How far a load has got.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Calls that succeeded.
    pub answered: u64,
    /// Calls that ended with a status other than OK.
    pub failed: u64,
    /// Of an open loop: calls whose time has come, and how many of these have not begun.
    pub due_and_behind: Option<(u64, u64)>,
}

impl Load {
    /// A load that begins now: [`Load::run`] makes its calls.
    pub fn new(workload: &Arc<Workload>, plan: &Plan) -> Arc<Load> {
        Arc::new(Load {
            plan: *plan,
            workload: Arc::clone(workload),
            schedule: Arc::new(Schedule::new(plan)),
            result: Mutex::default(),
            retried: AtomicU64::new(0),
        })
    }

    /// Makes the calls, on the channels that [`connect`] opened for the plan. Dropping the
    /// future gives up all of them; [`Load::so_far`] still has what they were.
    ///
    /// A call that ends with a status other than OK is counted in the result.
    ///
    /// # Errors
    /// A response was wrong, or the first that answers is no gRPC server: the measurement is
    /// worth nothing.
    pub async fn run(
        self: &Arc<Self>,
        channels: &[Channel],
    ) -> Result<LoadResult, CallError> {
        let mut workers = JoinSet::new();
        for channel in channels {
            for _ in 0..self.plan.in_flight {
                workers.spawn(worker(Arc::clone(self), Grpc::new(channel.clone())));
            }
        }
        if self.schedule.is_open_loop() {
            let schedule = Arc::downgrade(&self.schedule);
            let workers = workers.len();
            thread::spawn(move || release_permits(&schedule, workers));
        }
        // The first error drops `workers`, which ends those that are left.
        while let Some(ended) = workers.join_next().await {
            match ended {
                Ok(ended) => ended?,
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                // Aborted, which nobody does.
                Err(_) => {}
            }
        }
        Ok(self.so_far())
    }

    /// The results up to now.
    pub fn so_far(&self) -> LoadResult {
        let mut result = self.result().clone();
        result.elapsed = self.schedule.elapsed();
        result.retried = self.retried.load(Relaxed);
        result.held_up = self.schedule.held_up();
        result.not_begun = self.schedule.behind();
        result.unfinished = self.schedule.given().saturating_sub(result.completed());
        result
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        let (due, behind) = (self.schedule.due(), self.schedule.behind());
        let result = self.result();
        Progress {
            answered: result.succeeded(),
            failed: result.failed(),
            due_and_behind: self.schedule.is_open_loop().then_some((due, behind)),
        }
    }

    /// The result so far, locked. No worker can record a call until the guard is dropped.
    fn result(&self) -> MutexGuard<'_, LoadResult> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a failed call, and ends the load if there has been no success for too long.
    ///
    /// # Errors
    /// The call shows that the measurement is worth nothing.
    fn fail(&self, error: CallError) -> Result<(), CallError> {
        let mut result = self.result();
        match error {
            CallError::Status(status) => result.fail(status),
            // Where calls have succeeded, it is a failure like others: of a proxy whose server
            // is gone, for one.
            CallError::NotGrpc(_, status) if result.succeeded() > 0 => {
                result.fail(status)
            }
            worthless => return Err(worthless),
        }
        let in_vain = self.schedule.elapsed().saturating_sub(result.last_success);
        if self.plan.until.passed().is_none() && in_vain > self.plan.patience {
            result.gave_up = true;
            self.schedule.stop();
        }
        Ok(())
    }
}

/// Makes all calls of a plan: [`Load::new`] and [`Load::run`].
///
/// # Errors
/// Those of [`Load::run`].
pub async fn run(
    channels: &[Channel],
    workload: &Arc<Workload>,
    plan: &Plan,
) -> Result<LoadResult, CallError> {
    Load::new(workload, plan).run(channels).await
}

// ANCHOR: worker
/// Makes one call after the other until the schedule has no more.
async fn worker(load: Arc<Load>, mut grpc: Grpc<Channel>) -> Result<(), CallError> {
    let Load { plan, workload, schedule, retried, .. } = &*load;
    let mut deadline = Deadline::new(plan.timeout);
    while let Some(scheduled) = schedule.next().await {
        let started = schedule.elapsed();
        match call(&mut grpc, workload, &mut deadline, retried).await {
            Ok(()) => {
                let finished = schedule.elapsed();
                load.result()
                    .record(CallTimes { scheduled, started, finished });
            }
            Err(error) => {
                load.fail(error)?;
                // A closed loop would call a server that is gone thousands of times a
                // second. An open loop has its own pace.
                if !schedule.is_open_loop() {
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
    Ok(())
}
// ANCHOR_END: worker
