//! Finds in Rust's source every message that a program can print for a failure.
//!
//! A *sink* takes a message: `Err(...)`, `Failure::new(...)`, `Status::not_found(...)`,
//! `eprintln!(...)`, and what else [`is_sink`] knows. The literals inside its parentheses are messages.
//! So are those of what it names there: of a local variable or a constant, and of a function that
//! returns a text or an error. A function that hands one of its parameters to a sink is a sink too.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lexer::Token;
use super::source::{File, Function};

/// A message in the source. [`GAP`] stands for what is put in when the program runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The literal on one line.
    pub text: String,
    /// The file and the line where it stands.
    pub place: String,
}

/// Stands in a message where the source has `{...}`.
pub const GAP: char = '\u{fffc}';

/// Takes a message as its argument, by the last part of its name.
const SINKS: &[&str] = &[
    "Err",
    "map_err",
    "ok_or",
    "ok_or_else",
    "fail",
    "eprintln!",
    "eprint!",
    "panic!",
    "unreachable!",
    "todo!",
    "unimplemented!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
    "expect",
    "expect_err",
    "compile_error!",
];

/// The messages of these sources: each is the name of a file and its text.
pub fn messages(sources: &[(String, String)]) -> Vec<Message> {
    let mut files = Vec::new();
    for (name, source) in sources {
        files.push(File::read(name, source));
    }
    let mut functions: BTreeMap<&str, Vec<(&File, &Function)>> = BTreeMap::new();
    for file in &files {
        for function in &file.functions {
            functions
                .entry(&function.name)
                .or_default()
                .push((file, function));
        }
    }
    let (own_sinks, found) = (BTreeSet::new(), BTreeSet::new());
    let mut scan = Scan { files: &files, functions, own_sinks, found };
    // A sink that is found makes others: until there are no more.
    loop {
        let before = scan.own_sinks.len();
        scan.look_for_sinks();
        if scan.own_sinks.len() == before {
            break;
        }
    }
    scan.look_for_messages();
    scan.found.into_iter().collect()
}

struct Scan<'a> {
    files: &'a [File],
    /// The functions of all files, by their names.
    functions: BTreeMap<&'a str, Vec<(&'a File, &'a Function)>>,
    /// The functions of the sources that are sinks: file and name.
    own_sinks: BTreeSet<(String, String)>,
    found: BTreeSet<Message>,
}

impl<'a> Scan<'a> {
    /// The tokens that each sink of a file takes.
    fn taken(&self, file: &'a File) -> Vec<Range<usize>> {
        let mut taken = Vec::new();
        for at in 0..file.tokens.len() {
            let Some(word) = file.word(at) else {
                continue;
            };
            // Past `::<...>`.
            let mut open = at + 1;
            if file.sign(open) == Some(':') && file.sign(open + 2) == Some('<') {
                while !matches!(file.sign(open), Some('(' | ';' | '{'))
                    && open < file.tokens.len()
                {
                    open += 1;
                }
            }
            let is_defined_here = at > 0 && file.word(at - 1) == Some("fn");
            let opens = match file.sign(open) {
                Some('(') => !is_defined_here && self.is_sink(file, at, word, open),
                // `FrameError { reason: "..." }`, and all that stands in `impl Display for FrameError`.
                Some('{') => is_error(word) && !is_declared(file, at),
                _ => false,
            };
            if opens {
                taken.push(open..file.closing(open));
            }
        }
        taken
    }

    /// Whether what is called at `at` takes a message.
    fn is_sink(&self, file: &File, at: usize, word: &str, open: usize) -> bool {
        if matches!(word, "println!" | "print!") {
            // A program that goes on says so on standard output.
            return (open..file.closing(open)).any(|at| match &file.tokens[at].0 {
                Token::Word(word) => word == "error",
                Token::Text(text) => text.contains("{error"),
                Token::Sign(_) => false,
            });
        }
        // `Status::not_found(...)`, `io::Error::other(...)`, `CallError::WrongResponse(...)`.
        let is_path =
            at >= 3 && file.sign(at - 1) == Some(':') && file.sign(at - 2) == Some(':');
        let owner = if is_path { file.word(at - 3) } else { None };
        SINKS.contains(&word)
            || is_error(word)
            || owner.is_some_and(is_error)
            || self.is_own_sink(file, word)
    }

