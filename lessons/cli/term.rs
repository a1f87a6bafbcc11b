//! What a program may do to its terminal: colour it, and notice when nobody reads it any more.

use std::io::{self, IsTerminal, Write};
use std::process::exit;
use std::{env, panic};

use clap::builder::styling::{AnsiColor, Style};

/// The style that paints standard output in a colour. It paints nothing if standard output is no
/// terminal, or if the environment has NO_COLOR (<https://no-color.org>).
pub fn style(color: AnsiColor) -> Style {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || !io::stdout().is_terminal() {
        Style::new()
    } else {
        color.on_default()
    }
}

/// Prints a line on standard error, in one piece. `eprintln!` writes each part of its text by itself,
/// and what another thread prints may come between two of them.
pub fn print_error(line: &str) {
    // Nobody reads standard error: there is no other place to say so.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// `println!` panics when standard output is closed, as `| head -1` does. The program is not at
/// fault, so it ends silently. Where its output is lost, as on a full disk, it says so.
pub fn end_quietly_when_output_closes() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // The standard library's panic has no type of its own: its text is all there is.
        let text = panic.payload().downcast_ref::<String>();
        let why = text.and_then(|text| text.strip_prefix("failed printing to "));
        let Some(why) = why else { return report(panic) };
        if why.contains(CLOSED_PIPE) {
            exit(0);
        }
        print_error(&format!("Error: cannot write to {}", without_code(why)));
        exit(1);
    }));
}

/// How the system's error says that nobody reads: EPIPE, and ERROR_NO_DATA.
const CLOSED_PIPE: &str = if cfg!(windows) {
    "(os error 232)"
} else {
    "(os error 32)"
};

/// `stdout: No space left on device (os error 28)`, without the number.
fn without_code(why: &str) -> &str {
    why.split(" (os error").next().unwrap_or(why)
}
