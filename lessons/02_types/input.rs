//! Bytes as people paste them: what `--decode` reads. No chapter teaches this file.
//!
//! Hexadecimal is written in many ways, and languages print bytes as lists or as strings. What
//! could be read in two ways is read in one: decimal numbers stand in brackets, and what can be
//! hexadecimal is never base64.

use std::io::{self, Read};

use grpc_workbook::cli::Failure;
use grpc_workbook::types::wire::{as_text, may_be_message};

use super::{dump, literal};

/// The most that is read of standard input, in bytes.
const MAX_STDIN: u64 = 16 * 1024 * 1024;

/// How many pairs of brackets are tried, from the last: a text may have millions.
const MAX_BRACKETS: usize = 64;

/// The bytes that a text stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub bytes: Vec<u8>,
    /// What the text was read as, where that is not plain to see.
    pub read_as: Option<&'static str>,
    /// There is a `...` in the text: the program that printed it left the rest out.
    pub is_cut: bool,
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Input {
        Input { bytes, ..Input::default() }
    }
}

/// Reads bytes in any of the ways in which programs print them.
///
/// # Errors
/// It is none of them: a line that says what the text looks like.
pub fn read(text: &str) -> Result<Input, String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if let Some(bytes) = dump::read(text) {
        return bytes.map(Input::from);
    }
    // What the client prints before the bytes of --break.
    let text = text.strip_prefix("sends ").unwrap_or(text);
    if !literal::begins(text)
        && let Some(lists) = lists(text)
    {
        return read_lists(&lists);
    }
    match literal::read(text)? {
        Some(literal) => match read_words(&literal.text) {
            // Quotes around digits: Python prints base64 as b'CJYB'.
            Ok(input) if !literal.has_escapes => Ok(input),
            Err(error) if !literal.is_bytes() => Err(error),
            _ => {
                let bytes = literal.bytes()?;
                Ok(Input { read_as: Some("a string with escapes"), ..bytes.into() })
            }
        },
        None => read_words(text),
    }
}

/// Reads standard input: text in one of these ways, or else the bytes themselves.
///
/// # Errors
/// It cannot be read, or is too large. Inside, those of [`read`].
pub fn read_stdin() -> Result<Result<Input, String>, Failure> {
    let mut bytes = Vec::new();
    io::stdin().take(MAX_STDIN + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_STDIN {
        return Err(Failure::new("standard input has more than 16 MiB"));
    }
    Ok(read_bytes(bytes))
}

/// Reads text, or else takes the bytes as they are.
pub fn read_bytes(bytes: Vec<u8>) -> Result<Input, String> {
    let text = as_text(&bytes);
    match text.map(read) {
        // A message in which all bytes happen to be text.
        Some(Err(_)) if may_be_message(&bytes) => Ok(bytes.into()),
        Some(result) => result,
        None => Ok(bytes.into()),
    }
}

/// Hexadecimal or base64, without brackets and quotes.
fn read_words(text: &str) -> Result<Input, String> {
    let (text, is_cut) = split_cut(text);
    match hex(text) {
        Ok(bytes) => Ok(Input { is_cut, ..bytes.into() }),
        Err(error) => match base64(text) {
            Some(bytes) => Ok(Input { bytes, read_as: Some("base64"), is_cut }),
            None => Err(looks_like(text).map_or(error, str::to_string)),
        },
    }
}

/// The text before a `...`, and whether there is one.
fn split_cut(text: &str) -> (&str, bool) {
    let cut = text.find("...").or_else(|| text.find('…'));
    (cut.map_or(text, |at| &text[..at]), cut.is_some())
}

/// What a text looks like that stands for no bytes.
fn looks_like(text: &str) -> Option<&'static str> {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|b| text.starts_with(b));
    let mut words = text.split(is_separator).filter(|word| !word.is_empty());
    if begins(&["["]) && !text.contains(['"', '{']) {
        Some(
            "it looks like a list, but not of bytes: from 0 to 255, or in hexadecimal, up to a closing bracket",
        )
    } else if begins(&["{", "["]) {
        Some(
            "it looks like JSON, or like a message printed as text: give the bytes of the message",
        )
    } else if begins(&["<"]) {
        Some("it looks like HTML or XML: give the bytes of a message")
    } else if begins(&["HTTP/", "POST ", "GET ", "PRI "]) {
        Some(
            "it looks like HTTP: give the bytes of a message, which come after the headers",
        )
    } else if begins(&["-----BEGIN"]) {
        Some("it looks like a key or a certificate, which is not protobuf")
    } else if words.all(|word| {
        is_decimal(word) && word.parse::<u8>().is_ok() && !has_leading_zero(word)
    }) {
        Some(
            "for decimal numbers, put brackets around them: [8, 150, 1]; in hexadecimal, each byte is two hexadecimal digits",
        )
    } else {
        None
    }
}

