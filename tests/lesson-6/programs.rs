//! The programs as a reader runs them: the chapter's commands, its failures, and mistakes on
//! the command line.

use support::programs::{self, Finished, Server, run};
use support::written;

use crate::LESSON;

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let script = "100 + 20 = 120\n100 - 20 = 80\n100 * 20 = 2000\n100 / 20 = 5\n\
                  100 / 0: INVALID_ARGUMENT: cannot divide by 0\n";
    assert_eq!(client(&[]), Finished::new(0, script));
    assert_eq!(client(&["-7", "/", "2"]), Finished::new(0, "-4\n"));
    assert_eq!(client(&["-7", "x", "-2"]), Finished::new(0, "14\n"));
    assert_eq!(client(&["7", "-", "2"]), Finished::new(0, "5\n"));
    let line = "Error: the call ended with INVALID_ARGUMENT (3): cannot divide by 0\n";
    assert_eq!(client(&["7", "/", "0"]), Finished::new(1, line));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line = "\nCalculate 7 Divide 0 -> INVALID_ARGUMENT: cannot divide by 0\n";
    assert!(output.contains(line), "{output}");
}

/// The mistakes are found before a connection is made: no server runs.
#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["1", "+", "2147483648"][..], "is not in -2147483648..=2147483647"),
        (&["1", "?", "2"], "it is not one of + - * x /"),
        (&["1"], "were not provided: <OPERATOR> <RIGHT>"),
    ] {
        let mut client = programs::client(LESSON, "127.0.0.1:1", args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn faults_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    let refused = "refused: the same request would be refused again\n";
    for (fault, known, ending) in [
        ("divide-by-zero", refused, "INVALID_ARGUMENT (3): cannot divide by 0"),
        ("unknown-operation", refused, "INVALID_ARGUMENT (3): invalid operation"),
        (
            "does-not-fit",
            refused,
            "OUT_OF_RANGE (11): result does not fit in int32: 2147483648",
        ),
        (
            "not-a-message",
            "",
            "INTERNAL (13): failed to decode Protobuf message: CalculateRequest.left: \
             invalid wire type: LengthDelimited (expected Varint)",
        ),
        (
            "too-large",
            "",
            "OUT_OF_RANGE (11): Error, decoded message length too large: \
             found 4194305 bytes, the limit is: 4194304 bytes",
        ),
    ] {
        let args = ["--break", fault];
        let mut client = programs::client(LESSON, &server.address, &args);
        let lines = format!("{known}Error: the call ended with {ending}\n");
        assert_eq!(run(&mut client), Finished::new(1, lines));
    }
    let mut next = programs::client(LESSON, &server.address, &["7", "/", "2"]);
    assert_eq!(run(&mut next), Finished::new(0, "3\n"));
    let Finished { output, .. } = server.stop();
    let line = "\nCalculate 1 99 2 -> INVALID_ARGUMENT: invalid operation\n";
    assert!(output.contains(line), "{output}");
}

/// `--break deadline` and `leave`: the client gives up a call, and the server drops it.
#[test]
fn the_server_drops_calls_that_nobody_waits_for() {
    let mut server = Server::start(LESSON);
    let client =
        |fault| run(&mut programs::client(LESSON, &server.address, &["--break", fault]));
    let late = "late: it may have run, or still run\n\
                Error: the deadline passed, so the call ended with CANCELLED (1): \
                Timeout expired\n";
    assert_eq!(client("deadline"), Finished::new(1, late));
    let left = "the slow call is still open\n120\nleft the slow call\n";
    assert_eq!(client("leave"), Finished::new(0, left));
    server.wait_for("was dropped at its .await");
    server.wait_for("Calculate 100 Add 20 -> 120");
    server.wait_for("was dropped at its .await");
}

/// `--break panic`: the panic ends its call, and the server goes on.
#[cfg(unix)]
#[test]
fn the_server_survives_a_panic() {
    let server = Server::start(LESSON);
    let mut shown = String::new();
    for args in [&["--break", "panic"][..], &["7", "/", "2"]] {
        let client = run(&mut programs::client(LESSON, &server.address, args));
        shown += &transcript("client", args, &client.output);
    }
    assert!(shown.contains("the stream was reset"), "{shown}");
    assert!(shown.ends_with("\n3\n"), "{shown}");
    let address = server.address.clone();
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("the client asked for a panic"), "{output}");
    let served = transcript("server", &[], &output.replace(&address, "127.0.0.1:50056"));
    let shown = format!("{}\n{shown}", without_thread_ids(&served));
    written("book/generated/06-calculator-panic.txt", &shown);
}

/// `--break die`: the server's process ends in mid-call.
#[cfg(unix)]
#[test]
fn a_dying_server_leaves_the_client_without_a_status() {
    let server = Server::start(LESSON);
    let args = ["--break", "die"];
    let client = run(&mut programs::client(LESSON, &server.address, &args));
    assert_eq!(client.code, Some(1));
    let address = server.address.clone();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(1));
    let output = output.replace(&address, "127.0.0.1:50056");
    let served = transcript("server", &[], &output);
    let called = transcript("client", &args, &client.output);
    written("book/generated/06-calculator-died.txt", &format!("{served}\n{called}"));
}

/// A command and what it printed, as a page shows them.
#[cfg(unix)]
fn transcript(side: &str, args: &[&str], output: &str) -> String {
    let dashes = if args.is_empty() { "" } else { " -- " };
    format!("$ cargo run --bin lesson-6-{side}{dashes}{}\n{output}", args.join(" "))
}

/// Newer versions of Rust put the thread's id behind its name: `thread 'main' (123) panicked`.
#[cfg(unix)]
fn without_thread_ids(output: &str) -> String {
    let mut text = String::new();
    for line in output.lines() {
        match (line.split_once("' ("), line.split_once(") panicked")) {
            (Some((thread, _)), Some((_, place))) => {
                text += &format!("{thread}' panicked{place}\n");
            }
            _ => text += &format!("{line}\n"),
        }
    }
    text
}
