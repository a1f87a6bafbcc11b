//! Brings what a reader pastes into the form in which it is compared.

/// The text in the form in which messages are compared: small letters, one kind of quotes, one
/// space for all white space. Colours are gone, and so are the labels of `cargo run`, such as
/// `client | `.
pub fn cleaned(text: &str) -> String {
    let lines: Vec<String> = cleaned_lines(text);
    lines.join(" ")
}

/// [`cleaned`], line by line. Lines without letters and digits are left out.
pub(super) fn cleaned_lines(text: &str) -> Vec<String> {
    let text = without_escapes(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = cleaned_line(without_label(line));
        if line.contains(char::is_alphanumeric) {
            lines.push(line);
        }
    }
    lines
}

fn cleaned_line(line: &str) -> String {
    let mut cleaned = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '`' | '´' | '"' | '‘' | '’' | '“' | '”' => cleaned.push('\''),
            // Frames that compilers and terminals draw.
            '\u{2500}'..='\u{257f}' => cleaned.push(' '),
            c if c.is_control() => cleaned.push(' '),
            c => cleaned.extend(c.to_lowercase()),
        }
    }
    let words: Vec<&str> = cleaned.split_whitespace().collect();
    words.join(" ")
}

/// What stands behind the label that `cargo run` puts before each line of a program.
fn without_label(line: &str) -> &str {
    match line.trim_start().split_once('|') {
        Some((label, rest)) if matches!(label.trim(), "client" | "server") => rest,
        _ => line,
    }
}

/// The text without the escape sequences that colour a terminal or move its cursor (ECMA-48).
fn without_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            kept.push(c);
            continue;
        }
        match chars.next() {
            // CSI: parameters, then one final character.
            Some('[') => {
                let _ = chars.find(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            // OSC, such as a title or a link: up to BEL, or to ESC and a backslash.
            Some(']') => {
                let end = chars.find(|c| matches!(c, '\u{7}' | '\u{1b}'));
                let backslash = end.filter(|c| *c == '\u{1b}');
                let _ = backslash.and_then(|_| chars.next());
            }
            _ => {}
        }
    }
    kept
}
