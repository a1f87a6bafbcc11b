//! The status of each refusal: its code, its reason, its details, and what the client does.

use std::error::Error;
use std::time::Duration;

use grpc_workbook::status::code_name;
use lesson_12::advice::{NextStep, next_step};
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{CancelRequest, CourseChanged};
use lesson_12::{DOMAIN, EnrolError, course_changed};
use school::SchoolError;
use tonic::service::Routes;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::{enrolments, request, served};

/// Each error of the service.
fn errors() -> Vec<EnrolError> {
    let school = [
        SchoolError::NoCourse("c".into()),
        SchoolError::NoTicket("t".into()),
        SchoolError::NotTheirs("t".into()),
        SchoolError::AlreadyEnrolled { course_id: "c".into(), ticket_id: "t-9".into() },
        SchoolError::TicketExists("t".into()),
        SchoolError::Full("c".into()),
        SchoolError::Closed("c".into()),
        SchoolError::Changed { course_id: "c".into(), revision: 3 },
        SchoolError::TooManyCourses,
        SchoolError::Unreachable("a secret".into()),
        SchoolError::Damaged("a secret".into()),
    ];
    let mut errors: Vec<EnrolError> = school.map(EnrolError::from).into();
    errors.push(EnrolError::Invalid(vec![("a", "must not be empty"), ("b", "is wrong")]));
    errors.push(EnrolError::InvalidToken);
    errors
}

#[test]
fn each_error_has_its_code_reason_and_next_step() {
    let fields = [("a", "must not be empty"), ("b", "is wrong")];
    let fields = fields.map(|(field, text)| (field.to_string(), text.to_string()));
    let expected = [
        ("NOT_FOUND", "NO_SUCH_COURSE", NextStep::Choose),
        ("PERMISSION_DENIED", "NOT_YOUR_TICKET", NextStep::Choose),
        ("PERMISSION_DENIED", "NOT_YOUR_TICKET", NextStep::Choose),
        ("ALREADY_EXISTS", "ALREADY_ENROLLED", NextStep::Nothing),
        ("INTERNAL", "INTERNAL", NextStep::GiveUp),
        (
            "FAILED_PRECONDITION",
            "COURSE_FULL",
            NextStep::WaitForSeat(Some("名额已满".into())),
        ),
        ("FAILED_PRECONDITION", "ENROLMENT_CLOSED", NextStep::Choose),
        ("ABORTED", "COURSE_CHANGED", NextStep::ReadAgain(3)),
        (
            "RESOURCE_EXHAUSTED",
            "TOO_MANY_COURSES",
            NextStep::GiveBack("at most 5 courses".into()),
        ),
        (
            "UNAVAILABLE",
            "RECORDS_UNREACHABLE",
            NextStep::TryAgain(Duration::from_millis(200)),
        ),
        ("INTERNAL", "INTERNAL", NextStep::GiveUp),
        ("INVALID_ARGUMENT", "INVALID_REQUEST", NextStep::Mend(fields.into())),
        ("UNAUTHENTICATED", "INVALID_TOKEN", NextStep::SignIn),
    ];
    for (error, (code, reason, next)) in errors().into_iter().zip(expected) {
        let what = format!("{error:?}");
        let status = Status::from(error);
        let info = status
            .get_details_error_info()
            .expect("it should have a reason");
        assert_eq!(code_name(status.code()), code, "{what}");
        assert_eq!((&*info.reason, &*info.domain), (reason, DOMAIN), "{what}");
        assert_eq!(next_step(&status), next, "{what}");
    }
}

/// The two errors about tickets cannot be told apart, and no status says what must stay at home.
#[test]
fn a_status_tells_no_secrets() {
    let statuses: Vec<Status> = errors().into_iter().map(Status::from).collect();
    for status in &statuses {
        let details = String::from_utf8_lossy(status.details());
        for secret in ["a secret", "records are", "t-9", "not this student's"] {
            assert!(!status.message().contains(secret), "{status:?}");
            assert!(!details.contains(secret), "{status:?}");
        }
        assert!(status.source().is_some(), "our log should have a cause: {status:?}");
    }
    let [_, no_ticket, not_theirs, ..] = &statuses[..] else {
        panic!("there should be 13");
    };
    assert_eq!(no_ticket.message(), not_theirs.message());
    assert_eq!(no_ticket.details(), not_theirs.details());
}

