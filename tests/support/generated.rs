//! The files that the book includes and no person writes: which test makes each, and how a
//! test compares them or, with `OVERWRITE=1`, writes them.

use std::path::Path;
use std::{env, fs};

use crate::programs::root;

/// The generated files, each with the test or, for what is measured, the benchmark that
/// makes it. `tests/book/` checks that the table is complete and that each row is true.
pub const GENERATED: &[(&str, &str)] = &[
    ("book/figures/01-hello-parts.svg", "book"),
    ("book/figures/01-hello-wire.svg", "book"),
    ("book/figures/02-types-wire.svg", "book"),
    ("book/figures/03-fields-wire.svg", "book"),
    ("book/figures/04-map-oneof-wire.svg", "book"),
    ("book/figures/05-http2-ways.svg", "book"),
    ("book/figures/05-http2-wire.svg", "book"),
    ("book/figures/06-calculator-kind.svg", "book"),
    ("book/figures/06-calculator-refused.svg", "book"),
    ("book/figures/06-calculator-wire.svg", "book"),
    ("book/figures/07-subjects-by-city-kind.svg", "book"),
    ("book/figures/07-subjects-by-city-left.svg", "book"),
    ("book/figures/07-subjects-by-city-unknown.svg", "book"),
    ("book/figures/07-subjects-by-city-wire.svg", "book"),
    ("book/figures/08-accumulate-early.svg", "book"),
    ("book/figures/08-accumulate-kind.svg", "book"),
    ("book/figures/08-accumulate-wire.svg", "book"),
    ("book/figures/09-guess-number-ended.svg", "book"),
    ("book/figures/09-guess-number-kind.svg", "book"),
    ("book/figures/09-guess-number-left.svg", "book"),
    ("book/figures/09-guess-number-wire.svg", "book"),
    ("book/figures/10-notes-wire.svg", "book"),
    ("book/figures/11-speed-plot.svg", "comparison"),
    ("book/figures/11-speed-wire.svg", "book"),
    ("book/figures/12-errors-late.svg", "book"),
    ("book/figures/12-errors-wire.svg", "book"),
    ("book/figures/13-metadata-wire.svg", "book"),
    ("book/generated/01-hello-bytes.md", "lesson-1"),
    ("book/generated/01-hello-client.rs", "lesson-1"),
    ("book/generated/01-hello-message.rs", "lesson-1"),
    ("book/generated/01-hello-own-client.rs", "lesson-1"),
    ("book/generated/01-hello-own-server.rs", "lesson-1"),
    ("book/generated/01-hello-own.proto", "lesson-1"),
    ("book/generated/01-hello-report.txt", "lesson-1"),
    ("book/generated/01-hello-trait.rs", "lesson-1"),
    ("book/generated/02-types-enum.rs", "lesson-2"),
    ("book/generated/02-types-table.md", "lesson-2"),
    ("book/generated/03-fields-breaking.md", "lesson-3"),
    ("book/generated/03-fields-changes.md", "lesson-3"),
    ("book/generated/03-fields-message.rs", "lesson-3"),
    ("book/generated/03-fields-refused-buf.md", "lesson-3"),
    ("book/generated/03-fields-refused.md", "lesson-3"),
    ("book/generated/03-fields-report.txt", "lesson-3"),
    ("book/generated/03-fields-tags.md", "lesson-3"),
    ("book/generated/03-fields-twice.md", "lesson-3"),
    ("book/generated/04-map-oneof-person.rs", "lesson-4"),
    ("book/generated/04-map-oneof-refused.md", "lesson-4"),
    ("book/generated/04-map-oneof-report.txt", "lesson-4"),
    ("book/generated/04-map-oneof-request.rs", "lesson-4"),
    ("book/generated/04-map-oneof-twice.txt", "lesson-4"),
    ("book/generated/04-map-oneof-visit.rs", "lesson-4"),
    ("book/generated/05-http2-frame.md", "lesson-5"),
    ("book/generated/05-http2-headers.md", "lesson-5"),
    ("book/generated/05-http2-report.txt", "lesson-5"),
    ("book/generated/05-http2-request.md", "lesson-5"),
    ("book/generated/05-http2-status.md", "lesson-5"),
    ("book/generated/05-http2-tap.txt", "tap"),
    ("book/generated/05-http2-tap-cost.md", "comparison"),
    ("book/generated/06-calculator-client.rs", "lesson-6"),
    ("book/generated/06-calculator-died.txt", "lesson-6"),
    ("book/generated/06-calculator-ends.md", "lesson-6"),
    ("book/generated/06-calculator-panic.txt", "lesson-6"),
    ("book/generated/06-calculator-report.txt", "lesson-6"),
    ("book/generated/06-calculator-trait.rs", "lesson-6"),
    ("book/generated/07-subjects-by-city-client.rs", "lesson-7"),
    ("book/generated/07-subjects-by-city-cut-off.txt", "lesson-7"),
    ("book/generated/07-subjects-by-city-ends.md", "lesson-7"),
    ("book/generated/07-subjects-by-city-rarer-ends.md", "lesson-7"),
    ("book/generated/07-subjects-by-city-report.txt", "lesson-7"),
    ("book/generated/07-subjects-by-city-slow.md", "lesson-7"),
    ("book/generated/07-subjects-by-city-stopped.txt", "lesson-7"),
    ("book/generated/07-subjects-by-city-trait.rs", "lesson-7"),
    ("book/generated/08-accumulate-client.rs", "lesson-8"),
    ("book/generated/08-accumulate-ends.md", "lesson-8"),
    ("book/generated/08-accumulate-report.txt", "lesson-8"),
    ("book/generated/08-accumulate-trait.rs", "lesson-8"),
    ("book/generated/09-guess-number-client.rs", "lesson-9"),
    ("book/generated/09-guess-number-ends.md", "lesson-9"),
    ("book/generated/09-guess-number-report.txt", "lesson-9"),
    ("book/generated/09-guess-number-trait.rs", "lesson-9"),
    ("book/generated/10-notes-differences.md", "lesson-10"),
    ("book/generated/10-notes-hostile.md", "hostile_clients"),
    ("book/generated/10-notes-libraries.md", "lesson-10"),
    ("book/generated/10-notes-report.txt", "lesson-10"),
    ("book/generated/13-metadata-bytes.md", "lesson-13"),
    ("book/generated/13-metadata-keys.md", "lesson-13"),
    ("book/generated/13-metadata-report.txt", "lesson-13"),
    ("book/generated/four-kinds-mixed.md", "lesson-9"),
    ("book/generated/four-kinds.md", "book"),
    ("book/generated/11-speed-baseline.txt", "comparison"),
    ("book/generated/11-speed-comparison.md", "comparison"),
    ("book/generated/11-speed-comparison-more.md", "comparison"),
    ("book/generated/11-speed-gains.md", "comparison"),
    ("book/generated/11-speed-gains-more.md", "comparison"),
    ("book/generated/11-speed-memory.md", "comparison"),
    ("book/generated/11-speed-slow.txt", "comparison"),
    ("book/generated/11-speed-loop.md", "loop"),
    ("book/generated/11-speed-report.txt", "lesson-11"),
    ("book/generated/12-errors-http.md", "lesson-12"),
    ("book/generated/12-errors-report.txt", "lesson-12"),
    ("book/generated/12-errors-size.md", "lesson-12"),
];

