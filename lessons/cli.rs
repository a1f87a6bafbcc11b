//! What every lesson's `main` shares, and no chapter teaches: flags, listening, stopping,
//! and errors that say what to do.
//!
//! A server's `main` calls [`listen`], a client's calls [`client`] and [`connect`]; both
//! return a [`Failure`] when something goes wrong. Everything between those calls is
//! tonic. Lesson 1's `plain.rs` is a server's `main` without this module.

use std::error::Error;
use std::fmt::{self, Debug, Display, Write};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, IsTerminal};
use std::iter;
use std::ops::RangeInclusive;
use std::process::exit;
use std::thread;
use std::time::Duration;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use clap::builder::PossibleValue;
use clap::builder::styling::{AnsiColor, Style};
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, ValueEnum, error::ErrorKind as Misuse,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::transport::{Channel, Endpoint, Uri, server::TcpIncoming};
use tonic::{Code, Status};

use crate::{LESSONS, Lesson};

/// How long a server that was told to stop waits for calls that are still open, before it
/// cuts them off.
pub const GRACE: Duration = Duration::from_secs(3);

// --- servers

#[derive(Parser)]
struct ServerFlags<A: Args> {
    #[command(flatten)]
    args: A,
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    addr: String,
}

/// Reads the flags of lesson `number`'s server, listens, and says so on standard output:
/// `lesson-1-server listening on 127.0.0.1:50051`.
///
/// Returns the connections to serve, and a future that ends when the server must stop: at
/// SIGINT (Ctrl-C) or SIGTERM. From then on open calls have [`GRACE`] to finish, then the
/// process exits, with code 0 either way. A second signal cuts the grace short.
///
/// # Errors
/// The address cannot be had: it is in use, or not of this machine. Wrong flags end the
/// process with code 2.
pub async fn listen(
    number: u8,
) -> Result<(TcpIncoming, impl Future<Output = ()>), Failure> {
    let (incoming, stop, NoArgs {}) = listen_with(number).await?;
    Ok((incoming, stop))
}

/// The arguments of a server that has none of its own.
#[derive(Args)]
struct NoArgs {}

/// [`listen`], for a server with arguments of its own, `A`, which it returns too.
///
/// # Errors
/// Those of [`listen`].
pub async fn listen_with<A: Args>(
    number: u8,
) -> Result<(TcpIncoming, impl Future<Output = ()>, A), Failure> {
    let lesson = lesson(number);
    let program = lesson.server();
    let ServerFlags { args, addr } = parse(
        &program,
        &format!("The server of lesson {number}, {}", lesson.title),
        |command| {
            command.mut_arg("addr", |arg| {
                arg.required(false)
                    .default_value(format!("127.0.0.1:{}", lesson.port()))
            })
        },
    );
    let listener = bind(&addr).await?;
    // Signals that arrive after the line below must find somebody waiting.
    let mut signals = Signals::new()?;
    println!("{program} listening on {}", listener.local_addr()?);
    // Without nodelay the kernel holds small frames back until earlier ones are
    // acknowledged, which costs 40 ms a call. The setting has to be made here:
    // `Server::tcp_nodelay` does nothing for a listener that the server did not open
    // itself.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let stop = async move {
        signals.next().await;
        println!("{program} stopping");
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(GRACE) => eprintln!("{program} cut off the calls that were still open"),
                () = signals.next() => {}
            }
            exit(0);
        });
    };
    Ok((incoming, stop, args))
}

/// Opens a port.
///
/// # Errors
/// The address cannot be had: it is in use, or not of this machine.
pub async fn bind(addr: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(addr).await;
    listener.map_err(|error| Failure(cannot_listen(addr, &error)))
}

fn cannot_listen(addr: &str, error: &io::Error) -> String {
    let remedy = "choose another address with --addr HOST:PORT";
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "{addr} is in use: stop the program that listens there, or take a free port with --addr 127.0.0.1:0"
            )
        }
        ErrorKind::AddrNotAvailable => {
            format!("{addr} is not an address of this machine: {remedy}")
        }
        ErrorKind::PermissionDenied => format!(
            "not allowed to listen on {addr}: take a port above 1023 with --addr HOST:PORT"
        ),
        _ => format!("cannot listen on {addr}, {}: {remedy}", plain(error)),
    }
}

