//! The flags of a lesson's client, and how it connects.

use std::env;
use std::error::Error;
use std::io::ErrorKind;
use std::process::exit;

use clap::builder::PossibleValue;
use clap::{Args, Parser, ValueEnum};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::errors::{Failure, causes, io_error, without_os_code};
use super::flags::{fail, lesson, parse, server_uri};
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
    let ClientFlags { args, server, fault } =
        parse(&lesson.client(), &about, |command| {
            let help = format!("The server to call [default: {otherwise}]");
            command.mut_arg("server", |arg| arg.help(help))
        });
    if let Some(None) = fault {
        list_faults::<F>();
        exit(0);
    }
    (server, fault.flatten(), args)
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

/// Opens a channel to a server. `GreeterClient::connect(server)` does the same, but its error does
/// not tell what is wrong.
///
/// # Errors
/// Nobody listens at `server`, or its name cannot be resolved.
pub async fn connect(server: &Uri) -> Result<Channel, Failure> {
    connect_with(Endpoint::from(server.clone())).await
}

/// [`connect`], with the settings of an `Endpoint`.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with(endpoint: Endpoint) -> Result<Channel, Failure> {
    let connected = endpoint.connect().await;
    connected.map_err(|error| Failure::new(cannot_connect(endpoint.uri(), &error)))
}

/// Opens a bare TCP connection, for a client that is not tonic's.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_tcp(server: &Uri) -> Result<TcpStream, Failure> {
    let host = server.host().unwrap_or_default();
    let place = format!("{host}:{}", server.port_u16().unwrap_or(80));
    let connected = TcpStream::connect(place).await;
    connected.map_err(|error| Failure::new(cannot_connect(server, &error)))
}

fn cannot_connect(server: &Uri, error: &(dyn Error + 'static)) -> String {
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
            format!("no server at {place}: {remedy}")
        }
        Some(error) => format!(
            "cannot reach {place}, {}: name another server with --server URI",
            without_os_code(error)
        ),
        None => format!("cannot reach {place}: {}", causes(error)),
    }
}

/// The lesson whose server listens there, or else the lesson of the running program.
fn lesson_at(server: &Uri) -> Option<&'static Lesson> {
    let by_port = LESSONS
        .iter()
        .find(|lesson| server.port_u16() == Some(lesson.port()));
    let program = env::current_exe().unwrap_or_default();
    let name = program.file_stem().and_then(|name| name.to_str());
    by_port.or(LESSONS.iter().find(|lesson| name == Some(&lesson.client())))
}
