//! Runs the console blocks of a page, and holds what the programs print against it.
//!
//! A block of a server begins a run: the blocks after it, up to the next server's, talk to that
//! server. Then it is told to stop, and all that it printed is compared with its block.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;

use grpc_workbook::{LESSONS, Lesson};
use regex::Regex;
use tokio::net::TcpSocket;

use crate::page::{Block, Contents, Page, Problem};
use crate::shell;
use support::peers::Peer;
use support::programs::{self, Finished, Server, binaries, root, run};

/// What differs from run to run, by the name that it has in the comparison.
const VOLATILE: &[(&str, &str)] = &[
    ("127.0.0.1:FREE-PORT", r"127\.0\.0\.1:[3-6][0-9]{4}(?-u:\b)"),
    ("date: NOW", r"date: [A-Z][a-z, 0-9A-Z:]* GMT"),
];

/// What came of a page's console blocks.
#[derive(Default)]
pub struct Played {
    pub problems: Vec<Problem>,
    /// Blocks that need something which is not installed here.
    pub not_run: Vec<Problem>,
    /// The page's text with every block as it is now.
    pub text: String,
}

/// A block that is to be run: `$` lines, and after each the lines that it printed.
struct Script<'a> {
    block: &'a Block,
    exit: i32,
    peer: Option<&'static Peer>,
    commands: Vec<(String, String)>,
}

/// A server at work: the address that the page shows for it is not the one that it has.
struct Running<'a> {
    script: Script<'a>,
    server: Server,
    ports: Ports,
    /// Whether all clients of its run were run.
    whole: bool,
}

/// Real addresses and the ones that the page shows in their place.
#[derive(Clone, Default)]
struct Ports(Vec<(String, String)>);

impl Ports {
    fn shown(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.into(), |text, (real, shown)| text.replace(real, shown))
    }

    fn real(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.into(), |text, (real, shown)| text.replace(shown, real))
    }

    fn find(&self, shown: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|row| row.1 == shown)
            .map(|row| row.0.as_str())
    }
}

/// Runs all console blocks of a page, in their order.
pub fn play(page: &Page, contents: &Contents) -> Played {
    let mut played = Played { text: page.text.clone(), ..Played::default() };
    let mut bodies: Vec<(&Block, String)> = Vec::new();
    let mut running: Option<Running> = None;
    let mut missing = None;
    let mut problem = |block: &Block, what: String| {
        let (file, line) = (page.file.clone(), block.line);
        played.problems.push(Problem { file, line, what });
    };
    for block in &contents.console {
        let script = match Script::parse(block) {
            Ok(script) => script,
            Err(what) => {
                problem(block, what);
                continue;
            }
        };
        if script.serves() {
            finish(running.take(), &mut bodies, &mut problem);
            missing = None;
        }
        // Without its server, a client has nothing to call.
        if let Some(peer) = script.peer.filter(|peer| !peer.is_here()).or(missing) {
            let what = format!("needs {}, which is not here: {}", peer.name, peer.get_it);
            let (file, line) = (page.file.clone(), block.line);
            played.not_run.push(Problem { file, line, what });
            match &mut running {
                // It has not had all the calls that the page shows.
                Some(running) => running.whole = false,
                None => missing = Some(peer),
            }
            continue;
        }
        let result = if script.serves() {
            script.start().map(|started| running = Some(started))
        } else {
            let ports = running.as_ref().map(|running| running.ports.clone());
            script.run(&ports.unwrap_or_default()).map(|body| {
                bodies.push((block, body));
            })
        };
        if let Err(what) = result {
            problem(block, what);
        }
    }
    finish(running.take(), &mut bodies, &mut problem);

    // From the last to the first, so that the places of the others stay right.
    bodies.sort_by_key(|(block, _)| std::cmp::Reverse(block.range.start));
    for (block, body) in bodies {
        if comparable(&body) != comparable(&block.body) {
            problem(
                block,
                format!(
                    "the page shows\n{}but it is now\n{}(to take that over: \
                     OVERWRITE=1 cargo test --test book)",
                    indented(&block.body),
                    indented(&body)
                ),
            );
            played.text.replace_range(block.range.clone(), &body);
        }
    }
    played
}

fn finish<'a>(
    running: Option<Running<'a>>,
    bodies: &mut Vec<(&'a Block, String)>,
    problem: &mut impl FnMut(&Block, String),
) {
    let Some(Running { script, server, ports, whole }) = running else {
        return;
    };
    let Finished { code, output } = server.stop();
    // A server of the reader's own has no handler for the signal that ends it.
    if code.unwrap_or(0) != script.exit {
        problem(script.block, format!("the server ended with exit code {code:?}"));
    }
    if !whole {
        return;
    }
    let (command, _) = &script.commands[0];
    bodies.push((script.block, format!("$ {command}\n{}", ports.shown(&output))));
}

