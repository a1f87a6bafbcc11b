//! The commands of a page: what stands after the `$ `.

use std::fmt;

/// A command as a shell would run it, split into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The command as the page shows it.
    text: String,
    /// Its words, without the quotation marks around them.
    words: Vec<String>,
}

/// A command in which a quotation mark has no partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclosedQuote(
    /// The command.
    pub String,
);

impl fmt::Display for UnclosedQuote {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{}`: a quotation mark is missing", self.0)
    }
}

impl std::error::Error for UnclosedQuote {}

impl CommandLine {
    /// Splits a command into words.
    ///
    /// # Errors
    /// If a quotation mark is missing.
    pub fn parse(text: &str) -> Result<CommandLine, UnclosedQuote> {
        let words = shlex::split(text).ok_or_else(|| UnclosedQuote(text.to_string()))?;
        Ok(CommandLine { text: text.to_string(), words })
    }

    /// The command as the page shows it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words, the program's name first.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The commands between the `|` of a pipeline, each with its words: one if there is no `|`.
    pub fn pipeline(&self) -> Vec<CommandLine> {
        let parts = self.words.split(|word| word == "|");
        parts
            .map(|words| CommandLine { text: words.join(" "), words: words.to_vec() })
            .collect()
    }

    /// The same command with each word replaced by `replace` of it.
    pub fn map_words(&self, replace: impl Fn(&str) -> String) -> CommandLine {
        let words = self.words.iter().map(|word| replace(word)).collect();
        CommandLine { text: self.text.clone(), words }
    }

    /// The binary that `cargo run [-q] [--bin NAME] [-- ARGUMENTS]` runs; `grpc-workbook`, the
    /// default, without `--bin`. `None` for every other command.
    pub fn binary(&self) -> Option<&str> {
        let words: Vec<&str> = self
            .words
            .iter()
            .map(String::as_str)
            .filter(|word| *word != "-q")
            .collect();
        match words[..] {
            ["cargo", "run"] | ["cargo", "run", "--", ..] => Some("grpc-workbook"),
            ["cargo", "run", "--bin", name]
            | ["cargo", "run", "--bin", name, "--" | "|", ..] => Some(name),
            _ => None,
        }
    }

    /// The arguments that `cargo run` passes on to the binary: the words after `--`.
    pub fn binary_arguments(&self) -> &[String] {
        match self.words.iter().position(|word| word == "--") {
            Some(separator) => &self.words[separator + 1..],
            None => &[],
        }
    }

    /// The word after a flag, such as `127.0.0.1:0` for `--addr`.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let at = self.words.iter().position(|word| word == name)?;
        self.words.get(at + 1).map(String::as_str)
    }

    /// Whether the command starts a server, which runs until it is told to stop.
    pub(crate) fn starts_server(&self) -> bool {
        // In another language: `python3 tests/peers/python/server.py`.
        let is_script = self
            .words
            .get(1)
            .is_some_and(|file| file.ends_with("/server.py"));
        let is_binary = self
            .binary()
            .is_some_and(|name| name == "server" || name.ends_with("-server"));
        let ends_at_once = self
            .words
            .iter()
            .any(|word| word == "--help" || word == "|");
        (is_script || is_binary) && !ends_at_once
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> CommandLine {
        CommandLine::parse(text).expect("the quotation marks should match")
    }

    #[test]
    fn a_missing_quotation_mark_is_an_error() {
        let error = UnclosedQuote("echo 'a".into());
        assert_eq!(CommandLine::parse("echo 'a"), Err(error));
    }

    #[test]
    fn binaries_are_what_cargo_runs() {
        for (text, binary) in [
            ("cargo run", Some("grpc-workbook")),
            ("cargo run -- 6", Some("grpc-workbook")),
            ("cargo run --bin lesson-1-client", Some("lesson-1-client")),
            ("cargo run -q --bin lesson-1-client -- Ada", Some("lesson-1-client")),
            ("cargo run --bin lesson-1-client | head -1", Some("lesson-1-client")),
            ("cargo run --release", None),
            ("cargo test", None),
            ("echo cargo run", None),
        ] {
            assert_eq!(parse(text).binary(), binary, "{text}");
        }
    }

    #[test]
    fn arguments_and_flags_are_found() {
        let line = parse("cargo run --bin lesson-1-server -- --addr 127.0.0.1:0");
        assert_eq!(line.binary_arguments(), ["--addr", "127.0.0.1:0"]);
        assert_eq!(line.flag("--addr"), Some("127.0.0.1:0"));
        assert_eq!(line.flag("--port"), None);
        assert_eq!(parse("cargo run --addr").flag("--addr"), None);
        assert!(parse("cargo run").binary_arguments().is_empty());
    }

    #[test]
    fn a_pipeline_has_commands() {
        let commands =
            parse("echo 'a | b' | cargo run --bin lesson-8-client -- -").pipeline();
        let words: Vec<&[String]> = commands.iter().map(CommandLine::words).collect();
        assert_eq!(words[0], ["echo", "a | b"]);
        assert_eq!(words[1][..2], ["cargo", "run"]);
        assert_eq!(words.len(), 2);
    }

    #[test]
    fn servers_run_until_they_are_told_to_stop() {
        for (text, starts_server) in [
            ("cargo run --bin lesson-1-server", true),
            ("cargo run --bin server", true),
            ("python3 tests/peers/python/server.py --port 50060", true),
            ("cargo run --bin lesson-1-client", false),
            ("cargo run --bin lesson-1-server -- --help", false),
            ("cargo run --bin lesson-1-server | head -1", false),
            ("cargo run", false),
        ] {
            assert_eq!(parse(text).starts_server(), starts_server, "{text}");
        }
    }
}
