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

/// The bytes of a dump, or `None` if the text is none. Lines before it are left out, such as
/// tcpdump's description of the packet.
///
/// # Errors
/// It is a dump, and cannot be read: a line that says why.
pub fn read(text: &str) -> Option<Result<Vec<u8>, String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines
        .skip_while(|line| Line::of(line).is_none() && hex(line).is_err())
        .collect();
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
    if bytes.is_none() && dumped.iter().all(|line| line.has_colon) {
        return Some(Err(not_followed()));
    }
    bytes.map(Ok)
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
        let after = rest.strip_prefix(':').unwrap_or(rest);
        let has_colon = after.len() < rest.len();
        let is_word = after.is_empty() || after.starts_with(char::is_whitespace);
        (is_word && (4..=16).contains(&end)).then_some(Line {
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
        self.has_colon
            || (words_of_two && apart && self.offset.bytes().all(|byte| byte == b'0'))
    }

    /// Its bytes, without the text beside them: `size` of them, if that is known.
    fn bytes(&self, size: Option<u64>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = self.rest;
        loop {
            let text = rest.trim_start();
            let is_complete = size.is_none_or(|size| size == bytes.len() as u64);
            let is_apart = rest.len() - text.len() > 1 || text.starts_with('|');
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

/// Whether a text shows these bytes as a dump does: each as its character, or as a dot or another
/// sign.
fn is_shown_by(text: &str, bytes: &[u8]) -> bool {
    let framed = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    let text = framed('|', '|').or(framed('>', '<')).unwrap_or(text);
    let mut shown = text.chars().filter(|c| !c.is_whitespace());
    let mut visible = bytes.iter().filter(|byte| **byte != b' ');
    !bytes.is_empty()
        && visible.all(|byte| {
            shown.next().is_some_and(|c| {
                c == char::from(*byte)
                    || !(byte.is_ascii_graphic() || c.is_ascii_alphanumeric())
            })
        })
        && shown.next().is_none()
}
