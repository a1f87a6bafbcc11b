//! The load generator: makes calls, checks every response, and measures how long each call
//! took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prost::bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

use super::histogram::Histogram;
use super::schedule::{Schedule, release_permits};
use super::workload::Workload;
use crate::cli::{self, Failure};
use crate::raw::RawCodec;
use crate::status::code_name;

/// How many calls to make at once, and when.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Connections to the server, at least 1.
    pub connections: usize,
    /// Calls at once on each connection, at least 1.
    pub in_flight: usize,
    /// When to stop starting calls.
    pub until: Until,
    /// Calls a second over all connections, whether or not earlier ones have ended: an open
    /// loop. `None`: the next call starts when one has ended, a closed loop.
    pub rate: Option<f64>,
}

/// When to stop starting calls. Those that have started are waited for.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// So many calls have started.
    Count(u64),
    /// So much time has passed.
    Passed(Duration),
}

/// The times of one call, all counted from the moment when the load began.
#[derive(Debug, Clone, Copy)]
pub struct CallTimes {
    /// When the call was to start. In a closed loop that is when a worker was free for it.
    pub scheduled: Duration,
    /// When the call did start: never before it was scheduled.
    pub started: Duration,
    /// When its last response and its status had arrived.
    pub finished: Duration,
}

/// The results of the calls so far.
#[derive(Debug, Default, Clone)]
pub struct LoadResult {
    /// Of each successful call, the time from when it was scheduled until it finished.
    pub latency: Histogram,
    /// Of each successful call, the time from when it started until it finished: all that a
    /// closed loop sees.
    pub service: Histogram,
    /// How many calls ended with each status other than OK, by its name.
    pub errors: BTreeMap<&'static str, u64>,
    /// The first of these statuses, for its message.
    pub error: Option<Status>,
    /// Calls of an open loop whose time came while every worker was busy. If they are many, the
    /// latency says as much about [`Plan::in_flight`] as about the server.
    pub held_up: u64,
    /// How long the whole load took. Zero until it has ended.
    pub elapsed: Duration,
}

impl LoadResult {
    // ANCHOR: record
    /// Counts a call that succeeded.
    pub fn record(&mut self, call: CallTimes) {
        self.latency.record(call.finished - call.scheduled);
        self.service.record(call.finished - call.started);
    }
    // ANCHOR_END: record

    fn fail(&mut self, status: Status) {
        *self.errors.entry(code_name(status.code())).or_default() += 1;
        self.error.get_or_insert(status);
    }

    /// Calls that ended with OK, each with the right responses.
    pub fn succeeded(&self) -> u64 {
        self.latency.count()
    }

    /// Calls that ended with another status.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Calls that have ended, one way or the other.
    pub fn completed(&self) -> u64 {
        self.succeeded() + self.failed()
    }

    /// Successful calls a second.
    pub fn per_second(&self) -> f64 {
        self.succeeded() as f64 / self.elapsed.as_secs_f64()
    }
}

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
        .initial_stream_window_size(STREAM as u32)
        .initial_connection_window_size(connection as u32);
    let mut channels = Vec::new();
    for _ in 0..plan.connections {
        channels.push(cli::connect_with(endpoint.clone()).await?);
    }
    Ok(channels)
}
// ANCHOR_END: connect

/// Makes the calls of a plan, on the channels that [`connect`] opened for it. Pass an empty
/// `so_far`: it has the results of the calls so far while they are being made.
///
/// A call that ends with a status other than OK is counted in the result.
///
/// # Errors
/// A response was wrong, so the measurement is worth nothing.
pub async fn run(
    channels: &[Channel],
    workload: &Arc<Workload>,
    plan: &Plan,
    so_far: &Arc<Mutex<LoadResult>>,
) -> Result<LoadResult, Failure> {
    let schedule = Arc::new(Schedule::new(plan));
    let mut workers = JoinSet::new();
    for channel in channels {
        for _ in 0..plan.in_flight {
            let grpc = Grpc::new(channel.clone());
            let (schedule, workload) = (Arc::clone(&schedule), Arc::clone(workload));
            workers.spawn(worker(schedule, grpc, workload, Arc::clone(so_far)));
        }
    }
    if schedule.is_open_loop() {
        let schedule = Arc::downgrade(&schedule);
        let workers = workers.len();
        thread::spawn(move || release_permits(&schedule, workers));
    }
    // The first error drops `workers`, which ends those that are left.
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    let elapsed = schedule.elapsed();
    let held_up = schedule.held_up();
    Ok(LoadResult { elapsed, held_up, ..locked(so_far).clone() })
}

// ANCHOR: worker
/// Makes one call after the other until the schedule has no more.
async fn worker(
    schedule: Arc<Schedule>,
    mut grpc: Grpc<Channel>,
    workload: Arc<Workload>,
    // Shared by all workers: a histogram each would not fit into the processor's cache.
    result: Arc<Mutex<LoadResult>>,
) -> Result<(), Failure> {
    while let Some(scheduled) = schedule.next().await {
        let started = schedule.elapsed();
        match call(&mut grpc, &workload).await {
            Ok(()) => {
                let finished = schedule.elapsed();
                locked(&result).record(CallTimes { scheduled, started, finished });
            }
            Err(CallError::WrongResponse(how)) => return Err(Failure::new(how)),
            Err(CallError::Status(status)) => {
                locked(&result).fail(status);
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

/// The result so far, locked. No worker can record a call until the guard is dropped.
pub fn locked(result: &Mutex<LoadResult>) -> MutexGuard<'_, LoadResult> {
    result.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a call has no latency.
enum CallError {
    /// A response was not the expected one. This says how it differs.
    WrongResponse(String),
    /// The call ended with this status.
    Status(Status),
}

impl From<Status> for CallError {
    fn from(status: Status) -> CallError {
        CallError::Status(status)
    }
}

// ANCHOR: call
/// Makes a call of any kind: to HTTP/2 the four are one.
async fn call(grpc: &mut Grpc<Channel>, workload: &Workload) -> Result<(), CallError> {
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let requests = Request::new(iter(workload.requests()));
    let response = grpc
        .streaming(requests, workload.path.clone(), RawCodec)
        .await?;
    let mut messages = response.into_inner();
    for (n, expected) in (1..).zip(&workload.responses) {
        let message = messages.message().await?;
        if message.as_ref() != Some(expected) {
            return Err(CallError::WrongResponse(describe(
                workload, n, message, expected,
            )));
        }
    }
    // The status comes after the last message.
    match messages.message().await? {
        None => Ok(()),
        Some(_) => Err(CallError::WrongResponse(format!(
            "a wrong response: more than {} messages of {}",
            workload.responses.len(),
            workload.method()
        ))),
    }
}
// ANCHOR_END: call

/// Says how message `n` of a response, counted from 1, differs from the expected one.
fn describe(
    workload: &Workload,
    n: usize,
    message: Option<Bytes>,
    expected: &Bytes,
) -> String {
    let how = match message {
        Some(message) => {
            let pairs = message.iter().zip(expected);
            let same = pairs.take_while(|(a, b)| a == b).count();
            let (size, right) = (message.len(), expected.len());
            format!("has {size} bytes, should have {right}, and differs at byte {same}")
        }
        None => "is missing".into(),
    };
    format!("a wrong response: message {n} of {} {how}", workload.method())
}