/// Whether tests should rewrite the book from what they see, instead of comparing: with
/// `OVERWRITE=1` in the environment.
pub fn overwrite() -> bool {
    env::var_os("OVERWRITE").is_some_and(|value| value == "1")
}

/// Compares a generated file with `contents`, what a test has just made; with `OVERWRITE=1`,
/// writes it.
///
/// # Panics
/// If the file differs (and is not to be overwritten), or is not in [`GENERATED`].
#[track_caller]
pub fn written(file: &str, contents: &str) {
    let row = GENERATED.iter().find(|(name, _)| *name == file);
    let (_, test) = row.unwrap_or_else(|| panic!("{file} is not in GENERATED"));
    let present = fs::read_to_string(root().join(file)).unwrap_or_default();
    if present == contents {
        return;
    }
    if overwrite() {
        replace(file, contents);
    } else {
        panic!(
            "{file} is not what the workbook makes now: run OVERWRITE=1 cargo test --test {test}, \
             and read the difference"
        );
    }
}

/// Replaces a file in one step, because another test may be reading the book. The new file is
/// first written to a folder that no test lists.
fn replace(file: &str, contents: &str) {
    let path = root().join(file);
    let new = root()
        .join("book")
        .join(path.file_name().unwrap_or_default());
    fs::write(&new, contents)
        .and_then(|()| fs::rename(&new, &path))
        .unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
}

/// The text of a file that the workbook's `build.rs` has generated, such as
/// `helloworld.rs`.
pub fn generated(file: &str) -> String {
    let path = Path::new(grpc_workbook::OUT_DIR).join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The lines of generated code from the first one that contains `from` to the next `to`,
/// without their common indentation.
///
/// # Panics
/// If `code` does not contain one of the two.
pub fn excerpt(code: &str, from: &str, to: &str) -> String {
    let from_at = code.find(from).unwrap_or_else(|| panic!("no {from}"));
    let to_at = code[from_at..]
        .find(to)
        .unwrap_or_else(|| panic!("no {to}"));
    let end = from_at + to_at + to.len();
    let start = code[..from_at].rfind('\n').map_or(0, |at| at + 1);
    let indent = code[start..].find(|c| c != ' ').unwrap_or(0);
    let mut excerpt = String::new();
    for line in code[start..end].lines() {
        excerpt += line.get(indent..).unwrap_or("");
        excerpt.push('\n');
    }
    excerpt
}
