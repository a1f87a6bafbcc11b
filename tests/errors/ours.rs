//! Every message that the workbook's programs print for a failure has a row on the page.

use std::path::{Path, PathBuf};

use grpc_workbook::explain::{PAGE, Pattern, Row, cleaned};

use super::scan::{GAP, Message, messages};
use super::{files_below, read, rows};

/// A row belongs to a message if it names so many of its letters,
const ENOUGH_LETTERS: usize = 24;
/// or this part of them.
const ENOUGH_PART: f64 = 0.5;

/// What the sources print and no row can explain, each with the reason.
const NO_FAILURES: &[(&str, &str)] = &[];

/// The sources of what a reader runs: the programs, the exercises, and what checks them. Not the
/// answers: those are the same as the exercises, or wrong on purpose.
fn sources() -> Vec<(String, String)> {
    let mut files = files_below(Path::new("lessons"));
    let others = [
        "build.rs",
        "tests/build.rs",
        "tests/support/checks/apart.rs",
    ];
    files.extend(others.map(PathBuf::from));
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".rs") && name != "solution.rs" && !name.starts_with("wrong_")
    });
    let named = |file: PathBuf| (file.display().to_string(), read(&file));
    files.into_iter().map(named).collect()
}

/// The messages of the programs.
pub fn ours() -> Vec<Message> {
    let mut messages = messages(&sources());
    messages.retain(|message| !NO_FAILURES.iter().any(|(text, _)| *text == message.text));
    messages
}

/// The message as a program prints it, with `filling` for what is put in.
pub fn printed(message: &Message, filling: &str) -> String {
    message.text.replace(GAP, filling)
}

/// Whether a row is about a message, and not only about words that happen to be in it.
pub fn belongs(row: &Row, message: &Message) -> bool {
    let text = cleaned(&message.text);
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    row.patterns.iter().any(|pattern: &Pattern| {
        pattern.matches(&text).is_some_and(|named| {
            named >= ENOUGH_LETTERS || named as f64 >= letters as f64 * ENOUGH_PART
        })
    })
}

#[test]
fn each_of_our_messages_has_a_row() {
    let rows = rows();
    let mut missing = String::new();
    let messages = ours();
    assert!(messages.len() > 60, "the scan should find the messages: {messages:#?}");
    for message in &messages {
        if !rows.iter().any(|row| belongs(row, message)) {
            let text = printed(message, "…");
            missing += &format!("{}: `{text}`\n", message.place);
        }
    }
    assert!(
        missing.is_empty(),
        "{PAGE} has no row for these messages. A row names at least half of a message's letters, or \
         {ENOUGH_LETTERS} of them, with … for what differs each time:\n{missing}"
    );
}
