//! A source file as the scan needs it: its tokens, its functions and its constants.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lexer::{Placed, Token, tokens};

/// A source file.
pub struct File {
    pub name: String,
    pub tokens: Vec<Placed>,
    /// For each token that opens a bracket, where that is closed.
    closings: BTreeMap<usize, usize>,
    pub functions: Vec<Function>,
    /// The constants and statics: name, and tokens of the value.
    pub constants: BTreeMap<String, Range<usize>>,
}

/// A function; each range is one of tokens.
pub struct Function {
    pub name: String,
    /// Whether it is called on a value: it has `self`.
    pub is_method: bool,
    /// The parameters that may be a text.
    pub params: BTreeSet<String>,
    pub returns: Range<usize>,
    pub body: Range<usize>,
}

impl File {
    pub fn read(name: &str, source: &str) -> File {
        let tokens = tokens(source);
        let mut file = File {
            name: name.to_string(),
            closings: closings(&tokens),
            tokens,
            functions: Vec::new(),
            constants: BTreeMap::new(),
        };
        for at in 0..file.tokens.len() {
            match (file.word(at), file.word(at + 1)) {
                (Some("fn"), Some(name)) => {
                    let function = file.function(name.to_string(), at + 2);
                    file.functions.extend(function);
                }
                // `&'static str` is none.
                (Some("const" | "static"), Some(name))
                    if file.sign(at + 2) == Some(':') =>
                {
                    let name = name.to_string();
                    let end = file.end_of_statement(at);
                    // Of a text, or of several. A table of other things has texts as well.
                    if (at..end).any(|at| file.word(at) == Some("str")) {
                        file.constants.insert(name, at..end);
                    }
                }
                _ => {}
            }
        }
        file
    }

    pub fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    pub fn sign(&self, at: usize) -> Option<char> {
        match self.tokens.get(at) {
            Some((Token::Sign(sign), _)) => Some(*sign),
            _ => None,
        }
    }

    /// The function whose name ends before `at`, unless it has no body.
    fn function(&self, name: String, mut at: usize) -> Option<Function> {
        while self.sign(at) != Some('(') {
            at += 1;
            self.tokens.get(at)?;
        }
        let end = self.closing(at);
        let mut params = BTreeSet::new();
        for param in at + 1..end {
            // Of the type of a text.
            let ends = (param..end).find(|at| self.sign(*at) == Some(','));
            let mut of_type = param..ends.unwrap_or(end);
            if let Some(word) = self.word(param)
                && self.sign(param + 1) == Some(':')
                && of_type.any(|at| matches!(self.word(at), Some("str" | "String")))
            {
                params.insert(word.to_string());
            }
        }
        let mut open = end;
        while !matches!(self.sign(open), Some('{' | ';')) {
            // Past the `;` of an array's type.
            open = if self.sign(open) == Some('[') {
                self.closing(open)
            } else {
                open
            } + 1;
            self.tokens.get(open)?;
        }
        if self.sign(open) == Some(';') {
            return None;
        }
        let body = open..self.closing(open);
        let is_method = (at..end).any(|at| self.word(at) == Some("self"));
        Some(Function { name, is_method, params, returns: end..open, body })
    }

    /// Where the bracket at `at` is closed.
    pub fn closing(&self, at: usize) -> usize {
        self.closings.get(&at).copied().unwrap_or(self.tokens.len())
    }

    /// Where the statement that begins at `at` ends: at its semicolon.
    pub fn end_of_statement(&self, at: usize) -> usize {
        let mut end = at;
        while end < self.tokens.len() {
            match self.sign(end) {
                Some('(' | '[' | '{') => end = self.closing(end),
                Some(';' | ')' | ']' | '}') => return end,
                _ => {}
            }
            end += 1;
        }
        end
    }

    /// The innermost function around a token.
    pub fn function_around(&self, at: usize) -> Option<&Function> {
        let around = self
            .functions
            .iter()
            .filter(|function| function.body.contains(&at));
        around.min_by_key(|function| function.body.len())
    }
}

/// For each token that opens a bracket, the one that closes it.
fn closings(tokens: &[Placed]) -> BTreeMap<usize, usize> {
    let mut open = Vec::new();
    let mut closings = BTreeMap::new();
    for (at, (token, _)) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => open.push(at),
            Token::Sign(')' | ']' | '}') => {
                closings.extend(open.pop().map(|opened| (opened, at)));
            }
            _ => {}
        }
    }
    closings
}
