//! The page of error messages: it has every message that the workbook's programs print for a
//! failure, each of its messages is one that something printed here, and `cargo run -- explain`
//! finds them all.

mod explain;
mod lexer;
mod ours;
mod provoked;
mod real;
mod scan;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use grpc_workbook::explain::{PAGE, Row, read_rows};
use support::programs::root;

/// A file of the repository.
fn read(file: &Path) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The rows of the page.
fn rows() -> Vec<Row> {
    let rows = read_rows(&read(Path::new(PAGE)));
    assert!(rows.len() > 50, "{PAGE} should have rows");
    rows
}

/// Whether a file in lessons/ belongs to the test of a lesson of part two: `test.rs`, or a module of
/// it in `test/`.
fn is_test(file: &Path) -> bool {
    file.ends_with("test.rs")
        || file.parent().is_some_and(|folder| folder.ends_with("test"))
}

/// The files in a folder and in the folders below it. `folder` and the files are relative to the
/// root of the repository.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("the folder should exist") {
        let path = folder.join(entry.expect("the folder should be readable").file_name());
        if root().join(&path).is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
