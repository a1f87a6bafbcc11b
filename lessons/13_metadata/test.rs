//! Lesson 13: the exercise, and what metadata are on the wire and off it.

mod exercise;
mod solution;
mod wrong_alone;
mod wrong_counter;
mod wrong_errors;
mod wrong_failing;
mod wrong_kept;
mod wrong_new;

#[path = "test/check.rs"]
mod check;
#[path = "test/interceptors.rs"]
mod interceptors;
#[path = "test/keys.rs"]
mod keys;
#[path = "test/programs.rs"]
mod programs;
#[path = "test/service.rs"]
mod service;
#[path = "test/wire.rs"]
mod wire;

use grpc_workbook::Lesson;
use support::lesson;

use check::{check, serving};

const LESSON: &Lesson = lesson(13);

support::exercise! {
    files: "lessons/13_metadata/exercise.rs",
    serve: |answer| serving(answer::identify(), answer::enrol),
    check: check,
    wrong: [
        wrong_alone,
        wrong_counter => "book/generated/13-metadata-report.txt",
        wrong_errors,
        wrong_failing,
        wrong_kept,
        wrong_new,
    ],
}
