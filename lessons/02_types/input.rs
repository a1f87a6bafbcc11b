//! Bytes as people paste them: what `--decode` reads. No chapter teaches this file.
//!
//! Hexadecimal is written in many ways, and languages print bytes as lists or as strings. What
//! could be read in two ways is read in one: decimal numbers stand in brackets, and what can be
//! hexadecimal is never base64.

use std::io::{self, Read};

use grpc_workbook::cli::Failure;
use grpc_workbook::types::wire::{as_text, may_be_message};

use super::literal::Literal;
use super::{base64, dump, list, literal, paste};

/// The most that is read of standard input, in bytes.
const MAX_STDIN: u64 = 16 * 1024 * 1024;

/// Behind how many colons and equal signs bytes are looked for.
const MAX_LABELS: usize = 64;

/// What to say of a message in the text format.
const TEXT_MESSAGE: &str = "it looks like a message printed as text, as protoc --decode prints it: give its bytes";

/// The bytes that a text stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub bytes: Vec<u8>,
    /// What the text was read as, where that is not plain to see.
    pub read_as: Option<&'static str>,
    /// There is a `...` in the text: the program that printed it left the rest out.
    pub is_cut: bool,
    /// There is a `\u{fffd}` in the text, which programs print in the place of bytes that are no
    /// text. Then the bytes are lost.
    pub is_damaged: bool,
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
    let unquoted = paste::unquoted(text);
    if unquoted != text
        && let Some(bytes) = dump::read(&unquoted)
    {
        return bytes.map(Input::from);
    }
    let text = paste::without_comments(&unquoted);
    // What the client prints before the bytes of --break.
    let text = text.strip_prefix("sends ").unwrap_or(&text);
    let is_damaged = text.contains('\u{fffd}');
    Ok(Input { is_damaged, ..read_clean(text)? })
}

/// Reads a text that is no dump, and has nothing around it.
fn read_clean(text: &str) -> Result<Input, String> {
    if let Some(result) = of_shell(text) {
        return result;
    }
    // Such as `(3 bytes)`.
    let note = text
        .strip_suffix("bytes)")
        .and_then(|text| text.rsplit_once('('));
    let text = note.map_or(text, |(before, _)| before.trim_end());
    if let Some(bytes) = with_brackets_inside(text) {
        return Ok(bytes.into());
    }
    if text.starts_with("[B@") || text.starts_with('<') && text.contains(" at 0x") {
        return Err("it looks like the address of an object: print its bytes".into());
    }
    if is_raw_text(text) {
        return Err(TEXT_MESSAGE.into());
    }
    if !literal::begins(text) {
        if let Some(result) = after_brackets(text).or_else(|| list::read(text)) {
            return result;
        }
        if let Some(result) = only_line(text) {
            return Ok(result);
        }
    }
    match literal::find(text)? {
        Some(literal) => read_literal(&literal),
        None => read_words(text).or_else(|error| at_end(text).ok_or(error)),
    }
}

/// Reads what a string stands for: bytes, or digits.
fn read_literal(literal: &Literal) -> Result<Input, String> {
    let is_cut = literal.is_cut;
    if !literal.has_escapes {
        // Quotes around digits: Python prints base64 as b'CJYB'.
        match read_words(&literal.text) {
            Err(_) if literal.is_marked => {}
            result => return result,
        }
    }
    let bytes = literal.bytes()?;
    // Postgres has one `\x` before all digits.
    if !literal.is_marked
        && literal.text.matches('\\').count() == 1
        && let Ok(digits) = hex(&literal.text)
        && may_be_message(&digits)
        && !may_be_message(&bytes)
    {
        return Ok(digits.into());
    }
    // A text in a text, as in JSON or SQL: "b'\\x08'", '\\x0896', "CPv\/AQ==".
    if let Some(text) = as_text(&bytes)
        && (text.starts_with("\\x") || literal::begins(text) || literal.is_json_base64())
        && let Ok(input) = read_clean(text)
    {
        return Ok(input);
    }
    Ok(Input { read_as: Some("a string with escapes"), is_cut, ..bytes.into() })
}

/// Hexadecimal in which the value stands in brackets, as protobuf.dev writes it:
/// `12 07 [74 65 73 74 69 6e 67]`.
fn with_brackets_inside(text: &str) -> Option<Vec<u8>> {
    let (tag, rest) = text.split_once(['[', '{', '('])?;
    hex(tag).ok().filter(|bytes| !bytes.is_empty())?;
    hex(&format!("{tag} {}", rest.replace(['[', ']', '{', '}', '(', ')'], " "))).ok()
}

/// What a command of a shell prints: `echo CJYB | base64 -d`.
fn of_shell(text: &str) -> Option<Result<Input, String>> {
    let words = text
        .strip_prefix("echo ")
        .or_else(|| text.strip_prefix("printf "))?;
    let flag = words.split(' ').next().filter(|word| word.starts_with('-'));
    let words = words[flag.map_or(0, str::len)..].trim_start();
    // Before a pipe or a file, if that is no part of a string.
    let end = words
        .find([' ', '|', '>'])
        .filter(|_| !literal::begins(words));
    Some(read_clean(words[..end.unwrap_or(words.len())].trim()))
}

