//! What the tests share: running the workbook's programs, checking exercises, and the files
//! that tests write.

pub mod checks;
pub mod ends;
pub mod peers;
pub mod programs;

use std::path::Path;
use std::{env, fs};

use programs::root;

/// The files that the pages include and no person writes, with the test or, for what is
/// measured, the benchmark that writes each.
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
    ("book/generated/01-hello-bytes.md", "lesson-1"),
    ("book/generated/01-hello-client.rs", "lesson-1"),
    ("book/generated/01-hello-message.rs", "lesson-1"),
    ("book/generated/01-hello-report.txt", "lesson-1"),
    ("book/generated/01-hello-trait.rs", "lesson-1"),
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
    ("book/generated/04-map-oneof-report.txt", "lesson-4"),
    ("book/generated/04-map-oneof-request.rs", "lesson-4"),
    ("book/generated/05-http2-frame.md", "lesson-5"),
    ("book/generated/05-http2-headers.md", "lesson-5"),
    ("book/generated/05-http2-report.txt", "lesson-5"),
    ("book/generated/05-http2-tap.txt", "tap"),
    ("book/generated/06-calculator-client.rs", "lesson-6"),
    ("book/generated/06-calculator-ends.md", "lesson-6"),
    ("book/generated/06-calculator-report.txt", "lesson-6"),
    ("book/generated/06-calculator-trait.rs", "lesson-6"),
    ("book/generated/07-subjects-by-city-client.rs", "lesson-7"),
    ("book/generated/07-subjects-by-city-ends.md", "lesson-7"),
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
    ("book/generated/10-notes-report.txt", "lesson-10"),
    ("book/generated/four-kinds.md", "book"),
    ("book/generated/11-speed-comparison.md", "comparison"),
    ("book/generated/11-speed-gains.md", "comparison"),
    ("book/generated/11-speed-memory.md", "comparison"),
    ("book/generated/11-speed-loop.md", "loop"),
    ("book/generated/11-speed-lines.txt", "lesson-11"),
    ("book/generated/11-speed-report.txt", "lesson-11"),
];

/// Whether tests are to rewrite the book from what they see, instead of comparing it.
pub fn overwrite() -> bool {
    env::var_os("OVERWRITE").is_some_and(|value| value == "1")
}

/// Holds a generated file against `contents`; with `OVERWRITE=1`, writes it.
pub fn written(file: &str, contents: &str) {
    let row = GENERATED.iter().find(|(name, _)| *name == file);
    let (_, test) = row.unwrap_or_else(|| panic!("{file} is not in GENERATED"));
    let path = root().join(file);
    let present = fs::read_to_string(&path).unwrap_or_default();
    if overwrite() && present != contents {
        // At once, and in a folder that no test lists: another one may be reading the book.
        let new = root()
            .join("book")
            .join(path.file_name().unwrap_or_default());
        fs::write(&new, contents)
            .and_then(|()| fs::rename(&new, &path))
            .unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    } else {
        assert!(
            present == contents,
            "{file} is not what the workbook makes now: run OVERWRITE=1 cargo test --test {test}, \
             and read the difference"
        );
    }
}

/// A file that build.rs has generated.
pub fn generated(file: &str) -> String {
    let path = Path::new(grpc_workbook::OUT_DIR).join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The lines of generated code from the one that has `from` to the next `to`, without their
/// common indentation.
pub fn excerpt(code: &str, from: &str, to: &str) -> String {
    let start = code.find(from).unwrap_or_else(|| panic!("no {from}"));
    let end = code[start..].find(to).unwrap_or_else(|| panic!("no {to}"));
    let end = start + end + to.len();
    let start = code[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = code[start..].find(|c| c != ' ').unwrap_or(0);
    let lines = code[start..end]
        .lines()
        .map(|line| line.get(indent..).unwrap_or(""));
    lines.map(|line| format!("{line}\n")).collect()
}
