//! Bytes as a list of numbers: `[8, 150, 1]`, `{0x08, 0x96}`, `<<8, 150, 1>>`, `<Buffer 08 96>`. No
//! chapter teaches this file.

use std::ops::Range;

use super::input::{
    Input, decimal_byte, hex, hex_digit, hex_word, is_separator, not_hex,
};
use super::input::{has_leading_zero, is_decimal, split_cut};
use super::literal;

/// How many pairs of brackets of a kind are tried, from the last: a text may have millions.
const MAX_BRACKETS: usize = 64;

/// What may stand around a list. `<<` comes before `<`, and `[|` before `[`.
const BRACKETS: [(&str, &str); 6] = [
    ("<<", ">>"),
    ("[|", "|]"),
    ("[", "]"),
    ("{", "}"),
    ("(", ")"),
    ("<", ">"),
];

/// Bytes in brackets.
struct List<'a> {
    /// Where the opening bracket stands in the text.
    start: usize,
    /// Where the text goes on.
    end: usize,
    /// Which bracket opens it.
    open: &'static str,
    /// What stands between the brackets.
    elements: Vec<Element<'a>>,
    /// What decides how the numbers are read.
    style: Style,
    /// Whether more was left out at the end.
    is_cut: bool,
}

/// What decides how the numbers of a list are read.
#[derive(Clone, Copy)]
struct Style {
    /// There are commas between them.
    has_commas: bool,
    /// There is a bar, as the tap has after gRPC's prefix.
    has_bar: bool,
    /// Each has its index before it, as JSON has it of typed arrays.
    has_keys: bool,
}

