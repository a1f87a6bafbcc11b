//! Turns a command of a page into the process to run: the binary that cargo has built instead
//! of `cargo run`, and the real address of a server instead of the page's.

use std::process::{Command, Stdio};

use pages::CommandLine;
use support::peers::Peer;
use support::programs::{self, binaries, root};

use crate::addresses::{Addresses, lesson_of, shown_address};
use crate::shell::HELPERS;

/// Whose program a command runs: that decides how a test tells it an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A binary of the workbook, which takes `--addr` or `--server`.
    Workbook,
    /// The reader's own crate, whose addresses are fixed.
    OwnCrate,
    /// A program in another language, or of the system. The peers' servers take `--port`.
    Foreign,
}

/// The command that starts a server on a free port, where it can choose one. `peer` is what the
/// block needs.
///
/// # Errors
/// If the line does not name a program that may be run here.
pub fn server(line: &CommandLine, peer: Option<&Peer>) -> Result<Command, String> {
    let (mut command, origin) = program(line, peer)?;
    // Behind the page's own address, if there is one: the last one counts.
    match origin {
        Origin::Workbook => {
            command.args(["--addr", "127.0.0.1:0"]);
        }
        Origin::Foreign => {
            command.args(["--port", "0"]);
        }
        // It listens on 8050: below the range from which systems take free ports, or another
        // test's connection might have it.
        Origin::OwnCrate => {}
    }
    Ok(command)
}

/// The command for a line of the page, which may be a pipeline.
///
/// # Errors
/// If the line does not name programs that may be run here.
pub fn client(
    line: &CommandLine,
    peer: Option<&Peer>,
    addresses: &Addresses,
) -> Result<Command, String> {
    let parts = line.pipeline();
    if let [line] = &parts[..] {
        return with_address(line, peer, addresses);
    }
    let mut lines = Vec::new();
    for part in &parts {
        let command = with_address(part, peer, addresses)?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words = words.map(|word| word.to_str().unwrap_or_default());
        lines.push(shlex::try_join(words).map_err(|error| error.to_string())?);
    }
    let mut shell = Command::new("sh");
    programs::make_neutral(&mut shell);
    shell.args(["-c", &lines.join(" | ")]).current_dir(root());
    Ok(shell)
}

/// Arguments with which a client calls no server, or one of its own: it refuses `--server`.
const NO_SERVER: [&str; 8] = [
    "--decode",
    "goaway",
    "no-server",
    "wrong-port",
    "wrong-response",
    "server-gone",
    "silence",
    "stall",
];

/// One program with its arguments. A lesson's is told the real address, unless the page shows
/// the flag for it.
fn with_address(
    line: &CommandLine,
    peer: Option<&Peer>,
    addresses: &Addresses,
) -> Result<Command, String> {
    let line = line.map_words(|word| addresses.to_real(word));
    let (command, origin) = program(&line, peer)?;
    let lesson = lesson_of(&line).filter(|_| origin == Origin::Workbook);
    let (Some(lesson), Some(binary)) = (lesson, line.binary()) else {
        return Ok(command);
    };
    let real = addresses.real(&shown_address(lesson)).unwrap_or_default();
    let (flag, value) = if binary == lesson.client() {
        ("--server", format!("http://{real}"))
    } else {
        ("--addr", real.to_string())
    };
    let calls_no_server = |word: &String| NO_SERVER.contains(&word.as_str());
    if line.flag(flag).is_some() || line.words().iter().any(calls_no_server) {
        return Ok(command);
    }
    // Before the others, which may end with a `--` of their own.
    let mut with_flag = programs::command(binary);
    with_flag.arg(flag).arg(value).args(command.get_args());
    Ok(with_flag)
}

/// The program that a line names, with the arguments that the page shows.
fn program(line: &CommandLine, peer: Option<&Peer>) -> Result<(Command, Origin), String> {
    if let Some(binary) = line.binary() {
        let own_crate = peer.and_then(|peer| peer.binary(binary));
        let (mut command, origin) = match own_crate {
            Some(command) => (command, Origin::OwnCrate),
            None if binaries().iter().any(|known| known == binary) => {
                (programs::command(binary), Origin::Workbook)
            }
            None => return Err(format!("there is no binary {binary} in Cargo.toml")),
        };
        command.args(line.binary_arguments());
        return Ok((command, origin));
    }
    let refused = format!(
        "`{}`: only `cargo run` is run here, and what peer=NAME names",
        line.text()
    );
    let [name, args @ ..] = line.words() else {
        return Err(refused);
    };
    let mut command = match peer {
        Some(peer) if peer.is_called(name) => peer.command(),
        _ if HELPERS.contains(&name.as_str()) => {
            let mut command = Command::new(name);
            programs::make_neutral(&mut command);
            command.stdin(Stdio::null()).current_dir(root());
            command
        }
        _ => return Err(refused),
    };
    command.args(args);
    Ok((command, Origin::Foreign))
}
