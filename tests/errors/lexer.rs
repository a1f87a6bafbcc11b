//! Takes Rust's source apart into words, signs and string literals: as much as the scan needs.

/// A piece of source. Comments, attributes, characters and lifetimes are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or a keyword. With a `!` behind it where a macro is invoked, as `println!`.
    Word(String),
    /// A string literal, without its quotes, its escapes resolved.
    Text(String),
    /// Any other character, such as `(`.
    Sign(char),
}

/// A token, and the line where it begins; the first line of a file is 1.
pub type Placed = (Token, usize);

/// The tokens of a source.
pub fn tokens(source: &str) -> Vec<Placed> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    without_attributes(tokens)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn next(&mut self) -> Option<Placed> {
        loop {
            let line = self.line;
            let c = self.peek(0)?;
            match (c, self.peek(1)) {
                ('/', Some('/')) => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.take();
                    }
                }
                ('/', Some('*')) => self.comment(),
                ('"', _) => {
                    self.take();
                    return Some((Token::Text(self.text()), line));
                }
                ('\'', _) => self.character_or_lifetime(),
                _ if c.is_whitespace() => {
                    self.take();
                }
                _ if c.is_alphanumeric() || c == '_' => return Some((self.word(), line)),
                _ => {
                    self.take();
                    return Some((Token::Sign(c), line));
                }
            }
        }
    }

    /// `/* ... */`, which may contain others.
    fn comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.take();
                    continue;
                }
            }
            self.take();
            self.take();
            if depth == 0 {
                return;
            }
        }
    }

    /// A word, or a literal that begins with letters: `r"..."`, `r#"..."#`, `b"..."`, `b'x'`.
    fn word(&mut self) -> Token {
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
            self.take();
        }
        let hashes = (0..).take_while(|n| self.peek(*n) == Some('#')).count();
        let is_raw = matches!(&*word, "r" | "br" | "cr");
        if is_raw && self.peek(hashes) == Some('"') {
            self.at += hashes + 1;
            return Token::Text(self.raw_text(hashes));
        }
        if matches!(&*word, "b" | "c") && self.peek(0) == Some('"') {
            self.take();
            return Token::Text(self.text());
        }
        // `a != b` compares.
        if self.peek(0) == Some('!') && self.peek(1) != Some('=') {
            self.take();
            word.push('!');
        }
        Token::Word(word)
    }

    fn raw_text(&mut self, hashes: usize) -> String {
        let mut text = String::new();
        while let Some(c) = self.take() {
            if c == '"' && (0..hashes).all(|n| self.peek(n) == Some('#')) {
                self.at += hashes;
                break;
            }
            text.push(c);
        }
        text
    }

    /// A string literal, from behind its first quote.
    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.take() {
            match c {
                '"' => break,
                '\\' => self.escape(&mut text),
                c => text.push(c),
            }
        }
        text
    }

    fn escape(&mut self, text: &mut String) {
        match self.take() {
            Some('n' | 'r' | 't') => text.push(' '),
            // The literal goes on at the next line's first letter.
            Some('\n') => {
                while self.peek(0).is_some_and(char::is_whitespace) {
                    self.take();
                }
            }
            Some('x') => self.at += 2,
            Some('u') => while self.take().is_some_and(|c| c != '}') {},
            Some('0') | None => {}
            Some(c) => text.push(c),
        }
    }

    fn character_or_lifetime(&mut self) {
        self.take();
        if self.peek(0) == Some('\\') {
            self.take();
            self.take();
            while self.take().is_some_and(|c| c != '\'') {}
        } else if self.peek(1) == Some('\'') {
            self.take();
            self.take();
        }
        // Otherwise a lifetime: its name is taken for a word, which does no harm.
    }
}

/// The tokens outside of `#[...]` and `#![...]`: what an attribute says is no message.
fn without_attributes(tokens: Vec<Placed>) -> Vec<Placed> {
    let mut kept = Vec::new();
    let mut depth = 0;
    let mut before = None;
    for (token, line) in tokens {
        match token {
            Token::Sign('[') if depth > 0 || before == Some(Token::Sign('#')) => {
                if depth == 0 {
                    kept.pop();
                }
                depth += 1;
            }
            Token::Sign(']') if depth > 0 => depth -= 1,
            // `#![...]`
            Token::Sign('!') if before == Some(Token::Sign('#')) => continue,
            ref token if depth == 0 => kept.push((token.clone(), line)),
            _ => {}
        }
        before = Some(token);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The string literals of a source.
    fn texts(source: &str) -> Vec<String> {
        let texts = tokens(source)
            .into_iter()
            .filter_map(|(token, _)| match token {
                Token::Text(text) => Some(text),
                _ => None,
            });
        texts.collect()
    }

    #[test]
    fn literals_are_found_and_nothing_else() {
        let source = r###"
            // "a comment" and /* "another" /* "inside" */ "still" */
            /* "a comment" /* "inside" */ "still" */
            /// "documentation"
            #[doc = "an attribute"]
            #![allow("one more")]
            let a = ["one", 'x', '"', '\'', '\u{1f}', b'"'];
            fn f<'a>(b: &'a str) -> &'a str { "two" }
            let c = (r"th\ree", r#"fo"ur"#, b"five", "si\"x \
                      goes on", "seven\n\u{e9}eight");
            assert!(a != "nine");
        "###;
        assert_eq!(
            texts(source),
            [
                "one",
                "two",
                "th\\ree",
                "fo\"ur",
                "five",
                "si\"x goes on",
                "seven eight",
                "nine"
            ]
        );
    }

    #[test]
    fn lines_are_counted() {
        let lines: Vec<usize> = tokens("\"a\nb\" x\n/*\n*/ r\"\n\" y")
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        assert_eq!(lines, [1, 2, 4, 5]);
    }
}