    /// Whether a function of this name is a sink. One of another file is meant only where no other
    /// file has the name.
    fn is_own_sink(&self, file: &File, word: &str) -> bool {
        let all = self.functions.get(word).map_or(&[][..], Vec::as_slice);
        all.iter().any(|(other, _)| {
            let is_meant = other.name == file.name || all.len() == 1;
            is_meant
                && self
                    .own_sinks
                    .contains(&(other.name.clone(), word.to_string()))
        })
    }

    /// Finds functions that hand a parameter to a sink.
    fn look_for_sinks(&mut self) {
        let mut more = BTreeSet::new();
        for file in self.files {
            for taken in self.taken(file) {
                let Some(function) = file.function_around(taken.start) else {
                    continue;
                };
                let takes_text =
                    handed_on(file, taken).any(|name| function.params.contains(name));
                // The methods of traits have parameters that the caller does not choose.
                if takes_text
                    && !matches!(&*function.name, "fmt" | "from" | "main" | "new")
                {
                    more.insert((file.name.clone(), function.name.clone()));
                }
            }
        }
        self.own_sinks.extend(more);
    }

    fn look_for_messages(&mut self) {
        for file in self.files {
            for taken in self.taken(file) {
                self.collect(file, taken, &mut BTreeSet::new());
            }
        }
    }

    /// Takes the literals in these tokens, and those of what they name. `done` has the functions,
    /// variables and constants that were looked at already.
    fn collect(
        &mut self,
        file: &'a File,
        tokens: Range<usize>,
        done: &mut BTreeSet<(String, usize)>,
    ) {
        for at in tokens.clone() {
            if let Some((Token::Text(text), line)) = file.tokens.get(at) {
                self.found.extend(message(text, &file.name, *line));
            }
        }
        let start = tokens.start;
        for (name, used) in names(file, tokens) {
            for (file, named) in self.named(file, start, &name, used) {
                if done.insert((file.name.clone(), named.start)) {
                    self.collect(file, named, done);
                }
            }
        }
    }

    /// The tokens that decide what a name in a sink stands for: those of a function that
    /// returns a text or an error, of a constant, or of the statements about a local variable.
    fn named(
        &self,
        file: &'a File,
        at: usize,
        name: &str,
        used: Use,
    ) -> Vec<(&'a File, Range<usize>)> {
        let mut named = Vec::new();
        // A name of another file is that file's only where no other has it.
        let all = self.functions.get(name).map_or(&[][..], Vec::as_slice);
        for (other, function) in all {
            let is_here = other.name == file.name;
            let is_meant = match used {
                Use::Function => !function.is_method && (is_here || all.len() == 1),
                Use::Method => function.is_method && is_here,
                Use::Value => false,
            };
            if is_meant && returns_text(other, function) {
                named.push((*other, function.body.clone()));
            }
        }
        for other in self.files {
            let value = other.constants.get(name);
            named.extend(value.map(|value| (other, value.clone())));
        }
        if let Some(function) = file.function_around(at) {
            let body = function.body.clone();
            named.extend(
                statements_about(file, body, name).map(|statement| (file, statement)),
            );
        }
        named
    }
}

/// The statements of a function that give a variable its value: `let name = ...;`, `name += ...;`.
fn statements_about<'a>(
    file: &'a File,
    body: Range<usize>,
    name: &'a str,
) -> impl Iterator<Item = Range<usize>> + 'a {
    body.filter_map(move |at| {
        if file.word(at) == Some("let") {
            let mut equals = at;
            while !matches!(file.sign(equals), Some('=' | ';'))
                && equals < file.tokens.len()
            {
                equals += 1;
            }
            let binds = (at..equals).any(|at| file.word(at) == Some(name));
            return binds.then(|| equals..file.end_of_statement(equals));
        }
        let assigns = file.sign(at + 1) == Some('=') && file.sign(at + 2) != Some('=')
            || file.sign(at + 1) == Some('+') && file.sign(at + 2) == Some('=');
        (file.word(at) == Some(name) && assigns).then(|| at..file.end_of_statement(at))
    })
}

