//! A page as it stands in its file, and what can be wrong with it.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::contents::{self, Contents};

/// A page of the book: a Markdown file below `book/src/`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The file, relative to the root of the repository, such as `book/src/01-hello.md`.
    pub file: PathBuf,
    /// The whole text of the file.
    pub text: String,
}

/// Something wrong with a page. Displayed with its place, as compilers do:
/// `book/src/01-hello.md:12: dead link: ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The page's file, as in [`Page::file`].
    pub file: PathBuf,
    /// The line in the file; the first is 1.
    pub line: usize,
    /// What is wrong, for the person who writes the page.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

impl Page {
    /// Reads a page. `file` is relative to `root`, the root of the repository.
    ///
    /// # Errors
    /// If the file cannot be read, or is not UTF-8. The error names the file.
    pub fn read(root: &Path, file: &Path) -> io::Result<Page> {
        let text = fs::read_to_string(root.join(file)).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
        Ok(Page { file: file.into(), text })
    }

    /// Sorts what the page contains, and looks up the files that it includes below `root`.
    pub fn contents(&self, root: &Path) -> Contents {
        contents::read(self, root)
    }

    /// A problem at a line of this page.
    pub fn problem(&self, line: usize, what: impl Into<String>) -> Problem {
        Problem { file: self.file.clone(), line, what: what.into() }
    }

    /// The line that has the byte at `offset`; the first line is 1.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    /// The folder from which the page's links and includes start.
    pub(crate) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// Reads the pages of the book in the order of SUMMARY.md, and SUMMARY.md itself at the end.
/// `root` is the root of the repository.
///
/// A page that SUMMARY.md lists but that does not exist is left out: the link to it is a dead
/// one.
///
/// # Errors
/// If a file cannot be read.
pub fn read_book(root: &Path) -> io::Result<Vec<Page>> {
    let summary = Page::read(root, Path::new("book/src/SUMMARY.md"))?;
    let mut pages = Vec::new();
    for link in summary.contents(root).links {
        if root.join(&link.file).exists() {
            pages.push(Page::read(root, &link.file)?);
        }
    }
    pages.push(summary);
    Ok(pages)
}
