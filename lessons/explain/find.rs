//! Finds the rows that a pasted text belongs to.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::page::{Pattern, Row};
use super::text::cleaned_lines;

/// What belongs to a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The text contains a message of each of these rows: the longest message first.
    Exact(Vec<&'a Row>),
    /// The text is like a message of each of these rows: the most similar first.
    Near(Vec<&'a Row>),
    /// No row has anything like it.
    Nothing,
}

/// How much of a pasted text is looked at, in bytes: the message is rarely behind that.
const MOST_TEXT: usize = 16 * 1024;

/// How many rows are shown at most.
const MOST_ROWS: usize = 3;

/// How much of a message and a text must be the same, from 0 to 1, by the weight of their words.
const THRESHOLD: f64 = 0.66;

/// How much the words that are the same must weigh: about as much as one that no other row has.
const LEAST_WEIGHT: f64 = 4.0;

/// A message of one word, such as `EBADENGINE`, is known by that word with a slip if it is so long.
const SPEAKING: usize = 9;

/// A message of the workbook's programs with so many words, of which one at most is not common, is
/// weak: `cannot read`.
const WEAK: usize = 2;

/// A weak message is one if it begins a line, or if it is at least this part of its letters.
const ENOUGH_OF_LINE: f64 = 0.4;

/// Messages that other messages stand in: their rows come last.
const FRAMES: &[&str] = &[
    "the call ended with",
    "; see … --help",
    "invalid value '…' for",
    "transport error",
];

/// The heading of the codes, which stand before a message as well.
const CODES: &str = "Status codes as tonic prints them";

/// A row is shown beside the nearest one if it comes so close to it.
const NEARLY: f64 = 0.9;

/// What many sentences have, whatever they are about.
const COMMON: &[&str] = &[
    "a", "an", "and", "another", "are", "as", "at", "be", "by", "can", "cannot", "could",
    "did", "do", "does", "error", "find", "for", "from", "has", "have", "in", "is", "it",
    "its", "lesson", "no", "not", "of", "on", "one", "or", "should", "that", "the",
    "there", "this", "to", "was", "were", "what", "which", "will", "with", "you", "your",
    "failed", "found", "help", "note",
];

/// Finds rows by what they have in common with a text.
pub struct Explainer {
    rows: Vec<Row>,
    /// How much a word weighs: the fewer rows have it, the more.
    weights: HashMap<String, f64>,
}

impl Explainer {
    /// Finds rows among these.
    pub fn new(rows: Vec<Row>) -> Explainer {
        let mut rows_with: HashMap<String, usize> = HashMap::new();
        for row in &rows {
            let words = row.patterns.iter().flat_map(words_of_pattern);
            for word in words.collect::<BTreeSet<String>>() {
                *rows_with.entry(word).or_default() += 1;
            }
        }
        let weight = |(word, n): (String, usize)| {
            let rare = weight_of(rows.len(), n);
            let common = COMMON.contains(&word.as_str());
            (word, if common { 0.2 } else { rare })
        };
        let weights = rows_with.into_iter().map(weight).collect();
        Explainer { rows, weights }
    }

    /// The rows that a text belongs to.
    pub fn find(&self, text: &str) -> Found<'_> {
        let mut most = text.len().min(MOST_TEXT);
        while !text.is_char_boundary(most) {
            most -= 1;
        }
        let lines = cleaned_lines(&text[..most]);
        let exact = self.exact(&lines);
        if !exact.is_empty() {
            return Found::Exact(exact);
        }
        let near = self.near(&lines);
        if near.is_empty() {
            Found::Nothing
        } else {
            Found::Near(near)
        }
    }

    /// The rows with a message that the text contains, also where a terminal broke its line.
    fn exact(&self, lines: &[String]) -> Vec<&Row> {
        let mut matches = Vec::new();
        for (n, between) in [" ", ""].iter().enumerate() {
            let text = &lines.join(between);
            let mut starts = vec![0];
            for line in lines {
                starts.extend(
                    starts
                        .last()
                        .map(|start| start + line.len() + between.len()),
                );
            }
            starts.pop();
            for row in &self.rows {
                for pattern in &row.patterns {
                    let Some(spans) = pattern.spans(text) else {
                        continue;
                    };
                    if is_said(row, pattern, text, &starts, &spans[0]) {
                        let letters = pattern.letters();
                        matches.push(Match { row, letters, text: n, spans });
                    }
                }
            }
        }
        // Stable: of two messages of one length, the page's first.
        matches.sort_by_key(|found| (found.row.is_frame(), Reverse(found.letters)));
        let mut rows: Vec<&Row> = Vec::new();
        for found in &matches {
            let is_part = matches.iter().any(|longer| longer.contains(found));
            if !is_part && !rows.iter().any(|row| std::ptr::eq(*row, found.row)) {
                rows.push(found.row);
            }
        }
        rows.truncate(MOST_ROWS);
        rows
    }

    /// The rows with a message like the text, or like one of its lines.
    fn near(&self, lines: &[String]) -> Vec<&Row> {
        let mut texts: Vec<Vec<String>> = Vec::new();
        for text in lines.iter().cloned().chain([lines.join(" ")]) {
            texts.push(words(&text).map(|word| self.known(word)).collect());
        }
        let mut scored: Vec<(f64, &Row)> = Vec::new();
        for row in &self.rows {
            let mut best: f64 = 0.0;
            for pattern in &row.patterns {
                for text in &texts {
                    best = best.max(self.similarity(pattern, text));
                }
            }
            if best >= THRESHOLD {
                scored.push((best, row));
            }
        }
        scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let limit = scored.first().map_or(0.0, |(best, _)| best * NEARLY);
        scored.retain(|(score, _)| *score >= limit);
        scored
            .into_iter()
            .map(|(_, row)| row)
            .take(MOST_ROWS)
            .collect()
    }

    /// How much of a message is in the text, or of the text in the message, whichever is more: a
    /// reader may paste more than the message, or less. From 0 to 1; a bit more where both hold.
    ///
    /// A word counts where the word beside it is the same as well: single words meet by chance.
    fn similarity(&self, pattern: &Pattern, text: &[String]) -> f64 {
        let pairs: HashSet<(&str, &str)> = pairs(text).collect();
        let pieces: Vec<Vec<String>> = pattern
            .pieces
            .iter()
            .map(|piece| words(piece).collect())
            .collect();
        let mut shared: BTreeSet<&str> = BTreeSet::new();
        for pair in pieces.iter().flat_map(|piece| self::pairs(piece)) {
            if pairs.contains(&pair) {
                shared.extend([pair.0, pair.1]);
            }
        }
        if let [only] = &pieces.concat()[..]
            && only.len() >= SPEAKING
            && text.contains(only)
        {
            return 1.0;
        }
        let weight = |words: &BTreeSet<&str>| -> f64 {
            words.iter().map(|word| self.weight(word)).sum()
        };
        let same = weight(&shared);
        let speaking = shared.iter().filter(|word| !COMMON.contains(word));
        if same < LEAST_WEIGHT || speaking.count() < 2 {
            return 0.0;
        }
        let of_pattern = same / weight(&pieces.iter().flatten().map(|w| &**w).collect());
        let of_text = same / weight(&text.iter().map(|word| &**word).collect());
        of_pattern.max(of_text) + of_pattern.min(of_text) / 4.0
    }

    /// How much a word weighs. One that no row has weighs as much as one of a single row.
    fn weight(&self, word: &str) -> f64 {
        let known = self.weights.get(word).copied();
        let common = if COMMON.contains(&word) {
            0.2
        } else {
            weight_of(self.rows.len(), 1)
        };
        known.unwrap_or(common)
    }

    /// The word itself, or the rows' word that was meant by a slip of the finger.
    fn known(&self, word: String) -> String {
        if self.weights.contains_key(&word) || COMMON.contains(&&*word) {
            return word;
        }
        let slips = match word.chars().count() {
            0..4 => return word,
            4..8 => 1,
            _ => 2,
        };
        let near = self.weights.keys().filter_map(|other| {
            // The first letter is rarely wrong, and `available` is not `unavailable`.
            if other.chars().next() != word.chars().next() {
                return None;
            }
            let distance = distance(&word, other, slips)?;
            // The same one each time.
            Some((distance, other))
        });
        match near.min() {
            Some((_, other)) => other.clone(),
            None => word,
        }
    }
}

