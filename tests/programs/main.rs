//! What holds for the programs of every lesson: a client that meets something other than its
//! server says so, no argument is ignored, and input or output that is cut short is no success.

mod arguments;
mod input;
mod odd_servers;
mod output;

use grpc_workbook::{LESSONS, Lesson};
use support::programs::Finished;

/// The lessons whose clients call their own lesson's server, and no other. Lesson 11's client
/// measures the servers of other lessons too, and lesson 13's prints every status and goes on.
fn lessons() -> impl Iterator<Item = &'static Lesson> {
    LESSONS.iter().filter(|lesson| lesson.number != 11)
}

/// Asserts that a program ended with this code, and that its last line is the only one that
/// begins with `Error: `, and contains `words`.
fn assert_fails(finished: &Finished, code: i32, words: &str, what: &str) {
    let Finished { code: actual, output } = finished;
    assert_eq!(*actual, Some(code), "{what}: {output}");
    let errors = output.lines().filter(|line| line.starts_with("Error: "));
    assert_eq!(errors.count(), 1, "{what}: {output}");
    let last = output.lines().last().unwrap_or_default();
    assert!(last.starts_with("Error: "), "{what}: {output}");
    assert!(last.contains(words), "{what}: {words:?} is not in {output}");
}
