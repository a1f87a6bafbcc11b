//! `cargo run -- explain "MESSAGE"`: finds a message on the book's page of error messages.
//!
//! [`read_rows`] reads the tables of `book/src/errors.md`, [`Explainer`] finds the rows that a
//! pasted text belongs to, and [`Row::shown`] prints one for a terminal.

mod find;
mod page;
mod show;
mod text;

pub use find::{Explainer, Found};
pub use page::{Pattern, Row, read_rows};
pub use text::cleaned;

/// The page with all rows, relative to the root of the repository.
pub const PAGE: &str = "book/src/errors.md";