/// The bytes at the end of a line that begins with brackets, as lines of logs do.
fn after_brackets(text: &str) -> Option<Result<Input, String>> {
    let (_, rest) = text.strip_prefix('[')?.split_once(']')?;
    let has_words = rest.contains(|c: char| c.is_alphabetic() && !c.is_ascii_hexdigit());
    (has_words && !rest.contains(['[', '{', '<', '"', '\'']))
        .then(|| at_end(rest).map(Ok))?
}

/// The bytes of the only line that has any, below a name, as databases print them.
fn only_line(text: &str) -> Option<Input> {
    // Such as `(1 row)`.
    let is_note = |line: &&str| line.starts_with('(');
    let mut lines = text
        .lines()
        .filter(|line| !is_note(line) && !line.trim().is_empty());
    let mut bytes = lines.clone().map(hex).filter_map(Result::ok);
    let only = bytes.next().filter(|bytes| bytes.len() > 1)?;
    let is_below =
        hex(text.lines().next()?).is_err() || text.lines().any(|line| is_note(&line));
    let is_last = lines.next_back().is_some_and(|line| hex(line).is_ok());
    (bytes.next().is_none() && is_below && is_last).then(|| only.into())
}

/// The bytes at the end of a text, behind a name or other words: `bytes=0896`, `got 08 96 01`.
fn at_end(text: &str) -> Option<Input> {
    // Such as `[Length: 3]`, below the bytes.
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(['[', '(']));
    let lines: Vec<&str> = if text.lines().nth(1).is_some() {
        lines.collect()
    } else {
        vec![text]
    };
    let text = lines.join("\n");
    let text = text.trim_end_matches([']', '}', ')', '>', ',', ';', ' ', '\n']);
    let first = text.split(is_separator).find(|word| !word.is_empty())?;
    if hex_word(first).is_some() && !first.starts_with("20") {
        return None;
    }
    for (at, mark) in text.match_indices([':', '=']).take(MAX_LABELS) {
        let (label, rest) = (&text[..at], text[at + mark.len()..].trim());
        let input = read_words(rest)
            .ok()
            .filter(|input| !input.bytes.is_empty());
        if input.is_some() && !is_number(label, rest) {
            return input;
        }
    }
    if let Some((_, rest)) = text.split_once("base64,").or(text.split_once("!!binary |"))
    {
        return read_words(rest.trim()).ok();
    }
    // Two bytes or more, and words that are none before them.
    let words: Vec<&str> = text.split_whitespace().collect();
    let bytes = words.iter().rev().take_while(|word| {
        hex_word(word).is_some() && word.contains(|c: char| c.is_ascii_digit())
    });
    let bytes = hex(&words[words.len() - bytes.count()..].join(" ")).ok()?;
    (bytes.len() > 1 && !is_number("", text)).then(|| bytes.into())
}

/// Whether a value is rather a number than bytes: decimal, without 0 in front, and its name says
/// nothing of bytes.
fn is_number(label: &str, value: &str) -> bool {
    const NAMES: [&str; 9] = [
        "hex", "byte", "data", "payload", "body", "raw", "message", "bin", "proto",
    ];
    let label = label.to_ascii_lowercase();
    let value = value.rsplit(' ').next().unwrap_or(value);
    is_decimal(value)
        && !has_leading_zero(value)
        && !NAMES.iter().any(|name| label.contains(name))
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
    let text = text.strip_suffix('.').unwrap_or(text);
    if let Some(bytes) = binary(text) {
        return Ok(Input {
            bytes,
            read_as: Some("binary numbers"),
            is_cut,
            ..Input::default()
        });
    }
    match hex(text) {
        Ok(bytes) => Ok(Input { is_cut, ..bytes.into() }),
        Err(error) => {
            let read = |bytes, kind| Input {
                bytes,
                read_as: Some(kind),
                is_cut,
                ..Input::default()
            };
            if let Some(bytes) = base64::read(text) {
                return Ok(read(bytes, "base64"));
            }
            let bytes = percent(text);
            let inner = bytes
                .as_deref()
                .and_then(|bytes| base64::read(as_text(bytes)?));
            match (inner, bytes) {
                (Some(bytes), _) => Ok(read(bytes, "base64")),
                (None, Some(bytes)) => Ok(read(bytes, "percent-encoded text")),
                (None, None) => Err(looks_like(text).map_or(error, str::to_string)),
            }
        }
    }
}

/// The bytes of a text in which `%` and two digits stand for a byte, as in a URL.
fn percent(text: &str) -> Option<Vec<u8>> {
    if text.contains(char::is_whitespace) || !text.contains('%') {
        return None;
    }
    // The value in a URL.
    let value = text
        .rsplit_once('?')
        .and_then(|(_, query)| query.split_once('='));
    let text = value.map_or(text, |(_, value)| value);
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.extend(hex_word(digits)?);
        bytes.extend(rest.as_bytes());
    }
    Some(bytes)
}

