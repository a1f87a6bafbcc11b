//! The command line: one parser for all programs, which answers a mistake in one line.

use std::env;
use std::io;
use std::process::exit;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use tonic::transport::Uri;

use super::term::{end_quietly_when_output_closes, print_error};
use crate::Lesson;
use crate::status::one_line;

/// Parses the command line of `program` into `T`. `finish` adds to the command what is known only
/// when the program runs, such as a lesson's port.
///
/// `--help` ends the process with code 0. A mistake ends it with code 2 and one line that names
/// the mistake.
pub fn parse<T: CommandFactory + FromArgMatches>(
    program: &str,
    about: &str,
    finish: impl FnOnce(Command) -> Command,
) -> T {
    parse_checked(program, about, finish, |_, _| Ok(()))
}

/// [`parse`], with a `check` of what clap cannot tell: which arguments have no effect together.
/// It returns the mistake, a line, as an error.
pub(super) fn parse_checked<T: CommandFactory + FromArgMatches>(
    program: &str,
    about: &str,
    finish: impl FnOnce(Command) -> Command,
    check: impl FnOnce(&Command, &ArgMatches) -> Result<(), String>,
) -> T {
    end_quietly_when_output_closes();
    let command = T::command()
        .name(program.to_string())
        .bin_name(program)
        .about(about.to_string());
    // `cargo run -- tap` has a help of its own. The first word alone can be a subcommand for sure:
    // a later one may be the value of a flag.
    let subcommand = env::args_os()
        .nth(1)
        .and_then(|word| Some(command.find_subcommand(word)?.get_name().to_string()));
    let mut command = finish(command);
    let parsed = command.try_get_matches_from_mut(env::args_os());
    let parsed = parsed.and_then(|matches| {
        let checked = check(&command, &matches);
        checked.unwrap_or_else(|line| fail(2, &format!("{line}; see {program} --help")));
        T::from_arg_matches(&matches)
    });
    parsed.unwrap_or_else(|error| {
        if error.kind() == ErrorKind::DisplayHelp {
            print!("{error}");
            exit(0);
        }
        let program = match subcommand {
            Some(name) => format!("{program} {name}"),
            None => program.to_string(),
        };
        fail(2, &format!("{}; see {program} --help", mistake(&error)))
    })
}

/// A mistake on the command line, on one line: the first paragraph of clap's report, and what
/// clap thinks was meant. Its other paragraphs are the usage and a pointer to `--help`.
fn mistake(error: &clap::Error) -> String {
    let report = error.to_string();
    let report = report.trim_start_matches("error: ");
    let mistake = report.split("\n\n").next().unwrap_or(report);
    let words: Vec<&str> = mistake.split_whitespace().collect();
    let mut line = one_line(&words.join(" "));
    for (kind, name) in [
        (ContextKind::SuggestedArg, "argument"),
        (ContextKind::SuggestedValue, "value"),
        (ContextKind::SuggestedSubcommand, "subcommand"),
    ] {
        match error.get(kind) {
            Some(ContextValue::String(meant)) => {
                line += &format!(", a similar {name} exists: '{meant}'");
            }
            Some(ContextValue::Strings(meant)) if !meant.is_empty() => {
                line += &format!(", a similar {name} exists: '{}'", meant.join("', '"));
            }
            _ => {}
        }
    }
    line
}

/// Ends the process with one line on standard error.
pub fn fail(code: i32, line: &str) -> ! {
    // Held until the end, so that no other thread prints after this line.
    let _stdout = io::stdout().lock();
    print_error(&format!("Error: {line}"));
    exit(code);
}

/// Checks that a text is `HOST:PORT`.
///
/// # Errors
/// The text is something else; the error is one line that says so.
pub fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(text.to_string())
        }
        Some((host, port)) if !host.is_empty() && port.parse::<u64>().is_ok() => {
            Err("the port is a number from 0 to 65535".into())
        }
        _ => Err("it is not HOST:PORT, as in 127.0.0.1:50051".into()),
    }
}

/// Checks that a text is the URI of a server that speaks gRPC without TLS.
///
/// # Errors
/// The text is something else; the error is one line that says why.
pub(super) fn server_uri(text: &str) -> Result<Uri, String> {
    let example = "as in http://127.0.0.1:50051";
    let uri: Uri = text
        .parse()
        .map_err(|_| format!("it is not a URI, {example}"))?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if uri.host().is_some_and(str::is_empty) {
        return Err(format!("it names no host, {example}"));
    }
    // A port that is no number, or too large, is none to `Uri`, and tonic would call port 80.
    let behind_host = authority.rsplit([']', '@']).next().unwrap_or_default();
    if behind_host.contains(':') && uri.port_u16().is_none() {
        return Err(format!("the port is a number from 0 to 65535, {example}"));
    }
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

/// The lesson of a program, by its number.
pub(super) fn lesson(number: u8) -> &'static Lesson {
    Lesson::find(number).unwrap_or_else(|| {
        fail(1, &format!("lesson {number} is not in LESSONS, in lessons/lib.rs"))
    })
}
