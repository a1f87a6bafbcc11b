//! The command line of `lesson-11-client`, and the workload and the plan that it asks for.

use std::time::Duration;

use grpc_workbook::cli;
use grpc_workbook::speed::load::{Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};

use crate::numbers::{self, MOST_BYTES, MOST_WORKERS, whole};

/// The client's own arguments, beside `--server` and `--break`. Nearly all of them need to
/// be told what to call: the group `what`.
#[derive(clap::Args)]
pub struct Args {
    /// What kind of call to make; without it, the chapter's script is played
    #[arg(group = "what")]
    kind: Option<CallKind>,
    /// Call the server of this lesson, at --server, instead of this lesson's
    #[arg(long, value_name = "6..9", group = "what", requires = "server",
        allow_hyphen_values = true, value_parser = clap::value_parser!(u8).range(6..=9))]
    lesson: Option<u8>,
    /// Call lesson-11-exercise; without --server, on this lesson's port
    #[arg(long, group = "what")]
    pub exercise: bool,
    /// Over how many connections
    #[arg(long, value_name = "N", default_value = "1", requires = "what",
        allow_hyphen_values = true, value_parser = whole("connections", 1..=1000))]
    connections: usize,
    /// How many calls at once on each connection, at most; without it, 1, or 1000 with --rate
    #[arg(long, value_name = "N", requires = "what",
        allow_hyphen_values = true, value_parser = whole("calls", 1..=MOST_WORKERS))]
    in_flight: Option<usize>,
    /// How many bytes each message carries
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "64",
        requires = "kind",
        conflicts_with_all = ["lesson", "exercise"],
        allow_hyphen_values = true,
        value_parser = whole("bytes", 0..=64 << 20)
    )]
    size: usize,
    /// How many messages a call of a stream has; without it, 100
    #[arg(long, value_name = "N", requires = "what", allow_hyphen_values = true,
        value_parser = whole("messages", 0..=i32::MAX as usize))]
    messages: Option<usize>,
    /// For how long to begin calls; without it, 5 seconds, or as long as --count takes
    #[arg(long, value_name = "SECONDS", requires = "what",
        allow_hyphen_values = true, value_parser = numbers::time)]
    duration: Option<Duration>,
    /// How many calls to make; with --duration, at most
    #[arg(long, value_name = "N", requires = "what",
        allow_hyphen_values = true, value_parser = whole("calls", 1..=1_000_000_000))]
    count: Option<usize>,
    /// How long a call may take, with all messages of a stream
    #[arg(long, value_name = "SECONDS", default_value = "10", requires = "what",
        allow_hyphen_values = true, value_parser = numbers::time)]
    timeout: Duration,
    /// How long to make calls before they count; without it, 1 second, or none with --count
    #[arg(long, value_name = "SECONDS", requires = "what",
        allow_hyphen_values = true, value_parser = numbers::time_or_zero)]
    warm_up: Option<Duration>,
    /// Begin so many calls a second, whether or not earlier ones were answered
    #[arg(long, value_name = "CALLS", requires = "what",
        allow_hyphen_values = true, value_parser = numbers::rate)]
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
        let messages = self.messages.unwrap_or(100) as u32;
        match (self.kind, self.lesson) {
            (Some(kind), _) => Some(Workload::speed(kind, self.size, messages)),
            (None, Some(lesson)) => Workload::lesson(lesson, messages),
            (None, None) => None,
        }
    }

    /// How many calls to make, and when. More at once than there is memory for end the process
    /// with code 2.
    pub fn plan(&self) -> Plan {
        let plan = Plan {
            connections: self.connections,
            in_flight: self.in_flight.unwrap_or(match self.rate {
                // At a rate, calls start whether or not earlier ones have ended. A limit would
                // hold them up.
                Some(_) => 1000,
                None => 1,
            }),
            until: match (self.count, self.duration) {
                (Some(count), None) => Until::Count(count as u64),
                (Some(count), Some(time)) => Until::Either(count as u64, time),
                (None, time) => Until::Passed(time.unwrap_or(Duration::from_secs(5))),
            },
            rate: self.rate,
            timeout: self.timeout,
            // Long enough for a server that starts anew.
            patience: Duration::from_secs(60).max(3 * self.timeout),
        };
        let workers = plan.connections * plan.in_flight;
        if workers > MOST_WORKERS {
            misused(&format!(
                "{} connections with {} calls in flight each are {workers} calls at once, and \
                 {MOST_WORKERS} is the most",
                plan.connections, plan.in_flight
            ));
        }
        if workers.saturating_mul(self.size) > MOST_BYTES {
            misused(&format!(
                "{workers} calls at once with {} bytes each do not fit into memory, which may \
                 have {MOST_BYTES} of them: give a smaller --size or --in-flight",
                self.size
            ));
        }
        plan
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
