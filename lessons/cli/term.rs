//! What a program may do to its terminal: colour it, and notice when nobody reads it any more.

use std::io::{self, IsTerminal};
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

/// `println!` panics when standard output is closed, as `| head -1` does. The program is not at
/// fault, so it ends silently.
pub fn end_quietly_when_output_closes() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // The standard library's panic has no type of its own: its text is all there is.
        let text = panic.payload().downcast_ref::<String>();
        if text.is_some_and(|text| text.starts_with("failed printing to std")) {
            exit(0);
        }
        report(panic);
    }));
}
