//! How long a test waits for something before it fails and says what it waited for.
//!
//! [`within`] is for a future, [`Watchdog`] for a process. For every wait that has neither, there
//! is [`watch_this_process`]: libtest names a test that runs for more than a minute, and a test
//! program that runs for far too long is ended.

use std::process::{Child, exit};
use std::sync::Once;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than anything takes that a test waits for, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Longer than the tests of one program take together, on a busy machine too.
const OF_A_PROGRAM: Duration = Duration::from_secs(600);

/// Waits for `future`, which is `what` in the message of a test that waits too long.
///
/// # Panics
/// If it takes longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// Kills a process that takes longer than [`PATIENCE`] for something, so that a wait for it ends.
#[must_use = "without `done`, a process that was killed goes unnoticed"]
pub struct Watchdog {
    /// What the test waits for.
    what: String,
    /// Tells the thread that the wait is over.
    done: Sender<()>,
    /// Returns whether it killed the process.
    thread: JoinHandle<bool>,
}

impl Watchdog {
    /// Watches a process from now on. `what` is what the test waits for.
    pub fn new(process: &Child, what: impl Into<String>) -> Watchdog {
        let id = process.id();
        let (done, waiting) = mpsc::channel();
        let thread = thread::spawn(move || {
            let timed_out =
                waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if timed_out {
                kill(id);
            }
            timed_out
        });
        Watchdog { what: what.into(), done, thread }
    }

    /// The wait is over.
    ///
    /// # Panics
    /// If the process had to be killed for it.
    pub fn done(self) {
        let Watchdog { what, done, thread } = self;
        // An error says that the thread has ended, because it killed the process.
        let _ = done.send(());
        let killed = thread.join().expect("the watchdog should not panic");
        assert!(!killed, "waited {PATIENCE:?} in vain for {what}");
    }
}

#[cfg(unix)]
fn kill(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended in this moment.
        let _ = kill_process(id, Signal::KILL);
    }
}

/// Nothing kills a process by its id here: the watch over the whole program has to do.
#[cfg(not(unix))]
fn kill(_id: u32) {}

/// Ends this test program when it has run for ten minutes, which means that a test of it hangs.
pub fn watch_this_process() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        thread::spawn(|| {
            thread::sleep(OF_A_PROGRAM);
            eprintln!(
                "this test program has run for {OF_A_PROGRAM:?}: a test that was named above, as \
                 running for over 60 seconds, waits for what never comes"
            );
            exit(101);
        });
    });
}
