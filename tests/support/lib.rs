//! What the tests share: running the workbook's programs, checking exercises, watching calls
//! end, and comparing the files that tests generate.

pub mod bytes;
pub mod checks;
pub mod endings;
pub mod exercise;
pub mod generated;
pub mod manifest;
pub mod patience;
pub mod peers;
pub mod programs;

use grpc_workbook::{LESSONS, Lesson};

pub use generated::{GENERATED, excerpt, generated, overwrite, written};

/// The lesson with this number.
///
/// # Panics
/// If LESSONS has no such row. In a `const`, as in `const LESSON: &Lesson = lesson(6);`, that
/// is an error when the test is compiled.
pub const fn lesson(number: u8) -> &'static Lesson {
    // No iterators in a `const fn`.
    let mut row = 0;
    while row < LESSONS.len() {
        if LESSONS[row].number == number {
            return &LESSONS[row];
        }
        row += 1;
    }
    panic!("LESSONS has no lesson with this number")
}
