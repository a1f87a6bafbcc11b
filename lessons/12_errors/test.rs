//! Lesson 12: the exercise, what each refusal looks like to a client, and the programs.

mod exercise;
mod faulty_school;
mod solution;
mod wrong_debug_info;
mod wrong_first;
mod wrong_leaks;
mod wrong_no_reason;
mod wrong_quota;

#[path = "test/answers.rs"]
mod answers;
#[path = "test/check.rs"]
mod check;
#[path = "test/codes.rs"]
mod codes;
#[path = "test/malformed.rs"]
mod malformed;
#[path = "test/programs.rs"]
mod program;
#[path = "test/proxies.rs"]
mod proxies;
#[path = "test/size.rs"]
mod size;
#[path = "test/strangers.rs"]
mod strangers;

use check::check;
use faulty_school::FaultySchool;
use grpc_workbook::Lesson;
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_12::proto::{EnrolRequest, Student, WatchSeatsRequest};
use support::lesson;
use support::patience::within;
use support::programs::{Finished, Server};
use tonic::Code;
use tonic::service::Routes;

const LESSON: &Lesson = lesson(12);

/// The lesson's service, in front of a school with faults.
fn enrolments() -> Enrolments<FaultySchool> {
    Enrolments::new(FaultySchool::new())
}

fn served(service: Enrolments<FaultySchool>) -> Routes {
    Routes::new(EnrolServiceServer::new(service))
}

support::exercise! {
    files: "lessons/12_errors/exercise.rs",
    serve: |answer| served(
        enrolments().validated_by(answer::validate).refused_by(answer::refuse)
    ),
    check: check,
    own: served(enrolments()),
    wrong: [
        wrong_first => "book/generated/12-errors-report.txt",
        wrong_no_reason,
        wrong_quota,
        wrong_leaks,
        wrong_debug_info,
    ],
}

/// A request of this student.
fn request(course_id: &str, student_id: &str) -> EnrolRequest {
    let email = format!("{student_id}@example.org");
    let student = Some(Student { id: student_id.into(), email });
    EnrolRequest { course_id: course_id.into(), student, if_revision: None }
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
