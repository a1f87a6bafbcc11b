//! Everything that the book shows: includes are there, links lead somewhere, commands are run
//! and print what the pages say. Figures are drawn from what the programs do.
//!
//! `OVERWRITE=1 cargo test --test book` writes what the programs print now into the pages, and
//! the figures.

mod addresses;
mod checker;
mod command;
mod console;
mod diagrams;
mod figures;
mod files;
mod links;
mod shell;
mod sizes;

use std::io::{self, Write};
use std::{env, fs, thread};

use console::Played;
use pages::{Contents, Page, Problem};
use support::overwrite;
use support::programs::root;

/// The pages of the book, and SUMMARY.md itself.
fn book() -> Vec<Page> {
    pages::read_book(root()).expect("the book's files should be readable")
}

fn assert_no_problems(problems: &[Problem]) {
    let mut lines = String::new();
    for problem in problems {
        lines += &format!("\n{problem}");
    }
    assert!(problems.is_empty(), "{lines}\n");
}

#[test]
fn pages_hold_nothing_that_a_test_cannot_read() {
    let mut problems = Vec::new();
    for page in book() {
        let contents = page.contents(root());
        problems.extend(shell::problems(&page, &contents.shell));
        problems.extend(contents.problems);
    }
    assert_no_problems(&problems);
}

#[test]
fn links_lead_somewhere() {
    let mut pages: Vec<(Page, Contents)> = Vec::new();
    for page in book() {
        let contents = page.contents(root());
        pages.push((page, contents));
    }
    assert_no_problems(&links::dead_links(&pages));
}

#[test]
fn consoles_show_what_the_programs_print() {
    let pages = book();
    let mut problems = Vec::new();
    for (page, played) in pages.iter().zip(play_at_once(&pages)) {
        for problem in &played.not_run {
            // Not `eprintln!`: the test harness hides what that prints if the test passes.
            writeln!(io::stderr(), "not run: {problem}")
                .expect("standard error should be open");
        }
        if env::var_os("CI").is_some() {
            problems.extend(played.not_run);
        }
        if overwrite() && played.text != page.text {
            fs::write(root().join(&page.file), &played.text)
                .expect("the page should be writable");
        } else {
            problems.extend(played.problems);
        }
    }
    assert_no_problems(&problems);
}

/// Plays the pages, each in a thread: most of the time a page waits, for a deadline or for a
/// slow server.
fn play_at_once(pages: &[Page]) -> Vec<Played> {
    thread::scope(|scope| {
        let mut players = Vec::new();
        for page in pages {
            players.push(scope.spawn(|| console::play(page, &page.contents(root()))));
        }
        let played = players.into_iter().map(|player| player.join());
        played
            .map(|played| played.expect("playing a page should not panic"))
            .collect()
    })
}
