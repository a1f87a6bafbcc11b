//! Reads the tables of the page of error messages.

use std::ops::Range;

use super::text::cleaned;

/// A row of the page: messages that have one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The heading above the row's table.
    pub heading: String,
    /// The messages, as far as they are always the same.
    pub patterns: Vec<Pattern>,
    /// Why the message is printed, in Markdown.
    pub cause: String,
    /// What to do, in Markdown.
    pub remedy: String,
    /// The chapters that say more, in Markdown: links. Often empty.
    pub chapters: String,
}

/// A message on the page. Where `…` stands, a message has something of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As the page has it, without the backticks.
    pub text: String,
    /// What stands before, between and behind the `…`, each as [`cleaned`] leaves it.
    pub(super) pieces: Vec<String>,
}

impl Pattern {
    /// The pattern that this text is.
    pub fn new(text: &str) -> Pattern {
        let pieces = text.split('…').map(cleaned);
        let pieces = pieces.filter(|piece| !piece.is_empty()).collect();
        Pattern { text: text.to_string(), pieces }
    }

    /// How many letters and digits of `text`, which is [`cleaned`], the pattern names. `None`
    /// if the text does not contain it.
    pub fn matches(&self, text: &str) -> Option<usize> {
        self.spans(text).map(|_| self.letters())
    }

    /// How many letters and digits the pattern names.
    pub(super) fn letters(&self) -> usize {
        let letters =
            |piece: &String| piece.chars().filter(|c| c.is_alphanumeric()).count();
        self.pieces.iter().map(letters).sum()
    }

    /// Where the pieces of the pattern stand in a text.
    pub(super) fn spans(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let first = self.pieces.first()?;
        let mut at = find_words(text, first, 0)?;
        loop {
            let (mut spans, mut end) = (Vec::new(), at);
            for piece in &self.pieces {
                let Some(start) = find_words(text, piece, end) else {
                    break;
                };
                end = start + piece.len();
                spans.push(start..end);
            }
            if spans.len() == self.pieces.len() {
                return Some(spans);
            }
            let mut from = at + 1;
            while !text.is_char_boundary(from) {
                from += 1;
            }
            at = find_words(text, first, from)?;
        }
    }
}

/// Where `piece` stands in `text`, not before `from`. It begins and ends where words do.
fn find_words(text: &str, piece: &str, from: usize) -> Option<usize> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    for (at, _) in text[from..].match_indices(piece) {
        let (start, end) = (from + at, from + at + piece.len());
        let before = text[..start].chars().next_back();
        let behind = text[end..].chars().next();
        let begins = !is_letter(piece.chars().next()) || !is_letter(before);
        let ends = !is_letter(piece.chars().next_back()) || !is_letter(behind);
        if begins && ends {
            return Some(start);
        }
    }
    None
}

/// The rows of the page, in their order. A row stands on one line: the messages in backticks, the
/// cause, what to do, and in some tables the chapters.
pub fn read_rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut heading = String::new();
    for line in page.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim().to_string();
        }
        if !line.starts_with("| `") {
            continue;
        }
        let cells = cells(line);
        let cell = |n: usize| cells.get(n).cloned().unwrap_or_default();
        let messages = cell(0);
        let patterns = messages.split('`').skip(1).step_by(2);
        rows.push(Row {
            heading: heading.clone(),
            patterns: patterns.map(Pattern::new).collect(),
            cause: cell(1),
            remedy: cell(2),
            chapters: cell(3),
        });
    }
    rows
}

/// The cells of a table's line. `\|` is a bar inside a cell.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut chars = line.trim().trim_start_matches('|').chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.as_str().starts_with('|') => {
                cell.push('|');
                chars.next();
            }
            '|' => cells.push(std::mem::take(&mut cell).trim().to_string()),
            c => cell.push(c),
        }
    }
    cells
}
