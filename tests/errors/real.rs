//! A message on the page is one that somebody said: a program of ours has it in its source, or a
//! test, a chapter or `.ci/own-crate` shows who said it.

use std::path::{Path, PathBuf};

use grpc_workbook::explain::{Explainer, Found, PAGE, cleaned};

use super::ours::ours;
use super::{files_below, read, rows};

/// Sources that have the messages because they look for them.
const READERS: &[&str] = &[
    "tests/errors/explain.rs",
    "tests/errors/ours.rs",
    "tests/errors/scan.rs",
    "tests/errors/lexer.rs",
    "tests/errors/source.rs",
];

/// What shows that a message was said, line by line as [`cleaned`] leaves it.
fn shown() -> Vec<String> {
    let mut files: Vec<PathBuf> = vec![".ci/own-crate".into()];
    for folder in [
        "book/own-crate/mistakes",
        "book/src",
        "book/generated",
        "tests",
    ] {
        files.extend(files_below(Path::new(folder)));
    }
    let is_text = |file: &PathBuf| {
        let extension = file.extension().unwrap_or_default();
        ["", "md", "rs", "txt"]
            .iter()
            .any(|of_text| extension == *of_text)
    };
    // Below `tests/peers` are the packages of Python and Node, too.
    let is_installed = |file: &PathBuf| {
        file.starts_with("tests/peers/") && file.extension().is_none_or(|e| e != "rs")
    };
    files.retain(|file| {
        is_text(file)
            && !is_installed(file)
            && !file.starts_with("tests/book")
            && file != Path::new(PAGE)
            && !READERS.iter().any(|reader| file == Path::new(reader))
    });
    let mut lines = Vec::new();
    for file in files {
        let text = read(&file).replace("\\\"", "\"");
        lines.extend(text.lines().map(cleaned));
    }
    lines
}

#[test]
fn each_message_on_the_page_was_said() {
    let mut evidence = shown();
    evidence.extend(ours().iter().map(|message| cleaned(&message.text)));
    let all = evidence.join("\n");
    let mut unseen = String::new();
    for row in rows() {
        for pattern in &row.patterns {
            // What is put in does not reach from one line into the next.
            let is_seen = if pattern.text.contains('…') {
                evidence.iter().any(|line| pattern.matches(line).is_some())
            } else {
                pattern.matches(&all).is_some()
            };
            if !is_seen {
                unseen += &format!("`{}`, under {:?}\n", pattern.text, row.heading);
            }
        }
    }
    assert!(
        unseen.is_empty(),
        "nothing shows that these messages of {PAGE} are ever said. Provoke each in \
         tests/errors/provoked/, or by a program in book/own-crate/mistakes/:\n{unseen}"
    );
}

/// One message in two rows would have two causes.
#[test]
fn a_message_has_one_row() {
    let mut seen = std::collections::BTreeMap::new();
    for row in rows() {
        assert!(!row.patterns.is_empty() && !row.cause.is_empty(), "{row:?}");
        assert!(!row.remedy.is_empty(), "{row:?}");
        for pattern in &row.patterns {
            let text = cleaned(&pattern.text);
            let before = seen.insert(text, row.cause.clone());
            assert_eq!(before, None, "{} stands twice", pattern.text);
        }
    }
}

/// What `.ci/own-crate` provokes: the messages after `mistake` and `says`, and those of the programs
/// in `book/own-crate/mistakes/`.
fn provoked_by_own_crate() -> Vec<String> {
    let mut messages = Vec::new();
    for line in read(Path::new(".ci/own-crate")).lines() {
        let command = line.split_once("mistake ").or(line.split_once("says "));
        let quoted = command.and_then(|(before, message)| {
            let quote = message.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let is_call = before.is_empty() || before.starts_with("PROTOC=");
            is_call.then(|| message[1..].split(quote).next().map(String::from))?
        });
        messages.extend(quoted);
    }
    for file in files_below(Path::new("book/own-crate/mistakes")) {
        let text = read(&file);
        let says = text
            .lines()
            .filter_map(|line| line.strip_prefix("//! says: "));
        let before = messages.len();
        messages.extend(says.flat_map(|says| says.split(" || ")).map(String::from));
        assert!(messages.len() > before, "{} should say something", file.display());
    }
    messages
}

#[test]
fn what_own_crate_provokes_has_a_row() {
    let explainer = Explainer::new(rows());
    let messages = provoked_by_own_crate();
    assert!(messages.len() > 30, "{messages:#?}");
    for message in messages {
        // A message may be cut where the next word differs.
        let found = explainer.find(&message);
        assert!(
            matches!(found, Found::Exact(_)),
            "{PAGE} has no row for {message:?}: {found:?}"
        );
    }
}