impl Row {
    /// Whether other messages stand in this row's messages, and say more.
    fn is_frame(&self) -> bool {
        let is_frame = |pattern: &Pattern| FRAMES.contains(&&*pattern.text);
        self.heading == CODES || self.patterns.iter().any(is_frame)
    }
}

/// A place where a text contains a message.
struct Match<'a> {
    row: &'a Row,
    /// How many letters and digits the message has.
    letters: usize,
    /// Which of the texts that are looked through it is.
    text: usize,
    /// Where the pieces of the message stand there.
    spans: Vec<Range<usize>>,
}

impl Match<'_> {
    /// Whether the other message is a part of this one, which says more.
    fn contains(&self, other: &Match) -> bool {
        let has = |part: &Range<usize>| {
            let around =
                |span: &Range<usize>| span.start <= part.start && part.end <= span.end;
            self.spans.iter().any(around)
        };
        self.letters > other.letters
            && self.text == other.text
            && other.spans.iter().all(has)
    }
}

/// Whether the words at `span` are the row's message, and not a few that every program says.
/// `starts` has the places in the text where lines begin.
fn is_said(
    row: &Row,
    pattern: &Pattern,
    text: &str,
    starts: &[usize],
    span: &Range<usize>,
) -> bool {
    let words: Vec<String> = words_of_pattern(pattern).collect();
    let own = words.iter().filter(|word| !COMMON.contains(&&***word));
    let is_weak = pattern.pieces.len() == 1 && words.len() == WEAK && own.count() <= 1;
    if !row.heading.starts_with("The workbook") || !is_weak {
        return true;
    }
    let next = starts.partition_point(|start| *start <= span.start);
    let start = next.checked_sub(1).map_or(0, |n| starts[n]);
    let end = starts.get(next).map_or(text.len(), |next| *next);
    let all = text[start..end].chars().filter(|c| c.is_alphanumeric());
    matches!(text[start..span.start].trim_end(), "" | "error:")
        || text
            .get(span.end..end)
            .is_some_and(|behind| behind.trim().is_empty())
        || pattern.letters() as f64 >= all.count() as f64 * ENOUGH_OF_LINE
}

/// The neighbours in a text.
fn pairs(words: &[String]) -> impl Iterator<Item = (&str, &str)> {
    words.windows(2).filter_map(|pair| match pair {
        [a, b] => Some((&**a, &**b)),
        _ => None,
    })
}

/// The weight of a word that `n` of `rows` rows have.
fn weight_of(rows: usize, n: usize) -> f64 {
    (1.0 + rows as f64 / n as f64).ln().max(0.2)
}

fn words_of_pattern(pattern: &Pattern) -> impl Iterator<Item = String> + '_ {
    pattern.pieces.iter().flat_map(|piece| words(piece))
}

/// The words of a cleaned text: at least two letters or digits, of which one is a letter.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let separators = |c: char| !c.is_alphanumeric() && c != '_';
    text.split(separators)
        .filter(|word| word.len() > 1 && word.contains(char::is_alphabetic))
        .map(String::from)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour to make one
/// word of the other. `None` if it is more than `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || b.len() < 4 {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let changed = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|distance| *distance <= most)
}
