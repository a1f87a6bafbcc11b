//! Runs the console blocks of a page, and compares what the programs print with the page.
//!
//! Blocks are played in runs (see [`pages::Run`]): a server is started, the clients after it are
//! run, then it is told to stop, and all that it printed is compared with its block.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem;
use std::sync::LazyLock;

use pages::{Block, Contents, Page, Problem, Run, Script, ShownCommand, runs};
use regex::Regex;
use support::peers::Peer;
use support::programs::{Finished, Server, run};

use crate::addresses::{self, Addresses, lesson_of, shown_address};
use crate::command;

/// What differs from run to run: the name that it has in the comparison, and its pattern.
static VOLATILE: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("127.0.0.1:FREE-PORT", r"127\.0\.0\.1:[3-6][0-9]{4}(?-u:\b)"),
        ("date: NOW", r"date: [A-Z][a-z, 0-9A-Z:]* GMT"),
    ]
    .map(|(name, pattern)| (name, Regex::new(pattern).expect("the pattern should parse")))
    .to_vec()
});

/// What came of a page's console blocks.
#[derive(Default)]
pub struct Played {
    /// What failed, or differs from the page.
    pub problems: Vec<Problem>,
    /// A row for each block that needs something which is not installed here.
    pub not_run: Vec<Problem>,
    /// The page's text with every block as it is now.
    pub text: String,
}

/// Runs all console blocks of a page, in their order.
pub fn play(page: &Page, contents: &Contents) -> Played {
    let mut player = Player { page, played: Played::default(), bodies: Vec::new() };
    let scripts = player.parse(&contents.console);
    for run in runs(scripts) {
        player.play(run);
    }
    player.compare()
}

/// A page that is being played.
struct Player<'a> {
    page: &'a Page,
    /// The problems so far. Its `text` is filled in at the end.
    played: Played,
    /// The blocks that were run, and the body that each should have.
    bodies: Vec<(&'a Block, String)>,
}

impl<'a> Player<'a> {
    fn problem(&mut self, block: &Block, what: impl Into<String>) {
        let problem = self.page.problem(block.line, what);
        self.played.problems.push(problem);
    }

    /// The blocks that can be run as far as their text tells; the others are problems.
    fn parse(&mut self, blocks: &'a [Block]) -> Vec<Script<'a>> {
        let mut scripts = Vec::new();
        for block in blocks {
            match Script::parse(block) {
                Ok(Script { peer: Some(name), .. }) if Peer::find(name).is_none() => {
                    self.problem(block, format!("there is no peer {name}"));
                }
                Ok(script) => scripts.push(script),
                Err(error) => self.problem(block, error.to_string()),
            }
        }
        scripts
    }

    fn play(&mut self, run: Run<'a>) {
        // A server that does not start is a problem of its block. Its clients are run
        // nevertheless, and say that there is no server.
        let mut server = None;
        let mut missing = None;
        if let Some(script) = &run.server {
            missing = missing_peer(script);
            match missing {
                Some(peer) => self.skip(script.block, peer),
                None => match RunningServer::start(script) {
                    Ok(started) => server = Some(started),
                    Err(what) => self.problem(script.block, what),
                },
            }
        }
        let no_addresses = Addresses::default();
        let addresses = server
            .as_ref()
            .map_or(&no_addresses, |server| &server.addresses);
        let mut all_ran = true;
        for script in &run.clients {
            // Without its server, a client has nothing to call.
            if let Some(peer) = missing_peer(script).or(missing) {
                self.skip(script.block, peer);
                all_ran = false;
                continue;
            }
            match run_client(script, addresses) {
                Ok(body) => self.bodies.push((script.block, body)),
                Err(what) => self.problem(script.block, what),
            }
        }
        if let (Some(script), Some(server)) = (run.server, server) {
            self.finish(&script, server, all_ran);
        }
    }

    fn skip(&mut self, block: &Block, missing: &Peer) {
        let Peer { name, install_command, .. } = missing;
        let what = format!("needs {name}, which is not installed: {install_command}");
        self.played
            .not_run
            .push(self.page.problem(block.line, what));
    }

    /// Stops a server and keeps what it printed, if it has had all the calls that the page shows.
    fn finish(&mut self, script: &Script<'a>, running: RunningServer, all_ran: bool) {
        let Finished { code, output } = running.server.stop();
        // A server of the reader's own has no handler for the signal that ends it.
        if code.unwrap_or(0) != script.exit {
            let what = format!("the server ended with exit code {code:?}");
            self.problem(script.block, what);
        }
        if all_ran {
            let command = script.commands[0].line.text();
            let output = running.addresses.to_shown(&output);
            self.bodies
                .push((script.block, format!("$ {command}\n{output}")));
        }
    }

    /// Compares the blocks with what was printed, and puts that into the page's text.
    fn compare(mut self) -> Played {
        let mut text = self.page.text.clone();
        let mut bodies = mem::take(&mut self.bodies);
        // From the last to the first, so that the places of the others stay right.
        bodies.sort_by_key(|(block, _)| Reverse(block.range.start));
        for (block, body) in bodies {
            if comparable(&body) == comparable(&block.body) {
                continue;
            }
            let what = format!(
                "the page shows\n{}but it is now\n{}(to take that over: \
                 OVERWRITE=1 cargo test --test book)",
                indented(&block.body),
                indented(&body)
            );
            self.problem(block, what);
            text.replace_range(block.range.clone(), &body);
        }
        Played { text, ..self.played }
    }
}

/// The peer that a block needs, if it is not installed.
fn missing_peer(script: &Script) -> Option<&'static Peer> {
    peer_of(script).filter(|peer| !peer.is_installed())
}

