//! Checking an exercise: the calls that a check makes, what each must come to, and a report
//! for the learner.

use std::fmt::Debug;

use grpc_workbook::status::status_line;
use tonic::{Response, Status};

/// How a call ended: with a response, or with a status as `CODE: message`.
pub type Outcome<T> = Result<T, String>;

/// What a check returns: its report, as `Err` if some call was wrong.
pub type Verdict = Result<String, String>;

/// How a call ended, in a form that can be compared and printed: the message of the response,
/// or the status as [`status_line`] writes it.
pub fn outcome<T>(result: Result<Response<T>, Status>) -> Outcome<T> {
    result
        .map(Response::into_inner)
        .map_err(|status| status_line(&status))
}

/// The calls that a check has made so far, and the report on them.
#[derive(Default)]
pub struct Checks {
    /// How many calls were made.
    made: usize,
    /// How many of them came to something else than they must.
    wrong: usize,
    /// A line for each call that was right, two for each that was wrong.
    report: String,
}

impl Checks {
    /// Makes a call and compares how it ended with how it must end. `call` names the call in
    /// the report, such as `Divide(7, 2)`.
    ///
    /// The future owns what it uses (a clone of the client, not a reference to it), so that a
    /// call depends on nothing but the service, whatever becomes of the calls before it.
    pub async fn call<T, F>(&mut self, call: String, response: F, expected: Outcome<T>)
    where
        T: PartialEq + Debug + Send + 'static,
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let actual = response.await;
        self.expect(call, actual, expected);
    }

    /// Compares how a call has ended with how it must end. For calls that cannot be made one
    /// after the other, such as those of a conversation; otherwise use [`call`](Checks::call).
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
            self.wrong += 1;
            self.report += &format!("  wrong  {call} -> {actual:?}\n");
            self.report += &format!("         it should be {expected:?}\n");
        }
    }

    /// Completes the report, prints it and returns it.
    ///
    /// # Errors
    /// The report too, if a call came to something else than it must.
    pub fn verdict(self) -> Verdict {
        let Checks { made, wrong, mut report } = self;
        report += &match wrong {
            0 => format!("all {made} calls right\n"),
            _ => format!("{wrong} of {made} calls wrong\n"),
        };
        println!("{report}");
        if wrong == 0 { Ok(report) } else { Err(report) }
    }
}
