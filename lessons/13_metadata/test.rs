//! Lesson 13: the exercise, and the programs.

mod exercise;
mod solution;
mod wrong_kept;
mod wrong_new;

use std::sync::{Mutex, PoisonError};

use grpc_workbook::Lesson;
use grpc_workbook::status::code_name;
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_12::proto::{EnrolRequest, Student};
use lesson_13::{Identified, Identify, REQUEST_ID, identify};
use school::MemorySchool;
use support::checks::{Checks, Verdict};
use support::lesson;
use support::programs::{self, Finished, Server, run};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::Routes;
use tonic::{Code, Request};

const LESSON: &Lesson = lesson(13);

/// A server of the school whose answers to `Enrol` have what `identify` makes.
fn serving(identify: Identify) -> Routes {
    let enrolments = Enrolments::new(MemorySchool::new(school::courses()));
    Routes::new(EnrolServiceServer::new(Identified::new(enrolments, identify)))
}

support::exercise! {
    files: "lessons/13_metadata/exercise.rs",
    serve: |answer| serving(answer::identify),
    check: check,
    own: serving(identify),
    wrong: [wrong_kept, wrong_new],
}

/// Enrols with and without an id, with success and without.
async fn check(server: Routes) -> Verdict {
    let client = EnrolServiceClient::new(server);
    let mut checks = Checks::default();
    // What is made is compared with what was made before: each answer has a counter of its own,
    // which other tests may share.
    let made = std::sync::Arc::new(Mutex::new(Vec::new()));
    let long = "a".repeat(33);
    for (id, course_id, expected) in [
        (Some("mine"), "wuhan-python", "OK with mine"),
        (Some("mine"), "wuhan-python", "ALREADY_EXISTS with mine"),
        (None, "wuhan-java", "OK with a new one"),
        (None, "wuhan-java", "ALREADY_EXISTS with a new one"),
        (Some(""), "wuhan-java", "ALREADY_EXISTS with a new one"),
        (Some("a b"), "wuhan-java", "ALREADY_EXISTS with a new one"),
        (Some("é"), "wuhan-java", "ALREADY_EXISTS with a new one"),
        (Some(&*long), "wuhan-java", "ALREADY_EXISTS with a new one"),
    ] {
        let mut request = Request::new(enrolment(course_id));
        if let Some(id) = id {
            let id = MetadataValue::try_from(id).expect("it should be a value");
            request.metadata_mut().insert(REQUEST_ID, id);
        }
        let mut client = client.clone();
        let made = made.clone();
        let response = async move {
            let (code, metadata) = match client.enrol(request).await {
                Ok(response) => (Code::Ok, response.metadata().clone()),
                Err(status) => (status.code(), status.metadata().clone()),
            };
            let made = &mut made.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(format!("{} with {}", code_name(code), described(&metadata, made)))
        };
        let call = format!("Enrol({course_id:?}) with the id {id:?}");
        checks.call(call, response, Ok(expected.to_string())).await;
    }
    checks.verdict()
}

/// The id that came back, in words: `a new one` if it is `r-N`, and was not made before.
fn described(metadata: &MetadataMap, made: &mut Vec<String>) -> String {
    let Some(id) = metadata.get(REQUEST_ID) else {
        return "no id".into();
    };
    let id = String::from_utf8_lossy(id.as_bytes()).into_owned();
    let is_made = id
        .strip_prefix("r-")
        .is_some_and(|n| n.parse::<u64>().is_ok());
    if !is_made {
        return id;
    }
    if made.contains(&id) {
        return format!("{id} again");
    }
    made.push(id);
    "a new one".into()
}

fn enrolment(course_id: &str) -> EnrolRequest {
    let student = Student { id: "s-1".into(), email: "s-1@example.org".into() };
    EnrolRequest {
        course_id: course_id.into(),
        student: Some(student),
        if_revision: None,
    }
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let twice = "ALREADY_EXISTS: the student is enrolled in \"wuhan-python\" already\n";
    let script = format!("\"first\": OK\n\"second\": {twice}");
    assert_eq!(client(&[]), Finished::new(0, script));
    let line = format!("\"no id\": {twice}");
    assert_eq!(client(&["--break", "not-ascii"]), Finished::new(0, line));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("\nrequest Some(\"first\") -> OK\n"), "{output}");
}
