//! The servers that are compared, each in a process of its own.

use std::env::{self, consts};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::Lesson;
use grpc_workbook::speed::usage::Usage;
use support::peers::Peer;
use support::programs::{command, root};

use crate::stock_tonic::Variant;

/// Whether servers have core 0 and the load has core 1: where there are two, and taskset.
pub static PINNED: LazyLock<bool> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let taskset = Command::new("taskset").arg("-V").output();
    cores > 1 && taskset.is_ok_and(|output| output.status.success())
});

/// A server that no lesson has: this program, started again with another subcommand.
#[derive(Clone, Copy)]
pub enum Own {
    /// `bare.rs`.
    BareH2,
    /// `stock_tonic.rs`.
    Stock(Variant),
}

/// A server in a process of its own. Dropping it kills the process.
pub struct Server {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Starts a program, whose lines go nowhere. It takes its port, or after `--addr` and `--listen`
    /// its address, from the argument after `flag`; without a flag, from the last argument.
    fn start(mut program: Command, flag: Option<&str>) -> Server {
        let listener =
            TcpListener::bind("127.0.0.1:0").expect("there should be a free port");
        let port = listener
            .local_addr()
            .expect("a listener should have an address")
            .port();
        drop(listener);
        match flag {
            None => program.arg(port.to_string()),
            Some(flag @ ("--addr" | "--listen")) => {
                program.args([flag, &format!("127.0.0.1:{port}")])
            }
            Some(flag) => program.args([flag, &port.to_string()]),
        };
        let mut program = on_its_core(program);
        program.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = program.spawn().expect("the server should start");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("the server should be a child");
            assert!(ended.is_none(), "{program:?} ended: {ended:?}");
            thread::sleep(Duration::from_millis(20));
        }
        Server { child, port }
    }

    /// A lesson's server, as cargo bench has built it.
    pub fn lesson(number: u8) -> Server {
        Server::start(lesson(number), Some("--addr"))
    }

    /// Lesson 5's tap, in front of the server on a port.
    pub fn tap(port: u16) -> Server {
        let mut tap = command("grpc-workbook");
        tap.args(["tap", "--to", &format!("127.0.0.1:{port}")]);
        Server::start(tap, Some("--listen"))
    }

    /// A lesson's server whose lines are read through a pipe.
    pub fn piped(number: u8) -> Server {
        let mut program = lesson(number);
        program.args(["--addr", "127.0.0.1:0"]);
        let mut child = on_its_core(program)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server should start");
        let mut lines =
            BufReader::new(child.stdout.take().expect("the output should be piped"));
        let mut first = String::new();
        lines
            .read_line(&mut first)
            .expect("the server should print a line");
        let port = first.trim_end().rsplit(':').next().unwrap_or_default();
        let port = port.parse().expect("the line should end with a port");
        thread::spawn(move || lines.lines().all(|line| line.is_ok()));
        Server { child, port }
    }

    /// Lesson 11's server, from another build: see [`build`].
    pub fn built(program: &Path) -> Server {
        Server::start(Command::new(program), Some("--addr"))
    }

    /// A server that no lesson has: this program again.
    pub fn this_program(server: Own) -> Server {
        Server::start(this_program(server), None)
    }

    /// A server that no lesson has, with jemalloc in place of the system's allocator; `None` if
    /// jemalloc is not installed.
    pub fn with_jemalloc(server: Own) -> Option<Server> {
        let libraries = Command::new("ldconfig").arg("-p").output().ok()?;
        let libraries = String::from_utf8(libraries.stdout).ok()?;
        let line = libraries
            .lines()
            .find(|line| line.contains("libjemalloc.so.2"))?;
        let mut program = this_program(server);
        program.env("LD_PRELOAD", line.rsplit("=> ").next()?);
        Some(Server::start(program, None))
    }

    /// `None` if Python's packages are not installed.
    pub fn python() -> Option<Server> {
        let mut program = Peer::installed_or_skip("python")?.command();
        program.args(["tests/peers/python/server.py", "demo", "speed"]);
        Some(Server::start(program, Some("--port")))
    }

    /// `None` if Node's packages are not installed.
    pub fn node() -> Option<Server> {
        let mut program = Peer::installed_or_skip("node")?.command();
        program.arg("tests/peers/node/server.js");
        Some(Server::start(program, None))
    }

    /// What the process has used so far; `None` where the system does not tell.
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lesson(number: u8) -> Command {
    command(
        &Lesson::find(number)
            .expect("the lesson should be in LESSONS")
            .server(),
    )
}

fn this_program(server: Own) -> Command {
    let mut program =
        Command::new(env::current_exe().expect("this program should have a path"));
    match server {
        Own::BareH2 => program.arg("bare-h2"),
        Own::Stock(variant) => program.args(["stock", &name(variant)]),
    };
    program
}

/// The variant, as the command line names it.
fn name(variant: Variant) -> String {
    let value = variant.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_string())
}

/// The same program, tied to core 0 if servers have a core of their own.
fn on_its_core(program: Command) -> Command {
    if !*PINNED {
        return program;
    }
    let mut taskset = Command::new("taskset");
    taskset
        .args(["-c", "0"])
        .arg(program.get_program())
        .args(program.get_args());
    if let Some(folder) = program.get_current_dir() {
        taskset.current_dir(folder);
    }
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => taskset.env(name, value),
            None => taskset.env_remove(name),
        };
    }
    taskset
}

/// Builds lesson 11's server again, with other settings than cargo bench, in a target
/// directory of its own. Returns the program.
///
/// [`grpc_workbook::cargo::build`] is no help: it builds with the very profile, and into the very
/// folder, that this program was built with, and both are other ones here.
pub fn build(settings: &[(&str, &str)], args: &[&str]) -> PathBuf {
    let target = root().join("target/comparison");
    let done = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--locked", "--quiet", "--bin", "lesson-11-server"])
        .args(["--target-dir".as_ref(), target.as_os_str()])
        .args(args)
        .envs(settings.iter().copied())
        .current_dir(root())
        .status();
    assert!(done.is_ok_and(|status| status.success()), "does not build");
    let profile = if args.contains(&"--release") {
        "release"
    } else {
        "debug"
    };
    target
        .join(profile)
        .join(format!("lesson-11-server{}", consts::EXE_SUFFIX))
}
