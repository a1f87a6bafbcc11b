//! Bytes in a dump, as xxd, hexdump, od, tcpdump and Wireshark print it: an offset, bytes, and
//! perhaps the same bytes as text.

use super::input::{hex, hex_digit};

/// A line of a dump.
struct Line<'a> {
    /// The digits of the offset.
    offset: &'a str,
    /// What comes after it.
    rest: &'a str,
    /// A colon stands between the two.
    has_colon: bool,
}

/// The bytes of a dump, or `None` if the text is none. Lines around it are left out, such as
/// tcpdump's description of the packet.
///
/// # Errors
/// It is a dump, and cannot be read: a line that says why.
pub fn read(text: &str) -> Option<Result<Vec<u8>, String>> {
    let lines: Vec<String> = text.lines().filter_map(without_frame).collect();
    if let Some(bytes) = without_offsets(&lines) {
        return Some(Ok(bytes));
    }
    let is_other = |line: &&str| Line::of(line).is_none() && hex(line).is_err();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let start = lines.iter().position(|line| !is_other(line))?;
    lines.drain(..start);
    // A bracket that Go prints after the dump, or a prompt.
    let end = lines
        .iter()
        .rposition(|line| !is_other(line) || line.trim() == "*")?;
    lines.truncate(end + 1);
    let squeezed = lines.iter().any(|line| line.trim() == "*");
    let dumped = lines.iter().filter(|line| line.trim() != "*");
    let dumped: Vec<Line> = dumped.map(|line| Line::of(line)).collect::<Option<_>>()?;
    let first = dumped.first()?;
    if squeezed {
        return Some(Err("a * in the dump stands for lines that were left out: print it with xxd or hexdump -Cv".into()));
    }
    // hexdump and od print seven digits, and unless told otherwise numbers of two bytes, whose
    // order depends on the machine.
    if dumped
        .iter()
        .all(|line| line.offset.len() == 7 && !line.has_colon)
        && first.rest.split_whitespace().any(|word| word.len() != 2)
    {
        return Some(Err("it is a dump of numbers that are not single bytes in hexadecimal: print it with xxd or hexdump -C".into()));
    }
    let not_followed = || {
        "it looks like a dump, but its offsets do not go with its bytes: are lines missing?".to_string()
    };
    if let [line] = &dumped[..] {
        let shown = || line.bytes(None).ok_or_else(not_followed);
        return line.is_dump_alone().then(shown);
    }
    // od counts in octal, or in decimal.
    let bytes = [16, 8, 10]
        .into_iter()
        .find_map(|radix| follow(&dumped, radix));
    let is_dump = |line: &Line| line.has_colon && line.offset.len() >= 4;
    if bytes.is_none() && dumped.iter().all(is_dump) {
        return Some(Err(not_followed()));
    }
    bytes.map(Ok)
}

/// A line without the frame that Netty and hexyl draw. `None` if it has no bytes: it is empty, is
/// part of the frame, or says which columns there are.
fn without_frame(line: &str) -> Option<String> {
    let framed = line.trim_start().starts_with(['|', '│']);
    let mut text = line.replace(['│', '┊'], "  ");
    if framed && line.trim_start().starts_with('|') {
        text = line.trim().replacen('|', "", 1).replacen('|', "  ", 1);
    }
    let is_drawn =
        text.trim().chars().all(|c| "+-=*─┌┐└┘┬┴┼ ".contains(c)) && text.trim() != "*";
    let counts = |columns: &str| {
        let columns = hex(columns).unwrap_or_default();
        columns.len() > 7 && (0..).zip(columns).all(|(n, byte)| n == u32::from(byte))
    };
    // `Offset(h)` stands before them in HxD.
    let columns = text.trim_start_matches("Offset(h)");
    (!is_drawn && !counts(columns)).then_some(text)
}

