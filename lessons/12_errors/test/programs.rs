//! The programs, from outside.

use support::programs::{self, Finished, Server, run};

use super::LESSON;

/// The script gives back what it took, so it can be played twice.
#[test]
fn the_client_plays_its_script_twice() {
    let server = Server::start(LESSON);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let Finished { code, output } =
            run(&mut programs::client(LESSON, &server.address, &[]));
        assert_eq!(code, Some(0), "{output}");
        // The ids of tickets and the revisions go on counting.
        let words = output.split(|c: char| c.is_ascii_digit());
        texts.push(words.collect::<Vec<_>>().join("N").replace("NN", "N"));
    }
    assert_eq!(texts[0], texts[1]);
}

/// What the log has and the client has not.
#[test]
fn causes_reach_the_log_and_not_the_client() {
    let server = Server::start(LESSON);
    let finished = run(&mut programs::client(LESSON, &server.address, &[]));
    let log = server.stop().output;
    for cause in ["10.0.3.7", "row 17", "is not this student's"] {
        assert!(!finished.output.contains(cause), "{}", finished.output);
        assert_eq!(log.matches(cause).count(), 1, "{log}");
    }
}

/// Line ends in what a client sends are escaped: one call, one line.
#[test]
fn a_call_is_one_line_of_the_log() {
    let server = Server::start(LESSON);
    let args = ["enrol", "x\nEnrol \"wuhan-c\" -> OK", "s\n1"];
    let Finished { code, output } =
        run(&mut programs::client(LESSON, &server.address, &args));
    assert_eq!(code, Some(1), "{output}");
    assert_eq!(output.lines().count(), 2, "{output}");
    let log = server.stop().output;
    let calls = log.lines().filter(|line| line.starts_with("Enrol"));
    assert_eq!(calls.count(), 1, "{log}");
}