/// What may stand between bytes.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || ",:;|".contains(c)
}

/// Reads hexadecimal digits, two for each byte. Between bytes there may be white space, `,`, `:`,
/// `;`, `|` or `-`, and before them `0x`, `\x` or `%`.
///
/// # Errors
/// It is something else: a line that says so.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        bytes.extend(hex_word(word).ok_or_else(|| not_hex(word))?);
    }
    Ok(bytes)
}

/// The bytes of a word such as `0896`, `0x0896`, `08-96`, `\x08\x96`, or `x08x96`, which is
/// what a shell leaves of it.
fn hex_word(word: &str) -> Option<Vec<u8>> {
    let lower = word.to_ascii_lowercase().replace("\\x", "x");
    let digits = if let Some(digits) = lower.strip_prefix("0x") {
        // C and Go print a small byte as `0x8`.
        if digits.len() == 1 {
            format!("0{digits}")
        } else {
            digits.into()
        }
    } else if let Some(digits) = lower.strip_prefix(['x', '%']) {
        joined(digits, ['x', '%'])?
    } else {
        joined(&lower, ['-'; 2])?
    };
    if digits.is_empty() {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| Some(hex_digit(*pair.first()?)? << 4 | hex_digit(*pair.get(1)?)?))
        .collect()
}

/// The pieces between separators, joined. `None` if not all of them are whole bytes.
fn joined(digits: &str, separators: [char; 2]) -> Option<String> {
    let pieces: Vec<&str> = digits.split(separators).collect();
    let whole = |piece: &&str| !piece.is_empty() && piece.len().is_multiple_of(2);
    pieces.iter().all(whole).then(|| pieces.concat())
}

/// The number that a digit stands for.
pub fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|n| n as u8)
}

/// What to say of a word that is not hexadecimal.
fn not_hex(word: &str) -> String {
    let shown: String = word.chars().take(24).collect();
    let more = if shown.len() < word.len() { " ..." } else { "" };
    let why = match word.strip_prefix(['+', '-']) {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            "; a byte has no sign"
        }
        _ => "",
    };
    format!(
        "{shown:?}{more} is not a valid byte: each byte is two hexadecimal digits, such as 0a{why}"
    )
}

/// The contents of the brackets that have bytes in them: those of each line if each line has
/// some, as the tap's lines with `--hex` do, else the last of the text.
fn lists(text: &str) -> Option<Vec<List<'_>>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let of_lines: Option<Vec<List>> = lines.map(List::last_in).collect();
    let of_lines = of_lines.filter(|lists| !lists.is_empty());
    of_lines.or_else(|| Some(vec![List::last_in(text)?]))
}

/// The bytes of several lists, up to the first that is cut.
fn read_lists(lists: &[List]) -> Result<Input, String> {
    let mut all = Input::default();
    for list in lists {
        let Input { bytes, read_as, is_cut } = list.read()?;
        all.bytes.extend(bytes);
        all.read_as = all.read_as.or(read_as);
        all.is_cut |= is_cut;
        if is_cut {
            break;
        }
    }
    Ok(all)
}

/// Bytes in brackets, such as `[8, 150, 1]`, `{0x08, 0x96}`, `<Buffer 08 96>`, or what the tap
/// prints with `--hex`: `[00 00 00 00 03 | 08 96 01]`.
struct List<'a> {
    /// What stands between the brackets.
    content: &'a str,
    /// Whether they are `<` and `>`: numbers in them are always hexadecimal.
    is_buffer: bool,
}

