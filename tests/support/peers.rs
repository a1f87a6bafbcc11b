//! Programs that are not part of the workbook, which the tests call and are called by: those in
//! other languages, and the reader's own crate. Whether they are installed, and how to install
//! them.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::programs::{make_neutral, root};

/// A program that others have made, or that the reader builds. The tests use it where it is
/// installed.
pub struct Peer {
    /// NAME of `console peer=NAME`.
    pub name: &'static str,
    /// How it is run.
    pub program: Program,
    /// The folder in which its commands run, relative to the root of the repository.
    pub folder: &'static str,
    /// A file that exists once the peer is installed, relative to the root of the repository.
    /// `None` for a program of the system, which is asked instead.
    pub marker_file: Option<&'static str>,
    /// The command that installs it, run in the root of the repository.
    pub install_command: &'static str,
}

/// How a peer's program is run.
pub enum Program {
    /// By this name, which a page's command begins with.
    InPath(&'static str),
    /// By `name`, if what it prints for `--version` names `feature`.
    System {
        name: &'static str,
        feature: &'static str,
    },
    /// By `name` on a page; here from a `file`, relative to the root of the repository.
    Installed {
        name: &'static str,
        file: &'static str,
    },
    /// A crate of the reader's own: a page has `cargo run`; here its binaries, once built, are run
    /// from its own target folder.
    Crate,
}

/// buf is installed by npm, though it has nothing to do with Node.
const BUF: &str = "tests/peers/node/node_modules/.bin/buf";

/// All peers.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "own-crate",
        program: Program::Crate,
        folder: "book/own-crate",
        marker_file: Some("book/own-crate/target/debug/client"),
        install_command: "cargo build --manifest-path book/own-crate/Cargo.toml",
    },
    Peer {
        name: "python",
        program: Program::InPath("python3"),
        folder: ".",
        marker_file: Some("tests/peers/python/packages/grpc_tools"),
        install_command: "python3 -m pip install --target tests/peers/python/packages -r tests/peers/python/requirements.txt",
    },
    Peer {
        name: "node",
        program: Program::InPath("node"),
        folder: ".",
        marker_file: Some("tests/peers/node/node_modules/@grpc/grpc-js"),
        install_command: "npm install --prefix tests/peers/node",
    },
    Peer {
        name: "buf",
        program: Program::Installed { name: "buf", file: BUF },
        folder: ".",
        marker_file: Some(BUF),
        install_command: "npm install --prefix tests/peers/node",
    },
    Peer {
        name: "curl",
        program: Program::System { name: "curl", feature: "HTTP2" },
        folder: ".",
        marker_file: None,
        install_command: "sudo apt-get install curl",
    },
];

impl Peer {
    /// The peer with this name.
    pub fn find(name: &str) -> Option<&'static Peer> {
        PEERS.iter().find(|peer| peer.name == name)
    }

    /// Whether it is installed.
    pub fn is_installed(&self) -> bool {
        if let Some(file) = self.marker_file {
            return root().join(file).exists();
        }
        match self.program {
            Program::System { feature, .. } => {
                let version = self.command().arg("--version").output();
                version.is_ok_and(|version| {
                    String::from_utf8_lossy(&version.stdout).contains(feature)
                })
            }
            _ => false,
        }
    }

    /// Whether a page's command that begins with this word runs the peer.
    pub fn is_called(&self, word: &str) -> bool {
        match self.program {
            Program::InPath(name)
            | Program::System { name, .. }
            | Program::Installed { name, .. } => name == word,
            Program::Crate => false,
        }
    }

    /// The command that runs the peer, without a terminal, without colours and without a proxy.
    ///
    /// # Panics
    /// If the peer is a crate, which has several programs: see [`binary`](Peer::binary).
    pub fn command(&self) -> Command {
        match self.program {
            Program::InPath(name) | Program::System { name, .. } => {
                self.quietly(Command::new(name))
            }
            Program::Installed { file, .. } => {
                self.quietly(Command::new(root().join(file)))
            }
            Program::Crate => panic!("{} is a crate: which of its binaries?", self.name),
        }
    }

    /// The command that runs a binary of the peer, if it is a crate.
    pub fn binary(&self, name: &str) -> Option<Command> {
        match self.program {
            Program::Crate => {
                let built = root().join(self.folder).join("target/debug").join(name);
                Some(self.quietly(Command::new(built)))
            }
            _ => None,
        }
    }

    fn quietly(&self, mut command: Command) -> Command {
        make_neutral(&mut command);
        command
            .stdin(Stdio::null())
            // A page's reader sets this by hand.
            .env("PYTHONPATH", root().join("tests/peers/python/packages"))
            // Python would write its compiled files beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(root().join(self.folder));
        command
    }

    /// The peer with this name, if it is installed. If it is not, prints how to install it.
    ///
    /// # Panics
    /// If there is no such peer; in CI (the environment variable CI is set) also if it is not
    /// installed.
    pub fn installed_or_skip(name: &str) -> Option<&'static Peer> {
        let peer = Peer::find(name).unwrap_or_else(|| panic!("there is no peer {name}"));
        if peer.is_installed() {
            return Some(peer);
        }
        let Peer { install_command, .. } = peer;
        let what = format!(
            "not run: this needs {name}, which is not installed: {install_command}"
        );
        assert!(std::env::var_os("CI").is_none(), "{what}");
        // Not `eprintln!`: the test harness hides what that prints if the test passes.
        writeln!(io::stderr(), "{what}").expect("standard error should be open");
        None
    }
}

/// The output of a client, in any language, that has called every method. The server can be in
/// any language too: these are the responses that the notes' services were meant to give.
pub const EVERYTHING: &str = "\
hellojlc \"jlc\", 23: my name is jlc, i am 23 years old\n\
TestClientRecvStream \"jlc\": send 1 jlc\n\
TestClientRecvStream \"jlc\": send 2 jlc\n\
TestClientRecvStream \"jlc\": send 3 jlc\n\
TestClientRecvStream \"close\": CANCELLED: CANCELLED\n\
TestClientSendStream 5 messages: ok\n\
TestClientSendStream 1000 messages: ok\n\
TestTwoWayStream: service send client 1\n\
TestTwoWayStream: service send client 2\n\
SayHello \"you\": Hello, you!\n\
Info 18, \"daoji\": Hello, daoji!\n\
ClientStream [\"a\", \"b\"]: ok!🐧\n\
ClientStream [\"a\", \"close\", \"b\"]: close!😢\n\
ClientStream []: ok!🐧\n\
Calculate 100 DIVIDE 20: 5\n\
Calculate -7 DIVIDE 2: -4\n\
Calculate 100 DIVIDE 0: INVALID_ARGUMENT: cannot divide by 0\n\
Calculate 2147483647 ADD 1: OUT_OF_RANGE: result does not fit in int32: 2147483648\n\
GetSubjects \"wuhan\": python\n\
GetSubjects \"wuhan\": 测试\n\
GetSubjects \"wuhan\": java\n\
GetSubjects \"wuhan\": php\n\
GetSubjects \"东京\": NOT_FOUND: unknown city: 东京\n\
Accumulate [5, -10, 0, 1]: -4\n\
Accumulate []: 0\n\
Accumulate [2147483647, 1, -1]: 2147483647\n\
Accumulate [2147483647, 1]: OUT_OF_RANGE: result does not fit in int32: 2147483648\n\
GuessNumber [5, 19, 3, 3]: bingo 5\n\
GuessNumber [5, 19, 3, 3]: bingo 3\n\
GuessNumber [5, 19, 3, 3]: bingo 3\n\
";
