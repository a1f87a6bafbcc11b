//! Lesson 5: the exercise, the reader of frames, and what the chapter says about the wire.

mod exercise_check;
mod frames;
mod programs;
mod wire;

use grpc_workbook::Lesson;

fn lesson() -> &'static Lesson {
    Lesson::find(5).expect("lesson 5 should be in LESSONS")
}