impl<'a> Script<'a> {
    fn parse(block: &'a Block) -> Result<Script<'a>, String> {
        let mut script = Script { block, exit: 0, peer: None, commands: Vec::new() };
        for word in block.info.split_whitespace().skip(1) {
            match word.split_once('=') {
                Some(("exit", code)) => {
                    script.exit = code
                        .parse()
                        .map_err(|_| format!("`{word}` is no exit code"))?;
                }
                Some(("peer", name)) => {
                    let peer = Peer::find(name);
                    script.peer =
                        Some(peer.ok_or_else(|| format!("there is no peer {name}"))?);
                }
                _ => {
                    return Err(format!(
                        "`{word}`: a console block has exit=N and peer=NAME"
                    ));
                }
            }
        }
        for line in block.body.lines() {
            match (line.strip_prefix("$ "), script.commands.last_mut()) {
                (Some(command), _) => {
                    script.commands.push((command.into(), String::new()))
                }
                (None, Some((_, output))) => *output += &format!("{line}\n"),
                (None, None) => {
                    return Err("output without a command: `$ ` goes before it".into());
                }
            }
        }
        Ok(script)
    }

    /// Whether the block is of a server that runs until it is told to stop.
    fn serves(&self) -> bool {
        let words = shlex::split(&self.commands[0].0).unwrap_or_default();
        // In another language: `python3 tests/peers/python/server.py`.
        let foreign = words
            .get(1)
            .is_some_and(|file| file.ends_with("/server.py"));
        let program = program(&words);
        self.exit == 0
            && self.commands.len() == 1
            && (foreign
                || program
                    .is_some_and(|name| name == "server" || name.ends_with("-server")))
            && !words.iter().any(|word| word == "--help" || word == "|")
    }

    fn start(self) -> Result<Running<'a>, String> {
        let words = words(&self.commands[0].0)?;
        let shown = flag(&words, "--addr").map(str::to_string);
        let shown = shown.or(lesson(&words).map(address));
        let (mut command, ours) = self.command(&words)?;
        let port = flag(&words, "--port").map(|port| format!("127.0.0.1:{port}"));
        let shown = shown.or(port);
        // After the page's own, if there is one: the last one counts.
        if ours {
            command.args(["--addr", "127.0.0.1:0"]);
        } else if program(&words).is_none() {
            command.args(["--port", "0"]);
        }
        // A server of the reader's own has a fixed port, 8050: below the range from which systems
        // take free ones, or another test's connection might have it.
        let server = Server::from(&mut command);
        let ports = shown.map(|shown| (server.address.clone(), shown));
        let ports = Ports(ports.into_iter().collect());
        Ok(Running { script: self, server, ports, whole: true })
    }

    /// Runs the commands, and returns the block as it should be.
    fn run(&self, ports: &Ports) -> Result<String, String> {
        let mut body = String::new();
        let mut held = Vec::new();
        for (line, _) in &self.commands {
            let mut ports = ports.clone();
            let words = words(line)?;
            if let Some(lesson) = lesson(&words)
                && ports.find(&address(lesson)).is_none()
            {
                // The page shows what happens when nobody listens there.
                let (silent, real) = silent_address()?;
                held.push(silent);
                ports.0.push((real, address(lesson)));
            }
            let mut command = self.pipeline(&words, &ports)?;
            let Finished { code, output } = run(&mut command);
            if code != Some(self.exit) {
                return Err(format!(
                    "`{line}` ended with exit code {code:?}, the block says {}; it printed\n{}",
                    self.exit,
                    indented(&output)
                ));
            }
            // `cargo run` alone runs cargo too, whose lines the pages leave out.
            let player = program(&words) == Some("grpc-workbook");
            let shown = ports.shown(&output);
            let lines = shown.lines().filter(|line| !(player && of_cargo(line)));
            body += &format!("$ {line}\n");
            body.extend(lines.map(|line| format!("{line}\n")));
        }
        Ok(body)
    }

