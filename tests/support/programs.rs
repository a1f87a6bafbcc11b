//! Running the workbook's programs as a reader does, and reading what they print.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, PipeReader, Read, Write, pipe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::{env, thread};

use grpc_workbook::{Lesson, cargo};

/// The repository.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("is in the repository")
}

/// A program of the workbook, to be run without a terminal and without colours.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(built(program));
    command
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        // As `cargo run` says it. This test has been told its own package's.
        .env("CARGO_MANIFEST_DIR", root())
        .current_dir(root());
    command
}

/// Where a program is, once this test has had cargo build it.
fn built(program: &str) -> PathBuf {
    let lesson = program
        .rsplit_once('-')
        .map_or(program, |(lesson, _)| lesson);
    let of_the_lesson = format!("{lesson}-*");
    let names = match &*running_test() {
        // These need all of them, sooner or later.
        "book" | "hostile_clients" | "workbook" => "*",
        // Optimized, one of them takes half a minute.
        "comparison" => program,
        // A lesson's server is hardly ever without its client.
        _ => &of_the_lesson,
    };
    build(&[names]).join(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// The test or benchmark that runs, by its name in Cargo.toml but with `_` for `-`.
fn running_test() -> String {
    // cargo names the program after it, and adds a hash: target/debug/deps/lesson_1-4f5e6d7c8b9a.
    let program = env::current_exe().expect("knows its own place");
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.rsplit_once('-').map_or(&*name, |(name, _hash)| name);
    name.to_string()
}

/// Has cargo build the programs with these names, in which `*` stands for anything, unless this
/// test has done so. Returns the folder with them.
pub fn build(names: &[&str]) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let (mut cargo, folder) = cargo::build(root(), names).expect("knows its own place");
    let mut built = BUILT.lock().expect("is not poisoned");
    if !names.iter().all(|name| built.contains_key(*name)) {
        let done = succeeds(&mut cargo);
        built.extend(names.iter().map(|name| (name.to_string(), done)));
    }
    let done = names.iter().all(|name| built[*name]);
    // Whoever waits for the lock is to fail for the same reason.
    drop(built);
    assert!(done, "cargo could not build {}: its messages are above", names.join(", "));
    folder
}

/// Runs cargo, and shows what it does, and if it fails, what it says.
fn succeeds(cargo: &mut Command) -> bool {
    cargo.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut cargo = cargo.spawn().expect("starts cargo");
    let lines = BufReader::new(cargo.stderr.take().expect("is piped")).split(b'\n');
    // Not with `eprintln`: what that prints in a test is only heard of when the test has failed.
    let mut errors = io::stderr();
    let mut said = Vec::new();
    for line in lines {
        let line = line.expect("reads a pipe");
        let line = String::from_utf8_lossy(&line).into_owned() + "\n";
        // This may take a while. Warnings would come again with every test: `cargo build` shows them.
        match line.contains(" Compiling ") || line.contains(" Blocking ") {
            true => errors.write_all(line.as_bytes()).expect("prints"),
            false => said.push(line),
        }
    }
    let status = cargo.wait().expect("waits for a child");
    if !status.success() {
        errors.write_all(said.concat().as_bytes()).expect("prints");
    }
    status.success()
}

/// A lesson's client, told to call `address`.
pub fn client(lesson: &Lesson, address: &str, args: &[&str]) -> Command {
    let mut command = command(&lesson.client());
    command
        .args(["--server", &format!("http://{address}")])
        .args(args);
    command
}

/// What a program printed, standard output and standard error in the order in which it wrote
/// them, and its exit code: `None` if a signal ended it.
#[derive(Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: Option<i32>,
    pub output: String,
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Finished {
    let (mut child, mut output) = spawn(command);
    let mut text = Vec::new();
    output.read_to_end(&mut text).expect("reads a pipe");
    let status = child.wait().expect("waits for a child");
    Finished {
        code: status.code(),
        output: String::from_utf8(text).expect("prints UTF-8"),
    }
}

/// Starts a program with standard output and standard error in one pipe.
pub fn spawn(command: &mut Command) -> (Child, PipeReader) {
    let (reader, writer) = pipe().expect("makes a pipe");
    command
        .stdout(writer.try_clone().expect("copies a pipe"))
        .stderr(writer);
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // The command holds the pipe's writing end: while it lives, the pipe never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, reader)
}

/// A server that listens on a port of its own. Dropped, it is killed.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
    output: String,
    /// Where it listens, such as `127.0.0.1:40123`.
    pub address: String,
}

impl Server {
    /// Starts the server of a lesson on a free port, and waits until it listens.
    pub fn start(lesson: &Lesson) -> Server {
        Server::from(command(&lesson.server()).args(["--addr", "127.0.0.1:0"]))
    }

    /// Starts a server that says in its first line what it is `listening on`.
    pub fn from(command: &mut Command) -> Server {
        let (child, output) = spawn(command);
        // Somebody has to read all the time, or the server blocks when the pipe is full.
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line.expect("prints UTF-8") + "\n").is_err() {
                    break;
                }
            }
        });
        let mut server =
            Server { child, lines, output: String::new(), address: String::new() };
        let line = server.wait_for(" listening on ");
        let (_, address) = line.split_once(" listening on ").unwrap_or_default();
        server.address = address.trim_end().to_string();
        server
    }

    /// Waits until the server prints a line that contains `text`, and returns that line.
    pub fn wait_for(&mut self, text: &str) -> String {
        while let Ok(line) = self.lines.recv() {
            self.output += &line;
            if line.contains(text) {
                return line;
            }
        }
        panic!(
            "the server ended without a line with {text:?}; it printed: {}",
            self.output
        );
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to stop, with SIGTERM.
    #[cfg(unix)]
    pub fn signal(&mut self) {
        self.send(rustix::process::Signal::TERM);
    }

    /// Asks the server to stop, as Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&mut self) {
        self.send(rustix::process::Signal::INT);
    }

    #[cfg(unix)]
    fn send(&mut self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process};
        kill_process(Pid::from_child(&self.child), signal).expect("sends a signal");
    }

    /// Windows has no signal that asks: ends the server.
    #[cfg(windows)]
    pub fn signal(&mut self) {
        self.child.kill().expect("ends a child");
    }

    /// Waits for the server's end.
    pub fn finish(mut self) -> Finished {
        self.output.extend(self.lines.iter());
        let status = self.child.wait().expect("waits for a child");
        Finished { code: status.code(), output: std::mem::take(&mut self.output) }
    }

    /// Asks the server to stop and waits for its end.
    pub fn stop(mut self) -> Finished {
        self.signal();
        self.finish()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The names of the binaries in Cargo.toml.
pub fn binaries() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("is there");
    let sections = manifest.split("[[bin]]").skip(1);
    let name = |section: &str| {
        Some(section.split("name = \"").nth(1)?.split('"').next()?.into())
    };
    sections.filter_map(name).collect()
}
