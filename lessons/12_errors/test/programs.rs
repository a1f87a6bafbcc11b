//! The programs, from outside.

use lesson_12::proto::CancelRequest;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use support::patience::within;
use support::programs::{self, Finished, Server, run};
use tonic::Code;

use super::{LESSON, request};

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

/// The ten codes of the chapter.
#[test]
fn the_script_meets_ten_codes() {
    let server = Server::start(LESSON);
    let Finished { output, .. } =
        run(&mut programs::client(LESSON, &server.address, &[]));
    for code in [
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "UNAVAILABLE",
        "INTERNAL",
    ] {
        assert_eq!(output.matches(&format!("  {code}: ")).count(), 1, "{code}: {output}");
    }
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

/// A message is a header. What a caller sends must not make it too long for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_gets_a_clear_refusal() {
    let server = Server::start(LESSON);
    let mut client = EnrolServiceClient::new(server.channel().await);
    for name in [
        "x".repeat(3_000_000),
        "课".repeat(1_000_000),
        "\u{1}".repeat(1_000_000),
    ] {
        let call = client.enrol(request(&name, "s-1"));
        let status = within("a refusal", call)
            .await
            .expect_err("there is no such course");
        assert_eq!(status.code(), Code::NotFound);
        assert!(status.message().starts_with("there is no course"), "{status:?}");
        let request = CancelRequest { ticket_id: name, student_id: "s-1".into() };
        let status = within("a refusal", client.cancel(request)).await;
        assert_eq!(status.expect_err("it is no ticket").code(), Code::PermissionDenied);
    }
    drop(client);
    let Finished { output, .. } = server.stop();
    let lines: Vec<&str> = output.lines().filter(|line| line.contains("->")).collect();
    assert_eq!(lines.len(), 6, "{}", output.len());
    for line in lines {
        assert!(line.chars().count() < 2000, "{}", line.len());
    }
}
