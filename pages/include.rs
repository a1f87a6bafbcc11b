//! Includes: lines such as `{{#include ../../lessons/01_hello/service.rs:greet}}`, which mdBook
//! replaces with a file, or with the part of it between two `ANCHOR` comments.

use std::fs;
use std::path::{Path, PathBuf};

use crate::link::without_dots;

/// What an include asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Include<'a> {
    /// The file, relative to the page's folder.
    path: &'a str,
    /// The name in the comments around the part to show; without one, the whole file.
    anchor: Option<&'a str>,
}

impl<'a> Include<'a> {
    /// Parses a line that contains an include and nothing else.
    pub fn parse(line: &'a str) -> Option<Include<'a>> {
        let target = line
            .trim()
            .strip_prefix("{{#include ")?
            .strip_suffix("}}")?
            .trim();
        Some(match target.split_once(':') {
            Some((path, anchor)) => Include { path, anchor: Some(anchor) },
            None => Include { path: target, anchor: None },
        })
    }

    /// Checks that mdBook would find something to show, and returns the file, relative to
    /// `root`. `folder` is the page's. mdBook itself builds a book with a hole in it.
    ///
    /// # Errors
    /// What is wrong, for the person who writes the page.
    pub fn check(&self, root: &Path, folder: &Path) -> Result<PathBuf, String> {
        let path = self.path;
        let file = without_dots(&folder.join(path))
            .ok_or_else(|| format!("{path} is outside of the repository"))?;
        let text = fs::read_to_string(root.join(&file))
            .map_err(|_| format!("missing include: there is no {}", file.display()))?;
        let shown = match self.anchor {
            Some(anchor) => anchored(&text, anchor).ok_or_else(|| {
                format!("missing anchor: {path} has no ANCHOR and ANCHOR_END {anchor}")
            })?,
            None if text.contains("ANCHOR: ") || text.contains("ANCHOR_END: ") => {
                return Err(format!(
                    "the whole of {path} is shown, its ANCHOR lines too"
                ));
            }
            None => text.lines().collect(),
        };
        if shown.iter().all(|line| line.trim().is_empty()) {
            let anchor = self.anchor.map(|anchor| format!(":{anchor}"));
            return Err(format!("{path}{} includes nothing", anchor.unwrap_or_default()));
        }
        Ok(file)
    }

    /// How many lines mdBook shows in the place of the include; `None` if there is nothing to show.
    pub fn shown_lines(&self, root: &Path, folder: &Path) -> Option<usize> {
        let file = without_dots(&folder.join(self.path))?;
        let text = fs::read_to_string(root.join(file)).ok()?;
        Some(match self.anchor {
            Some(anchor) => anchored(&text, anchor)?.len(),
            None => text.lines().count(),
        })
    }
}

/// The lines between the comments `ANCHOR: name` and `ANCHOR_END: name`.
fn anchored<'t>(text: &'t str, anchor: &str) -> Option<Vec<&'t str>> {
    let position = |mark: &str| {
        text.lines().position(|line| {
            line.split_once(mark)
                .is_some_and(|(_, name)| name.trim() == anchor)
        })
    };
    let first = position("ANCHOR: ")? + 1;
    let end = position("ANCHOR_END: ")?;
    let lines = text.lines().skip(first).take(end.saturating_sub(first));
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_stands_alone_on_its_line() {
        let whole = Include { path: "a.rs", anchor: None };
        assert_eq!(Include::parse("{{#include a.rs}}"), Some(whole));
        let part = Include { path: "a.rs", anchor: Some("main") };
        assert_eq!(Include::parse("  {{#include a.rs:main}} "), Some(part));
        assert_eq!(Include::parse("see {{#include a.rs}}"), None);
        assert_eq!(Include::parse("{{#playground a.rs}}"), None);
    }

    #[test]
    fn an_anchor_has_two_ends() {
        let text = "a\n// ANCHOR: b\nb\n// ANCHOR_END: b\nc\n// ANCHOR: d\n";
        assert_eq!(anchored(text, "b"), Some(vec!["b"]));
        assert_eq!(anchored(text, "d"), None);
        assert_eq!(anchored(text, "e"), None);
    }
}
