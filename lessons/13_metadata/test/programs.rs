//! The programs, as a reader runs them.

use lesson_12::proto::GetCourseRequest;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_13::REQUEST_ID;
use support::patience::within;
use support::peers::Peer;
use support::programs::{self, Finished, Server, run};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::MetadataValue;

use crate::LESSON;
use crate::check::text_of;

fn client(server: &Server, args: &[&str]) -> Finished {
    run(&mut programs::client(LESSON, &server.address, args))
}

const ALREADY: &str =
    "ALREADY_EXISTS: the student is enrolled in \"wuhan-python\" already\n";

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let script = format!(
        "ticket-1\n  \
         beside it: content-type: application/grpc\n  \
         beside it: grpc-status: 0\n  \
         beside it: x-notified: yes\n  \
         beside it: x-request-id: first\n\
         {ALREADY}  \
         for the user (en): You are enrolled already.\n  \
         beside it: content-type: application/grpc\n  \
         beside it: x-request-id: r-1\n"
    );
    assert_eq!(client(&server, &[]), Finished::new(0, script));
    let list = "  before: content-type: application/grpc\n  \
                before: x-request-id: mine\n\
                beijing-go\nbeijing-php\nbeijing-python\n  \
                after: grpc-status: 0\n  \
                after: x-courses: 3\n";
    assert_eq!(
        client(&server, &["list", "beijing", "--id", "mine"]),
        Finished::new(0, list)
    );
    let args = ["enrol", "wuhan-python", "s-1", "--language", "zh"];
    let Finished { code, output } = client(&server, &args);
    assert_eq!(code, Some(1));
    assert!(output.contains("  for the user (zh): 您已经报名了。\n"), "{output}");
    let error = "Error: the call ended with ALREADY_EXISTS (6): \
                 the student is enrolled in \"wuhan-python\" already\n";
    assert!(output.ends_with(error), "{output}");
    // Both calls of the script are refused now, and neither is a failure.
    let Finished { code, output } = client(&server, &[]);
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(output.matches(ALREADY).count(), 2, "{output}");
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let lines = format!(
        "\n[first] Enrol \"wuhan-python\" -> OK\n\
         [first] notifier: Notify \"ticket-1\" -> OK\n\
         [r-1] Enrol \"wuhan-python\" -> {ALREADY}\
         [mine] ListCourses \"beijing\" -> OK\n\
         [r-2] Enrol \"wuhan-python\" -> {ALREADY}\
         [first] Enrol \"wuhan-python\" -> {ALREADY}\
         [r-3] Enrol \"wuhan-python\" -> {ALREADY}"
    );
    assert!(output.contains(&lines), "{output}");
}

/// Whatever it was to do, the client says which server it wanted, in its last line.
#[test]
fn the_server_of_another_lesson() {
    let server = Server::start(support::lesson(6));
    for (args, code) in [
        (&[][..], "UNIMPLEMENTED (12)"),
        (&["enrol", "wuhan-c", "s-1"], "UNIMPLEMENTED (12)"),
        (&["list", "wuhan"], "UNIMPLEMENTED (12)"),
        (&["--break", "ascii-bin"], "UNIMPLEMENTED (12)"),
        (&["--break", "odd-ids"], "UNIMPLEMENTED (12)"),
        (&["--break", "far-too-large"], "UNIMPLEMENTED (12)"),
    ] {
        let Finished { code: exit, output } = client(&server, args);
        assert_eq!(exit, Some(1), "{args:?}: {output}");
        let last = output.lines().last().unwrap_or_default();
        assert!(last.starts_with("Error: "), "{args:?}: {output}");
        assert_eq!(output.matches("Error: ").count(), 1, "{args:?}: {output}");
        assert!(last.contains(code), "{args:?}: {output}");
        let own = "; lesson 13's server is cargo run --bin lesson-13-server";
        assert!(last.ends_with(own), "{args:?}: {output}");
    }
}

