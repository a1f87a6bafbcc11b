//! A server that stops while a stream runs: the lesson's ends the stream with a status, and with
//! `--keep-ticking` it is cut off.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use grpc_workbook::cli::GRACE;
use support::programs::{self, Finished, Server};
use support::written;

use crate::LESSON;

/// A client in mid-stream: its first tick has arrived.
struct Listener {
    child: Child,
    /// The ticks that it prints.
    ticks: BufReader<ChildStdout>,
}

impl Listener {
    fn start(server: &Server, interval: &str) -> Listener {
        let args = ["tick", "hello", "--interval", interval];
        let mut client = programs::client(LESSON, &server.address, &args);
        let mut child = client
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the client should start");
        let stdout = child.stdout.take().expect("stdout should be piped");
        let mut ticks = BufReader::new(stdout);
        let mut first = String::new();
        ticks
            .read_line(&mut first)
            .expect("the tick should be UTF-8");
        assert_eq!(first, "send 1 hello\n");
        Listener { child, ticks }
    }

    /// Reads to the end. Returns how many ticks still came, and what the client said then.
    fn finish(mut self) -> (usize, String) {
        let ticks = self.ticks.lines().count();
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().expect("stderr should be piped");
        stderr
            .read_to_string(&mut errors)
            .expect("the errors should be UTF-8");
        let status = self.child.wait().expect("the client should end");
        assert_eq!(status.code(), Some(1));
        (ticks, errors)
    }
}

/// What both printed, as the page shows it.
fn transcript(flags: &str, address: &str, output: &str, errors: &str) -> String {
    let output = output.replace(address, "127.0.0.1:50057");
    format!(
        "$ cargo run --bin lesson-7-server{flags}\n{output}\n\
         $ cargo run --bin lesson-7-client -- tick hello > /dev/null\n{errors}"
    )
}

/// Before the grace is over: nothing had to be cut off.
#[test]
fn a_stopping_server_ends_the_stream_with_a_status() {
    let mut server = Server::start(LESSON);
    let client = Listener::start(&server, "1000");
    server.signal();
    let (_ticks, errors) = client.finish();
    let address = server.address.clone();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    let shown = transcript("", &address, &output, &errors);
    written("book/generated/07-subjects-by-city-stopped.txt", &shown);
}

/// The stream goes on for the grace, and then it is cut.
#[test]
fn a_stream_that_is_not_ended_is_cut_off_after_the_grace() {
    let mut server = programs::command(&LESSON.server());
    let mut server =
        Server::from(server.args(["--addr", "127.0.0.1:0", "--keep-ticking"]));
    let client = Listener::start(&server, "1");
    server.signal();
    server.wait_for("stopping");
    // The server still ticks, until the grace is over.
    let (ticks, errors) = client.finish();
    assert!(ticks > 1, "{ticks}");
    let address = server.address.clone();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(1));
    assert!(output.ends_with("cut off the connections that were still open\n"));
    assert_eq!(GRACE.as_secs(), 3, "the chapter says three seconds");
    let shown = transcript(" -- --keep-ticking", &address, &output, &errors);
    written("book/generated/07-subjects-by-city-cut-off.txt", &shown);
}
