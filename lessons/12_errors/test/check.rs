//! The check of the exercise.

use grpc_workbook::status::code_name;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{EnrolRequest, EnrolResponse, Student};
use lesson_12::{DOMAIN, course_changed};
use support::checks::{Checks, Outcome, Verdict};
use tonic::service::Routes;
use tonic::{Response, Status};
use tonic_types::StatusExt;

/// What the errors of the records say, of which a client must learn nothing.
const SECRETS: [&str; 4] = ["10.0.3.7", "5432", "refused", "row 17"];

/// Enrols with right and wrong requests, and looks at the details of each refusal.
pub async fn check(server: Routes) -> Verdict {
    let client = EnrolServiceClient::new(server);
    let mut checks = Checks::default();
    let ticket = |n| Ok(format!("ticket-{n}"));
    let (ada, bob) = (Some(("s-1", "a@x")), Some(("s-2", "b@x")));
    let carol = Some(("s-3", "c@x"));
    for (course_id, student, if_revision, expected) in [
        ("wuhan-java", ada, None, ticket(1)),
        ("wuhan-java", bob, Some(2), ticket(2)),
        ("", carol, None, invalid(&["course_id"])),
        ("wuhan-java", Some(("", "c@x")), None, invalid(&["student.id"])),
        ("wuhan-java", Some(("s-3", "")), Some(3), invalid(&["student.email"])),
        ("wuhan-java", carol, Some(0), invalid(&["if_revision"])),
        ("wuhan-java", None, None, invalid(&["student.id", "student.email"])),
        ("", Some(("s-3", "")), None, invalid(&["course_id", "student.email"])),
        (
            "",
            None,
            Some(0),
            invalid(&["course_id", "student.id", "student.email", "if_revision"]),
        ),
        ("wuhan-java", carol, None, refused("FAILED_PRECONDITION", "COURSE_FULL", "")),
        (
            "fault-once",
            carol,
            None,
            refused("UNAVAILABLE", "RECORDS_UNREACHABLE", ", retry after 1s"),
        ),
        ("fault-damaged", carol, None, refused("INTERNAL", "INTERNAL", "")),
        ("wuhan-cooking", carol, None, refused("NOT_FOUND", "NO_SUCH_COURSE", "")),
        (
            "beijing-go",
            carol,
            Some(9),
            refused("ABORTED", "COURSE_CHANGED", ", revision 1 now"),
        ),
        ("fault-once", carol, None, ticket(8)),
    ] {
        let call = named(course_id, student, if_revision);
        let student =
            student.map(|(id, email)| Student { id: id.into(), email: email.into() });
        let request = EnrolRequest { course_id: course_id.into(), student, if_revision };
        let mut client = client.clone();
        let response = async move { outcome(client.enrol(request).await) };
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}

/// A call, as the report shows it.
fn named(
    course_id: &str,
    student: Option<(&str, &str)>,
    if_revision: Option<u64>,
) -> String {
    let student = match student {
        Some((id, email)) => format!("{id:?}, {email:?}"),
        None => "no student".into(),
    };
    match if_revision {
        Some(n) => format!("Enrol({course_id:?}, {student}, if_revision {n})"),
        None => format!("Enrol({course_id:?}, {student})"),
    }
}

/// How a call must end whose request is wrong in these ways.
fn invalid(violations: &[&str]) -> Outcome<String> {
    let violations = violations.join(", ");
    refused("INVALID_ARGUMENT", "INVALID_ENROLMENT", &format!(": {violations}"))
}

/// How a call must end that is refused with this code and reason.
fn refused(code: &str, reason: &str, rest: &str) -> Outcome<String> {
    Err(format!("{code}, {reason}{rest}"))
}

/// A violation: the field, and the description only if it is not as the exercise asks for.
fn violated(field: &str, description: &str) -> String {
    let expected = match field {
        "if_revision" => "must not be 0",
        _ => "must not be empty",
    };
    if description == expected {
        field.to_string()
    } else {
        format!("{field} {description:?}")
    }
}

/// How a call ended: the id of the ticket, or what a program can read of the status.
fn outcome(result: Result<Response<EnrolResponse>, Status>) -> Outcome<String> {
    let status = match result {
        Ok(response) => return Ok(response.into_inner().ticket.unwrap_or_default().id),
        Err(status) => status,
    };
    let mut line = code_name(status.code()).to_string();
    let Ok(details) = status.check_error_details() else {
        return Err(line + ", with details that cannot be decoded");
    };
    line += &match details.error_info() {
        Some(info) if info.domain == DOMAIN => format!(", {}", info.reason),
        Some(info) => format!(", {} of {:?}", info.reason, info.domain),
        None => ", without a reason".into(),
    };
    if let Some(bad_request) = details.bad_request() {
        let violations = bad_request.field_violations.iter();
        let violations: Vec<String> = violations
            .map(|violation| violated(&violation.field, &violation.description))
            .collect();
        line += &format!(": {}", violations.join(", "));
    }
    if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
        line += &format!(", retry after {delay:?}");
    }
    if let Some(changed) = course_changed(&status) {
        line += &format!(", revision {} now", changed.revision);
    }
    let details = String::from_utf8_lossy(status.details());
    let metadata = format!("{:?}", status.metadata());
    for (place, text) in [
        ("message", status.message()),
        ("details", &details),
        ("metadata", &metadata),
    ] {
        if let Some(secret) = SECRETS.iter().find(|secret| text.contains(**secret)) {
            line += &format!(", and the {place} tells {secret:?}");
        }
    }
    Err(line)
}
