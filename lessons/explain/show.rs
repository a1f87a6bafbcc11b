//! Prints a row of the page in a terminal.

use super::page::Row;

/// The widest line, in characters.
const WIDTH: usize = 80;

impl Row {
    /// The row for a terminal: its messages, the cause, what to do, and where to read on.
    pub fn shown(&self) -> String {
        let mut lines = String::new();
        for pattern in &self.patterns {
            lines += &wrapped("", &pattern.text);
        }
        lines += &wrapped("  cause       ", &plain(&self.cause));
        lines += &wrapped("  what to do  ", &plain(&self.remedy));
        for (n, (text, target)) in links(&self.chapters).into_iter().enumerate() {
            let label = if n == 0 {
                "  read on     "
            } else {
                "              "
            };
            lines += &wrapped(label, &format!("chapter {text}, book/src/{target}"));
        }
        lines
    }
}

/// Lines of at most [`WIDTH`] characters. `label` stands before the first, and as many spaces
/// before the others. A word that is longer than a line stays whole.
fn wrapped(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let mut lines = String::new();
    let mut line = label.to_string();
    let mut length = indent;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > indent && length + 1 + word_length > WIDTH {
            lines += line.trim_end();
            lines.push('\n');
            line = " ".repeat(indent);
            length = indent;
        }
        if length > indent {
            line.push(' ');
            length += 1;
        }
        line += word;
        length += word_length;
    }
    lines + line.trim_end() + "\n"
}

/// A cell without the marks of Markdown. A link to another page is followed by its file.
fn plain(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, text, target, behind)) = next_link(rest) {
        plain += &without_marks(before);
        plain += &without_marks(text);
        plain += &match target.strip_prefix("https://") {
            Some(_) => format!(" ({target})"),
            None => format!(" (book/src/{target})"),
        };
        rest = behind;
    }
    plain + &without_marks(rest)
}

/// The text without backticks and stars. Between backticks a star is a star.
fn without_marks(text: &str) -> String {
    let mut plain = String::new();
    for (n, part) in text.split('`').enumerate() {
        if n % 2 == 1 {
            plain += part;
        } else {
            plain += &part.replace('*', "").replace("<br>", " ");
        }
    }
    plain
}

/// The links of a cell: text and target.
fn links(markdown: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = markdown;
    while let Some((_, text, target, behind)) = next_link(rest) {
        links.push((without_marks(text), target.to_string()));
        rest = behind;
    }
    links
}

/// The first link of a text: what stands before it, its text, its target, and what stands behind.
fn next_link(markdown: &str) -> Option<(&str, &str, &str, &str)> {
    let middle = markdown.find("](")?;
    let start = markdown[..middle].rfind('[')?;
    let end = middle + markdown[middle..].find(')')?;
    Some((
        &markdown[..start],
        &markdown[start + 1..middle],
        &markdown[middle + 2..end],
        &markdown[end + 1..],
    ))
}
