//! The client as a program: what it prints, its flags, and its failures. The server as a
//! program: what it counts, and how much memory it takes.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;

use grpc_workbook::Lesson;
use support::programs::{self, Finished, Server, run};

use crate::LESSON;

fn client(args: &[&str]) -> Finished {
    run(programs::command(&LESSON.client()).args(args))
}

#[test]
fn a_server_of_its_own() {
    for args in [
        &["unary", "--count", "10", "--size", "0"][..],
        &["server", "--count", "10", "--messages", "3"],
        &["client", "--count", "10", "--connections", "2"],
        &[
            "bidi",
            "--count",
            "10",
            "--in-flight",
            "3",
            "--warm-up",
            "0.01",
        ],
        &["unary", "--duration", "0.01", "--warm-up", "0"],
        &["unary", "--count", "10", "--rate", "1000"],
    ] {
        let Finished { code, output } = client(args);
        assert_eq!(code, Some(0), "{output}");
        for words in ["  calls    ", "  latency  p50 ", ", p99.9 ", ", max "] {
            assert!(output.contains(words), "{output}");
        }
        let counted = output.contains("  calls    10, ");
        assert!(counted || !args.contains(&"--count"), "{output}");
        assert_eq!(output.contains("  messages "), args[0] != "unary", "{output}");
        assert_eq!(output.contains("  of which p50 "), args.contains(&"--rate"));
        let used = cfg!(not(target_os = "linux")) || output.contains("  server   ");
        assert!(used, "{output}");
    }
}

/// The process that the client starts for itself is never left behind: it ends when the
/// client no longer holds the other end of its standard input.
#[test]
fn its_server_ends_when_the_client_does() {
    let mut server = programs::command(&LESSON.client());
    server
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut server = server.spawn().expect("the client should start");
    let mut address = String::new();
    let stdout = server.stdout.as_mut().expect("the output should be piped");
    BufReader::new(stdout)
        .read_line(&mut address)
        .expect("the server should print its address");
    TcpStream::connect(address.trim_end()).expect("the server should listen");
    drop(server.stdin.take());
    let status = server.wait().expect("the server should end");
    assert_eq!(status.code(), Some(0));
}

/// The chapter shows a report that was made once. Its lines are still those of the program. Only
/// Linux tells what the server used.
#[cfg(target_os = "linux")]
#[test]
fn the_lines_of_a_report() {
    use std::fs;

    use support::programs::root;

    let mut client = programs::command(&LESSON.client());
    client.args(["unary", "--count", "200", "--rate", "1000"]);
    // Without standard error, where progress is told if it takes more than a second.
    let output = client.output().expect("the client should run");
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("the client should print UTF-8");
    let mut lines = String::new();
    for line in output.lines() {
        // On a busy machine, calls may be held up.
        if !line.starts_with("not optimized: ") && !line.starts_with("  held up  ") {
            lines += line;
            lines += "\n";
        }
    }
    let book = root().join("book/generated/11-speed-baseline.txt");
    let book = fs::read_to_string(book).expect("the chapter's report should be there");
    let open_loop = book.split("\n\n").nth(1).unwrap_or_default();
    assert_eq!(masked(&lines), masked(&format!("{open_loop}\n")));
}

/// A report with `N` for each number, whatever its unit.
#[cfg(target_os = "linux")]
fn masked(report: &str) -> String {
    use regex::Regex;

    let times =
        Regex::new(" [0-9.]+ (µs|ms|s),").expect("the expression should be valid");
    let last_time =
        Regex::new(" [0-9.]+ (µs|ms|s)\n").expect("the expression should be valid");
    let numbers = Regex::new(" [0-9.]+").expect("the expression should be valid");
    let report = times.replace_all(report, " N ms,");
    let report = last_time.replace_all(&report, " N ms\n");
    numbers.replace_all(&report, " N").into_owned()
}

#[test]
fn other_servers() {
    for number in 6..=9 {
        let server =
            Server::start(Lesson::find(number).expect("the lesson should be in LESSONS"));
        let messages = ["--messages", "2"];
        let messages = if number < 8 { &[] } else { &messages[..] };
        let number = number.to_string();
        let args = [&["--lesson", &number, "--count", "5"], messages].concat();
        let mut client = programs::client(LESSON, &server.address, &args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("  calls    5, "), "{output}");
    }
}

#[test]
fn progress_goes_to_standard_error() {
    let args = ["unary", "--duration", "1.2", "--warm-up", "0"];
    let mut client = programs::command(&LESSON.client());
    let output = client.args(args).output().expect("the client should run");
    let progress =
        String::from_utf8(output.stderr).expect("the client should print UTF-8");
    let calls = progress.strip_prefix("  1 s, ");
    let calls = calls.and_then(|rest| rest.split_once(" calls answered")?.0.parse().ok());
    assert!(calls > Some(0_u64), "{progress}");
    let report = String::from_utf8(output.stdout).expect("the client should print UTF-8");
    assert!(!report.contains(" 1 s, "), "{report}");
}

#[test]
fn a_wrong_response_ends_the_client() {
    let Finished { code, output } = client(&["--break", "wrong-response"]);
    let wrong = "Error: a wrong response: message 1 of Unary has 65 bytes, \
        should have 66, and differs at byte 1\n";
    assert_eq!((code, output), (Some(1), wrong.into()));
}

