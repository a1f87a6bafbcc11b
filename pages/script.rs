//! A console block as a script: commands, and what the page says that each printed.

use std::fmt;

use crate::command_line::{CommandLine, UnclosedQuote};
use crate::contents::Block;

/// A console block, taken apart.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The block that it was parsed from.
    pub block: &'a Block,
    /// The exit code that each command must end with: N of `console exit=N`, otherwise 0.
    pub exit: i32,
    /// What has to be installed to run it: NAME of `console peer=NAME`.
    pub peer: Option<&'a str>,
    /// The commands, at least one, in the order in which they are run.
    pub commands: Vec<ShownCommand>,
}

/// A command of a console block, and the output under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCommand {
    /// What stands after the `$ `.
    pub line: CommandLine,
    /// The lines up to the next command, each with its line end.
    pub output: String,
}

/// What is wrong with a console block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptError {
    /// N of `exit=N` is not a number. The text is the whole word.
    ExitCode(String),
    /// A word after `console` is neither `exit=N` nor `peer=NAME`.
    UnknownWord(String),
    /// The block does not begin with a `$ ` line.
    OutputWithoutCommand,
    /// A command cannot be split into words.
    UnclosedQuote(UnclosedQuote),
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ScriptError::ExitCode(word) => write!(f, "`{word}` is no exit code"),
            ScriptError::UnknownWord(word) => {
                write!(f, "`{word}`: a console block has exit=N and peer=NAME")
            }
            ScriptError::OutputWithoutCommand => {
                write!(f, "output without a command: `$ ` goes before it")
            }
            ScriptError::UnclosedQuote(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ScriptError {}

impl<'a> Script<'a> {
    /// Takes a console block apart.
    ///
    /// # Errors
    /// If the words after `console` or the lines of the block do not make a script.
    pub fn parse(block: &'a Block) -> Result<Script<'a>, ScriptError> {
        let mut script = Script { block, exit: 0, peer: None, commands: Vec::new() };
        for word in block.info.split_whitespace().skip(1) {
            match word.split_once('=') {
                Some(("exit", code)) => {
                    let code = code.parse();
                    script.exit = code.map_err(|_| ScriptError::ExitCode(word.into()))?;
                }
                Some(("peer", name)) => script.peer = Some(name),
                _ => return Err(ScriptError::UnknownWord(word.into())),
            }
        }
        for line in block.body.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let line =
                    CommandLine::parse(command).map_err(ScriptError::UnclosedQuote)?;
                script
                    .commands
                    .push(ShownCommand { line, output: String::new() });
            } else if let Some(command) = script.commands.last_mut() {
                command.output += line;
                command.output.push('\n');
            } else {
                return Err(ScriptError::OutputWithoutCommand);
            }
        }
        Ok(script)
    }

    /// Whether the block is a server's: one command, which runs until it is told to stop.
    pub fn is_server(&self) -> bool {
        match &self.commands[..] {
            [command] => self.exit == 0 && command.line.starts_server(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(info: &str, body: &str) -> Block {
        Block { info: info.into(), body: body.into(), range: 0..body.len(), line: 1 }
    }

    #[test]
    fn a_block_is_commands_and_their_output() {
        let block =
            block("console exit=2 peer=node", "$ node a.js\none\ntwo\n$ node b.js\n");
        let script = Script::parse(&block).expect("should be a script");
        assert_eq!((script.exit, script.peer), (2, Some("node")));
        let commands = script.commands.iter();
        let shown: Vec<(&str, &str)> = commands
            .map(|command| (command.line.text(), &*command.output))
            .collect();
        assert_eq!(shown, [("node a.js", "one\ntwo\n"), ("node b.js", "")]);
    }

    #[test]
    fn what_is_no_script_is_named() {
        for (info, body, error) in [
            ("console exit=one", "$ a\n", ScriptError::ExitCode("exit=one".into())),
            ("console sometimes", "$ a\n", ScriptError::UnknownWord("sometimes".into())),
            ("console", "Hello\n$ a\n", ScriptError::OutputWithoutCommand),
            (
                "console",
                "$ echo 'a\n",
                ScriptError::UnclosedQuote(UnclosedQuote("echo 'a".into())),
            ),
        ] {
            let parsed = Script::parse(&block(info, body)).map(drop);
            assert_eq!(parsed, Err(error));
        }
    }

    #[test]
    fn a_server_is_one_command_that_goes_on() {
        let server = "$ cargo run --bin lesson-1-server\n";
        for (info, body, is_server) in [
            ("console", server, true),
            ("console exit=1", server, false),
            ("console", &server.repeat(2), false),
            ("console", "$ cargo run --bin lesson-1-client\n", false),
        ] {
            let block = block(info, body);
            let script = Script::parse(&block).expect("should be a script");
            assert_eq!(script.is_server(), is_server, "{info}: {body}");
        }
    }
}
