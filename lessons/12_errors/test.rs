//! Lesson 12: the exercise, and the programs.

mod exercise;
mod solution;
mod wrong_first;
mod wrong_no_reason;

use grpc_workbook::Lesson;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::enrol_service_server::{EnrolService, EnrolServiceServer};
use lesson_12::proto::{EnrolRequest, EnrolResponse, Student, WatchSeatsRequest};
use lesson_12::{Enrolments, validate};
use school::MemorySchool;
use support::checks::{Checks, Outcome, Verdict};
use support::lesson;
use support::patience::within;
use support::programs::{self, Finished, Server, run};
use tonic::service::Routes;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

const LESSON: &Lesson = lesson(12);

/// A server of the school, with this look at requests to enrol.
fn serving(validate: fn(&EnrolRequest) -> Result<(), Status>) -> Routes {
    let school = MemorySchool::new(school::courses());
    served(Enrolments::new(school).validated_by(validate))
}

fn served(service: impl EnrolService) -> Routes {
    Routes::new(EnrolServiceServer::new(service))
}

support::exercise! {
    files: "lessons/12_errors/exercise.rs",
    serve: |answer| serving(answer::validate),
    check: check,
    own: serving(validate),
    wrong: [wrong_first, wrong_no_reason],
}

/// Enrols with right and wrong requests, and looks at the details of each refusal.
async fn check(server: Routes) -> Verdict {
    let client = EnrolServiceClient::new(server);
    let mut checks = Checks::default();
    let ticket = |n| Ok(format!("ticket-{n}"));
    for (course_id, student, if_revision, expected) in [
        ("wuhan-java", ("s-1", "s-1@example.org"), None, ticket(1)),
        ("wuhan-java", ("s-2", "s-2@example.org"), Some(2), ticket(2)),
        ("", ("s-3", "s-3@example.org"), None, refused(&[COURSE])),
        ("wuhan-java", ("", "s-3@example.org"), None, refused(&[STUDENT])),
        ("wuhan-java", ("s-3", ""), Some(3), refused(&[EMAIL])),
        ("wuhan-java", ("s-3", "s-3@example.org"), Some(0), refused(&[REVISION])),
        ("", ("s-3", ""), None, refused(&[COURSE, EMAIL])),
        ("", ("", ""), Some(0), refused(&[COURSE, STUDENT, EMAIL, REVISION])),
        (
            "wuhan-java",
            ("s-3", "s-3@example.org"),
            None,
            Err("FAILED_PRECONDITION: \"wuhan-java\" has no seat left".into()),
        ),
    ] {
        let (id, email) = student;
        let call = format!("Enrol({course_id:?}, {id:?}, {email:?}, {if_revision:?})");
        let student = Some(Student { id: id.into(), email: email.into() });
        let request = EnrolRequest { course_id: course_id.into(), student, if_revision };
        let mut client = client.clone();
        let response = async move { outcome(client.enrol(request).await) };
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}

const COURSE: &str = "course_id must not be empty";
const STUDENT: &str = "student.id must not be empty";
const EMAIL: &str = "student.email must not be empty";
const REVISION: &str = "if_revision must not be 0";

/// How a call must end that the exercise refuses for these reasons.
fn refused(violations: &[&str]) -> Outcome<String> {
    let violations = violations.join(", ");
    Err(format!(
        "INVALID_ARGUMENT: the request is not valid [{violations}] \
         INVALID_ENROLMENT of school.example"
    ))
}

/// How a call ended: the id of the ticket, or the status with its details.
fn outcome(result: Result<Response<EnrolResponse>, Status>) -> Outcome<String> {
    let status = match result {
        Ok(response) => return Ok(response.into_inner().ticket.unwrap_or_default().id),
        Err(status) => status,
    };
    let mut line = grpc_workbook::status::status_line(&status);
    if let Some(bad_request) = status.get_details_bad_request() {
        let violations = bad_request.field_violations.iter();
        let violations: Vec<String> = violations
            .map(|violation| format!("{} {}", violation.field, violation.description))
            .collect();
        line += &format!(" [{}]", violations.join(", "));
    }
    if let Some(info) = status.get_details_error_info() {
        line += &format!(" {} of {}", info.reason, info.domain);
    }
    Err(line)
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let script = "s-1: ticket-1 for wuhan-c\n\
                  s-2: FAILED_PRECONDITION: \"wuhan-c\" has no seat left\n";
    assert_eq!(client(&[]), Finished::new(0, script));
    let line = "Error: the call ended with NOT_FOUND (5): there is no course \"wuhan-cooking\"\n";
    assert_eq!(client(&["--break", "no-course"]), Finished::new(1, line));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let lines = "\nEnrol \"wuhan-c\" -> OK\n\
                 Enrol \"wuhan-c\" -> FAILED_PRECONDITION: \"wuhan-c\" has no seat left\n";
    assert!(output.contains(lines), "{output}");
}

/// One watches a course while others take its seats. The server's end is the stream's.
#[cfg(unix)]
// `finish` keeps its thread, and the client's connection needs one to be closed.
#[tokio::test(flavor = "multi_thread")]
async fn seats_are_watched_until_the_server_stops() {
    let mut server = Server::start(LESSON);
    let mut client = EnrolServiceClient::new(server.channel().await);
    let request = WatchSeatsRequest { course_id: "wuhan-java".into() };
    let response = within("the call", client.watch_seats(request)).await;
    let mut seats = response.expect("the call should start").into_inner();
    for seats_left in [2, 1, 0] {
        let message = within("the seats", seats.message()).await;
        let message = message.expect("the stream should go on");
        assert_eq!(message.map(|message| message.seats_left), Some(seats_left));
        if seats_left > 0 {
            let student =
                Student { id: format!("s-{seats_left}"), email: "s@example.org".into() };
            let request = EnrolRequest {
                course_id: "wuhan-java".into(),
                student: Some(student),
                if_revision: None,
            };
            let response = within("a ticket", client.enrol(request)).await;
            response.expect("there should be a seat");
        }
    }
    server.signal();
    let end = within("the end", seats.message()).await;
    let status = end.expect_err("the stream should end with a status");
    assert_eq!(status.code(), Code::Unavailable);
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0), "{output}");
}
