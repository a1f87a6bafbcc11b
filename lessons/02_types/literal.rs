//! Bytes as a string of a programming language, with escapes: `b"\x08\x96\x01"`, `"\n\005hello"`.

use super::input::hex_digit;

/// How many strings are looked for: a text may have millions.
const MAX_STRINGS: usize = 64;

/// How long the note after a string may be that says that it was cut.
const MAX_NOTE: usize = 40;

/// A string, as it was written.
pub struct Literal {
    /// What stands between the quotes, of all its pieces.
    pub text: String,
    /// Whether there are backslashes in it.
    pub has_escapes: bool,
    /// Whether it is marked as bytes, as in Python's `b'abc'`.
    pub is_marked: bool,
    /// Whether the program that printed it says that it left the rest out.
    pub is_cut: bool,
    /// Where its first quote stands.
    start: usize,
}

impl Literal {
    /// Whether its characters are bytes, and not digits that stand for bytes.
    fn is_bytes(&self) -> bool {
        self.has_escapes || self.is_marked
    }

    /// Whether it is base64 in which the slashes are escaped, as PHP writes JSON.
    pub fn is_json_base64(&self) -> bool {
        !self.text.replace("\\/", "/").contains('\\')
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
    let quoted = text.trim_start_matches(['b', 'B', 'c', 'r', 'R', 'u', '@', '$']);
    text.len() - quoted.len() <= 2 && quoted.starts_with(['"', '\''])
}

/// Finds the string in a text: the only one that is bytes, or else the only one with digits in it
/// that stand for bytes. A text without quotes is a string if it has escapes in it other than
/// `\x`, or other characters between them. `None` if there is none.
///
/// # Errors
/// There are several, or there is no closing quote: a line that says so.
pub fn find(text: &str) -> Result<Option<Literal>, String> {
    let mut strings = all_in(text);
    if strings.is_empty() {
        if begins(text) {
            return Err("the string has no closing quote".into());
        }
        if !text.contains('\\') || is_hexadecimal(text) {
            return Ok(None);
        }
        // Behind a name, as in HBase's `value=\x08`.
        let first = text.find('\\').unwrap_or(0);
        let start = text[..first].rfind('=').map_or(0, |equals| equals + 1);
        let text = text[start..].to_string();
        let is_cut = false;
        return Ok(Some(Literal {
            text,
            has_escapes: true,
            is_marked: false,
            is_cut,
            start: 0,
        }));
    }
    if begins(text) && strings.len() == 1 {
        return Ok(strings.pop());
    }
    // In the values of JSON, and of messages as text, escapes stand for characters.
    let fields = text.lines().filter(|line| line.contains(": ")).count();
    strings.retain(|string| {
        let before = &text[..string.start];
        let is_value =
            before.rfind('{') > before.rfind('}') && before.contains([':', ',']);
        string.is_marked || !(is_value || fields > 1)
    });
    let is_bytes = |string: &Literal| string.is_bytes();
    if strings.iter().any(is_bytes) {
        strings.retain(is_bytes);
    } else {
        strings.retain(|string| super::input::is_digits(&string.text));
    }
    match strings.len() {
        0 | 1 => Ok(strings.pop()),
        several => {
            Err(format!("there are {several} strings in the text: give one of them"))
        }
    }
}

/// The strings in a text. Several of them in a row are one, as in C.
fn all_in(text: &str) -> Vec<Literal> {
    let mut strings: Vec<Literal> = Vec::new();
    // Where the last string ends.
    let mut end = 0;
    let mut at = 0;
    while let Some(next) = text[at..].find(['"', '\'', '\\'])
        && strings.len() < MAX_STRINGS
    {
        let start = at + next;
        let quote = char::from(text.as_bytes()[start]);
        let inside = &text[start + 1..];
        if quote == '\\' {
            at = start + 1 + inside.chars().next().map_or(0, char::len_utf8);
            continue;
        }
        let Some(length) = closing(inside, quote) else {
            at = start + 1;
            continue;
        };
        let content = &inside[..length];
        let between = &text[end..start];
        at = start + length + 2;
        let joined = strings.last_mut().filter(|string| {
            // The words of a command, such as Redis logs, are strings of their own.
            let goes_on = string.is_bytes() || string.start < 2 || between.contains('\n');
            goes_on
                && between
                    .chars()
                    .all(|c| c.is_whitespace() || "+\\bBr".contains(c))
        });
        if let Some(string) = joined {
            string.text += content;
            string.has_escapes |= content.contains('\\');
        } else {
            strings.push(Literal {
                text: content.to_string(),
                has_escapes: content.contains('\\'),
                is_marked: is_mark(&text[..start]),
                is_cut: false,
                start,
            });
        }
        end = at;
        if let Some(string) = strings.last_mut() {
            let after = text[end..].trim_start();
            let after: String = after.chars().take(MAX_NOTE).collect();
            string.is_cut = after.starts_with("...")
                || after
                    .split(')')
                    .next()
                    .is_some_and(|note| note.ends_with("bytes omitted"));
        }
    }
    strings
}

/// Whether the text ends in the letter that marks bytes, as a word of its own.
fn is_mark(text: &str) -> bool {
    let word = text.trim_end_matches(['b', 'B', 'r', 'R']);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text[word.len()..].contains(['b', 'B']) && !word.ends_with(is_name)
}

/// Whether the text is only `\x` and digits, so that what is between them are no characters.
fn is_hexadecimal(text: &str) -> bool {
    super::input::hex(text).is_ok()
}

/// Where the quote is that ends the string.
pub fn closing(text: &str, quote: char) -> Option<usize> {
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
///
/// # Errors
/// An escape that is not known: a line that says so.
pub fn unescape(text: &str) -> Result<Vec<u8>, String> {
    if is_decimal(text) {
        return Err(
            "the escapes in the string are decimal numbers, as Lua, OCaml and Haskell print them: in C's, which are read, they are octal".into(),
        );
    }
    // Where bytes have escapes of their own, or other characters are meant, `\u` is a character.
    let has_characters = text.contains("\\x") || !text.is_ascii();
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
            '\\' | '"' | '\'' | '?' | '`' | '$' | '/' | '#' => (escape as u8, after),
            // A line that goes on below. Rust leaves out what it is indented by.
            '\n' | '\r' => {
                rest = after.trim_start();
                continue;
            }
            // Rust and JavaScript print 0 like this, whatever comes next; C has three digits then.
            '0' if octal_digits(rest) < 3 => (0, after),
            '0'..='7' => number(rest, 8, 3).ok_or_else(|| unknown(rest))?,
            'x' if after.starts_with('{') => {
                braced(after).ok_or_else(|| unknown(rest))?
            }
            'x' => number(after, 16, 2).ok_or_else(|| unknown(rest))?,
            'u' | 'U' => {
                let (c, length) = unicode(escape, after).ok_or_else(|| unknown(rest))?;
                match u8::try_from(c) {
                    // Java and JSON print bytes as such characters; Rust's \u{96} is one.
                    Ok(byte) if !after.starts_with('{') && !has_characters => {
                        bytes.push(byte)
                    }
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

/// The byte of Perl's `\x{8}`, and what comes after it.
fn braced(text: &str) -> Option<(u8, &str)> {
    let (digits, after) = text.strip_prefix('{')?.split_once('}')?;
    Some((u8::from_str_radix(digits, 16).ok()?, after))
}

/// Whether the numbers of a string's escapes are decimal: one is no octal number, and all have
/// three digits, or that one has no other reading.
fn is_decimal(text: &str) -> bool {
    let mut numbers = text
        .replace("\\\\", "")
        .split('\\')
        .skip(1)
        .map(|piece| {
            piece
                .bytes()
                .take(3)
                .take_while(u8::is_ascii_digit)
                .map(char::from)
                .collect::<String>()
        })
        .filter(|digits| !digits.is_empty())
        .collect::<Vec<_>>();
    let octal = |digits: &str| u8::from_str_radix(digits, 8).is_ok();
    let all_of_three = numbers.iter().all(|digits| digits.len() == 3);
    numbers.retain(|digits| {
        digits.starts_with(['8', '9']) || all_of_three && digits.parse::<u8>().is_ok()
    });
    numbers.iter().any(|digits| !octal(digits))
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
