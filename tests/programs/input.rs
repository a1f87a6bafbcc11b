//! Standard input that cannot be read to its end is no success, and no call looks complete
//! because of it.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use support::lesson;
use support::programs::{self, Finished, Server, root, run};

use crate::assert_fails;

/// Runs a client with these bytes on standard input, and then its end.
fn with_input(number: u8, server: &Server, args: &[&str], input: &[u8]) -> Finished {
    let (reader, mut writer) = std::io::pipe().expect("the system should make a pipe");
    // All of it fits into the pipe's buffer.
    writer
        .write_all(input)
        .expect("the pipe should take the input");
    drop(writer);
    let mut client = programs::client(lesson(number), &server.address, args);
    run(client.stdin(reader))
}

/// The clients that read standard input, what they accept as a line, and what they print for it.
const READERS: [(u8, &[&str], &str, &str); 5] = [
    (7, &["-"], "wuhan", "python\n测试\njava\nphp\n"),
    (8, &["-"], "5", "sum = 5\n"),
    (8, &["collect", "-"], "a", "CollectResponse { messages: 1, closed: false }\n"),
    (9, &["-"], "5", "bingo: 5\n"),
    (9, &["echo", "-"], "a", "client: a\nserver: service send client a\n"),
];

#[test]
fn input_that_is_cut_short_is_no_success() {
    for (number, args, line, prints) in READERS {
        let server = Server::start(lesson(number));
        let what = format!("lesson {number}, {args:?}");
        for good in [format!("{line}\n"), line.to_string(), format!("{line}\r\n")] {
            let finished = with_input(number, &server, args, good.as_bytes());
            assert_eq!(finished, Finished::new(0, prints), "{what}, {good:?}");
        }
        let bad = b"\xff\xfe\n";
        for input in [
            bad.to_vec(),
            b"\xe4\xbd".to_vec(),
            [line.as_bytes(), b"\n", bad].concat(),
            [line.as_bytes(), b"\n", bad, line.as_bytes(), b"\n"].concat(),
        ] {
            let finished = with_input(number, &server, args, &input);
            assert_fails(&finished, 1, "standard input is not UTF-8", &what);
            assert!(!finished.output.contains("sum"), "{what}: {}", finished.output);
            assert!(!finished.output.contains("CollectResponse"), "{what}");
        }
        let output = server.stop().output;
        // Each good input is a whole call, and no other is.
        if number == 8 {
            let complete = output.matches("-> sum = ").count();
            let collected = output.matches("-> messages = ").count();
            assert_eq!(complete + collected, 3, "{output}");
        }
    }
}

#[cfg(unix)]
#[test]
fn input_that_cannot_be_read_is_no_success() {
    for (number, args, ..) in READERS {
        let server = Server::start(lesson(number));
        for (path, words) in [
            // Reading from a folder is an error.
            (root().to_path_buf(), "cannot read standard input: is a directory"),
            // It has no line end, and no end either.
            (
                "/dev/zero".into(),
                "cannot read standard input: a line is longer than 4 MiB",
            ),
        ] {
            let input = File::open(&path).expect("the file should be there");
            let mut client = programs::client(lesson(number), &server.address, args);
            let finished = run(client.stdin(Stdio::from(input)));
            assert_fails(&finished, 1, words, &format!("lesson {number}, {args:?}"));
        }
    }
}
