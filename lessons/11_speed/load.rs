//! The load generator: makes calls, checks every answer, and measures how long each took.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use prost::bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

use super::histogram::Histogram;
use super::work::Work;
use crate::cli::{self, Failure};
use crate::raw::RawCodec;
use crate::status::code_name;

/// How many calls to make at once, and when.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub connections: usize,
    /// Calls at once on each connection.
    pub in_flight: usize,
    pub until: Until,
    /// Calls a second, whether or not earlier ones have been answered: an open loop. None:
    /// a call follows on an answer, a closed loop.
    pub rate: Option<f64>,
}

/// When to begin no more calls.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// So many have begun.
    Count(u64),
    /// So much time has passed.
    Passed(Duration),
}

/// When a call was to begin, when it did, and when its last answer was here, since the
/// load began.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub due: Duration,
    pub sent: Duration,
    pub answered: Duration,
}

/// What the calls came to.
#[derive(Debug, Default, Clone)]
pub struct Outcome {
    /// From when calls were due to their last answers.
    pub latency: Histogram,
    /// From when calls were sent: what a caller in a closed loop sees.
    pub service: Histogram,
    /// How many calls ended with which status.
    pub errors: BTreeMap<&'static str, u64>,
    /// One of the errors, for its message.
    pub error: Option<Status>,
    /// How long all this took.
    pub took: Duration,
}

impl Outcome {
    // ANCHOR: record
    fn record(&mut self, call: Call) {
        self.latency.record(call.answered - call.due);
        self.service.record(call.answered - call.sent);
    }
    // ANCHOR_END: record

    fn fail(&mut self, status: Status) {
        *self.errors.entry(code_name(status.code())).or_default() += 1;
        self.error.get_or_insert(status);
    }

    /// Calls that were answered.
    pub fn answered(&self) -> u64 {
        self.latency.count()
    }

    /// Calls that ended with an error.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Calls that have ended, one way or the other.
    pub fn made(&self) -> u64 {
        self.answered() + self.failed()
    }

    /// Answered calls a second.
    pub fn per_second(&self) -> f64 {
        self.answered() as f64 / self.took.as_secs_f64()
    }
}

// ANCHOR: connect
/// Opens connections to a server.
///
/// # Errors
/// Nobody is there.
pub async fn connect(server: &Uri, plan: &Plan) -> Result<Vec<Channel>, Failure> {
    // For its error, which says what to do when nobody is there.
    drop(cli::connect(server).await?);
    // h2 ends a connection on which too many small frames wait to be read: see lesson 7. A
    // frame of n bytes costs 256 - n, and there is half the connection's window to spend.
    // This is enough for a stream's window full of messages without a byte, a prefix each,
    // on every stream, up to the most that HTTP/2 allows. A window is a permission: it takes
    // no memory before it is used.
    const STREAM: usize = 65_535;
    const PREFIX: usize = 5;
    let cost = STREAM / PREFIX * (256 - PREFIX);
    let connection = (2 * cost * plan.in_flight).min(i32::MAX as usize);
    let endpoint = Endpoint::from(server.clone())
        .initial_stream_window_size(STREAM as u32)
        .initial_connection_window_size(connection as u32);
    let mut channels = Vec::new();
    for _ in 0..plan.connections {
        channels.push(endpoint.connect().await?);
    }
    Ok(channels)
}
// ANCHOR_END: connect

/// Makes the calls. `so_far` has their outcome while they are made, and was empty before.
///
/// # Errors
/// An answer was wrong: the measurement is void. A call that ends with a status other than
/// OK is counted in the outcome.
pub async fn run(
    channels: &[Channel],
    work: &Arc<Work>,
    plan: &Plan,
    so_far: &Arc<Mutex<Outcome>>,
) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let turns = Arc::new(Turns::new(begun, plan));
    let mut lanes = JoinSet::new();
    for channel in channels {
        for _ in 0..plan.in_flight {
            let grpc = Grpc::new(channel.clone());
            let (turns, work) = (turns.clone(), work.clone());
            lanes.spawn(lane(turns, grpc, work, so_far.clone()));
        }
    }
    if plan.rate.is_some() {
        let turns = Arc::downgrade(&turns);
        let extra = lanes.len();
        thread::spawn(move || clock(&turns, extra));
    }
    // The first error drops `lanes`, which ends all that are left.
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    let took = begun.elapsed();
    Ok(Outcome { took, ..locked(so_far).clone() })
}