    /// The command for a line of the page, `|` and all.
    fn pipeline(&self, words: &[String], ports: &Ports) -> Result<Command, String> {
        let parts: Vec<&[String]> = words.split(|word| word == "|").collect();
        if let [words] = parts[..] {
            return self.complete(words, ports);
        }
        let mut lines = Vec::new();
        for words in parts {
            let command = self.complete(words, ports)?;
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let words = words.map(|word| word.to_str().unwrap_or_default());
            lines.push(shlex::try_join(words).map_err(|error| error.to_string())?);
        }
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &lines.join(" | ")])
            .env("NO_COLOR", "1")
            .current_dir(root());
        Ok(shell)
    }

    /// One program with its arguments; those of a lesson get the address that is real.
    fn complete(&self, words: &[String], ports: &Ports) -> Result<Command, String> {
        let words: Vec<String> = words.iter().map(|word| ports.real(word)).collect();
        let (mut command, ours) = self.command(&words)?;
        if let Some(lesson) = lesson(&words).filter(|_| ours) {
            let real = ports.find(&address(lesson)).unwrap_or_default();
            let client = program(&words) == Some(&lesson.client());
            let (name, value) = match client {
                true => ("--server", format!("http://{real}")),
                false => ("--addr", real.to_string()),
            };
            if flag(&words, name).is_none() {
                // Before the others, which may end with a `--` of their own.
                let others: Vec<_> =
                    command.get_args().map(|word| word.to_owned()).collect();
                command = programs::command(program(&words).unwrap_or_default());
                command.arg(name).arg(value).args(others);
            }
        }
        Ok(command)
    }

    /// The program that a line names, and whether it is one of the workbook's.
    fn command(&self, words: &[String]) -> Result<(Command, bool), String> {
        let Some(name) = program(words) else {
            return match words {
                [name, args @ ..]
                    if self.peer.is_some_and(|peer| peer.program == name) =>
                {
                    let mut command =
                        self.peer.map(Peer::command).unwrap_or(Command::new(name));
                    command.args(args);
                    Ok((command, false))
                }
                [name, args @ ..] if shell::HELPERS.contains(&name.as_str()) => {
                    let mut command = Command::new(name);
                    command.args(args).stdin(std::process::Stdio::null());
                    Ok((command, false))
                }
                _ => Err(format!(
                    "`{}`: only `cargo run` is run here, and what peer=NAME names",
                    words.join(" ")
                )),
            };
        };
        let mut command = match self.peer {
            Some(peer) if peer.program == "cargo" => {
                let folder = root().join(peer.folder);
                let mut command = Command::new(folder.join("target/debug").join(name));
                command
                    .stdin(std::process::Stdio::null())
                    .current_dir(folder);
                command
            }
            _ if binaries().iter().any(|binary| binary == name) => {
                programs::command(name)
            }
            _ => return Err(format!("there is no binary {name} in Cargo.toml")),
        };
        let separator = words.iter().position(|word| word == "--");
        command.args(separator.map_or(&[][..], |at| &words[at + 1..]));
        let foreign = self.peer.is_some_and(|peer| peer.program == "cargo");
        Ok((command, !foreign))
    }
}

fn words(line: &str) -> Result<Vec<String>, String> {
    shlex::split(line).ok_or_else(|| format!("`{line}`: a quotation mark is missing"))
}

/// The binary that `cargo run [-q] [--bin NAME] [-- ARGUMENTS]` runs.
fn program(words: &[String]) -> Option<&str> {
    let words: Vec<&str> = words
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

/// The lesson whose server or client a command runs.
fn lesson(words: &[String]) -> Option<&'static Lesson> {
    let name = program(words)?;
    LESSONS
        .iter()
        .find(|lesson| name == lesson.server() || name == lesson.client())
}

/// Where the page says that a lesson's server listens.
fn address(lesson: &Lesson) -> String {
    format!("127.0.0.1:{}", lesson.port())
}

fn flag<'w>(words: &'w [String], name: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

/// An address at which nobody listens, and nobody can as long as the socket is there.
fn silent_address() -> Result<(TcpSocket, String), String> {
    let bound = || {
        let socket = TcpSocket::new_v4()?;
        socket.bind("127.0.0.1:0".parse().expect("is an address"))?;
        let address = socket.local_addr()?.to_string();
        Ok((socket, address))
    };
    bound().map_err(|error: io::Error| error.to_string())
}

/// Whether cargo printed a line: its lines begin with a verb that ends in the twelfth column.
fn of_cargo(line: &str) -> bool {
    line.get(..13).is_some_and(|start| {
        let verb = start.trim_start();
        verb.ends_with(' ') && verb.trim_end().chars().all(char::is_alphabetic)
    })
}

/// A block without what differs from run to run. Two programs that print at once have no common
/// order: their lines are told apart by their labels.
fn comparable(body: &str) -> BTreeMap<&str, String> {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for line in body.lines() {
        let label = line.split_once(" | ").map(|(label, _)| label.trim());
        let label = label
            .filter(|label| ["server", "client"].contains(label))
            .unwrap_or("");
        let line = VOLATILE
            .iter()
            .fold(line.to_string(), |line, (name, pattern)| {
                let pattern = Regex::new(pattern).expect("is a regular expression");
                pattern.replace_all(&line, *name).into_owned()
            });
        *lines.entry(label).or_default() += &format!("{line}\n");
    }
    lines
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
