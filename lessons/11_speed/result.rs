//! What a load counts.

use std::collections::BTreeMap;
use std::time::Duration;

use tonic::Status;

use super::histogram::Histogram;
use crate::status::code_name;

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
    /// When the last successful call finished. Zero before the first.
    pub last_success: Duration,
    /// How many calls ended with each status other than OK, by its name.
    pub errors: BTreeMap<&'static str, u64>,
    /// The first of these statuses, for its message.
    pub error: Option<Status>,
    /// How many times a call was made again because the server had not begun it.
    pub retried: u64,
    /// Calls of an open loop whose time came while every worker was busy. If they are many, the
    /// latency says as much about `Plan::in_flight` as about the server.
    pub held_up: u64,
    /// Calls of an open loop whose time came, and that no worker had begun when the load ended.
    pub not_begun: u64,
    /// Calls that had begun and not ended when the load was stopped. None of the other counts
    /// has them.
    pub unfinished: u64,
    /// The load made fewer calls than it was asked for, because no call was answered for as
    /// long as `Plan::patience`.
    pub gave_up: bool,
    /// How long the whole load took.
    pub elapsed: Duration,
}

impl LoadResult {
    // ANCHOR: record
    /// Counts a call that succeeded.
    pub fn record(&mut self, call: CallTimes) {
        self.latency.record(call.finished - call.scheduled);
        self.service.record(call.finished - call.started);
        self.last_success = self.last_success.max(call.finished);
    }
    // ANCHOR_END: record

    /// Counts a call that ended with a status other than OK.
    pub fn fail(&mut self, status: Status) {
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

    /// Successful calls a second. Zero if there was none.
    pub fn per_second(&self) -> f64 {
        if self.succeeded() == 0 {
            return 0.0;
        }
        self.succeeded() as f64 / self.elapsed.as_secs_f64()
    }
}
