//! When the calls of a load start: the difference between a closed and an open loop.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::plan::{Plan, Until};

/// Gives each worker its next call, and says when that call was to start. All workers of a
/// load share one.
pub struct Schedule {
    /// When the load began. The times of calls are counted from here.
    begun: Instant,
    /// The number of the next call, from 0. Each is given to one worker only.
    next: AtomicU64,
    /// Calls that were given to a worker so far.
    given: AtomicU64,
    /// After which call, or which time, no more are given.
    until: Until,
    /// No more calls are given, whatever `until` says.
    stopped: AtomicBool,
    /// `None` in a closed loop.
    open_loop: Option<OpenLoop>,
}

/// What an open loop needs besides.
struct OpenLoop {
    /// Calls a second.
    rate: f64,
    /// A permit for each call whose time has come and that no worker has started.
    /// [`release_permits`] adds them, [`Schedule::next`] takes them. They pile up while
    /// every worker waits for a response.
    permits: Semaphore,
    /// Workers in all: as many calls can be under way at once.
    workers: u64,
    /// Calls whose permit was there before a worker was free for it.
    held_up: AtomicU64,
}

impl Schedule {
    /// A schedule whose load begins now.
    pub fn new(plan: &Plan) -> Schedule {
        Schedule {
            begun: Instant::now(),
            next: AtomicU64::new(0),
            given: AtomicU64::new(0),
            until: plan.until,
            stopped: AtomicBool::new(false),
            open_loop: plan.rate.map(|rate| OpenLoop {
                rate,
                permits: Semaphore::new(0),
                workers: (plan.connections * plan.in_flight) as u64,
                held_up: AtomicU64::new(0),
            }),
        }
    }

    /// The time since the load began.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether calls start at a rate, whether or not earlier ones have ended.
    pub fn is_open_loop(&self) -> bool {
        self.open_loop.is_some()
    }

    // ANCHOR: next
    /// Waits until there is a call to start, and returns when it was scheduled. `None` when
    /// there are no more.
    pub async fn next(&self) -> Option<Duration> {
        let mut waiting_for_a_worker = false;
        if let Some(OpenLoop { permits, .. }) = &self.open_loop {
            // A permit goes to a worker that waits for one. It is left over if none does.
            waiting_for_a_worker = permits.available_permits() > 0;
            permits.acquire().await.ok()?.forget();
        }
        let n = self.next.fetch_add(1, Relaxed);
        let scheduled = self.scheduled(n)?;
        if self.is_over(n) {
            return None;
        }
        self.given.fetch_add(1, Relaxed);
        if waiting_for_a_worker {
            self.count_held_up(n);
        }
        Some(scheduled)
    }

    /// When call `n` is scheduled; `None` if that is after the end.
    fn scheduled(&self, n: u64) -> Option<Duration> {
        let scheduled = match &self.open_loop {
            // Its own time, however late it is by now.
            Some(OpenLoop { rate, .. }) => Duration::from_secs_f64(n as f64 / rate),
            // As soon as a worker is free, which is now.
            None => self.elapsed(),
        };
        let in_time = self.until.passed().is_none_or(|end| scheduled < end);
        // One call at least, however busy the machine is.
        let goes_on =
            n == 0 || in_time && self.until.count().is_none_or(|count| n < count);
        goes_on.then_some(scheduled)
    }
    // ANCHOR_END: next

    /// Whether it is too late to start call `n`, even if it was scheduled in time: an open loop
    /// that is behind does not go on after its end.
    fn is_over(&self, n: u64) -> bool {
        let end = self.until.passed();
        let too_late = n > 0 && end.is_some_and(|end| self.elapsed() >= end);
        too_late || self.stopped.load(Relaxed)
    }

    /// Gives no more calls.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
        if let Some(open_loop) = &self.open_loop {
            // Wakes the workers that wait for a permit.
            open_loop.permits.close();
        }
    }

    /// Calls that were given to a worker so far.
    pub fn given(&self) -> u64 {
        self.given.load(Relaxed)
    }

    /// Calls of an open loop whose time has come. Those of a closed loop begin when they are
    /// due.
    pub fn due(&self) -> u64 {
        let Some(OpenLoop { rate, .. }) = &self.open_loop else {
            return self.given();
        };
        let now = self.elapsed();
        let until_now = |time: Duration| (time.as_secs_f64() * rate) as u64;
        let due = match self.until.passed() {
            Some(end) if now >= end => {
                let due = until_now(end);
                // The last of them may be scheduled a fraction of a nanosecond after the end.
                if self.scheduled(due).is_some() {
                    due + 1
                } else {
                    due
                }
            }
            // Call 0 is due at once.
            _ => until_now(now).saturating_add(1),
        };
        due.min(self.until.count().unwrap_or(u64::MAX)).max(1)
    }

    /// Calls of an open loop whose time has come and that have not begun.
    pub fn behind(&self) -> u64 {
        self.due().saturating_sub(self.given())
    }

    fn count_held_up(&self, n: u64) {
        if let Some(open_loop) = &self.open_loop
            // Fewer calls than workers cannot keep all of them busy: some have not begun yet.
            && n >= open_loop.workers
        {
            open_loop.held_up.fetch_add(1, Relaxed);
        }
    }

    /// Calls of an open loop whose time came while every worker was busy.
    pub fn held_up(&self) -> u64 {
        match &self.open_loop {
            Some(open_loop) => open_loop.held_up.load(Relaxed),
            None => 0,
        }
    }
}

/// Adds a permit whenever a call of an open loop is scheduled. After the last one it adds a
/// permit for each worker, so that all of them wake up and see that there are no more calls.
///
/// It blocks its thread: tokio's timers are precise to a millisecond, which is too coarse
/// for thousands of calls a second. `schedule` is weak so that the thread ends when the load
/// was given up.
pub fn release_permits(schedule: &Weak<Schedule>, workers: usize) {
    let mut n = 0;
    while let Some(wait) = time_until(schedule, n) {
        thread::sleep(wait);
        add_permits(schedule, 1);
        n += 1;
    }
    add_permits(schedule, workers);
}

/// How long it is until call `n`; `None` if there is no such call, or the load has ended.
fn time_until(schedule: &Weak<Schedule>, n: u64) -> Option<Duration> {
    let schedule = schedule.upgrade()?;
    if schedule.is_over(n) {
        return None;
    }
    Some(schedule.scheduled(n)?.saturating_sub(schedule.elapsed()))
}

fn add_permits(schedule: &Weak<Schedule>, calls: usize) {
    if let Some(schedule) = schedule.upgrade()
        && let Some(open_loop) = &schedule.open_loop
    {
        open_loop.permits.add_permits(calls);
    }
}
