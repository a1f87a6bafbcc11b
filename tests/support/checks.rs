//! Checking an exercise: the calls that a check makes, what each must come to, and a report
//! for the learner.
//!
//! The learner's code may panic, never end, or take a lock twice. So each call runs apart, in a
//! thread of its own and with a time limit, and its line of the report says what happened.

mod apart;
mod text;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;

use grpc_workbook::status::status_line;
use tokio::time::sleep;
use tonic::{Response, Status};

use apart::{Trouble, run_apart};
use text::{line, shortened};

/// How a call ended: with a response, or with a status as `CODE: message`.
pub type Outcome<T> = Result<T, String>;

/// What a check returns: its report, as `Err` if some call was wrong.
pub type Verdict = Result<String, String>;

/// How long a call of a check may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How long a call may take once another one has not ended: it may be waiting for the same lock.
const LIMIT_AFTER_A_HANG: Duration = Duration::from_secs(1);

/// After this time without an answer, the learner hears which call it is.
const SLOW: Duration = Duration::from_millis(900);

tokio::task_local! {
    /// Another limit, for the test of the limit.
    static OTHER_LIMIT: Duration;
}

/// Runs a check whose calls may take no longer than `limit`.
pub async fn with_limit(
    limit: Duration,
    check: impl Future<Output = Verdict>,
) -> Verdict {
    OTHER_LIMIT.scope(limit, check).await
}

/// How a call ended, in a form that can be compared and printed: the message of the response,
/// or the status as [`status_line`] writes it.
pub fn outcome<T>(result: Result<Response<T>, Status>) -> Outcome<T> {
    result
        .map(Response::into_inner)
        .map_err(|status| status_line(&status))
}

/// What a call with a stream of responses came to.
#[derive(Clone, PartialEq, Eq)]
pub struct Streamed {
    /// A text for each message that came.
    pub messages: Vec<String>,
    /// How the stream ended: `OK`, or a status as `CODE: message`.
    pub end: String,
}

impl Streamed {
    /// What a call must come to: these messages, and then this end.
    pub fn new(messages: &[&str], end: &str) -> Streamed {
        let messages = messages.iter().map(ToString::to_string).collect();
        Streamed { messages, end: end.to_string() }
    }
}

/// `["50 lower", "42 bingo"], then OK`.
impl Debug for Streamed {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{:?}, then {}", self.messages, self.end)
    }
}

/// The calls that a check has made so far, and the report on them.
#[derive(Default)]
pub struct Checks {
    /// How many calls were made.
    made: usize,
    /// How many of them came to something else than they must.
    wrong: usize,
    /// Whether a call did not end in time.
    hung: bool,
    /// How often each call was made, by its name in the report.
    names: BTreeMap<String, usize>,
    /// A line for each call that was right, two for each that was wrong.
    report: String,
}

impl Checks {
    /// Makes a call and compares how it ended with how it must end. `call` names the call in
    /// the report, such as `Divide(7, 2)`.
    ///
    /// The future runs in a thread of its own, so it owns what it uses: a clone of the client,
    /// not a reference to it. A panic in the learner's code, or no end within five seconds, is
    /// a line of the report, and the next call runs all the same.
    pub async fn call<T, F>(
        &mut self,
        call: impl Into<String>,
        response: F,
        expected: Outcome<T>,
    ) where
        T: PartialEq + Debug + Send + 'static,
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let limit = if self.hung { LIMIT_AFTER_A_HANG } else { LIMIT };
        let limit = OTHER_LIMIT.try_with(|limit| *limit).unwrap_or(limit);
        let call = self.name(call.into());
        let result = {
            let mut running = pin!(run_apart(response, limit));
            tokio::select! {
                result = &mut running => result,
                () = sleep(SLOW) => {
                    // The report comes at the end, so this says that something goes on.
                    eprintln!("  {call}: no answer yet");
                    running.await
                }
            }
        };
        match result {
            Ok(actual) if actual == expected => self.right(&call, &line(&actual)),
            Ok(actual) => {
                let (actual, expected) = (line(&actual), line(&expected));
                self.wrong(&call, &actual, &expected);
            }
            Err(trouble) => {
                self.hung |= matches!(trouble, Trouble::NoEnd(_));
                self.wrong(&call, &trouble.to_string(), &line(&expected));
            }
        }
    }

    /// The name of a call in the report: one that was made before says so.
    fn name(&mut self, call: String) -> String {
        let times = self.names.entry(call.clone()).or_default();
        *times += 1;
        match times {
            1 => call,
            2 => format!("{call}, again"),
            3 => format!("{call}, a third time"),
            4 => format!("{call}, a fourth time"),
            5 => format!("{call}, a fifth time"),
            6 => format!("{call}, a sixth time"),
            _ => format!("{call}, time {times}"),
        }
    }

    fn right(&mut self, call: &str, actual: &str) {
        self.made += 1;
        let (actual, _) = shortened(actual, actual);
        self.report += &format!("  ok     {call} -> {actual}\n");
    }

    fn wrong(&mut self, call: &str, actual: &str, expected: &str) {
        self.made += 1;
        self.wrong += 1;
        let (actual, expected) = shortened(actual, expected);
        self.report += &format!("  wrong  {call} -> {actual}\n");
        self.report += &format!("         it should be {expected}\n");
    }

    /// Completes the report and returns it.
    ///
    /// # Errors
    /// The report too, if a call came to something else than it must.
    pub fn verdict(self) -> Verdict {
        let Checks { made, wrong, mut report, .. } = self;
        report += &match wrong {
            0 => format!("all {made} calls right\n"),
            _ => format!("{wrong} of {made} calls wrong\n"),
        };
        if wrong == 0 { Ok(report) } else { Err(report) }
    }
}