/// Whether a text is digits that stand for bytes, hexadecimal or base64.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && read_words(text).is_ok()
}

/// Binary numbers of eight digits, in one word or two. They could be hexadecimal too, and are if
/// that makes a message.
fn binary(text: &str) -> Option<Vec<u8>> {
    let size = text.split_whitespace().next()?.len();
    let is_digits = |word: &str| word.bytes().all(|byte| matches!(byte, b'0' | b'1'));
    let is_binary = (size == 4 || size == 8)
        && text
            .split_whitespace()
            .all(|word| word.len() == size && is_digits(word));
    if !is_binary {
        return None;
    }
    let digits: String = text.split_whitespace().collect();
    if !digits.len().is_multiple_of(8) {
        return None;
    }
    let bytes = digits.as_bytes().chunks(8).map(|digits| {
        digits
            .iter()
            .fold(0, |byte, digit| byte << 1 | (digit - b'0'))
    });
    let bytes: Vec<u8> = bytes.collect();
    let as_hex = hex(text).is_ok_and(|bytes| may_be_message(&bytes));
    (!as_hex && may_be_message(&bytes)).then_some(bytes)
}

/// The text before a `...`, and whether there is one.
pub fn split_cut(text: &str) -> (&str, bool) {
    let cut = text.find("...").or_else(|| text.find('…'));
    (cut.map_or(text, |at| &text[..at]), cut.is_some())
}

/// What a text looks like that stands for no bytes.
fn looks_like(text: &str) -> Option<&'static str> {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|b| text.starts_with(b));
    let mut words = text.split(is_separator).filter(|word| !word.is_empty());
    let is_decimal_byte =
        |word| is_decimal(word) && decimal_byte(word).is_ok() && !has_leading_zero(word);
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
    } else if is_text_message(text) {
        Some(TEXT_MESSAGE)
    } else if begins(&["@", "./", "/", "~/"])
        || text.ends_with(".bin")
        || text.ends_with(".pb")
    {
        Some("it looks like the name of a file: to read one, write --decode - < FILE")
    } else if begins(&["-----BEGIN"]) {
        Some("it looks like a key or a certificate, which is not protobuf")
    } else if words.clone().all(is_decimal_byte)
        && words.any(|word| !word.starts_with('-'))
    {
        Some(
            "for decimal numbers, put brackets around them: [8, 150, 1]; in hexadecimal, each byte is two hexadecimal digits",
        )
    } else {
        None
    }
}

/// Whether a text begins with a field's name or number and its value, as text formats write them.
fn is_text_message(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let (name, rest) = text.split_at(end.unwrap_or(0));
    let rest = rest.trim_start_matches(' ');
    !name.is_empty()
        && (rest.starts_with('{') || rest.starts_with(": "))
        && rest.len() > 2
}

/// Whether a text is a message as `protoc --decode_raw` prints it: `1 {` or `1: 0x3f800000`.
fn is_raw_text(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    digits > 0
        && (rest.starts_with(" {")
            || [": 0x", ": \""].iter().any(|mark| rest.starts_with(mark)))
}

/// What may stand between bytes.
pub fn is_separator(c: char) -> bool {
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
/// what a shell leaves of it. `0b` and eight digits are a binary number.
pub fn hex_word(word: &str) -> Option<Vec<u8>> {
    let lower = word.to_ascii_lowercase().replace("\\x", "x");
    if let Some(digits) = lower.strip_prefix("0b")
        && (digits.len() == 8 || !digits.len().is_multiple_of(2))
        && let Ok(byte) = u8::from_str_radix(digits, 2)
    {
        return Some(vec![byte]);
    }
    // Pascal, Visual Basic, Erlang and assemblers write $08, &H08, 16#08 and 08h.
    let marks = ["0x", "$", "&h", "16#"];
    let marked = marks.iter().find_map(|mark| lower.strip_prefix(mark));
    let marked =
        marked.or_else(|| lower.strip_suffix('h').filter(|digits| digits.len() < 4));
    let digits = if let Some(digits) = marked {
        // C and Go print a small byte as `0x8`.
        if digits.len() == 1 {
            format!("0{digits}")
        } else {
            joined(digits, ['_'; 2])?
        }
    } else if let Some(digits) = lower.strip_prefix(['x', '%']) {
        joined(digits, ['x', '%'])?
    } else {
        joined(&lower, ['-', '_'])?
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
pub fn not_hex(word: &str) -> String {
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

/// Whether a word is a decimal number; Java's bytes are negative from 128 on.
pub fn is_decimal(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// No decimal number begins with 0 and goes on.
pub fn has_leading_zero(word: &str) -> bool {
    word.len() > 1 && word.starts_with('0')
}

pub fn decimal_byte(word: &str) -> Result<u8, String> {
    let signed = || word.parse::<i8>().map(i8::cast_unsigned);
    word.parse::<u8>().or_else(|_| signed()).map_err(|_| {
        let shown: String = word.chars().take(24).collect();
        format!("{shown} is not a valid byte: a byte is a number from 0 to 255, in Java from -128")
    })
}