impl<'a> List<'a> {
    /// The last brackets in the text that have nothing but bytes in them.
    fn last_in(text: &'a str) -> Option<List<'a>> {
        let mut last: Option<(usize, List)> = None;
        for (open, close) in [('[', ']'), ('{', '}'), ('(', ')'), ('<', '>')] {
            for (at, _) in text.rmatch_indices(open).take(MAX_BRACKETS) {
                let content = &text[at + 1..];
                // Without its end the list was cut where it was copied: then it is not read.
                let Some((content, _)) = content.split_once(close) else {
                    continue;
                };
                let list = List { content, is_buffer: open == '<' };
                if list.is_bytes(text) {
                    if last.as_ref().is_none_or(|(other, _)| at > *other) {
                        last = Some((at, list));
                    }
                    break;
                }
            }
        }
        last.map(|(_, list)| list)
    }

    /// The numbers in it, and whether more were left out.
    fn words(&self) -> (Vec<&'a str>, bool) {
        let (content, is_cut) = split_cut(self.content);
        let content = content.trim_start();
        let content = content.strip_prefix("Buffer").unwrap_or(content);
        let words = content.split(|c: char| is_separator(c) || c == ')');
        // Java's `(byte)0x96`, and Rust's `150u8`.
        let words =
            words.map(|word| word.trim_start_matches("(byte").trim_end_matches("u8"));
        (words.filter(|word| !word.is_empty()).collect(), is_cut)
    }

    /// Whether it has nothing but numbers in it. Empty brackets count if they are all the text.
    fn is_bytes(&self, text: &str) -> bool {
        let (words, _) = self.words();
        let empty = words.is_empty() && self.content.len() + 2 < text.len();
        !empty
            && words.iter().all(|word| {
                is_decimal(word) || hex_word(word).is_some() || hex_digit_word(word)
            })
    }

    fn read(&self) -> Result<Input, String> {
        let (words, is_cut) = self.words();
        let prefixed = words
            .iter()
            .any(|word| word.starts_with("0x") || word.starts_with("0X"));
        let has_commas = self.content.contains(',');
        // The tap has a bar after gRPC's prefix, and hexadecimal on both sides.
        let decimal = !self.is_buffer
            && !self.content.contains('|')
            && words.iter().all(|word| is_decimal(word))
            && !words.iter().any(|word| has_leading_zero(word));
        let mut bytes = Vec::new();
        for word in &words {
            if decimal || (prefixed && is_decimal(word)) {
                bytes.push(decimal_byte(word)?);
            } else if has_commas && hex_digit_word(word) {
                // Rust's `{:x?}` prints small bytes with one digit.
                bytes.extend(word.bytes().filter_map(hex_digit));
            } else {
                bytes.extend(hex_word(word).ok_or_else(|| not_hex(word))?);
            }
        }
        let read_as = (decimal && !words.is_empty()).then_some("decimal numbers");
        Ok(Input { bytes, read_as, is_cut })
    }
}

/// Whether a word is one hexadecimal digit.
fn hex_digit_word(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a word is a decimal number; Java's bytes are negative from 128 on.
fn is_decimal(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// No decimal number begins with 0 and goes on.
fn has_leading_zero(word: &str) -> bool {
    word.len() > 1 && word.starts_with('0')
}

fn decimal_byte(word: &str) -> Result<u8, String> {
    let signed = || word.parse::<i8>().map(i8::cast_unsigned);
    word.parse::<u8>().or_else(|_| signed()).map_err(|_| {
        let shown: String = word.chars().take(24).collect();
        format!("{shown} is not a valid byte: a byte is a number from 0 to 255, in Java from -128")
    })
}

/// The bytes that a text in base64 stands for: the standard's alphabet or the one for URLs, with
/// padding or without, on one line or several. Bodies of gRPC-Web are several such texts in a row.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split(['\n', '\r']).collect();
    let mut bytes = Vec::new();
    for piece in text.split_inclusive('=') {
        let digits = piece.trim_end_matches('=');
        for quad in digits.as_bytes().chunks(4) {
            let mut bits = 0;
            for digit in quad {
                bits = bits << 6 | u32::from(base64_digit(*digit)?);
            }
            // Two digits are a byte and four bits that are 0; three are two bytes and two bits.
            let bits = bits << (6 * (4 - quad.len()));
            let decoded = &bits.to_be_bytes()[1..];
            let (decoded, rest) = decoded.split_at(quad.len() * 3 / 4);
            if quad.len() == 1 || rest.iter().any(|byte| *byte != 0) {
                return None;
            }
            bytes.extend(decoded);
        }
    }
    // Many a word is base64 by chance: `test` is. It should look like what --decode explains.
    let is_sign = |c: char| c == '+' || c == '-';
    let signed = text.chars().all(|c| c.is_ascii_hexdigit() || is_sign(c));
    let begins_message = may_be_message(&bytes)
        || matches!(bytes[..], [0 | 1, _, _, _, _, ..] | [0x1f, 0x8b, ..]);
    let likely = begins_message || text.ends_with('=') || text.len() >= 24;
    (!signed && likely).then_some(bytes)
}

/// The six bits of a digit of base64.
fn base64_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
