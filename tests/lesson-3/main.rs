//! Lesson 3: the exercise, and what the chapter says of fields, of versions, and of what
//! compilers refuse.

#[path = "../../lessons/03_fields/exercise.rs"]
mod exercise;
#[path = "../../lessons/03_fields/solution.rs"]
mod solution;
#[path = "../../lessons/03_fields/wrong_append.rs"]
mod wrong_append;
#[path = "../../lessons/03_fields/wrong_default.rs"]
mod wrong_default;
#[path = "../../lessons/03_fields/wrong_forgets.rs"]
mod wrong_forgets;
#[path = "../../lessons/03_fields/wrong_unset.rs"]
mod wrong_unset;

/// The check of the exercise.
mod check;
/// Fields on the wire: tags, presence, lists, and what a reader with another `.proto` makes of
/// them.
mod wire;
/// Old and new programs together, from outside.
mod versions;
/// What protox and buf refuse.
mod compiler;

use grpc_workbook::Lesson;
use grpc_workbook::fields::proto_v2::{Product, product::Size};
use support::lesson;

use check::{check, serving};

const LESSON: &Lesson = lesson(3);

/// What the client's script saves.
fn teapot() -> Product {
    Product {
        name: "Teapot".into(),
        price: 1900,
        size: Some(Size { width: 25, height: 14 }),
        ratings: vec![5, 4],
        discount: Some(0),
        labels: vec!["blue".into()],
    }
}

support::exercise! {
    files: "lessons/03_fields/exercise.rs",
    serve: |answer| serving(answer::Updater::new(teapot())),
    check: check,
    wrong: [
        wrong_append,
        wrong_default => "book/generated/03-fields-report.txt",
        wrong_forgets,
        wrong_unset,
    ],
}