/// The signals that ask a process to stop: SIGINT (Ctrl-C) and, on Unix, SIGTERM.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// From here on the signals are caught: they no longer end the process.
    ///
    /// # Errors
    /// The operating system refuses.
    #[cfg(unix)]
    pub fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// From here on Ctrl-C is caught: it no longer ends the process.
    ///
    /// # Errors
    /// The operating system refuses.
    #[cfg(windows)]
    pub fn new() -> io::Result<Signals> {
        Ok(Signals { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for one that has not been waited for yet.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}

// --- clients

/// What a lesson's client was asked to do: `A` are the arguments of its own, `B` the
/// failures that it can play.
pub struct Client<A, B, S = Uri> {
    /// `--server`: the server to call.
    pub server: S,
    /// `--break`: the failure to play.
    pub fault: Option<B>,
    /// The lesson's own arguments.
    pub args: A,
}

#[derive(Parser)]
struct ClientFlags<A: Args, B: ValueEnum + Send + Sync + 'static> {
    #[command(flatten)]
    args: A,
    #[arg(long, value_name = "URI", value_parser = server_uri)]
    server: Option<Uri>,
    /// Play one of the chapter's failures; without a NAME, list them
    #[arg(long = "break", value_name = "NAME")]
    fault: Option<Option<B>>,
}

/// Reads the arguments of lesson `number`'s client. Wrong ones end the process with code
/// 2, `--help` and `--break` alone with code 0.
pub fn client<A, B>(number: u8) -> Client<A, B>
where
    A: Args,
    B: ValueEnum + Send + Sync + 'static,
{
    let usual = format!("http://127.0.0.1:{}", lesson(number).port());
    let Client { server, fault, args } = client_without(number, &usual);
    let server = server.unwrap_or_else(|| usual.parse().expect("is a URI"));
    Client { server, fault, args }
}

/// [`client`], for one that can do without `--server`. Its help calls that `otherwise`.
pub fn client_without<A, B>(number: u8, otherwise: &str) -> Client<A, B, Option<Uri>>
where
    A: Args,
    B: ValueEnum + Send + Sync + 'static,
{
    let lesson = lesson(number);
    let about = format!("The client of lesson {number}, {}", lesson.title);
    let flags: ClientFlags<A, B> = parse(&lesson.client(), &about, |command| {
        let help = format!("The server to call [default: {otherwise}]");
        command.mut_arg("server", |arg| arg.help(help))
    });
    if let Some(None) = flags.fault {
        let faults: Vec<PossibleValue> = B::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .collect();
        let width = faults
            .iter()
            .map(|fault| fault.get_name().len())
            .max()
            .unwrap_or(0);
        for fault in faults {
            let help = fault
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            println!("{:<width$}  {help}", fault.get_name());
        }
        exit(0);
    }
    Client { server: flags.server, fault: flags.fault.flatten(), args: flags.args }
}

/// Opens a channel: what `GreeterClient::connect(server)` does too, but with an error
/// that tells what is wrong.
///
/// # Errors
/// Nobody listens at `server`, or its name cannot be resolved.
pub async fn connect(server: &Uri) -> Result<Channel, Failure> {
    connect_with(Endpoint::from(server.clone())).await
}

/// [`connect`], for an endpoint with settings of its own.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with(endpoint: Endpoint) -> Result<Channel, Failure> {
    let connected = endpoint.connect().await;
    connected.map_err(|error| Failure(cannot_connect(endpoint.uri(), &error)))
}

/// Opens a bare TCP connection, for a client that is not tonic's.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_tcp(server: &Uri) -> Result<TcpStream, Failure> {
    let host = server.host().unwrap_or_default();
    let place = format!("{host}:{}", server.port_u16().unwrap_or(80));
    let connected = TcpStream::connect(place).await;
    connected.map_err(|error| Failure(cannot_connect(server, &error)))
}

fn cannot_connect(server: &Uri, error: &(dyn Error + 'static)) -> String {
    let place = server.to_string();
    let place = place.trim_end_matches('/');
    match io_error(error) {
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let program = std::env::current_exe().unwrap_or_default();
            let name = program.file_stem().and_then(|name| name.to_str());
            // The lesson that listens there, or the program's own.
            let lesson = LESSONS
                .iter()
                .find(|lesson| server.port_u16() == Some(lesson.port()))
                .or(LESSONS.iter().find(|lesson| name == Some(&lesson.client())));
            let remedy = match lesson {
                Some(lesson) => format!(
                    "start it with cargo run --bin {}, which listens on port {}",
                    lesson.server(),
                    lesson.port()
                ),
                None => "start one there".into(),
            };
            format!("no server at {place}: {remedy}")
        }
        Some(error) => format!(
            "cannot reach {place}, {}: name another server with --server URI",
            plain(error)
        ),
        None => format!("cannot reach {place}: {}", causes(error)),
    }
}