/// The peer that a block needs.
fn peer_of(script: &Script) -> Option<&'static Peer> {
    script.peer.and_then(Peer::find)
}

/// The server of a run.
struct RunningServer {
    server: Server,
    /// Its address, for its clients and in what it prints.
    addresses: Addresses,
}

impl RunningServer {
    fn start(script: &Script) -> Result<RunningServer, String> {
        let line = &script.commands[0].line;
        let shown = line.flag("--addr").map(String::from);
        let shown = shown.or_else(|| lesson_of(line).map(shown_address));
        let port = line.flag("--port").map(|port| format!("127.0.0.1:{port}"));
        let shown = shown.or(port);

        let server = Server::from(&mut command::server(line, peer_of(script))?);
        let mut addresses = Addresses::default();
        if let Some(shown) = shown {
            addresses.insert(server.address.clone(), shown);
        }
        Ok(RunningServer { server, addresses })
    }
}

/// Runs the commands of a client's block, and returns the block as it should be. `addresses`
/// has the server's, if there is one.
fn run_client(script: &Script, addresses: &Addresses) -> Result<String, String> {
    let mut body = String::new();
    // Kept until all commands have run, so that nobody else listens there.
    let mut silent_sockets = Vec::new();
    for ShownCommand { line, .. } in &script.commands {
        let mut addresses = addresses.clone();
        if let Some(lesson) = lesson_of(line)
            && addresses.real(&shown_address(lesson)).is_none()
        {
            // The page shows what happens when nobody listens there.
            let (socket, address) =
                addresses::reserve_silent_address().map_err(|error| error.to_string())?;
            silent_sockets.push(socket);
            addresses.insert(address, shown_address(lesson));
        }
        let mut command = command::client(line, peer_of(script), &addresses)?;
        let Finished { code, output } = run(&mut command);
        if code != Some(script.exit) {
            return Err(format!(
                "`{}` ended with exit code {code:?}, the block says {}; it printed\n{}",
                line.text(),
                script.exit,
                indented(&output)
            ));
        }
        body += &format!("$ {}\n", line.text());
        // `cargo run` alone runs cargo too, whose lines the pages leave out.
        let runs_cargo = line.binary() == Some("grpc-workbook");
        for line in addresses.to_shown(&output).lines() {
            if !(runs_cargo && is_from_cargo(line)) {
                body += &format!("{line}\n");
            }
        }
    }
    Ok(body)
}

/// Whether cargo printed a line: its lines begin with a verb that ends in the twelfth column.
fn is_from_cargo(line: &str) -> bool {
    line.get(..13).is_some_and(|start| {
        let verb = start.trim_start();
        verb.ends_with(' ') && verb.trim_end().chars().all(char::is_alphabetic)
    })
}

/// A line that `cargo run` prints only where mdBook is not installed.
const WITHOUT_MDBOOK: &str = "  get the book ";

/// A block without what differs from run to run, or from machine to machine. Two programs that print at the same time have
/// no common order, so the lines of each label, `server | ` or `client | `, are kept apart.
fn comparable(body: &str) -> BTreeMap<&str, String> {
    let mut lines_by_label: BTreeMap<&str, String> = BTreeMap::new();
    let lines = body.lines();
    for line in lines.filter(|line| !line.starts_with(WITHOUT_MDBOOK)) {
        let label = match line.split_once(" | ") {
            Some((label, _)) if ["server", "client"].contains(&label.trim()) => {
                label.trim()
            }
            _ => "",
        };
        let mut line = line.to_string();
        for (name, pattern) in VOLATILE.iter() {
            line = pattern.replace_all(&line, *name).into_owned();
        }
        *lines_by_label.entry(label).or_default() += &format!("{line}\n");
    }
    lines_by_label
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
