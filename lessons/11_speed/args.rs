//! The command line of `lesson-11-client`, and the workload and the plan that it asks for.

use std::time::Duration;

use grpc_workbook::cli;
use grpc_workbook::speed::load::{Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};

/// The client's own arguments, beside `--server` and `--break`. Nearly all of them need to
/// be told what to call: the group `what`.
#[derive(clap::Args)]
pub struct Args {
    /// What kind of call to make; without it, the chapter's script is played
    #[arg(group = "what")]
    kind: Option<CallKind>,
    /// Call the server of this lesson, at --server, instead of this lesson's
    #[arg(long, value_name = "6..9", group = "what", requires = "server",
        value_parser = clap::value_parser!(u8).range(6..=9))]
    lesson: Option<u8>,
    /// Call lesson-11-exercise; without --server, on this lesson's port
    #[arg(long, group = "what")]
    pub exercise: bool,
    /// Over how many connections
    #[arg(long, value_name = "N", default_value = "1", requires = "what",
        value_parser = at_least_one)]
    connections: usize,
    /// How many calls at once on each connection, at most; without it, 1, or 1000 with --rate
    #[arg(long, value_name = "N", requires = "what", value_parser = at_least_one)]
    in_flight: Option<usize>,
    /// How many bytes each message carries
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 64,
        requires = "kind",
        conflicts_with_all = ["lesson", "exercise"]
    )]
    size: usize,
    /// How many messages a call of a stream has; without it, 100
    #[arg(long, value_name = "N", requires = "what",
        value_parser = clap::value_parser!(u32).range(..=i32::MAX as i64))]
    messages: Option<u32>,
    /// For how long to begin calls
    #[arg(long, value_name = "SECONDS", default_value = "5", requires = "what",
        value_parser = seconds, conflicts_with = "count")]
    duration: Duration,
    /// How many calls to make, instead of --duration
    #[arg(long, value_name = "N", requires = "what", value_parser = at_least_one)]
    count: Option<usize>,
    /// How long to make calls before they count; without it, 1 second with --duration and
    /// none with --count
    #[arg(long, value_name = "SECONDS", requires = "what", value_parser = seconds)]
    warm_up: Option<Duration>,
    /// Begin so many calls a second, whether or not earlier ones were answered
    #[arg(long, value_name = "CALLS", requires = "what", value_parser = rate)]
    rate: Option<f64>,
    /// Be the server: how this program starts its own, see child_server.rs
    #[arg(long, hide = true, exclusive = true)]
    pub serve: bool,
}

impl Args {
    /// What to call; `None` if the arguments do not say. Arguments that contradict each
    /// other end the process with code 2.
    pub fn workload(&self) -> Option<Workload> {
        if self.messages.is_some() && matches!(self.kind, Some(CallKind::Unary)) {
            misused("a unary call has one message each way: leave --messages out");
        }
        if self.messages.is_some() && matches!(self.lesson, Some(6 | 7)) {
            misused(
                "lessons 6 and 7 have as many messages as they have: leave --messages out",
            );
        }
        if self.messages.is_some() && self.exercise {
            misused(
                "the exercise's calls have one message each way: leave --messages out",
            );
        }
        if self.exercise {
            return Some(Workload::exercise());
        }
        let messages = self.messages.unwrap_or(100);
        match (self.kind, self.lesson) {
            (Some(kind), _) => Some(Workload::speed(kind, self.size, messages)),
            (None, Some(lesson)) => Workload::lesson(lesson, messages),
            (None, None) => None,
        }
    }

    /// How many calls to make, and when.
    pub fn plan(&self) -> Plan {
        Plan {
            connections: self.connections,
            in_flight: self.in_flight.unwrap_or(match self.rate {
                // At a rate, calls start whether or not earlier ones have ended. A limit would
                // hold them up.
                Some(_) => 1000,
                None => 1,
            }),
            until: match self.count {
                Some(count) => Until::Count(count as u64),
                None => Until::Passed(self.duration),
            },
            rate: self.rate,
        }
    }

    /// How long to make calls before they count.
    pub fn warm_up(&self) -> Duration {
        match (self.warm_up, self.count) {
            (Some(warm_up), _) => warm_up,
            (None, Some(_)) => Duration::ZERO,
            (None, None) => Duration::from_secs(1),
        }
    }
}

/// Ends the process for a mistake that clap's attributes cannot describe.
fn misused(how: &str) -> ! {
    cli::fail(2, &format!("{how}; see lesson-11-client --help"))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("it is not a valid number: 1 is the smallest".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "it is not a valid number of seconds".into())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(rate),
        _ => Err("it is not a valid number of calls a second".into()),
    }
}
