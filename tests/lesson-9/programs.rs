//! The programs, as a reader runs them.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use grpc_workbook::Lesson;
use grpc_workbook::guess_number::is_right;
use support::programs::{self, Finished, Server, run, spawn};

const LESSON: &Lesson = support::lesson(9);

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    assert_eq!(
        client(&["5", "19", "3", "3"]),
        Finished::new(0, "bingo: 5\nbingo: 3\nbingo: 3\n")
    );
    let wrong = client(&["-1", "10", "2147483647", "-2147483648"]);
    assert_eq!(wrong, Finished::new(0, ""));
    let random = client(&["--seed", "9"]);
    assert_eq!(random, client(&["--seed", "9"]));
    let guessing = random.output.lines().next().unwrap_or_default();
    let numbers = guessing
        .trim_start_matches("guessing [")
        .trim_end_matches(']');
    let numbers: Vec<i32> = numbers
        .split(", ")
        .map(|number| number.parse().expect("should be a number"))
        .collect();
    assert_eq!(numbers.len(), 10);
    assert!(numbers.iter().all(|number| (1..=20).contains(number)));
    let right = numbers.iter().filter(|number| is_right(**number));
    let right: String = right.map(|number| format!("bingo: {number}\n")).collect();
    assert_eq!(random, Finished::new(0, format!("{guessing}\n{right}")));

    let turns = "client: a\nserver: service send client a\n\
                 client: b\nserver: service send client b\n";
    assert_eq!(client(&["echo", "a", "b"]), Finished::new(0, turns));
    assert_eq!(client(&["echo"]).output.lines().count(), 6);
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let calls = "Guess -> started\n".repeat(4) + &"Echo -> started\n".repeat(2);
    assert!(output.contains(&format!("\n{calls}lesson-9-server stopping\n")), "{output}");
}

/// A line is typed when the one before it was answered, and the program runs on.
#[test]
fn responses_come_while_the_reader_types() {
    let server = Server::start(LESSON);
    type_lines(
        &server,
        &["-"],
        &[
            ("5\n", "bingo: 5\n"),
            (" 9 \n", "bingo: 9\n"),
            (
                "12\n-4\nfive\n",
                "\"five\" is left out: it is not an int32, a number from -2147483648 to 2147483647\n",
            ),
            ("0\n", "bingo: 0\n"),
        ],
    );
    type_lines(
        &server,
        &["echo", "-"],
        &[
            ("hi\n", "client: hi\nserver: service send client hi\n"),
            ("you\n", "client: you\nserver: service send client you\n"),
        ],
    );
}

/// Runs the client, and types each text when the output for the one before it is here.
fn type_lines(server: &Server, args: &[&str], lines: &[(&str, &str)]) {
    let mut client = programs::client(LESSON, &server.address, args);
    let (mut child, output) = spawn(client.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("standard input should be a pipe");
    let mut output = BufReader::new(output);
    for (typed, expected) in lines {
        stdin
            .write_all(typed.as_bytes())
            .expect("the client should be reading");
        let mut printed = String::new();
        while printed.len() < expected.len() {
            output
                .read_line(&mut printed)
                .expect("the output should be UTF-8");
        }
        assert_eq!(printed, *expected);
    }
    drop(stdin);
    let mut rest = String::new();
    output
        .read_to_string(&mut rest)
        .expect("the output should be UTF-8");
    assert_eq!(rest, "");
    assert!(child.wait().expect("the client should end").success());
}

/// Found before a call is made: no server runs.
#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["x"][..], "it is not an int32, a number from -2147483648 to 2147483647"),
        (&["2147483648"], "it is not an int32, a number from -2147483648 to 2147483647"),
        (&["5", "-"], "- is for standard input, and stands alone"),
        (&["echo", "-", "a"], "- is for standard input, and stands alone"),
        (&["--seed", "x"], "invalid digit"),
        (&["--break", "x"], "invalid value"),
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
    for (name, code, output) in [
        ("deadlock", 1, "Error: a second without headers: both sides wait\n"),
        ("full", 1, "Error: a second without room for a message: both sides wait\n"),
        (
            "leave",
            0,
            "bingo: 5\nleft: a guess would go nowhere now\n\
             client: and you?\nserver: service send client and you?\n",
        ),
        (
            "wrong-message",
            1,
            "bingo: 5\nthe server has ended the call: a guess would go nowhere now\n\
             Error: the call ended with INTERNAL (13): failed to decode Protobuf message: \
             GuessRequest.number: invalid wire type: LengthDelimited (expected Varint)\n",
        ),
        ("other-message", 0, "bingo: 5\nbingo: 7\n"),
    ] {
        let mut client = programs::client(LESSON, &server.address, &["--break", name]);
        assert_eq!(run(&mut client), Finished::new(code, output), "{name}");
    }
    let after = run(&mut programs::client(LESSON, &server.address, &["3"]));
    assert_eq!(after, Finished::new(0, "bingo: 3\n"));
}