/// Found before a call is made: no server runs.
#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["--id", "a\nb"][..], "a value has no line ends"),
        (&["--language", "\u{7f}"], "no other control characters"),
        (&["enrol", "wuhan-c"], "required arguments were not provided: <STUDENT>"),
        (&["--break", "to-large"], "'too-large'"),
    ] {
        let finished = run(&mut programs::client(LESSON, "127.0.0.1:1", args));
        assert_eq!(finished.code, Some(2), "{}", finished.output);
        assert!(finished.output.contains(mistake), "{}", finished.output);
        assert_eq!(finished.output.lines().count(), 1, "{}", finished.output);
    }
}

#[test]
fn faults_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    let long = "x".repeat(33);
    let odd_ids = format!(
        "[\"first\"]: OK, and the id is first\n\
         [\"first\", \"second\"]: OK, and the id is r-2\n\
         [\"two words\"]: OK, and the id is r-3\n\
         [\"é\"]: OK, and the id is r-4\n\
         [\"{long}\"]: OK, and the id is r-5\n"
    );
    for (name, code, output) in [
        (
            "upper-case",
            0,
            "\"X-Request-Id\".parse() is the key x-request-id\n\
             insert(\"X-Request-Id\", ..) panics: HeaderName::from_static with invalid bytes\n",
        ),
        (
            "ascii-bin",
            0,
            "insert(\"x-note-bin\", ..) panics: invalid metadata key\n\
             to_bytes() fails: failed to parse metadata value\n\
             a call with it ends with OK: nobody has read the value\n",
        ),
        ("odd-ids", 0, &odd_ids),
        (
            "content-length",
            1,
            "Error: the stream was reset, so the call ended with INTERNAL (13): \
             http2 error: stream error received: unspecific protocol error detected\n",
        ),
        (
            "too-large",
            1,
            "Error: the call ended with UNKNOWN (2): grpc-status header missing, \
             mapped from HTTP status code 431\n",
        ),
        (
            "far-too-large",
            0,
            "the neighbour: seats left: 1\n\
             this call: RESOURCE_EXHAUSTED: h2 protocol error: http2 error\n\
             the neighbour: UNKNOWN: h2 protocol error: error reading a body from connection\n",
        ),
    ] {
        assert_eq!(
            client(&server, &["--break", name]),
            Finished::new(code, output),
            "{name}"
        );
    }
}

/// The same calls from Python, where it is installed: initial and trailing metadata apart.
#[test]
fn python_sees_initial_and_trailing_metadata_apart() {
    let Some(python) = Peer::installed_or_skip("python") else {
        return;
    };
    let server = Server::start(LESSON);
    let mut command = python.command();
    command.args(["tests/peers/python/metadata.py", &server.address]);
    let Finished { code, output } = run(&mut command);
    assert_eq!(code, Some(0), "{output}");
    for line in [
        "  initial: x-request-id: python-1\n",
        "  trailing: x-notified: yes\n",
        "  for the user (zh): 您已经报名了。\n",
        "  trailing: x-request-id: python-2\n",
        "  initial: x-request-id: r-1\n",
        "  trailing: x-courses: 3\n",
    ] {
        assert!(output.contains(line), "{line} is not in:\n{output}");
    }
}

/// The id of a task is not that of another one, whichever thread it runs on.
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_keep_their_ids() {
    let server = Server::start(LESSON);
    let channel = server.channel().await;
    let mut calls = JoinSet::new();
    for n in 0..200 {
        let mut client = EnrolServiceClient::new(channel.clone());
        calls.spawn(async move {
            let message = GetCourseRequest { course_id: format!("course-{n}") };
            let mut request = Request::new(message);
            let id = MetadataValue::try_from(format!("id-{n}"));
            request
                .metadata_mut()
                .insert(REQUEST_ID, id.expect("it should be a value"));
            let status = client.get_course(request).await;
            let status = status.expect_err("there is no such course");
            assert_eq!(text_of(status.metadata()), format!("id-{n}"));
        });
    }
    within("the calls", calls.join_all()).await;
    let Finished { output, .. } = server.stop();
    for n in 0..200 {
        let line = format!("\n[id-{n}] GetCourse \"course-{n}\" -> NOT_FOUND: ");
        assert!(output.contains(&line), "{line} is not in:\n{output}");
    }
}