/// What stands between two separators of a list.
#[derive(Clone, Copy)]
enum Element<'a> {
    Word(&'a str),
    /// In quotes, which are the first.
    Quoted(char, &'a str),
}

/// Reads the list in a text, which may have other words around it. `None` if it has none.
///
/// # Errors
/// There are several, or a number is no byte: a line that says so.
pub fn read(text: &str) -> Option<Result<Input, String>> {
    // Kotlin's conversions have brackets of their own.
    let text = text.replace(".toByte()", "").replace(".toUByte()", "");
    if let Some(bytes) = indexed(&text) {
        return Some(bytes);
    }
    let mut lists = List::all_in(&text);
    // The tap prints a list for each message, and lines without one between them.
    if lists.iter().any(|list| list.style.has_bar) {
        lists.retain(|list| list.style.has_bar);
        return List::joined(lists).map(|list| list.read());
    }
    // Nothing but lists.
    let mut end = 0;
    let alone = lists.iter().all(|list| {
        let between = &text[end..list.start];
        end = list.end;
        between.trim_matches(is_separator).is_empty()
    });
    if alone && text[end..].trim_matches(is_separator).is_empty() {
        return List::joined(lists).map(|list| list.read());
    }
    // The size of a list, or an index: `m[3]`, `Uint8Array(3)`, `iex(1)>`.
    let several = lists.len() > 1;
    lists.retain(|list| !(list.is_size(&text) && (several || list.end < text.len())));
    match &lists[..] {
        [] => None,
        [list] => Some(list.read()),
        [_, _, ..] => Some(Err(format!(
            "there are {} lists of bytes in the text: give one of them",
            lists.len()
        ))),
    }
}

/// Numbers with their indexes: R prints `[1] 08 96`, and PHP `[0] => 8`.
fn indexed(text: &str) -> Option<Result<Input, String>> {
    if text.contains("=>") {
        let is_end = |c: char| c.is_whitespace() || "),]".contains(c);
        let values = text.split("=>").skip(1).map(|rest| {
            let value = rest.trim_start().trim_start_matches("int(");
            value.split(is_end).next().unwrap_or_default()
        });
        let values: Vec<&str> = values.collect();
        return values.iter().all(|value| is_decimal(value)).then(|| {
            let bytes: Result<Vec<u8>, String> =
                values.into_iter().map(decimal_byte).collect();
            Ok(Input { read_as: Some("decimal numbers"), ..bytes?.into() })
        });
    }
    let mut bytes = Vec::new();
    for line in text.lines() {
        let (index, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
        if !is_decimal(index.trim()) {
            return None;
        }
        bytes.extend(hex(rest).ok()?);
    }
    (!bytes.is_empty()).then(|| Ok(bytes.into()))
}

impl<'a> List<'a> {
    /// Several lists as one, up to the first that is cut: whether the numbers are decimal, all of
    /// them say together. `None` of none.
    fn joined(lists: Vec<List<'a>>) -> Option<List<'a>> {
        let mut lists = lists.into_iter();
        let mut joined = lists.next()?;
        for list in lists {
            if joined.is_cut {
                break;
            }
            joined.elements.extend(list.elements);
            joined.style.has_commas |= list.style.has_commas;
            joined.is_cut = list.is_cut;
        }
        Some(joined)
    }

    /// The brackets in the text that have nothing but bytes in them, in their order.
    fn all_in(text: &'a str) -> Vec<List<'a>> {
        let mut lists: Vec<List> = Vec::new();
        for (open, close) in BRACKETS {
            for (start, _) in text.rmatch_indices(open).take(MAX_BRACKETS) {
                // Without its end the list was cut where it was copied: then it is not read.
                let content = &text[start + open.len()..];
                let Some((content, _)) = content.split_once(close) else {
                    continue;
                };
                let end = start + open.len() + content.len() + close.len();
                let overlaps = |list: &List| list.start < end && start < list.end;
                if !lists.iter().any(overlaps)
                    && let Some(list) = List::new(text, start..end, open, content)
                {
                    lists.push(list);
                }
            }
        }
        lists.sort_by_key(|list| list.start);
        lists
    }

    /// A list, if the brackets have nothing but bytes in them. Empty brackets are one if they are
    /// all the text.
    fn new(
        text: &str,
        Range { start, end }: Range<usize>,
        open: &'static str,
        content: &'a str,
    ) -> Option<List<'a>> {
        // Chrome prints what else it knows of an array.
        let bytes = content.split(", buffer: ArrayBuffer").next()?;
        let (bytes, is_cut) = split_cut(bytes);
        let bytes = bytes.trim_start();
        let bytes = bytes.strip_prefix("Buffer").unwrap_or(bytes);
        let mut style = Style {
            has_commas: bytes.contains(','),
            has_bar: bytes.contains('|'),
            has_keys: bytes.starts_with("\"0\":"),
        };
        let mut elements = elements(bytes)?;
        if style.has_keys {
            // Values alone, behind their keys.
            elements = elements.into_iter().skip(1).step_by(2).collect();
        }
        // `[0; 16]` is sixteen times 0 in Rust.
        let repeats = bytes.contains(';') && !style.has_commas && elements.len() == 2;
        style.has_bar &= open != "[|";
        let list = List { start, end, open, elements, style, is_cut };
        let empty = list.elements.is_empty() && text.trim().len() > end - start;
        let is_bytes = list
            .elements
            .iter()
            .all(|element| element.may_be_byte(open));
        (is_bytes && !empty && !repeats).then_some(list)
    }

    /// Whether it may be a size or an index: a single number behind a name.
    fn is_size(&self, text: &str) -> bool {
        let before = text[..self.start].chars().next_back();
        let is_name = |c: char| c.is_alphanumeric() || "_>:)]".contains(c);
        let single =
            matches!(self.elements[..], [Element::Word(word)] if is_decimal(word));
        single && before.is_none_or(is_name)
    }

    fn read(&self) -> Result<Input, String> {
        let words = || self.elements.iter().map(|element| element.text());
        let prefixed =
            words().any(|word| word.starts_with("0x") || word.starts_with("0X"));
        let is_character = |element: &Element| element.character().is_some();
        // Of `['8', '150']`, the first is no character.
        let characters = self
            .elements
            .iter()
            .all(|element| matches!(element, Element::Word(_)) || is_character(element));
        let numbers = || {
            self.elements
                .iter()
                .filter(|e| !(characters && is_character(e)))
        };
        let decimal = (self.open != "<" && !self.style.has_bar)
            && numbers().all(|element| is_decimal(element.text()))
            && !numbers().any(|element| has_leading_zero(element.text()));
        let is_erlang = self.open == "<<";
        let mut bytes = Vec::new();
        for element in &self.elements {
            let word = element.text();
            if is_erlang && let Element::Quoted(_, text) = element {
                bytes.extend(literal::unescape(text)?);
            } else if characters && let Some(character) = element.character() {
                bytes.extend(character);
            } else if decimal
                || is_erlang && is_decimal(word)
                || prefixed && is_decimal(word)
            {
                bytes.push(decimal_byte(word)?);
            } else if self.style.has_commas && hex_digit_word(word) {
                // Rust's `{:x?}` prints small bytes with one digit.
                bytes.extend(word.bytes().filter_map(hex_digit));
            } else {
                bytes.extend(hex_word(word).ok_or_else(|| not_hex(word))?);
            }
        }
        let read_as =
            (decimal && numbers().next().is_some()).then_some("decimal numbers");
        Ok(Input { bytes, read_as, is_cut: self.is_cut, ..Input::default() })
    }
}

impl Element<'_> {
    /// The word, without what languages put around a number.
    fn text(&self) -> &str {
        match self {
            Element::Word(word) => bare(word),
            Element::Quoted(_, text) => text,
        }
    }

    /// The bytes of a character in single quotes, such as C's `'\n'`.
    fn character(&self) -> Option<Vec<u8>> {
        let Element::Quoted('\'', text) = self else {
            return None;
        };
        let bytes = literal::unescape(text).ok()?;
        (bytes.len() == 1).then_some(bytes)
    }

    /// Whether it can be a byte, or several, in a list with this bracket.
    fn may_be_byte(&self, open: &str) -> bool {
        let text = self.text();
        let number = is_decimal(text) || hex_word(text).is_some() || hex_digit_word(text);
        match self {
            Element::Word(_) => number,
            // With more escapes than one, it is a string for itself.
            Element::Quoted(..) => {
                let escapes = text.matches('\\').count();
                number && escapes < 2 || open == "<<" || self.character().is_some()
            }
        }
    }
}

/// A number without the type that languages write with it: Java's `(byte)0x96`, Rust's `150u8`,
/// F#'s `150uy`, Kotlin's `0x96u`.
fn bare(word: &str) -> &str {
    let bare = word.trim_start_matches("(byte").trim_end_matches("_u8");
    let shorter = ["u8", "uy", "u", "U"]
        .iter()
        .find_map(|end| bare.strip_suffix(end));
    shorter.filter(|word| !word.is_empty()).unwrap_or(bare)
}

/// What stands between the separators. `None` if a quote is not closed.
fn elements(content: &str) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let is_end = |c: char| is_separator(c) || c == ')';
    let mut rest = content;
    loop {
        rest = rest.trim_start_matches(is_end);
        let Some(first) = rest.chars().next() else {
            return Some(elements);
        };
        if first == '"' || first == '\'' {
            let end = literal::closing(&rest[1..], first)?;
            elements.push(Element::Quoted(first, &rest[1..=end]));
            rest = &rest[end + 2..];
        } else {
            let end = rest.find(|c| is_end(c) || c == '"' || c == '\'');
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            // A string with a mark before it, such as `b"..."`, is no element. Rust's b'a' is.
            if after.starts_with(['"', '\'']) && word != "b" || after.starts_with('"') {
                return None;
            }
            if word == "b" && after.starts_with('\'') {
                rest = after;
                continue;
            }
            if word != "(byte" {
                elements.push(Element::Word(word));
            }
            rest = after;
        }
    }
}

/// Whether a word is one hexadecimal digit.
fn hex_digit_word(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
