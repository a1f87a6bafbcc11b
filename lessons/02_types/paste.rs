//! What stands around bytes where people copy them: comments, quotes of an e-mail, signs that
//! nobody sees. It is taken off before the bytes are read. No chapter teaches this file.

use super::literal;

/// How pages write characters that mean something in HTML.
const ENTITIES: [(&str, &str); 6] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#34;", "\""),
    ("&amp;", "&"),
];

/// The text as the program printed it, without what a page or an e-mail made of it.
pub fn unquoted(text: &str) -> String {
    let mut text = text
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .to_string();
    if ENTITIES[..4]
        .iter()
        .any(|(entity, _)| text.contains(entity))
    {
        for (entity, c) in ENTITIES {
            text = text.replace(entity, c);
        }
    }
    text = without_quoting(&text);
    // In a string they may be meant.
    if !text.contains(['"', '\'']) {
        text = text
            .chars()
            .filter(|c| !is_invisible(*c))
            .map(plain)
            .collect();
    }
    text.trim().to_string()
}

/// The lines without the marks of Markdown's code and of an e-mail's answer.
fn without_quoting(text: &str) -> String {
    let fenced = text.starts_with("```") && text.len() > 3;
    let lines = text
        .lines()
        .filter(|line| !(fenced && line.trim_start().starts_with("```")));
    let quoted = text
        .lines()
        .all(|line| line.is_empty() || line.starts_with('>'));
    let lines = lines.map(|line| {
        if quoted {
            line.trim_start_matches('>').to_string()
        } else {
            line.to_string()
        }
    });
    let lines: Vec<String> = lines.collect();
    let text = lines.join("\n");
    let mut text = text.trim();
    for (begin, end) in [
        ("<pre>", "</pre>"),
        ("<code>", "</code>"),
        ("**", "**"),
        ("`", "`"),
    ] {
        let inside = text
            .strip_prefix(begin)
            .and_then(|text| text.strip_suffix(end));
        text = inside.unwrap_or(text).trim();
    }
    if text.starts_with("+--") {
        return without_table(text);
    }
    text.to_string()
}

/// What stands in the cells of a table with one column, as MySQL draws it.
fn without_table(text: &str) -> String {
    let rows = text.lines().filter(|line| !line.starts_with('+'));
    let cells = rows.map(|row| row.trim_matches(['|', ' ', '\r']));
    cells.collect::<Vec<_>>().join("\n")
}

/// Signs that take no room: spaces without width, marks of the direction, soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The character that a keyboard has for one that a word processor makes.
fn plain(c: char) -> char {
    match c {
        '“' | '”' | '„' | '«' | '»' => '"',
        '‘' | '’' | '‚' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '，' | '、' => ',',
        '：' => ':',
        _ => c,
    }
}

/// The text without comments and without backslashes at the ends of lines, but for those in
/// quotes.
pub fn without_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let last_end = text.rfind("*/").unwrap_or(0);
    while let Some(at) = rest.find(['"', '\'', '/', '#', '-', '\\']) {
        let (before, from) = rest.split_at(at);
        clean += before;
        let taken = if from.starts_with(['"', '\'']) {
            let quote = if from.starts_with('"') { '"' } else { '\'' };
            let end = literal::closing(&from[1..], quote);
            // A quote alone is perhaps an apostrophe.
            end.map_or(1, |end| end + 2)
        } else if let Some(end) =
            comment(&clean, from, text.len() - from.len() < last_end)
        {
            clean.push(' ');
            rest = &from[end..];
            continue;
        } else if let Some(escaped) = from.strip_prefix('\\') {
            let after = escaped.trim_start_matches([' ', '\t', '\r']);
            if after.starts_with('\n') {
                clean.push(' ');
                rest = after;
                continue;
            }
            // The character after it is no quote.
            1 + escaped.chars().next().map_or(0, char::len_utf8)
        } else {
            1
        };
        clean += &from[..taken];
        rest = &from[taken..];
    }
    clean += rest;
    clean.trim().to_string()
}

/// How long the comment is at the beginning of a text, if one stands there: `/* */`, or one that
/// goes on to the end of the line. base64 has slashes too, so those stand apart. `is_closed` says
/// whether a `*/` comes later.
fn comment(before: &str, text: &str, is_closed: bool) -> Option<usize> {
    if text.starts_with("/*") && is_closed {
        return text.find("*/").map(|end| end + 2);
    }
    let apart = before
        .chars()
        .next_back()
        .is_none_or(|c| c.is_whitespace() || ",;".contains(c));
    let mark = ["//", "#", "--"]
        .into_iter()
        .find(|mark| text.starts_with(mark))?;
    let after = text[mark.len()..].chars().next();
    let spaced = after.is_none_or(char::is_whitespace);
    (apart && spaced).then(|| text.find('\n').unwrap_or(text.len()))
}