#[test]
fn a_server_that_is_gone_answers_nothing() {
    let Finished { code, output } = client(&["--break", "server-gone"]);
    let gone = "100 calls answered, then the server was killed\n\
                0 of the next 100 answered\nError: the server went away\n";
    assert_eq!((code, output), (Some(1), gone.into()));
}

#[test]
fn errors_are_counted_by_their_status() {
    let Finished { code, output } = client(&["--break", "no-method"]);
    assert_eq!(code, Some(1));
    assert!(output.contains("  errors   UNIMPLEMENTED 10\n"), "{output}");
    assert!(output.ends_with("Error: 10 of 10 calls failed\n"), "{output}");
    let Finished { code, output } =
        client(&["unary", "--count", "1", "--size", "5000000"]);
    assert_eq!(code, Some(1));
    let why =
        "  errors   OUT_OF_RANGE 1\n  such as  Error, decoded message length too large: ";
    assert!(output.contains(why), "{output}");
}

#[test]
fn a_stall_is_shown_in_both_loops() {
    let Finished { code, output } = client(&["--break", "stall"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("closed loop: p50 ") && output.contains("\nopen loop: p50 "));
}

/// At a rate that one worker cannot keep up with, the load says that it is the limit.
#[test]
fn a_load_without_enough_workers_says_so() {
    let load = ["unary", "--count", "2000", "--rate", "1000000"];
    let held_up = ", because all workers were busy: is --in-flight too small?";
    let Finished { code, output } = client(&[&load[..], &["--in-flight", "1"]].concat());
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains(held_up), "{output}");
    let Finished { code, output } =
        client(&[&load[..], &["--in-flight", "2000"]].concat());
    assert_eq!(code, Some(0), "{output}");
    assert!(!output.contains(held_up), "{output}");
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["tertiary"][..], "invalid value 'tertiary'"),
        (&["--rate", "5"], "required arguments were not provided"),
        (&["unary", "--lesson", "6"], "cannot be used with"),
        (&["--lesson", "6"], "--server <URI>"),
        (&["--lesson", "5"], "5 is not in 6..=9"),
        (&["--lesson", "8", "--size", "3"], "cannot be used with"),
        (&["unary", "--messages", "7"], "a unary call has one message each way"),
        (
            &[
                "--lesson",
                "7",
                "--messages",
                "7",
                "--server",
                "http://127.0.0.1:1",
            ],
            "lessons 6 and 7",
        ),
        (&["unary", "--exercise"], "cannot be used with"),
        (
            &[
                "--exercise",
                "--messages",
                "7",
                "--server",
                "http://127.0.0.1:1",
            ],
            "the exercise's calls have one message each way",
        ),
        (
            &["unary", "--connections", "1000", "--in-flight", "101"],
            "are 101000 calls at once, and 100000 is the most",
        ),
        (
            &["unary", "--in-flight", "17", "--size", "67108864"],
            "17 calls at once with 67108864 bytes each do not fit into memory",
        ),
    ] {
        let Finished { code, output } = client(args);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn the_help_says_that_it_has_a_server_of_its_own() {
    let Finished { code, output } = client(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(output.contains("The server to call [default: one of its own]"), "{output}");
    assert!(!output.contains("Be the server"), "{output}");
}

#[test]
fn nobody_there() {
    let mut client = programs::client(LESSON, "127.0.0.1:1", &["unary", "--count", "1"]);
    let Finished { code, output } = run(&mut client);
    assert_eq!(code, Some(1));
    assert!(
        output.contains("start it with cargo run --bin lesson-11-server"),
        "{output}"
    );
}

#[test]
fn nobody_there_for_the_exercise() {
    let mut client = programs::client(LESSON, "127.0.0.1:1", &["--exercise"]);
    let Finished { code, output } = run(&mut client);
    assert_eq!(code, Some(1));
    assert!(
        output.contains(
            "no server at http://127.0.0.1:1: start it with cargo run --release --bin \
             lesson-11-exercise"
        ),
        "{output}"
    );
}

// --- the server

#[test]
fn the_server_counts_what_it_served() {
    let server = Server::start(LESSON);
    for (kind, count) in [
        ("unary", "1"),
        ("server", "2"),
        ("client", "3"),
        ("bidi", "4"),
    ] {
        let args = [kind, "--count", count];
        let mut client = programs::client(LESSON, &server.address, &args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(0), "{output}");
        assert!(!output.contains("  server   "), "{output}");
    }
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let served =
        "served 1 unary, 2 server streaming, 3 client streaming, 4 bidirectional\n";
    assert!(output.ends_with(served), "{output}");
}

/// However many messages a stream has, the server keeps no more of them than the windows
/// allow. Both streams are larger than those; a queue of the difference takes 7 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat() {
    use grpc_workbook::speed::usage::Usage;

    let peak = |messages: &str| {
        let server = Server::start(LESSON);
        for kind in ["server", "client", "bidi"] {
            let args = [kind, "--count", "1", "--size", "8", "--messages", messages];
            let args = [&args[..], &["--timeout", "80"]].concat();
            let mut client = programs::client(LESSON, &server.address, &args);
            let Finished { code, output } = run(&mut client);
            assert_eq!(code, Some(0), "{output}");
        }
        let usage = Usage::of(server.id());
        usage.expect("the server should be running").peak_kib
    };
    let (few, many) = (peak("100000"), peak("300000"));
    assert!(many < few + 5 * 1024, "{few} KiB, then {many} KiB");
}
