//! What protox refuses of maps and oneofs: the files of `tests/lesson-4/refused/`.

use std::fs;

use support::programs::root;
use support::written;

/// The chapter's table: the line that each message points to, and the message.
#[test]
fn protox_refuses_what_the_chapter_lists() {
    let folder = root().join("tests/lesson-4/refused");
    let files = fs::read_dir(&folder).expect("tests/lesson-4/refused should be a folder");
    let mut names = Vec::new();
    for file in files {
        let name = file.expect("the folder should be readable").file_name();
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("map_") || name.starts_with("oneof_") {
            names.push(name);
        }
    }
    names.sort_unstable();
    // The chapter says how many there are.
    assert_eq!(names.len(), 10);

    let mut table = String::from("| line | protox says |\n|---|---|\n");
    for name in &names {
        let error =
            protox::compile([name], [&folder]).expect_err("protox should refuse it");
        // `Debug` has the place, as FILE:LINE:COLUMN; `Display` lacks it.
        let report = format!("{error:?}");
        let (_, message) = report
            .split_once(&format!("{name}:"))
            .expect("the message should have a place");
        let line = message.split(':').next().and_then(|line| line.parse().ok());
        let line: usize = line.expect("the place should begin with a line");
        let text =
            fs::read_to_string(folder.join(name)).expect("the file should be readable");
        let source = text.lines().nth(line - 1).unwrap_or_default().trim();
        // Two backticks: a message may have one.
        table += &format!("| `{source}` | `` {name}:{message} `` |\n");
    }
    written("book/generated/04-map-oneof-refused.md", &table);
}