/// What follows is decided without the message.
#[test]
fn the_message_does_not_matter() {
    for error in errors() {
        let status = Status::from(error);
        let details = status.details().to_vec().into();
        let other = Status::with_details(status.code(), "in other words", details);
        assert_eq!(next_step(&other), next_step(&status), "{status:?}");
    }
}

/// A client that knows a code alone, from another server or without details, does no harm.
#[test]
fn a_code_without_details() {
    let half_a_second = NextStep::TryAgain(Duration::from_millis(500));
    for n in 1..=16 {
        let code = Code::from(n);
        let expected = match code {
            Code::InvalidArgument => NextStep::Mend(Vec::new()),
            Code::NotFound | Code::PermissionDenied => NextStep::Choose,
            Code::Unauthenticated => NextStep::SignIn,
            Code::Aborted => NextStep::ReadAgain(0),
            Code::Unavailable => half_a_second.clone(),
            _ => NextStep::GiveUp,
        };
        assert_eq!(next_step(&Status::new(code, "")), expected, "{code:?}");
    }
}

/// What a client in the same process gets: the details, and no source.
#[tokio::test]
async fn the_source_does_not_travel() {
    let mut client = EnrolServiceClient::new(served(enrolments()));
    let call = client.enrol(request("fault-damaged", "s-1"));
    let status = call.await.expect_err("it should be refused");
    assert!(status.source().is_none());
    assert_eq!(status.message(), "internal error");

    let outdated = lesson_12::proto::EnrolRequest {
        if_revision: Some(7),
        ..request("wuhan-java", "s-1")
    };
    let status = client
        .enrol(outdated)
        .await
        .expect_err("it should be refused");
    let expected = CourseChanged { course_id: "wuhan-java".into(), revision: 1 };
    assert_eq!(course_changed(&status), Some(expected));
    assert_eq!(next_step(&status), NextStep::ReadAgain(1));
}

/// The token is looked at before the fields, so that a stranger learns nothing of them.
#[tokio::test]
async fn cancel_asks_who_you_are_first() {
    let mut client = EnrolServiceClient::new(served(enrolments()));
    let mut request = Request::new(CancelRequest::default());
    let token = "Bearer old".parse().expect("it should be a value");
    request.metadata_mut().insert("authorization", token);
    let status = client
        .cancel(request)
        .await
        .expect_err("it should be refused");
    assert_eq!(status.code(), Code::Unauthenticated);
    let both = client.cancel(CancelRequest::default()).await;
    let status = both.expect_err("it should be refused");
    let violations = status.get_details_bad_request().expect("a BadRequest");
    assert_eq!(violations.field_violations.len(), 2);
}

/// The answer of the chapter's Predict.
#[tokio::test]
async fn an_ok_without_a_message() {
    let ok = |_: &lesson_12::proto::EnrolRequest| Err(Status::ok("fine"));
    let service: Routes = served(enrolments().validated_by(ok));
    let call = async {
        EnrolServiceClient::new(service)
            .enrol(request("wuhan-java", "s-1"))
            .await
    };
    let status = call.await.expect_err("there is no message");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "Missing response message.")
    );
}

/// What `?` makes of an io::Error, and of any other error with `Status::from_error`.
#[test]
fn errors_that_become_statuses_by_themselves() {
    use std::io::{self, ErrorKind};
    for (kind, code) in [
        (ErrorKind::NotFound, Code::NotFound),
        (ErrorKind::PermissionDenied, Code::PermissionDenied),
        (ErrorKind::AlreadyExists, Code::AlreadyExists),
        (ErrorKind::ConnectionRefused, Code::Unavailable),
        (ErrorKind::TimedOut, Code::DeadlineExceeded),
        (ErrorKind::InvalidData, Code::DataLoss),
        (ErrorKind::StorageFull, Code::Unknown),
    ] {
        let status = Status::from(io::Error::new(kind, "/srv/a: why"));
        assert_eq!((status.code(), status.message()), (code, "/srv/a: why"));
    }
    let status = Status::from_error("10.0.3.7 said no".into());
    assert_eq!((status.code(), status.message()), (Code::Unknown, "10.0.3.7 said no"));
}
