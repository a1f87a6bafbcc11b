//! Everything that the book shows: includes are there, links lead somewhere, commands are run
//! and print what the pages say. Figures are drawn from what the programs do.
//!
//! `OVERWRITE=1 cargo test --test book` writes what the programs print now into the pages, and
//! the figures.

mod checker;
mod console;
mod figures;
mod page;
mod shell;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::{env, fs, thread};

use console::Played;
use page::{Contents, Page, Problem};
use support::programs::root;
use support::{GENERATED, overwrite};

/// The pages in the order of SUMMARY.md, and SUMMARY.md itself.
fn pages() -> Vec<Page> {
    let summary = Page::read(root(), "book/src/SUMMARY.md");
    let links = summary.contents(root()).links;
    let files = links.into_iter().map(|(_, file, _)| file);
    let mut pages: Vec<Page> = files
        .filter(|file| root().join(file).exists())
        .map(|file| Page::read(root(), &file.to_string_lossy()))
        .collect();
    pages.push(summary);
    pages
}

fn none(problems: &[Problem]) {
    let lines: String = problems
        .iter()
        .map(|problem| format!("\n{problem}"))
        .collect();
    assert!(problems.is_empty(), "{lines}\n");
}

#[test]
fn pages_hold_nothing_that_a_test_cannot_read() {
    let mut problems = Vec::new();
    for page in pages() {
        let contents = page.contents(root());
        problems.extend(shell::problems(&page, &contents.shell));
        problems.extend(contents.problems);
    }
    none(&problems);
}

#[test]
fn links_lead_somewhere() {
    let pages: Vec<(Page, Contents)> = pages()
        .into_iter()
        .map(|page| (page.contents(root()), page))
        .map(|(c, p)| (p, c))
        .collect();
    none(&dead_links(&pages));
}

fn dead_links(pages: &[(Page, Contents)]) -> Vec<Problem> {
    let known: BTreeMap<&PathBuf, &Contents> = pages
        .iter()
        .map(|(page, contents)| (&page.file, contents))
        .collect();
    let mut problems = Vec::new();
    for (page, contents) in pages {
        for (line, file, id) in &contents.links {
            let what = match (known.get(file), id) {
                (None, _) => {
                    format!("dead link: {} is not a page of SUMMARY.md", file.display())
                }
                (Some(target), Some(id)) if !target.ids.contains(id) => {
                    format!("dead link: {} has no heading #{id}", file.display())
                }
                _ => continue,
            };
            problems.push(Problem { file: page.file.clone(), line: *line, what });
        }
    }
    problems
}

#[test]
fn every_page_is_in_the_summary() {
    let pages: Vec<PathBuf> = pages().into_iter().map(|page| page.file).collect();
    for entry in fs::read_dir(root().join("book/src")).expect("is a folder") {
        let name = PathBuf::from(entry.expect("is readable").file_name());
        if name.extension().is_some_and(|extension| extension == "md") {
            let file = PathBuf::from("book/src").join(name);
            assert!(pages.contains(&file), "{} is not in SUMMARY.md", file.display());
        }
    }
}

#[test]
fn consoles_show_what_the_programs_print() {
    let pages = pages();
    // Most of the time a page waits: for a deadline, for a slow server.
    let played: Vec<Played> = thread::scope(|threads| {
        let players: Vec<_> = pages
            .iter()
            .map(|page| threads.spawn(|| console::play(page, &page.contents(root()))))
            .collect();
        let ends = players.into_iter().map(|player| player.join());
        ends.map(|end| end.expect("does not panic")).collect()
    });
    let mut problems = Vec::new();
    for (page, played) in pages.iter().zip(played) {
        for problem in &played.not_run {
            // Not `eprintln!`, which the test would keep to itself.
            writeln!(io::stderr(), "not run: {problem}").expect("prints");
        }
        if env::var_os("CI").is_some() {
            problems.extend(played.not_run);
        }
        if overwrite() && played.text != page.text {
            fs::write(root().join(&page.file), &played.text).expect("writes a page");
        } else {
            problems.extend(played.problems);
        }
    }
    none(&problems);
}

#[test]
fn generated_files_have_a_generator_each() {
    for folder in ["book/figures", "book/generated"] {
        for entry in fs::read_dir(root().join(folder)).expect("is a folder") {
            let name = entry.expect("is readable").file_name();
            let file = format!("{folder}/{}", name.to_string_lossy());
            assert!(
                GENERATED.iter().any(|(name, _)| *name == file),
                "no test makes {file}"
            );
        }
    }
    for (file, test) in GENERATED {
        let source = match *test {
            "comparison" => "benches/comparison/main.rs".into(),
            "loop" => "benches/loop".into(),
            "book" => "tests/book/figures.rs".into(),
            test => format!("tests/{test}"),
        };
        let text = source_text(&source);
        assert!(text.contains(file), "{source} does not make {file}");
    }
}

/// The text of a file, or of the Rust files that a test consists of: `tests/lesson-1` is
/// `tests/lesson-1.rs`, or all files in the folder of that name.
fn source_text(source: &str) -> String {
    let path = root().join(source);
    if !path.is_dir() {
        let file = if path.is_file() {
            path
        } else {
            path.with_extension("rs")
        };
        return fs::read_to_string(file).unwrap_or_else(|e| panic!("{source}: {e}"));
    }
    let mut text = String::new();
    for entry in fs::read_dir(path).expect("the folder should be readable") {
        let file = entry.expect("the folder should be readable").path();
        text += &fs::read_to_string(file).unwrap_or_else(|e| panic!("{source}: {e}"));
    }
    text
}

/// A message on the page of error messages is one that some test has seen.
#[test]
fn error_messages_are_real() {
    let mut seen = String::new();
    let files = ["tests", "book/src", "book/generated"]
        .into_iter()
        .flat_map(|folder| {
            let entries = fs::read_dir(root().join(folder)).expect("is a folder");
            entries.map(|entry| entry.expect("is readable").path())
        });
    for file in files.chain([root().join(".ci/own-crate")]) {
        if file.is_file() && !file.ends_with("errors.md") {
            seen += &fs::read_to_string(file).expect("is text").replace('`', "'");
        }
    }
    let page = Page::read(root(), "book/src/errors.md");
    let rows = page.text.lines().filter(|line| line.starts_with("| `"));
    let messages = rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap_or_default();
        cell.split('`').skip(1).step_by(2).collect::<Vec<_>>()
    });
    let messages: Vec<&str> = messages.collect();
    assert!(!messages.is_empty());
    for message in messages {
        assert!(seen.contains(message), "nothing shows that {message:?} is ever said");
    }
}
