//! Bytes as a string of a programming language, with escapes: `b"\x08\x96\x01"`, `"\n\005hello"`.

use super::input::hex_digit;

/// A string, as it was written.
pub struct Literal {
    /// What stands between the quotes, of all its pieces.
    pub text: String,
    /// Whether there are backslashes in it.
    pub has_escapes: bool,
    /// Whether it is marked as bytes, as in Python's `b'abc'`.
    is_marked: bool,
}

impl Literal {
    fn new(text: String, is_marked: bool) -> Literal {
        Literal { has_escapes: text.contains('\\'), text, is_marked }
    }

    /// Whether its characters are bytes, and not digits that stand for bytes.
    pub fn is_bytes(&self) -> bool {
        self.has_escapes || self.is_marked
    }

    /// The bytes that its characters and escapes are.
    ///
    /// # Errors
    /// An escape that is not known: a line that says so.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        unescape(&self.text)
    }
}

/// Whether the text begins as a string does in Python, Rust, C or Go: with a quote, perhaps after
/// a letter or two.
pub fn begins(text: &str) -> bool {
    let quoted = text.trim_start_matches(['b', 'B', 'c', 'r', 'R', 'u', '@']);
    text.len() - quoted.len() <= 2 && quoted.starts_with(['"', '\''])
}

/// Reads a string. Several of them in a row are one, as in C. A text without quotes is a string
/// if it has escapes in it other than `\x`, or other characters between them. `None` if the text
/// is no string.
///
/// # Errors
/// There is no closing quote, or something after it: a line that says so.
pub fn read(text: &str) -> Result<Option<Literal>, String> {
    let Some(start) = text.find(['"', '\'']) else {
        if !text.contains('\\') || is_hexadecimal(text) {
            return Ok(None);
        }
        return Ok(Some(Literal::new(text.to_string(), false)));
    };
    let is_marked = text[..start].ends_with(['b', 'B']);
    if text[..start].contains(['{', '[', ':', '<']) {
        // JSON, or a message as text.
        return Ok(None);
    }
    let mut content = String::new();
    let mut rest = &text[start..];
    while let Some(quote) = rest.chars().next().filter(|c| *c == '"' || *c == '\'') {
        let inside = &rest[1..];
        let end = closing(inside, quote).ok_or("the string has no closing quote")?;
        content += &inside[..end];
        rest =
            inside[end + 1..].trim_start_matches(|c: char| c.is_whitespace() || c == '+');
        if let Some(next) = rest
            .strip_prefix('b')
            .filter(|next| next.starts_with(quote))
        {
            rest = next;
        }
    }
    if !rest
        .chars()
        .all(|c| ")];,.".contains(c) || c.is_whitespace())
    {
        let shown: String = rest.chars().take(24).collect();
        return Err(format!(
            "after the string in quotes stands {shown:?}: give the string alone"
        ));
    }
    Ok(Some(Literal::new(content, is_marked)))
}

/// Whether the text is only `\x` and digits, so that what is between them are no characters.
fn is_hexadecimal(text: &str) -> bool {
    super::input::hex(text).is_ok()
}

/// Where the quote is that ends the string.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The bytes of a string: characters are UTF-8, and escapes are those of C, Python, Rust, Go, Java
/// and JSON.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend(rest[..at].bytes());
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else {
            return Err("the string ends in a backslash".into());
        };
        let after = &rest[escape.len_utf8()..];
        let (byte, after) = match escape {
            'n' => (b'\n', after),
            'r' => (b'\r', after),
            't' => (b'\t', after),
            'a' => (7, after),
            'b' => (8, after),
            'v' => (11, after),
            'f' => (12, after),
            'e' => (27, after),
            '\\' | '"' | '\'' | '?' | '`' | '$' | '/' => (escape as u8, after),
            // Rust and JavaScript print 0 like this, whatever comes next; C has three digits then.
            '0' if octal_digits(rest) < 3 => (0, after),
            '0'..='7' => number(rest, 8, 3).ok_or_else(|| unknown(rest))?,
            'x' => number(after, 16, 2).ok_or_else(|| unknown(rest))?,
            'u' | 'U' => {
                let (c, length) = unicode(escape, after).ok_or_else(|| unknown(rest))?;
                match u8::try_from(c) {
                    // Java and JSON print bytes as such characters; Rust's \u{96} is one.
                    Ok(byte) if !after.starts_with('{') => bytes.push(byte),
                    _ => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
                }
                rest = &after[length..];
                continue;
            }
            _ => return Err(unknown(rest)),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes.extend(rest.bytes());
    Ok(bytes)
}

/// How many of the first three characters are octal digits.
fn octal_digits(text: &str) -> usize {
    let digits = text.bytes().take(3);
    digits
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count()
}

/// A number of at most `most` digits, and what comes after it.
fn number(text: &str, radix: u32, most: usize) -> Option<(u8, &str)> {
    let digits = text.bytes().take(most);
    let length = digits
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    let (digits, after) = text.split_at(length);
    Some((u8::from_str_radix(digits, radix).ok()?, after))
}

/// The character of `\u0008`, `\u{8}` or `\U00000008`, and how long the digits are.
fn unicode(escape: char, text: &str) -> Option<(char, usize)> {
    let digits = match text.strip_prefix('{') {
        Some(text) => text.split_once('}')?.0,
        None => text.get(..if escape == 'u' { 4 } else { 8 })?,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| hex_digit(byte).is_some()) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((c, digits.len() + if text.starts_with('{') { 2 } else { 0 }))
}

/// What to say of an escape; `text` begins after its backslash.
fn unknown(text: &str) -> String {
    let shown: String = text.chars().take(3).collect();
    format!("\"\\{}\" is no escape that stands for a byte", shown.escape_debug())
}