/// The bytes of lines that have no offsets, and the same bytes as text beside them.
fn without_offsets(lines: &[String]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for line in lines {
        let line = Line { offset: "", rest: line.trim(), has_colon: false };
        // Without text, any hexadecimal would be such a line.
        hex(line.rest).is_err().then_some(())?;
        bytes.extend(line.bytes(None)?);
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The bytes of all lines, if each offset is as far from the next as its line has bytes.
fn follow(lines: &[Line], radix: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let offset = |line: &Line| u64::from_str_radix(line.offset, radix).ok();
        let size = match lines.get(n + 1) {
            Some(next) => Some(offset(next)?.checked_sub(offset(line)?)?),
            None => None,
        };
        bytes.extend(line.bytes(size)?);
    }
    Some(bytes)
}

impl<'a> Line<'a> {
    /// A line that may be one of a dump: it begins with four digits or more.
    fn of(line: &'a str) -> Option<Line<'a>> {
        let line = line.trim();
        let line = line.strip_prefix("0x").unwrap_or(line);
        let end = line
            .bytes()
            .take_while(|byte| hex_digit(*byte).is_some())
            .count();
        let (offset, rest) = line.split_at(end);
        // gdb has the name of what is printed there: `<buffer+8>:`.
        let named = rest
            .strip_prefix(" <")
            .and_then(|rest| rest.split_once(">:"));
        let rest = named.map_or(rest, |(_, after)| &rest[rest.len() - after.len() - 1..]);
        let after = rest.strip_prefix(':').unwrap_or(rest);
        let has_colon = after.len() < rest.len();
        let after = after.strip_prefix(" | ").unwrap_or(after);
        let has_colon = has_colon || after.len() + 3 == rest.len();
        let is_word =
            after.is_empty() || after.starts_with(char::is_whitespace) || has_colon;
        // Two digits may be a byte as well.
        let is_offset = end >= 4 || end >= 2 && has_colon && !after.contains(':');
        (is_word && is_offset && end <= 16).then_some(Line {
            offset,
            has_colon,
            rest: after,
        })
    }

    /// Whether it is a line of a dump even if it is the only one. Without a colon, the offset is
    /// 0 and stands apart, or has seven digits, which are no whole bytes.
    fn is_dump_alone(&self) -> bool {
        let words_of_two = self
            .rest
            .split_whitespace()
            .next()
            .is_some_and(|word| word.len() == 2);
        let apart = self.rest.starts_with("  ") || self.offset.len() == 7;
        let is_first = self.offset.bytes().all(|byte| byte == b'0');
        let has_text = || hex(self.rest).is_err() && self.bytes(None).is_some();
        let is_long = self.offset.len() >= 4;
        has_text()
            || (self.has_colon && (is_long || is_first))
            || (is_first && words_of_two && apart)
    }

    /// Its bytes, without the text beside them: `size` of them, if that is known.
    fn bytes(&self, size: Option<u64>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = self.rest;
        loop {
            let text = rest.trim_start();
            let is_complete = size.is_none_or(|size| size == bytes.len() as u64);
            let is_apart = rest.len() - text.len() > 1 || text.starts_with(['|', '\'']);
            let shows_bytes = || is_apart && is_shown_by(text, &bytes);
            if is_complete && (text.is_empty() || shows_bytes()) {
                return Some(bytes);
            }
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            // An error also where the line ends before it has its bytes: no word is left.
            let word = hex(&text[..end]).ok().filter(|word| !word.is_empty())?;
            bytes.extend(word);
            rest = &text[end..];
        }
    }
}

/// Whether a text shows these bytes as a dump does. It may stand in a frame, such as `|hello|`, and
/// what looks like a frame may be bytes.
fn is_shown_by(text: &str, bytes: &[u8]) -> bool {
    let framed = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    let texts = [
        Some(text),
        framed('|', '|'),
        text.strip_prefix("| "),
        framed('>', '<'),
        framed('\'', '\''),
    ];
    let mut texts = texts.into_iter().flatten();
    !bytes.is_empty() && texts.any(|text| is_shown_without_frame(text, bytes))
}

/// Whether a text shows each byte as its character, or as a dot or another sign.
fn is_shown_without_frame(text: &str, bytes: &[u8]) -> bool {
    let mut shown = text.chars().filter(|c| !c.is_whitespace());
    let mut visible = bytes.iter().filter(|byte| **byte != b' ');
    visible.all(|byte| {
        shown.next().is_some_and(|c| {
            c == char::from(*byte)
                || !(byte.is_ascii_graphic() || c.is_ascii_alphanumeric())
        })
    }) && shown.next().is_none()
}
