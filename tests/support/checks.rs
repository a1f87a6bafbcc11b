//! Checking an exercise: calls to it, what they must answer, and a report for the learner.

use std::fmt::Debug;

use grpc_workbook::status::code_name;
use tonic::{Response, Status};

/// How a call ended: an answer, or a status as `NAME: message`.
pub type Outcome<T> = Result<T, String>;

/// The answer without its wrapping; the status in the words of the specification.
pub fn outcome<T>(result: Result<Response<T>, Status>) -> Outcome<T> {
    result
        .map(Response::into_inner)
        .map_err(|status| status_line(&status))
}

/// A status as `NAME: message`.
pub fn status_line(status: &Status) -> String {
    format!("{}: {}", code_name(status.code()), status.message())
}

/// The calls that a check made, each with its verdict.
#[derive(Default)]
pub struct Checks {
    made: usize,
    failed: usize,
    report: String,
}

impl Checks {
    /// Holds what a call came to against what it must come to, and reports both.
    pub fn expect<T: PartialEq + Debug>(
        &mut self,
        call: String,
        actual: Outcome<T>,
        expected: Outcome<T>,
    ) {
        self.made += 1;
        if actual == expected {
            self.report += &format!("  ok     {call} -> {actual:?}\n");
        } else {
            self.failed += 1;
            self.report += &format!("  wrong  {call} -> {actual:?}\n");
            self.report += &format!("         it should be {expected:?}\n");
        }
    }

    /// Prints the report and returns it.
    ///
    /// # Errors
    /// Some call came to something else than it must: the report too.
    pub fn verdict(self) -> Result<String, String> {
        let Checks { made, failed, mut report } = self;
        report += &match failed {
            0 => format!("all {made} calls right\n"),
            _ => format!("{failed} of {made} calls wrong\n"),
        };
        println!("{report}");
        if failed == 0 { Ok(report) } else { Err(report) }
    }
}
