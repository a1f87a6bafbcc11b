//! The table of lessons, LESSONS in lessons/lib.rs, and all that must agree with it: folders,
//! programs, tests, chapters and the README. A lesson has everything it needs, or this test says
//! what is missing. Then what the manifests promise, and what `cargo run` does.

mod manifests;
mod missing;
mod player;

use std::collections::BTreeSet;
use std::fs;

use grpc_workbook::{LESSONS, Lesson};
use support::manifest::targets;
use support::programs::root;

use missing::{missing, readme_row};

/// The contents of a file. Paths start at the root of the repository, here and below.
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What is in a folder: the names of its files and folders.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder should be there");
    let names =
        entries.map(|entry| entry.expect("the folder should be readable").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The contents of a file, or nothing if there is none.
fn read_if_there(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_default()
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

#[test]
fn every_lesson_is_whole() {
    let mut report = String::new();
    for (n, lesson) in LESSONS.iter().enumerate() {
        let after = n.checked_sub(1).map_or(0, |n| LESSONS[n].number);
        assert!(lesson.number > after, "LESSONS is not in order");
        let missing = missing(lesson);
        if !missing.is_empty() {
            report += &format!("{lesson}, lacks:\n");
        }
        for line in missing {
            report += &format!("  {}\n", line.trim_end());
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Numbers beyond those of the lessons, one on each side.
#[test]
fn what_is_missing_is_named() {
    let half = |number| Lesson {
        number,
        name: "half",
        title: "Half a lesson",
        teaches: "nothing",
    };
    names_what_is_missing(
        &half(0),
        &[
            "lessons/00_half/service.rs",
            "tests/lesson-0.rs",
            "book/src/00-half.md",
            "protos/half.proto",
            "two wrong answers",
            "in tests/lesson-0.rs: #[path = \"../lessons/00_half/exercise.rs\"]",
            "in Cargo.toml: { name = \"lesson-0-client\", path = \"lessons/00_half/client.rs\"",
            "in tests/Cargo.toml: { name = \"lesson-0\", path = \"lesson-0.rs\" },",
            "in lessons/lib.rs: ",
            "in build.rs: ",
            "in book/src/SUMMARY.md, under \"# Part one: ",
            "in README.md, under \"### Part one: gRPC itself\": | 0 | [Half a lesson](book/src/00-half.md) | nothing |",
        ],
    );
    names_what_is_missing(
        &half(99),
        &[
            "lessons/99_half/service.rs",
            "lessons/99_half/test.rs",
            "lessons/99_half/Cargo.toml",
            "book/src/99-half.md",
            "two wrong answers",
            "in lessons/99_half/test.rs: mod solution;",
            "in lessons/99_half/Cargo.toml: { name = \"lesson-99-server\", path = \"server.rs\"",
            "in lessons/99_half/Cargo.toml: { name = \"lesson-99\", path = \"test.rs\" },",
            "in lessons/99_half/Cargo.toml, under [lib]: path = \"service.rs\"",
            "lessons/99_half as a package lesson-99, in members and default-members",
            "under [workspace.dependencies]: lesson-99 = { path = \"lessons/99_half\" }",
            "in book/src/SUMMARY.md, under \"# Part two: ",
            "in README.md, under \"### Part two: ",
        ],
    );
}

fn names_what_is_missing(lesson: &Lesson, expected: &[&str]) {
    let missing = missing(lesson).join("\n");
    for words in expected {
        assert!(missing.contains(words), "{words} is not in:\n{missing}");
    }
}

/// The other way round: nothing is there for a lesson that is not in LESSONS.
#[test]
fn nothing_belongs_to_no_lesson() {
    let is_lesson = |name: &&String| name.starts_with(|c: char| c.is_ascii_digit());
    let folders: BTreeSet<String> = LESSONS.iter().map(Lesson::folder).collect();
    for folder in names("lessons").iter().filter(is_lesson) {
        assert!(folders.contains(folder), "lessons/{folder} is in no row of LESSONS");
    }
    let chapters: BTreeSet<String> = LESSONS.iter().map(Lesson::chapter).collect();
    for chapter in names("book/src").iter().filter(is_lesson) {
        assert!(chapters.contains(chapter), "book/src/{chapter} is in no row of LESSONS");
    }
    let rows = targets().iter().map(|target| target.name.clone());
    for name in rows.chain(names("tests")) {
        if let Some(number) = lesson_number(&name) {
            assert!(Lesson::find(number).is_some(), "{name} is in no row of LESSONS");
        }
    }
    let readme = read("README.md");
    let rows: BTreeSet<String> = LESSONS.iter().map(readme_row).collect();
    let is_row = |line: &&str| line.starts_with('|') && line.contains("](book/src/");
    for row in readme.lines().filter(is_row) {
        assert!(rows.contains(row), "in README.md, {row} is of no row of LESSONS");
    }
}

/// The number in `lesson-6`, `lesson-6-client` and `lesson-6.rs`.
fn lesson_number(name: &str) -> Option<u8> {
    let number = name.strip_prefix("lesson-")?.split(['-', '.']).next()?;
    number.parse().ok()
}

/// The tap shows the messages of all definitions, and reads those that build.rs names.
#[test]
fn every_definition_is_in_the_build_script() {
    let script = read("build.rs");
    let mut folders = vec!["protos".to_string()];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            let path = format!("{folder}/{name}");
            if !name.ends_with(".proto") {
                folders.push(path);
                continue;
            }
            let row = format!("\"{}\"", path.trim_start_matches("protos/"));
            assert!(script.contains(&row), "build.rs does not name {row}");
        }
    }
}