/// The names in these tokens that may be a message, or begin one: `fail(1, line)`,
/// `fail(2, &format!("{how}; see --help"))`.
fn handed_on(file: &File, tokens: Range<usize>) -> impl Iterator<Item = &str> {
    tokens.filter_map(|at| match file.tokens.get(at) {
        // Not the receiver of a method, nor a function.
        Some((Token::Word(word), _)) => {
            let is_value = matches!(file.sign(at + 1), Some(',' | ')' | '}'))
                || matches!(file.word(at + 2), Some("into" | "to_string"));
            is_value.then_some(&**word)
        }
        Some((Token::Text(text), _)) => {
            let name = text.strip_prefix('{')?;
            name.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        }
        _ => None,
    })
}

/// How a name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Called, or handed on as in `map_err(describe)`.
    Function,
    /// Called behind a dot.
    Method,
    /// Anything else.
    Value,
}

/// All names in these tokens, those in the braces of format strings too.
fn names(file: &File, tokens: Range<usize>) -> impl Iterator<Item = (String, Use)> + '_ {
    tokens.flat_map(|at| match file.tokens.get(at) {
        Some((Token::Word(word), _)) => {
            let (before, behind) = (file.sign(at.wrapping_sub(1)), file.sign(at + 1));
            let used = match (before, behind) {
                (Some('.'), Some('(')) => Use::Method,
                (_, Some('(')) | (Some('(' | ','), Some(')')) => Use::Function,
                _ => Use::Value,
            };
            vec![(word.clone(), used)]
        }
        Some((Token::Text(text), _)) => {
            let inside = text.split('{').skip(1);
            let name = |part: &str| {
                let end = part.find(|c: char| !c.is_alphanumeric() && c != '_');
                part[..end.unwrap_or(part.len())].to_string()
            };
            let names = inside.map(name).filter(|name| !name.is_empty());
            names.map(|name| (name, Use::Value)).collect()
        }
        _ => Vec::new(),
    })
}

/// Whether a type, by its name, is an error.
fn is_error(name: &str) -> bool {
    let endings = [
        "Error",
        "ErrorKind",
        "Failure",
        "Status",
        "Trouble",
        "Refusal",
        "Mistake",
    ];
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether the word at `at` is the name of a type that is declared there, or whose functions
/// are.
fn is_declared(file: &File, at: usize) -> bool {
    at > 0
        && matches!(
            file.word(at - 1),
            Some("struct" | "enum" | "union" | "trait" | "impl")
        )
}

/// Whether a function returns a text or an error. One that returns a `Result` has its own sinks:
/// it says `Err(...)`, or passes on what another function says.
fn returns_text(file: &File, function: &Function) -> bool {
    let words: Vec<&str> = function
        .returns
        .clone()
        .filter_map(|at| file.word(at))
        .collect();
    let is_text =
        |word: &&str| matches!(*word, "String" | "str" | "Cow") || is_error(word);
    !words.contains(&"Result") && words.iter().any(is_text)
}

/// The message that a literal is. `None` if it has fewer than two words.
fn message(literal: &str, file: &str, line: usize) -> Option<Message> {
    let mut text = String::new();
    let mut chars = literal.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                text.push(c);
                chars.next();
            }
            '{' => {
                text.push(GAP);
                while chars.next_if(|c| *c != '}').is_some() {}
                chars.next();
            }
            c => text.push(c),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    if words.iter().filter(is_word).count() < 2 {
        return None;
    }
    Some(Message { text: words.join(" "), place: format!("{file}:{line}") })
}
