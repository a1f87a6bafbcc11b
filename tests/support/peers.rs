//! Programs in other languages, which the tests call and are called by: what they need, and
//! how to get it.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::programs::root;

/// What others have made, and these tests use where it is installed.
pub struct Peer {
    /// As in `console peer=NAME`.
    pub name: &'static str,
    /// The program of its commands; `cargo` for those of another crate.
    pub program: &'static str,
    /// Where its commands run.
    pub folder: &'static str,
    /// A file below the repository that is there when the peer is.
    pub built: &'static str,
    /// The command that installs it.
    pub get_it: &'static str,
}

pub const PEERS: &[Peer] = &[
    Peer {
        name: "own-crate",
        program: "cargo",
        folder: "book/own-crate",
        built: "book/own-crate/target/debug/client",
        get_it: "cargo build --manifest-path book/own-crate/Cargo.toml",
    },
    Peer {
        name: "python",
        program: "python3",
        folder: ".",
        built: "tests/peers/python/packages/grpc_tools",
        get_it: "python3 -m pip install --target tests/peers/python/packages -r tests/peers/python/requirements.txt",
    },
    Peer {
        name: "node",
        program: "node",
        folder: ".",
        built: "tests/peers/node/node_modules/@grpc/grpc-js",
        get_it: "npm install --prefix tests/peers/node",
    },
    Peer {
        name: "buf",
        program: "buf",
        folder: ".",
        built: BUF,
        get_it: "npm install --prefix tests/peers/node",
    },
];

/// buf is one of the packages of Node, though it has nothing to do with it.
const BUF: &str = "tests/peers/node/node_modules/.bin/buf";

impl Peer {
    /// The peer with this name.
    pub fn find(name: &str) -> Option<&'static Peer> {
        PEERS.iter().find(|peer| peer.name == name)
    }

    pub fn is_here(&self) -> bool {
        root().join(self.built).exists()
    }

    /// Its program, to be run without a terminal.
    pub fn command(&self) -> Command {
        let mut command = match self.program {
            "buf" => Command::new(root().join(BUF)),
            program => Command::new(program),
        };
        command
            .stdin(Stdio::null())
            .env("NO_COLOR", "1")
            // No files beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(root().join(self.folder));
        command
    }

    /// Whether a test can use this peer. If not, it says how to get it.
    ///
    /// # Panics
    /// In CI (the environment has CI), where everything has to be there.
    pub fn is_ready(name: &str) -> Option<&'static Peer> {
        let peer = Peer::find(name).unwrap_or_else(|| panic!("there is no peer {name}"));
        if peer.is_here() {
            return Some(peer);
        }
        let what =
            format!("not run: this needs {name}, which is not here: {}", peer.get_it);
        assert!(std::env::var_os("CI").is_none(), "{what}");
        // Not `eprintln!`, which a test that passes keeps to itself.
        writeln!(io::stderr(), "{what}").expect("prints");
        None
    }
}

/// What a client in any language prints that has called everything on a server in any
/// language: what the notes' services answer, their mistakes corrected.
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
