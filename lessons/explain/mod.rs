//! `cargo run -- explain "MESSAGE"`: finds a message on the book's page of error messages.
//!
//! [`read_rows`] reads the tables of `book/src/errors.md`, [`Explainer`] finds the rows that a
//! pasted text belongs to, and [`Row::shown`] prints one for a terminal.

mod find;
mod page;
mod show;
mod text;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::{Failure, without_os_code};

pub use find::{Explainer, Found};
pub use page::{Pattern, Row, read_rows};
pub use text::cleaned;

/// The page with all rows, relative to the root of the repository.
pub const PAGE: &str = "book/src/errors.md";

/// How many bytes of standard input are read. A terminal's history is longer than a message.
const MOST_INPUT: u64 = 1024 * 1024;

/// `cargo run -- explain`: prints the rows that a message belongs to. `words` is the command line;
/// `-` alone reads standard input. `root` is the folder of the repository.
///
/// # Errors
/// No row is near, or the page or standard input cannot be read.
pub fn explain(root: &Path, words: &[String]) -> Result<(), Failure> {
    let page = fs::read_to_string(root.join(PAGE)).map_err(|error| {
        Failure::new(format!("cannot read {PAGE}: {}", without_os_code(&error)))
    })?;
    let message = match words {
        [word] if word == "-" => {
            let mut input = Vec::new();
            io::stdin().take(MOST_INPUT).read_to_end(&mut input)?;
            // Another encoding spoils some letters, and the rest may still be enough.
            String::from_utf8_lossy(&input).into_owned()
        }
        words => words.join(" "),
    };
    let explainer = Explainer::new(read_rows(&page));
    let (heading, rows) = match explainer.find(&message) {
        Found::Exact(rows) => (None, rows),
        Found::Near(rows) => (Some("That is not on the page. Nearest to it:"), rows),
        Found::Nothing => {
            let line = format!(
                "no row of the page of error messages is like that: paste the whole line, or the \
                 lines around it; the page is {PAGE}"
            );
            return Err(Failure::new(line));
        }
    };
    if let Some(line) = heading {
        println!("{line}");
        println!();
    }
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            println!();
        }
        print!("{}", row.shown());
    }
    Ok(())
}