// ANCHOR: lane
/// Makes one call after the other.
async fn lane(
    turns: Arc<Turns>,
    mut grpc: Grpc<Channel>,
    work: Arc<Work>,
    // One for all lanes: a histogram each would not fit into the processor's cache.
    outcome: Arc<Mutex<Outcome>>,
) -> Result<(), Failure> {
    while let Some(due) = turns.next().await {
        let sent = turns.begun.elapsed();
        match call(&mut grpc, &work).await {
            Ok(()) => {
                let answered = turns.begun.elapsed();
                locked(&outcome).record(Call { due, sent, answered });
            }
            Err(Wrong::Answer(how)) => return Err(Failure::new(how)),
            Err(Wrong::Status(status)) => {
                locked(&outcome).fail(status);
                // A server that is gone refuses thousands of calls a second. An open loop
                // has its own pace.
                if turns.open.is_none() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
    Ok(())
}
// ANCHOR_END: lane

/// The outcome, for a moment in which no lane changes it.
pub fn locked(outcome: &Mutex<Outcome>) -> MutexGuard<'_, Outcome> {
    outcome.lock().expect("no lane panics with it")
}

/// Why a call counts for nothing.
enum Wrong {
    Answer(String),
    Status(Status),
}

impl From<Status> for Wrong {
    fn from(status: Status) -> Wrong {
        Wrong::Status(status)
    }
}

// ANCHOR: call
/// Makes a call of any kind: to HTTP/2 the four are one.
async fn call(grpc: &mut Grpc<Channel>, work: &Work) -> Result<(), Wrong> {
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let requests = Request::new(iter(work.requests()));
    let answers = grpc
        .streaming(requests, work.path.clone(), RawCodec)
        .await?;
    let mut answers = answers.into_inner();
    for (n, expected) in (1..).zip(&work.answers) {
        let answer = answers.message().await?;
        if answer.as_ref() != Some(expected) {
            return Err(Wrong::Answer(differ(work, n, answer, expected)));
        }
    }
    // The status comes after the last message.
    match answers.message().await? {
        None => Ok(()),
        Some(_) => Err(Wrong::Answer(format!(
            "a wrong answer: more than {} messages of {}",
            work.answers.len(),
            work.path
        ))),
    }
}
// ANCHOR_END: call

fn differ(work: &Work, n: usize, answer: Option<Bytes>, expected: &Bytes) -> String {
    let is = match answer {
        Some(answer) => {
            let same = answer
                .iter()
                .zip(expected)
                .take_while(|(a, b)| a == b)
                .count();
            format!("{} bytes, and differs from byte {same} on", answer.len())
        }
        None => "missing".into(),
    };
    let (path, size) = (&work.path, expected.len());
    format!("a wrong answer: message {n} of {path}, {size} bytes, is {is}")
}

/// Whose turn it is.
struct Turns {
    begun: Instant,
    next: AtomicU64,
    until: Until,
    open: Option<OpenLoop>,
}

struct OpenLoop {
    rate: f64,
    /// A permit for each call that is due. They pile up while every lane waits for an
    /// answer.
    due: Semaphore,
}

impl Turns {
    fn new(begun: Instant, plan: &Plan) -> Turns {
        let open = plan
            .rate
            .map(|rate| OpenLoop { rate, due: Semaphore::new(0) });
        Turns { begun, next: AtomicU64::new(0), until: plan.until, open }
    }

    // ANCHOR: next
    /// Waits for the next turn, and returns when it was due; None if there are no more.
    async fn next(&self) -> Option<Duration> {
        if let Some(OpenLoop { due, .. }) = &self.open {
            due.acquire().await.ok()?.forget();
        }
        let n = self.next.fetch_add(1, Relaxed);
        self.due(n)
    }

    /// When call `n` is due.
    fn due(&self, n: u64) -> Option<Duration> {
        let due = match &self.open {
            // However late it is by now.
            Some(OpenLoop { rate, .. }) => Duration::from_secs_f64(n as f64 / rate),
            None => self.begun.elapsed(),
        };
        let goes_on = match self.until {
            Until::Count(count) => n < count,
            // One call at least, however busy the machine is.
            Until::Passed(end) => n == 0 || due < end,
        };
        goes_on.then_some(due)
    }
    // ANCHOR_END: next
}

/// Gives a permit for each call that is due, in a thread of its own: tokio's clock goes by
/// milliseconds. When there are no more, it gives `extra` permits, so that every lane sees
/// it.
fn clock(turns: &Weak<Turns>, extra: usize) {
    for n in 0.. {
        let Some(early) = turns
            .upgrade()
            .and_then(|turns| Some(turns.due(n)?.saturating_sub(turns.begun.elapsed())))
        else {
            break;
        };
        thread::sleep(early);
        permit(turns, 1);
    }
    permit(turns, extra);
}

fn permit(turns: &Weak<Turns>, calls: usize) {
    if let Some(Turns { open: Some(open), .. }) = turns.upgrade().as_deref() {
        open.due.add_permits(calls);
    }
}
