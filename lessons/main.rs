//! `cargo run`: plays a lesson, its server and its client, in one terminal.
//!
//! Both are the binaries that a reader runs by hand. This program has cargo build them, starts
//! them, and prints what they say, each line with a label.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli::{self, Failure, Signals};
use grpc_workbook::http2::figure::draw;
use grpc_workbook::http2::lines::Lines;
use grpc_workbook::http2::tap::tap;
use grpc_workbook::http2::trace::{Event, What};
use grpc_workbook::{LESSONS, Lesson, cargo};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// So much is shown of the wire of a lesson.
const MOST_EVENTS: usize = 1000;

#[derive(clap::Parser)]
struct Flags {
    /// The lesson to play
    #[arg(default_value = "1", value_parser = lesson)]
    lesson: &'static Lesson,
    /// List the lessons
    #[arg(long)]
    list: bool,
    /// Show what keeps the connection going too, and all headers
    #[arg(long)]
    frames: bool,
    /// Show the bytes of the messages too
    #[arg(long)]
    hex: bool,
    /// Draw the wire into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(subcommand)]
    tap: Option<Tap>,
}

#[derive(clap::Subcommand)]
enum Tap {
    /// Show the wire between any client and any server: a proxy that changes nothing
    Tap {
        /// Where to listen for clients
        #[arg(long, value_name = "HOST:PORT", value_parser = cli::host_and_port)]
        listen: String,
        /// The server to pass them on to
        #[arg(long, value_name = "HOST:PORT", value_parser = cli::host_and_port)]
        to: String,
        /// Show what keeps the connection going too, and all headers
        #[arg(long)]
        frames: bool,
        /// Show the bytes of the messages too
        #[arg(long)]
        hex: bool,
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
        for lesson in LESSONS {
            println!("{:>2}  {:<20} {}", lesson.number, lesson.title, lesson.teaches);
        }
        return Ok(());
    }
    let mut signals = Signals::new()?;
    if let Some(Tap::Tap { listen, to, frames, hex }) = flags.tap {
        let lines = Lines::new(frames, hex);
        return tokio::select! {
            tapped = tap_until_told(&listen, to, lines) => tapped,
            () = signals.next() => Ok(()),
        };
    }
    let lines = Lines::new(flags.frames, flags.hex);
    tokio::select! {
        played = play(flags.lesson, lines, flags.svg) => played,
        // Dropped in the middle, `play` kills what it started.
        () = signals.next() => Err(Failure::new("stopped before the end")),
    }
}

/// `cargo run -- tap`: shows each connection's events as they come.
async fn tap_until_told(listen: &str, to: String, lines: Lines) -> Result<(), Failure> {
    let listener = cli::bind(listen).await?;
    println!("tap to {to} listening on {}", listener.local_addr()?);
    let lines = Arc::new(Mutex::new(lines));
    tap(listener, to, move |connection, event| {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.line(connection, &event) {
            println!("{line}");
        }
    })
    .await?;
    Ok(())
}

async fn play(
    lesson: &Lesson,
    mut lines: Lines,
    svg: Option<PathBuf>,
) -> Result<(), Failure> {
    println!("building {lesson}");
    let folder = build(lesson).await?;

    let mut server = start(&folder, &lesson.server(), ["--addr", "127.0.0.1:0"])?;
    let server_label = label("server", AnsiColor::Cyan);
    let mut server_output = BufReader::new(server.stdout.take().expect("piped"));
    let server_errors = relay(&server_label, server.stderr.take().expect("piped"));
    // The server's first line says which port it got.
    let mut first_line = String::new();
    server_output.read_line(&mut first_line).await?;
    print!("{server_label}{first_line}");
    let Some((_, address)) = first_line.trim_end().split_once(" listening on ") else {
        server_errors.await?;
        return Err(Failure::new(format!("{} did not start", lesson.server())));
    };
    let server_lines = relay(&server_label, server_output);

    // The client talks to the tap, which remembers what it saw.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server_uri = format!("http://{}", listener.local_addr()?);
    let events: Arc<Mutex<Vec<(usize, Event)>>> = Arc::default();
    let seen = Arc::clone(&events);
    tokio::spawn(tap(listener, address.to_string(), move |connection, event| {
        let mut events = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < MOST_EVENTS {
            events.push((connection, event));
        }
    }));
    let mut client = start(&folder, &lesson.client(), ["--server", &server_uri])?;
    let client_label = label("client", AnsiColor::Green);
    let client_lines = relay(&client_label, client.stdout.take().expect("piped"));
    let client_errors = relay(&client_label, client.stderr.take().expect("piped"));
    client_lines.await?;
    client_errors.await?;
    let client_status = client.wait().await?;

    let before = events.lock().unwrap_or_else(PoisonError::into_inner).len();
    stop(&mut server)?;
    server_lines.await?;
    server_errors.await?;
    let server_status = server.wait().await?;

    if !client_status.success() {
        return Err(Failure::new(format!("{} failed, {client_status}", lesson.client())));
    }
    // Windows has no signal that asks: there the server was ended by force.
    if cfg!(unix) && !server_status.success() {
        return Err(Failure::new(format!("{} failed, {server_status}", lesson.server())));
    }
    println!();
    println!("on the wire:");
    let mut events =
        std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
    // A GOAWAY after the client's end is our own doing, even if the tap saw that end later.
    for (_, event) in &mut events[before..] {
        if let What::GoAway { farewell, .. } = &mut event.what {
            *farewell = true;
        }
    }
    for line in events
        .iter()
        .filter_map(|(connection, event)| lines.line(*connection, event))
    {
        println!("  {line}");
    }
    if events.len() == MOST_EVENTS {
        println!("  ... and more than is shown here");
    }
    if let Some(file) = svg {
        let title = format!("The wire of {lesson}");
        let drawing = draw("wire", &title, &mut lines, &events);
        fs::write(&file, drawing).map_err(|error| {
            Failure::new(format!("cannot write {}: {}", file.display(), error.kind()))
        })?;
        println!("drawn in {}", file.display());
    }
    println!();
    println!("Next:");
    println!("  read it   cargo install mdbook --locked, then mdbook serve book --open");
    println!("  run it    cargo run --bin {}", lesson.server());
    println!("            cargo run --bin {}, in a second terminal", lesson.client());
    println!("  solve it  lessons/{}/exercise.rs, checked by", lesson.folder());
    println!("            cargo test --test {} -- --ignored --nocapture", lesson.test());
    Ok(())
}

/// Has cargo build the lesson's binaries. Returns the folder with all.
async fn build(lesson: &Lesson) -> Result<PathBuf, Failure> {
    // Where it is now: the repository may have been moved after it was built.
    let root =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    let names = [&*lesson.server(), &lesson.client()];
    let (cargo, folder) = cargo::build(root.as_ref(), &names)?;
    let mut cargo = Command::from(cargo);
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

fn start(folder: &Path, name: &str, arguments: [&str; 2]) -> Result<Child, Failure> {
    Command::new(folder.join(name))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::new(format!("cannot start {name}: {error}")))
}

/// Prints each line that comes from `pipe`, after a label, until the pipe's other end closes.
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
fn stop(server: &mut Child) -> Result<(), Failure> {
    use rustix::process::{Pid, Signal, kill_process};

    let pid = server.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // An error means that the server has ended already; its exit code tells how.
        let _ = kill_process(pid, Signal::TERM);
    }
    Ok(())
}

#[cfg(windows)]
fn stop(server: &mut Child) -> Result<(), Failure> {
    Ok(server.start_kill()?)
}
