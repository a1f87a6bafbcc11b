//! The flags of a lesson's client, and how it connects.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::net::ToSocketAddrs;
use std::process::exit;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, Parser, ValueEnum};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint, Uri};

use super::errors::{
    Failure, GONE, NOT_HTTP2, causes, io_error, is_gone, own_lesson, without_os_code,
};
use super::flags::{fail, lesson, parse_checked, server_uri};
use crate::http2::frames::{Frame, PREFACE, frame_type};
use crate::status::one_line;
use crate::{LESSONS, Lesson};

/// What a lesson's client was asked to do: `A` has the lesson's own arguments, `F` the failures
/// that it can play.
pub struct ClientArgs<A, F> {
    /// `--server`: the server to call.
    pub server: Uri,
    /// `--break`: the failure to play.
    pub fault: Option<F>,
    /// The lesson's own arguments.
    pub args: A,
}

#[derive(Parser)]
struct ClientFlags<A: Args, F: ValueEnum + Send + Sync + 'static> {
    #[command(flatten)]
    args: A,
    // Both are global, which lets them stand behind a subcommand too.
    #[arg(long, value_name = "URI", value_parser = server_uri, global = true)]
    server: Option<Uri>,
    /// Play one of the chapter's failures; without a NAME, list them
    #[arg(long = "break", value_name = "NAME", global = true)]
    fault: Option<Option<F>>,
}

/// Reads the arguments of lesson `number`'s client. Wrong ones end the process with code 2,
/// `--help` and `--break` alone with code 0.
pub fn parse_client<A, F>(number: u8) -> ClientArgs<A, F>
where
    A: Args,
    F: ValueEnum + Send + Sync + 'static,
{
    let usual = format!("http://127.0.0.1:{}", lesson(number).port());
    let (server, fault, args) = parse_client_or(number, &usual);
    let usual = || server_uri(&usual).unwrap_or_else(|line| fail(1, &line));
    ClientArgs { server: server.unwrap_or_else(usual), fault, args }
}

/// Like [`parse_client`], for a client whose `--server` is optional. `otherwise` is the default that its
/// help shows. Returns the server, the failure to play and the lesson's own arguments.
pub fn parse_client_or<A, F>(number: u8, otherwise: &str) -> (Option<Uri>, Option<F>, A)
where
    A: Args,
    F: ValueEnum + Send + Sync + 'static,
{
    let lesson = lesson(number);
    let about = format!("The client of lesson {number}, {}", lesson.title);
    let with_default = |command: Command| {
        let help = format!("The server to call [default: {otherwise}]");
        command.mut_arg("server", |arg| arg.help(help))
    };
    let ClientFlags { args, server, fault } =
        parse_checked(&lesson.client(), &about, with_default, nothing_is_ignored);
    if let Some(None) = fault {
        list_faults::<F>();
        exit(0);
    }
    (server, fault.flatten(), args)
}

/// Ends the process with code 2 if the command line has `--server`: `what`, which it asks for
/// too, calls another one, or none.
pub fn refuse_server(what: &str) {
    let is_flag = |word: OsString| {
        let word = word.to_string_lossy();
        word == "--server" || word.starts_with("--server=")
    };
    if env::args_os().skip(1).any(is_flag) {
        fail(2, &format!("{what} does not call a server of yours: leave --server out"));
    }
}

/// Refuses arguments that would have no effect: the lesson's own beside `--break`, which plays a
/// script of its own, and those of the program beside a subcommand.
fn nothing_is_ignored(command: &Command, matches: &ArgMatches) -> Result<(), String> {
    let is_given = |arg: &&Arg| {
        let source = matches.value_source(arg.get_id().as_str());
        source == Some(ValueSource::CommandLine)
    };
    let given: Vec<&Arg> = command.get_arguments().filter(is_given).collect();
    let own = |arg: &&&Arg| !matches!(arg.get_id().as_str(), "server" | "fault");
    let subcommand = matches.subcommand_name();
    if given.iter().any(|arg| arg.get_id() == "fault") {
        let first = given.iter().find(own).map(|arg| as_typed(arg, matches));
        let ignored = first.or(subcommand.map(String::from));
        return match ignored {
            Some(word) => Err(format!(
                "--break plays a script of its own, in which '{word}' has no place"
            )),
            None => Ok(()),
        };
    }
    let Some(subcommand) = subcommand else {
        return Ok(());
    };
    let mut of_program = given.iter().filter(own);
    match of_program.find(|arg| !arg.is_global_set()) {
        Some(arg) => {
            let word = as_typed(arg, matches);
            Err(format!("'{word}' cannot be used with '{subcommand}'"))
        }
        None => Ok(()),
    }
}

/// An argument as it stands on the command line: a flag by its name, another one by its value.
fn as_typed(arg: &Arg, matches: &ArgMatches) -> String {
    if let Some(name) = arg.get_long() {
        return format!("--{name}");
    }
    let mut values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
    let first = values.next().unwrap_or_default();
    one_line(&first.to_string_lossy())
}

/// `--break` alone: the failures that a client can play, one on each line.
fn list_faults<F: ValueEnum>() {
    let faults: Vec<PossibleValue> = F::value_variants()
        .iter()
        .filter_map(ValueEnum::to_possible_value)
        .collect();
    let lengths = faults.iter().map(|fault| fault.get_name().len());
    let width = lengths.max().unwrap_or(0);
    for fault in faults {
        let name = fault.get_name();
        match fault.get_help() {
            Some(help) => println!("{name:<width$}  {help}"),
            None => println!("{name}"),
        }
    }
}