/// The lines of standard input, each as soon as it is typed; ends where the input ends.
///
/// Standard input is read in a thread of its own, because a read that has begun can't be
/// taken back: the program may end while it waits for a line.
pub fn lines() -> impl Stream<Item = String> + Send + Unpin + 'static {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else {
                eprintln!("Error: standard input is not UTF-8: the rest is left out");
                break;
            };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    ReceiverStream::new(lines)
}

/// The numbers of standard input, one a line, as [`lines`] brings them. A line that is no
/// int32 is left out, with a word to standard error.
pub fn numbers() -> impl Stream<Item = i32> + Send + Unpin + 'static {
    lines().filter_map(|line| match line.trim().parse() {
        Ok(number) => Some(number),
        Err(_) => {
            eprintln!(
                "{line:?} is no int32, a number from {} to {}: left out",
                i32::MIN,
                i32::MAX
            );
            None
        }
    })
}

/// Random numbers within `range`: the same ones for the same seed, others each time without
/// a seed.
pub fn random(
    seed: Option<u64>,
    range: RangeInclusive<i32>,
) -> impl Iterator<Item = i32> + Send + 'static {
    let any = || RandomState::new().build_hasher().finish();
    let mut source = ChaCha8Rng::seed_from_u64(seed.unwrap_or_else(any));
    let (start, end) = (i64::from(*range.start()), i64::from(*range.end()));
    iter::repeat_with(move || {
        // Of 2^32 numbers, how many more fall on one than on another does not matter here.
        let number = start + i64::from(source.next_u32()) % (end - start + 1);
        i32::try_from(number).unwrap_or(i32::MAX)
    })
}

// --- errors

/// Why a program could not do its work, as one line for the person who ran it.
///
/// `main` returns it; Rust then prints `Error: ` and its `Debug`, which therefore is that line, and exits with code 1.
pub struct Failure(String);

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// A failure that `line` tells.
    pub fn new(line: impl Into<String>) -> Failure {
        Failure(line.into())
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        let error: &(dyn Error + 'static) = &error;
        Failure(match error.downcast_ref::<Status>() {
            Some(status) => ended_with(status),
            None => causes(error),
        })
    }
}

/// How a call ended, for a person: the status code by its name and number in the
/// specification, and the message.
fn ended_with(status: &Status) -> String {
    let code = format!("{} ({})", code_name(status.code()), status.code() as i32);
    match status.source() {
        _ if (status.code(), status.message())
            == (Code::Cancelled, "Timeout expired") =>
        {
            format!("the deadline passed, so the call ended with {code}: Timeout expired")
        }
        // The server sent no status: tonic made one up, because the connection failed.
        Some(cause) => {
            let cause = causes(cause);
            let cause = cause.trim_start_matches("transport error: ");
            let gone = [
                "broken pipe",
                "connection reset",
                "connection refused",
                "connection closed",
            ];
            let what = if gone.iter().any(|words| cause.contains(words)) {
                "the server went away"
            } else if cause.contains("frame with invalid size") {
                "what listens there does not speak HTTP/2"
            } else {
                "the connection failed"
            };
            format!("{what}, so the call ended with {code}: {cause}")
        }
        None if status.message().is_empty() => {
            format!("the call ended with {code}, without a message")
        }
        None => format!("the call ended with {code}: {}", one_line(status.message())),
    }
}

/// The name of a status code in the gRPC specification (`doc/statuscodes.md`), such as
/// `INVALID_ARGUMENT`.
///
/// tonic's own `Display` of a code is a sentence, and its `Debug` is the Rust name.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The error and what caused it, outermost first, joined by colons: `Display` of tonic's
/// errors alone is `transport error`.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let line = match error.downcast_ref::<io::Error>() {
            Some(error) => plain(error),
            None => one_line(&error.to_string()),
        };
        // Some errors repeat their cause in their own text.
        if lines.last().is_none_or(|last| !last.contains(&line)) {
            lines.push(line);
        }
        next = error.source();
    }
    lines.join(": ")
}

fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
}

/// An I/O error without the operating system's number for it.
fn plain(error: &io::Error) -> String {
    let text = one_line(&error.to_string());
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

/// A text from elsewhere, fit for a terminal: control characters, line ends too, are
/// escaped.
pub fn one_line(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut line, c| {
            // Writing to a String does not fail.
            let _ = if c.is_control() {
                write!(line, "{}", c.escape_default())
            } else {
                line.write_char(c)
            };
            line
        })
}

// --- arguments

fn lesson(number: u8) -> &'static Lesson {
    Lesson::find(number).unwrap_or_else(|| {
        fail(1, &format!("lesson {number} is not in LESSONS, in lessons/lib.rs"))
    })
}

/// Parses the command line of `program` into `T`. `finish` adds what is known only when
/// the program runs.
///
/// A mistake ends the process with code 2 and one line that names it, `--help` with code
/// 0.
pub fn parse<T: CommandFactory + FromArgMatches>(
    program: &str,
    about: &str,
    finish: impl FnOnce(clap::Command) -> clap::Command,
) -> T {
    end_quietly_when_output_closes();
    let command = T::command()
        .name(program.to_string())
        .bin_name(program)
        .about(about.to_string())
        .args_override_self(true);
    // `cargo run -- tap` has a help of its own.
    let subcommand = std::env::args_os()
        .skip(1)
        .find_map(|word| Some(command.find_subcommand(word)?.get_name().to_string()));
    let parsed = finish(command)
        .try_get_matches()
        .and_then(|matches| T::from_arg_matches(&matches));
    parsed.unwrap_or_else(|error| match error.kind() {
        Misuse::DisplayHelp => {
            print!("{error}");
            exit(0);
        }
        _ => {
            let program = match subcommand {
                Some(name) => format!("{program} {name}"),
                None => program.to_string(),
            };
            fail(2, &format!("{}; see {program} --help", mistake(&error.to_string())))
        }
    })
}

/// clap's report is the mistake, on one line or several, then perhaps a tip, then the
/// usage, with empty lines between.
fn mistake(report: &str) -> String {
    let mut paragraphs = report
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let mistake = paragraphs.next().unwrap_or_default();
    let tip = paragraphs
        // The other tip, to put `--` before it, would make a name of a flag.
        .find_map(|paragraph| {
            Some(paragraph.strip_prefix("tip: a similar ")?.to_string())
        })
        .map(|tip| format!(", a similar {tip}"))
        .unwrap_or_default();
    one_line(mistake.trim_start_matches("error: ")) + &tip
}

/// Ends the process with one line on standard error.
pub fn fail(code: i32, line: &str) -> ! {
    eprintln!("Error: {line}");
    exit(code);
}

/// The style that paints standard output in a colour: none if it is no terminal, or if the
/// environment has NO_COLOR (<https://no-color.org>).
pub fn style(color: AnsiColor) -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match plain || !io::stdout().is_terminal() {
        true => Style::new(),
        false => color.on_default(),
    }
}

/// Checks that a text is `HOST:PORT`.
///
/// # Errors
/// It is not.
pub fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(text.to_string())
        }
        _ => Err("it is not HOST:PORT, as in 127.0.0.1:50051".into()),
    }
}

fn server_uri(text: &str) -> Result<Uri, String> {
    let example = "as in http://127.0.0.1:50051";
    let uri: Uri = text
        .parse()
        .map_err(|_| format!("it is not a URI, {example}"))?;
    match uri.scheme_str() {
        Some("http") if uri.path() == "/" && uri.query().is_none() => Ok(uri),
        Some("http") => Err(format!(
            "a server has no path of its own, {example}: the path of a call is made from service and method"
        )),
        // Built without TLS, tonic would take `https` and then talk in plaintext.
        Some("https") => {
            Err(format!("this program is built without TLS: use http, {example}"))
        }
        _ => Err(format!("it does not begin with http://, {example}")),
    }
}

/// `println!` panics when standard output is closed, as `| head -1` does. That is no fault of the program: end without a word.
fn end_quietly_when_output_closes() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic
            .payload()
            .downcast_ref::<String>()
            .is_some_and(|text| text.starts_with("failed printing to std"))
        {
            exit(0);
        }
        report(panic);
    }));
}

impl Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "lesson {}, {}", self.number, self.title)
    }
}
