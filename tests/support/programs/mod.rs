//! Running the workbook's programs as a reader does, and reading what they print.

mod build;
mod environment;
mod server;

use std::io::{PipeReader, Read, pipe};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use grpc_workbook::Lesson;

use crate::manifest::targets;
use crate::patience::{Watchdog, watch_this_process};

pub use build::build;
pub use environment::make_neutral;
pub use server::Server;

/// The root of the repository.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ should be in the repository")
}

/// The names of the binaries in Cargo.toml.
pub fn binaries() -> Vec<String> {
    let binaries = targets().iter().filter(|target| target.kind == "bin");
    binaries.map(|target| target.name.clone()).collect()
}

/// The command that runs a program of the workbook, without a terminal and without colours.
/// cargo builds the program first.
///
/// # Panics
/// If cargo cannot build it.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(build::built(program));
    make_neutral(&mut command);
    command
        .stdin(Stdio::null())
        // As `cargo run` sets it. What this test inherited is its own package's.
        .env("CARGO_MANIFEST_DIR", root())
        .current_dir(root());
    command
}

/// The command that runs a lesson's client against the server at `address`, which is
/// `HOST:PORT`.
pub fn client(lesson: &Lesson, address: &str, args: &[&str]) -> Command {
    let mut command = command(&lesson.client());
    command
        .args(["--server", &format!("http://{address}")])
        .args(args);
    command
}

/// How a program ended, and all that it printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Finished {
    /// The exit code; `None` if a signal ended the program.
    pub code: Option<i32>,
    /// Standard output and standard error, in the order in which they were written.
    pub output: String,
}

impl Finished {
    /// The end that a test expects: with this exit code, having printed exactly this.
    pub fn new(code: i32, output: impl Into<String>) -> Finished {
        Finished { code: Some(code), output: output.into() }
    }
}

/// Runs a program to its end.
///
/// # Panics
/// If it cannot be started, prints something other than UTF-8, or does not end.
pub fn run(command: &mut Command) -> Finished {
    let (mut child, mut output) = spawn(command);
    let watchdog = Watchdog::new(&child, format!("the end of {command:?}"));
    let mut bytes = Vec::new();
    output
        .read_to_end(&mut bytes)
        .expect("the program's output should be readable");
    let status = child.wait().expect("the program should end");
    watchdog.done();
    Finished {
        code: status.code(),
        output: String::from_utf8(bytes).expect("the output should be UTF-8"),
    }
}

/// Starts a program with standard output and standard error in one pipe, and returns the end
/// of the pipe that reads.
///
/// # Panics
/// If it cannot be started.
pub fn spawn(command: &mut Command) -> (Child, PipeReader) {
    watch_this_process();
    let (reader, writer) = pipe().expect("the system should make a pipe");
    command
        .stdout(
            writer
                .try_clone()
                .expect("the pipe's writing end should be copied"),
        )
        .stderr(writer);
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // The command still holds the pipe's writing end, and while it does, the pipe never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, reader)
}
