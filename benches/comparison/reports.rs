//! Reports of the load generator, whole: what the chapter reads with the reader.

use std::process::Command;

use support::programs::{Server, command};

use crate::machine;

/// Two files of the chapter.
pub struct Reports {
    /// Of lesson 11's server, in a closed and in an open loop.
    pub baseline: String,
    /// Of the exercise's server, before it is mended, with 1 and with 64 calls in flight.
    pub slow: String,
}

/// Makes the reports. Each load goes on for this many seconds.
pub fn measure(seconds: &str) -> Reports {
    let date = output(Command::new("date").arg("+%Y-%m-%d"));
    let date = date.trim_end();
    let line = format!("Measured on {date}: {}\n", machine::machine_and_versions());
    let closed = ["unary", "--in-flight", "64", "--duration", seconds];
    let open = ["unary", "--rate", "5000", "--duration", seconds];
    let baseline = report(&closed) + "\n" + &report(&open) + "\n" + &line;
    Reports { baseline, slow: slow(seconds) + "\n" + &line }
}

fn slow(seconds: &str) -> String {
    let mut server = command("lesson-11-exercise");
    let server = Server::from(server.args(["--addr", "127.0.0.1:0"]));
    let uri = format!("http://{}", server.address);
    let mut reports = String::new();
    for in_flight in ["1", "64"] {
        let load = ["--in-flight", in_flight, "--duration", seconds];
        reports += &report(&[&["--exercise", "--server", &uri][..], &load].concat());
    }
    reports
}

/// What the client prints, without its progress.
fn report(args: &[&str]) -> String {
    output(command("lesson-11-client").args(args))
}

/// The standard output of a program.
fn output(program: &mut Command) -> String {
    let output = program.output().expect("the program should start");
    assert!(output.status.success(), "{program:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the program should print UTF-8")
}
