//! `cargo run`: plays a lesson, its server and its client, in one terminal.
//!
//! Both are the binaries that a reader runs by hand. This program has cargo build them,
//! starts them with a tap between them, and prints what they say, each line with a label.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::{env, fs};

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli::{self, Failure, Signals};
use grpc_workbook::tap::proxy::{TappedEvent, tap};
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::svg::draw;
use grpc_workbook::tap::trace::EventKind;
use grpc_workbook::{LESSONS, Lesson, cargo};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{self, Child, ChildStderr, ChildStdout};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How many events of a lesson's wire are shown; later ones are left out.
const MAX_EVENTS: usize = 1000;

/// How many events a tap may be ahead of what shows them: then its connections wait.
const MAX_WAITING: usize = 256;

// The `///` of a flag is its help text.
#[derive(clap::Parser)]
struct Flags {
    /// The lesson to play
    #[arg(default_value = "1", value_parser = lesson)]
    lesson: &'static Lesson,
    /// List the lessons
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    view: View,
    /// Draw the wire into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    // In place of a lesson.
    #[command(subcommand)]
    command: Option<Command>,
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
    Tap {
        /// Where to listen for clients
        #[arg(long, value_name = "HOST:PORT", value_parser = cli::host_and_port)]
        listen: String,
        /// The server to pass them on to
        #[arg(long, value_name = "HOST:PORT", value_parser = cli::host_and_port)]
        to: String,
        #[command(flatten)]
        view: View,
    },
}

fn lesson(text: &str) -> Result<&'static Lesson, String> {
    let lesson = text.parse().ok().and_then(Lesson::find);
    lesson.ok_or_else(|| "there is no such lesson, --list shows them all".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let about = "Plays a lesson of the workbook, server and client, in one terminal";
    let flags: Flags = cli::parse("cargo run --", about, |command| command);
    if flags.list {
        list_lessons();
        return Ok(());
    }
    let mut signals = Signals::new()?;
    if let Some(Command::Tap { listen, to, view }) = flags.command {
        return tokio::select! {
            tapped = show_tap(&listen, to, view) => tapped,
            () = signals.next() => Ok(()),
        };
    }
    tokio::select! {
        played = play(flags.lesson, flags.view, flags.svg) => played,
        // Dropped in the middle, `play` kills what it started.
        () = signals.next() => Err(Failure::new("stopped before the end")),
    }
}

/// `--list`: a line for each lesson, in columns.
fn list_lessons() {
    let titles = LESSONS.iter().map(|lesson| lesson.title.len());
    let width = titles.max().unwrap_or(0);
    for Lesson { number, title, teaches, .. } in LESSONS {
        println!("{number:>2}  {title:<width$}  {teaches}");
    }
}

/// `cargo run -- tap`: shows each connection's events as they come, until it is dropped.
async fn show_tap(listen: &str, to: String, view: View) -> Result<(), Failure> {
    let listener = cli::bind(listen).await?;
    println!("tap to {to} listening on {}", listener.local_addr()?);
    let mut renderer = Renderer::new(view.frames, view.hex);
    let (events_tx, mut events_rx) = mpsc::channel(MAX_WAITING);
    tokio::spawn(tap(listener, to, events_tx));
    while let Some(tapped) = events_rx.recv().await {
        if let Some(line) = renderer.line(&tapped) {
            println!("{line}");
        }
    }
    Ok(())
}

/// `cargo run -- 6`: plays a lesson, then shows what crossed the wire.
async fn play(lesson: &Lesson, view: View, svg: Option<PathBuf>) -> Result<(), Failure> {
    println!("building {lesson}");
    let folder = build(lesson).await?;
    let server = PlayedServer::start(&folder, lesson).await?;
    let (mut wire, tapped) = Wire::tap_to(&server.address).await?;

    let client_played = play_client(&folder, lesson, &tapped);
    let client_status = wire.record_during(client_played).await?;
    let before_stop = wire.events.len();
    let server_status = wire.record_during(server.stop()).await?;

    check_status(&lesson.client(), client_status)?;
    // Windows has no signal that asks: there the server was ended by force.
    if cfg!(unix) {
        check_status(&lesson.server(), server_status)?;
    }
    let mut events = wire.events;
    // The client had ended before the server was stopped, even if the tap saw it later.
    for tapped in &mut events[before_stop..] {
        if let EventKind::GoAway { after_client_closed, .. } = &mut tapped.event.kind {
            *after_client_closed = true;
        }
    }
    let mut renderer = Renderer::new(view.frames, view.hex);
    show_wire(&events, &mut renderer);
    if let Some(file) = svg {
        let title = format!("The wire of {lesson}");
        write_svg(&file, &draw("wire", &title, &mut renderer, &events))?;
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

/// What crosses the wire of a lesson that is played.
struct Wire {
    /// What the tap saw so far, at most [`MAX_EVENTS`].
    events: Vec<TappedEvent>,
    /// From the tap.
    events_rx: mpsc::Receiver<TappedEvent>,
}

impl Wire {
    /// Starts a tap to `server`. Returns what it will see, and the address of the tap.
    async fn tap_to(server: &str) -> Result<(Wire, String), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (events_tx, events_rx) = mpsc::channel(MAX_WAITING);
        tokio::spawn(tap(listener, server.to_string(), events_tx));
        Ok((Wire { events: Vec::new(), events_rx }, address))
    }

    /// Does `work`, and records what crosses the wire in the meantime.
    async fn record_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // First what has crossed the wire already.
                biased;
                Some(tapped) = self.events_rx.recv() => {
                    if self.events.len() < MAX_EVENTS {
                        self.events.push(tapped);
                    }
                }
                done = &mut work => return done,
            }
        }
    }
}

fn show_wire(events: &[TappedEvent], renderer: &mut Renderer) {
    println!();
    println!("on the wire:");
    for tapped in events {
        if let Some(line) = renderer.line(tapped) {
            println!("  {line}");
        }
    }
    if events.len() == MAX_EVENTS {
        println!("  ... and more than is shown here");
    }
}

fn write_svg(file: &Path, drawing: &str) -> Result<(), Failure> {
    fs::write(file, drawing).map_err(|error| {
        Failure::new(format!("cannot write {}: {}", file.display(), error.kind()))
    })?;
    println!("drawn in {}", file.display());
    Ok(())
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
