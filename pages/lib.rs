//! Reads the pages of the book, without running anything on them.
//!
//! [`read_book`] reads the pages that SUMMARY.md lists. [`Page::contents`] sorts what a page
//! contains (console blocks, `sh` blocks, links, headings) and reports what no test could
//! check. [`Script`] takes a console block apart into commands and their output, and [`runs`]
//! groups a page's scripts: a server, and the clients that call it. [`Page::size`] says how much
//! there is to read.
//!
//! The book's test, `tests/book/`, runs the scripts and compares what they print.

mod command_line;
mod contents;
mod include;
mod link;
mod page;
mod run;
mod script;
mod size;

pub use command_line::{CommandLine, UnclosedQuote};
pub use contents::{Block, Contents};
pub use link::Link;
pub use page::{Page, Problem, read_book};
pub use run::{Run, runs};
pub use script::{Script, ScriptError, ShownCommand};
pub use size::Size;