/// How long a client waits for a connection, and for a server that says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a lesson's client connects to. Without these settings, a call to a server that accepts
/// the connection and then says nothing would wait without an end.
pub fn endpoint(server: Uri) -> Endpoint {
    *called() = Some(server.clone());
    // While a call is open and nothing comes, a PING asks whether the other side still answers.
    let until_ping = Duration::from_secs(3);
    Endpoint::from(server)
        .connect_timeout(PATIENCE)
        .http2_keep_alive_interval(until_ping)
        .keep_alive_timeout(PATIENCE - until_ping)
}

/// Opens a channel to a server. `GreeterClient::connect(server)` does nearly the same, but its
/// error does not tell what is wrong.
///
/// # Errors
/// Nobody listens at `server`, or its name cannot be resolved.
pub async fn connect(server: &Uri) -> Result<Channel, Failure> {
    connect_with(endpoint(server.clone())).await
}

/// [`connect`], with the settings of an `Endpoint`.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with(endpoint: Endpoint) -> Result<Channel, Failure> {
    let connected = endpoint.connect().await;
    connected.map_err(|error| cannot_connect(endpoint.uri(), &error))
}

/// Opens a bare TCP connection, for a client that is not tonic's.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_tcp(server: &Uri) -> Result<TcpStream, Failure> {
    let host = server.host().unwrap_or_default();
    let place = format!("{host}:{}", server.port_u16().unwrap_or(80));
    let connected = timeout(PATIENCE, TcpStream::connect(place)).await;
    let connected = connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
    connected.map_err(|error| cannot_connect(server, &error))
}

/// Waits for an answer on a bare connection, as [`endpoint`] has tonic wait for one.
///
/// # Errors
/// Those of `answer`; or nothing came in time.
pub async fn answer_in_time<T>(
    answer: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let answer = timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// The server for which [`endpoint`] was called last.
fn called() -> MutexGuard<'static, Option<Uri>> {
    static CALLED: Mutex<Option<Uri>> = Mutex::new(None);
    CALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something listens at the server that was called, and does not speak HTTP/2.
///
/// tonic's error tells that only if the call was on its way when the answer came: of a call that
/// came later it says `operation was canceled`. So this asks again, with bytes of its own.
pub(super) fn speaks_something_else() -> bool {
    let Some(server) = called().clone() else {
        return false;
    };
    let begin = first_bytes(&server).unwrap_or_default();
    // SETTINGS, of any length below 64 KiB, without flags, on stream 0 (RFC 9113, 3.4).
    let is_settings = matches!(begin[..], [0, _, _, 4, 0, 0, 0, 0, 0]);
    !begin.is_empty() && !is_settings
}

/// The first bytes that a server sends to what HTTP/2 begins with: nine, or fewer if it sends no
/// more within five seconds.
fn first_bytes(server: &Uri) -> io::Result<Vec<u8>> {
    let limit = Duration::from_secs(5);
    let host = server.host().unwrap_or_default();
    let address = (host.trim_matches(['[', ']']), server.port_u16().unwrap_or(80));
    let address = address.to_socket_addrs()?.next();
    let address = address.ok_or(ErrorKind::AddrNotAvailable)?;
    let mut connection = std::net::TcpStream::connect_timeout(&address, limit)?;
    connection.set_read_timeout(Some(limit))?;
    let settings = Frame::encode_raw(frame_type::SETTINGS, 0, 0, &[]);
    // It fails if the other side has hung up. It may have said something before.
    let _ = connection.write_all(&[PREFACE, &settings].concat());
    let mut bytes = [0; 9];
    let mut size = 0;
    while size < bytes.len() {
        match connection.read(&mut bytes[size..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => size += more,
        }
    }
    Ok(bytes[..size].to_vec())
}

fn cannot_connect(server: &Uri, error: &(dyn Error + 'static)) -> Failure {
    let place = server.to_string();
    let place = place.trim_end_matches('/');
    match io_error(error) {
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let remedy = match lesson_at(server) {
                Some(lesson) => format!(
                    "start it with cargo run --bin {}, which listens on port {}",
                    lesson.server(),
                    lesson.port()
                ),
                None => "start one there".into(),
            };
            Failure::new(format!("no server at {place}: {remedy}"))
        }
        // It hung up before tonic had sent what HTTP/2 begins with.
        Some(error) if is_gone(error) => {
            let what = if speaks_something_else() {
                NOT_HTTP2
            } else {
                GONE
            };
            Failure::wrong_server(&format!("{what}, so no call was made"))
        }
        Some(error) => Failure::new(format!(
            "cannot reach {place}, {}: name another server with --server URI",
            without_os_code(error)
        )),
        None => Failure::new(format!("cannot reach {place}: {}", causes(error))),
    }
}

/// The lesson whose server should listen there: the one of the running client. Lesson 11's client
/// calls servers of other lessons too, so there the port tells.
fn lesson_at(server: &Uri) -> Option<&'static Lesson> {
    let own = own_lesson();
    if let Some(lesson) = own
        && lesson.number != 11
    {
        return own;
    }
    let by_port = LESSONS
        .iter()
        .find(|lesson| server.port_u16() == Some(lesson.port()));
    by_port.or(own)
}
