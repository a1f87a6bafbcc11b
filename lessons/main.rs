//! `cargo run`: plays a lesson, its server and its client, in one terminal.
//!
//! Both are the binaries that a reader runs by hand. This program has cargo build them,
//! starts them with a tap between them, and prints what they say, each line with a label.

mod tap_command;
mod wire;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli::{self, Failure, Signals};
use grpc_workbook::explain;
use grpc_workbook::tap::viewer::Viewer;
use grpc_workbook::{LESSONS, Lesson, cargo};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{self, Child, ChildStderr, ChildStdout};
use tokio::task::JoinHandle;

use tap_command::{TapArgs, show_tap};
use wire::{Wire, check_svg, write_svg};

// The `///` of a flag is its help text.
#[derive(clap::Parser)]
struct Flags {
    /// The lesson to play, 1 if none is given
    #[arg(value_parser = lesson)]
    lesson: Option<&'static Lesson>,
    /// List the lessons
    #[arg(long, conflicts_with_all = ["lesson", "frames", "hex", "svg"])]
    list: bool,
    // For those who look for it here: `main` says whose flag it is.
    #[arg(long = "break", value_name = "NAME", hide = true)]
    fault: Option<Option<String>>,
    #[command(flatten)]
    view: View,
    /// Draw the wire into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    // In place of a lesson: `Flags::of_a_lesson`.
    #[command(subcommand)]
    command: Option<Command>,
}

impl Flags {
    /// What was given that is for a lesson, and not for a command.
    fn of_a_lesson(&self) -> Option<&'static str> {
        let given = [
            (self.lesson.is_some(), "the number of a lesson"),
            (self.list, "--list"),
            (self.fault.is_some(), "--break"),
            (self.view.frames, "--frames"),
            (self.view.hex, "--hex"),
            (self.svg.is_some(), "--svg"),
        ];
        given
            .into_iter()
            .find_map(|(is_given, name)| is_given.then_some(name))
    }
}

/// What is shown of a wire.
#[derive(Clone, Copy, clap::Args)]
struct View {
    /// Show what keeps the connection going too, and all headers
    #[arg(long)]
    frames: bool,
    /// Show the bytes of the messages too
    #[arg(long)]
    hex: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show the wire between any client and any server: a proxy that changes nothing
    Tap(TapArgs),
    /// Look an error message up on the book's page of error messages
    Explain {
        /// What a terminal said, one line or several; - reads standard input
        #[arg(value_name = "MESSAGE", required = true, allow_hyphen_values = true)]
        message: Vec<String>,
    },
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Command::Tap(_) => "tap",
            Command::Explain { .. } => "explain",
        }
    }
}

fn lesson(text: &str) -> Result<&'static Lesson, String> {
    let lesson = text.parse().ok().and_then(Lesson::find);
    lesson.ok_or_else(|| "there is no such lesson, --list shows them all".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let about = "Plays a lesson of the workbook, server and client, in one terminal";
    let flags: Flags = cli::parse("cargo run --", about, |command| command);
    if let (Some(command), Some(given)) = (&flags.command, flags.of_a_lesson()) {
        let name = command.name();
        let line = format!("{given} cannot stand before '{name}'");
        cli::fail(2, &format!("{line}; see cargo run -- {name} --help"));
    }
    let lesson = flags.lesson.unwrap_or(&LESSONS[0]);
    if let Some(fault) = flags.fault {
        let (client, fault) = (lesson.client(), fault.unwrap_or_default());
        let command = format!("cargo run --bin {client} -- --break {fault}");
        cli::fail(2, &format!("--break is a flag of {client}: {}", command.trim_end()));
    }
    if flags.list {
        list_lessons();
        return Ok(());
    }
    if let Some(Command::Explain { message }) = &flags.command {
        return explain::explain(&root(), message);
    }
    let mut signals = Signals::new()?;
    if let Some(Command::Tap(args)) = flags.command {
        return show_tap(args, signals).await;
    }
    tokio::select! {
        played = play(lesson, flags.view, flags.svg) => played,
        // Dropped in the middle, `play` kills what it started.
        () = signals.next() => Err(Failure::new("stopped before the end")),
    }
}

/// `--list`: each part with a line for each lesson, in columns.
fn list_lessons() {
    let titles = LESSONS.iter().map(|lesson| lesson.title.len());
    let width = titles.max().unwrap_or(0);
    let mut part = None;
    for lesson in LESSONS {
        if part != Some(lesson.part()) {
            part = Some(lesson.part());
            println!("{}", lesson.part());
        }
        let Lesson { number, title, teaches, .. } = lesson;
        println!("{number:>2}  {title:<width$}  {teaches}");
    }
}

/// `cargo run -- 6`: plays a lesson, then shows what crossed the wire.
async fn play(lesson: &Lesson, view: View, svg: Option<PathBuf>) -> Result<(), Failure> {
    if let Some(file) = &svg {
        check_svg(file)?;
    }
    println!("building {lesson}");
    let folder = build(lesson).await?;
    let server = PlayedServer::start(&folder, lesson).await?;
    let viewer = Viewer::new(view.frames, view.hex);
    let (mut wire, tapped) = Wire::tap_to(&server.address, viewer).await?;

    let client_played = play_client(&folder, lesson, &tapped);
    let client_status = wire.record_during(client_played).await?;
    wire.client_has_ended();
    let server_status = wire.record_during(server.stop()).await?;

    check_status(&lesson.client(), client_status)?;
    // Windows has no signal that asks: there the server was ended by force.
    if cfg!(unix) {
        check_status(&lesson.server(), server_status)?;
    }
    let drawn = wire.show();
    if let Some(file) = svg {
        write_svg(&file, &format!("The wire of {lesson}"), &drawn)?;
    }
    show_next_steps(lesson);
    Ok(())
}

