//! Lesson 2: the exercise, the wire reader against prost, and what the chapter says.

#[path = "../../lessons/02_types/exercise.rs"]
mod exercise;
#[path = "../../lessons/02_types/solution.rs"]
mod solution;
#[path = "../../lessons/02_types/wrong_default.rs"]
mod wrong_default;
#[path = "../../lessons/02_types/wrong_length.rs"]
mod wrong_length;
#[path = "../../lessons/02_types/wrong_sign.rs"]
mod wrong_sign;
#[path = "../../lessons/02_types/wrong_zigzag.rs"]
mod wrong_zigzag;

// What the client's `--decode` is made of.
#[path = "../../lessons/02_types/base64.rs"]
mod base64;
#[path = "../../lessons/02_types/dump.rs"]
mod dump;
#[path = "../../lessons/02_types/explain.rs"]
mod explain;
#[path = "../../lessons/02_types/framing.rs"]
mod framing;
#[allow(dead_code)] // Standard input is read by the program alone.
#[path = "../../lessons/02_types/input.rs"]
mod input;
#[path = "../../lessons/02_types/list.rs"]
mod list;
#[path = "../../lessons/02_types/literal.rs"]
mod literal;
#[path = "../../lessons/02_types/paste.rs"]
mod paste;

/// The check of the exercise.
mod check;
/// `--decode`: what it reads, and what it shows.
mod decode;
/// The same, on bytes and texts that proptest makes.
mod decode_properties;
/// What it reads of the things that people paste.
mod pasted;
mod pasted_tools;
/// What it shows of values, and of bytes that are no message.
mod readings;
/// The lesson's reader of the wire format, on messages that are written here.
mod reader;
/// The same, on messages that proptest makes, held against prost.
mod properties;
/// What the chapter says of types, and of the `.proto` file.
mod types;
/// The lesson's server and client, from outside.
mod programs;

use grpc_workbook::Lesson;
use grpc_workbook::types::proto::InspectRequest;
use support::lesson;

use check::{check, serving};

const LESSON: &Lesson = lesson(2);

/// A request in which every field has its default.
fn blank() -> InspectRequest {
    InspectRequest::default()
}

support::exercise! {
    files: "lessons/02_types/exercise.rs",
    serve: |answer| serving(answer::HandEncoder),
    check: check,
    wrong: [wrong_default, wrong_length, wrong_sign, wrong_zigzag],
}
