//! The programs as a reader runs them: the chapter's commands, mistakes on the command line,
//! and what each side says when the other one leaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use grpc_workbook::subjects_by_city::proto::TickRequest;
use support::programs::{self, Finished, Server, run, spawn};

use crate::{LESSON, connect};

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let script = "beijing 1: python\nbeijing 2: c++\nbeijing 3: go\n\
                  beijing 4: 产品经理\nbeijing 5: 测试\nbeijing 6: 运维\n\
                  beijing 7: java\nbeijing 8: php\nbeijing: 8 subjects, and OK\n\
                  tokyo: NOT_FOUND: unknown city: tokyo\n";
    assert_eq!(client(&[]), Finished::new(0, script));
    assert_eq!(client(&["wuhan"]), Finished::new(0, "python\n测试\njava\nphp\n"));
    let line = "Error: the call ended with NOT_FOUND (5): unknown city: 东京\n";
    assert_eq!(client(&["东京"]), Finished::new(1, line));
    let ticks = client(&["tick", "hi", "--count", "3", "--interval", "1"]);
    assert_eq!(ticks, Finished::new(0, "send 1 hi\nsend 2 hi\nsend 3 hi\n"));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line = "\nListSubjects \"东京\" -> NOT_FOUND: unknown city: 东京\n";
    assert!(output.contains(line), "{output}");
}

/// Those that take no time. The chapter's blocks play them all.
#[test]
fn faults_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    for (fault, ending) in [
        ("unknown-city", "NOT_FOUND (5): unknown city: 东京"),
        ("close", "CANCELLED (1): CANCELLED"),
    ] {
        let args = ["--break", fault];
        let mut client = programs::client(LESSON, &server.address, &args);
        let line = format!("Error: the call ended with {ending}\n");
        assert_eq!(run(&mut client), Finished::new(1, line));
    }
}

/// The flags of `tick` and those of every client may stand before it or after it.
#[test]
fn flags_may_stand_on_either_side_of_tick() {
    let server = Server::start(LESSON);
    let uri = format!("http://{}", server.address);
    for args in [
        [
            "--server",
            &uri,
            "--interval",
            "1",
            "--count",
            "1",
            "tick",
            "hi",
        ],
        [
            "tick",
            "hi",
            "--server",
            &uri,
            "--interval",
            "1",
            "--count",
            "1",
        ],
    ] {
        let mut client = programs::command(&LESSON.client());
        assert_eq!(run(client.args(args)), Finished::new(0, "send 1 hi\n"));
    }
}

/// The mistakes are found before a connection is made: no server runs.
#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["wuhan", "hi"][..], "\"hi\" is one too many"),
        (&["wuhan", "--count", "3"], "--count goes with tick"),
        (&["tick", "hi", "ho"], "unexpected value 'ho'"),
        (&["tick", "hi", "--interval", "-1"], "unexpected argument '-1'"),
    ] {
        let mut client = programs::client(LESSON, "127.0.0.1:1", args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn the_client_reads_cities_from_standard_input() {
    let server = Server::start(LESSON);
    let mut client = programs::client(LESSON, &server.address, &["-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    let mut input = child.stdin.take().expect("stdin should be piped");
    input
        .write_all("wuhan\n  wuhan\n".as_bytes())
        .expect("the client should take the cities");
    drop(input);
    let mut text = String::new();
    output
        .read_to_string(&mut text)
        .expect("the output should be UTF-8");
    assert_eq!(text, "python\n测试\njava\nphp\n".repeat(2));
    assert!(child.wait().expect("the client should end").success());
}

/// Ctrl-C in mid-stream: the server sees that the client is gone.
#[cfg(unix)]
#[test]
fn the_server_notices_that_the_client_was_interrupted() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut server = Server::start(LESSON);
    let args = ["tick", "hello", "--interval", "1"];
    let mut client = programs::client(LESSON, &server.address, &args);
    let (mut child, output) = spawn(&mut client);
    let mut ticks = BufReader::new(output).lines();
    let first = ticks.next().expect("the client should print a tick");
    assert_eq!(first.expect("the tick should be UTF-8"), "send 1 hello");
    kill_process(Pid::from_child(&child), Signal::INT)
        .expect("the client should still run");
    child.wait().expect("the client should end");
    let line = server.wait_for("then the client left");
    assert!(line.starts_with("Tick every 1 ms -> sent "), "{line}");
    assert_eq!(server.stop().code, Some(0));
}

/// The next tick is an hour away.
#[tokio::test]
async fn the_server_notices_at_once_that_the_client_left() {
    let mut server = Server::start(LESSON);
    let mut client = connect(&server.address).await;
    let hourly = TickRequest { data: "hello".into(), interval_ms: 3_600_000 };
    drop(client.tick(hourly).await.expect("call should start"));
    // A thread of its own waits for the line: this one keeps the connection going.
    let left = tokio::task::spawn_blocking(move || {
        let line = server.wait_for("then the client left");
        (line, server.stop())
    });
    let (line, finished) = left.await.expect("the thread should not panic");
    assert_eq!(line, "Tick every 3600000 ms -> sent 0, then the client left\n");
    assert_eq!(finished.code, Some(0));
}
