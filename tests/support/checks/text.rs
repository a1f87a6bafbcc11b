//! Outcomes as a report shows them: on one line that is not too long.

use std::fmt::Debug;

use super::Outcome;

/// More characters than this are shortened in the middle.
const MOST: usize = 240;
/// How many characters are kept at the beginning, around the first difference, and at the end.
const KEPT: usize = 40;

/// An outcome as text: the response's message as Rust writes it, or the status.
pub fn line<T: Debug>(outcome: &Outcome<T>) -> String {
    match outcome {
        Ok(message) => format!("{message:?}"),
        Err(status) => status.clone(),
    }
}

/// Two outcomes, each shortened in the middle if it is long; what differs stays.
pub fn shortened(actual: &str, expected: &str) -> (String, String) {
    let pairs = actual.chars().zip(expected.chars());
    let same = pairs.take_while(|(a, b)| a == b).count();
    (shorten(actual, same), shorten(expected, same))
}

/// A text shortened in the middle, but not around its character `at`.
fn shorten(text: &str, at: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= MOST {
        return text.to_string();
    }
    let mut ranges = vec![0..KEPT, chars.len() - KEPT..chars.len()];
    let around = at.saturating_sub(KEPT / 2)..(at + KEPT / 2).min(chars.len());
    if at < chars.len() && around.start > KEPT && around.end < chars.len() - KEPT {
        ranges.insert(1, around);
    }
    let pieces: Vec<String> = ranges
        .into_iter()
        .map(|range| chars[range].iter().collect())
        .collect();
    format!("{} ({} characters)", pieces.join(" ... "), chars.len())
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn short_texts_stay() {
        let (actual, expected) = shortened("1", "2");
        assert_eq!((&*actual, &*expected), ("1", "2"));
    }

    #[test]
    fn long_texts_keep_what_differs() {
        let (same, other) =
            ("a".repeat(1000), format!("{}b{}", "a".repeat(500), "a".repeat(499)));
        let (actual, expected) = shortened(&same, &other);
        assert!(actual.len() < 250 && expected.len() < 250, "{actual}\n{expected}");
        assert!(expected.contains('b') && actual != expected, "{expected}");
    }
}