/// A lesson's server that has been started and listens. Dropped, it is killed.
struct PlayedServer {
    child: Child,
    /// Where it listens, as HOST:PORT.
    address: String,
    /// Print what it says, and end when it ends.
    relays: [JoinHandle<()>; 2],
}

impl PlayedServer {
    /// Starts a lesson's server on a free port, and waits until it listens.
    async fn start(folder: &Path, lesson: &Lesson) -> Result<PlayedServer, Failure> {
        let name = lesson.server();
        let label = label("server", AnsiColor::Cyan);
        let Started { child, stdout, stderr } =
            start(folder, &name, ["--addr", "127.0.0.1:0"])?;
        let errors = relay(&label, stderr);
        // The server's first line says which port it got.
        let mut output = BufReader::new(stdout);
        let mut first_line = String::new();
        output.read_line(&mut first_line).await?;
        print!("{label}{first_line}");
        let Some((_, address)) = first_line.trim_end().split_once(" listening on ")
        else {
            errors.await?;
            return Err(Failure::new(format!("{name} did not start")));
        };
        let address = address.to_string();
        Ok(PlayedServer { child, address, relays: [relay(&label, output), errors] })
    }

    /// Asks the server to stop, and waits for its end and its last words.
    async fn stop(mut self) -> Result<ExitStatus, Failure> {
        terminate(&mut self.child)?;
        for relay in self.relays {
            relay.await?;
        }
        Ok(self.child.wait().await?)
    }
}

/// Plays a lesson's client against `server`, which is HOST:PORT, to its end.
async fn play_client(
    folder: &Path,
    lesson: &Lesson,
    server: &str,
) -> Result<ExitStatus, Failure> {
    let label = label("client", AnsiColor::Green);
    let uri = format!("http://{server}");
    let Started { mut child, stdout, stderr } =
        start(folder, &lesson.client(), ["--server", &uri])?;
    let relays = [relay(&label, stdout), relay(&label, stderr)];
    for relay in relays {
        relay.await?;
    }
    Ok(child.wait().await?)
}

fn check_status(program: &str, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{program} failed, {status}")))
}

/// Says what a reader can do now, with this lesson's own files and programs.
fn show_next_steps(lesson: &Lesson) {
    println!();
    println!("Next:");
    if !has_mdbook() {
        println!("  get the book   cargo install mdbook --locked");
    }
    println!("  read it        mdbook serve --open, chapter {}", lesson.number);
    println!("  run it         cargo run --bin {}", lesson.server());
    println!(
        "                 cargo run --bin {}, in a second terminal",
        lesson.client()
    );
    let folder = format!("lessons/{}", lesson.folder());
    let is_there = |file: &str| root().join(&folder).join(file).exists();
    let definition = if is_there("exercise.proto") {
        " and exercise.proto"
    } else {
        ""
    };
    println!("  solve it       {folder}/exercise.rs{definition}");
    let test = lesson.test();
    println!("  check it       cargo test --test {test} -- --ignored --nocapture");
    if is_there("exercise_server.rs") {
        println!(
            "  try it         cargo run --bin {}, in place of the server",
            lesson.exercise()
        );
    }
}

/// Whether the reader has mdBook, in a folder where programs are looked for.
fn has_mdbook() -> bool {
    let name = format!("mdbook{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

/// The root of the repository, where it is now: it may have been moved after it was built.
fn root() -> PathBuf {
    let root = env::var_os("CARGO_MANIFEST_DIR");
    root.unwrap_or(env!("CARGO_MANIFEST_DIR").into()).into()
}

/// Has cargo build the lesson's binaries. Returns the folder that they are in.
async fn build(lesson: &Lesson) -> Result<PathBuf, Failure> {
    let names = [&*lesson.server(), &lesson.client()];
    let (cargo, folder) = cargo::build(&root(), &names)?;
    let mut cargo = process::Command::from(cargo);
    let built = cargo.stdin(Stdio::null()).kill_on_drop(true).status().await;
    match built {
        Ok(status) if status.success() => Ok(folder),
        Ok(_) => Err(Failure::new(format!(
            "cargo could not build {lesson}: its messages are above"
        ))),
        Err(_) => {
            Err(Failure::new("cannot run cargo: start this program with `cargo run`"))
        }
    }
}

/// A program that has been started. Dropped, `child` is killed.
struct Started {
    child: Child,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

fn start(folder: &Path, name: &str, arguments: [&str; 2]) -> Result<Started, Failure> {
    let mut child = process::Command::new(folder.join(name))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            Failure::new(format!("cannot start {name}: {}", error.kind()))
        })?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failure::new(format!("cannot read what {name} prints")));
    };
    Ok(Started { child, stdout, stderr })
}

/// Prints each line that comes from `pipe` behind a label, until the pipe is closed.
fn relay(label: &str, pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
    let label = label.to_string();
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            println!("{label}{}", String::from_utf8_lossy(&line).trim_end_matches('\r'));
        }
    })
}

fn label(name: &str, color: AnsiColor) -> String {
    let style = cli::style(color);
    format!("{style}{name} |{style:#} ")
}

/// Asks a server to stop, as Ctrl-C in its terminal would.
#[cfg(unix)]
fn terminate(server: &mut Child) -> Result<(), Failure> {
    use rustix::process::{Pid, Signal, kill_process};

    let pid = server.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // An error means that the server has ended already; its exit code tells how.
        let _ = kill_process(pid, Signal::TERM);
    }
    Ok(())
}

/// Ends a server by force: Windows has no signal that asks it to stop.
#[cfg(windows)]
fn terminate(server: &mut Child) -> Result<(), Failure> {
    Ok(server.start_kill()?)
}
