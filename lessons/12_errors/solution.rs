//! Exercise 12: one good answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lesson_12::proto::EnrolRequest;
use lesson_12::{DOMAIN, EnrolError};
use school::SchoolError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Called with each request to enrol, before the school sees it.
pub fn validate(request: &EnrolRequest) -> Result<(), Status> {
    let mut details = ErrorDetails::new();
    if request.course_id.is_empty() {
        details.add_bad_request_violation("course_id", "must not be empty");
    }
    let student = request.student.clone().unwrap_or_default();
    if student.id.is_empty() {
        details.add_bad_request_violation("student.id", "must not be empty");
    }
    if student.email.is_empty() {
        details.add_bad_request_violation("student.email", "must not be empty");
    }
    if request.if_revision == Some(0) {
        details.add_bad_request_violation("if_revision", "must not be 0");
    }
    if !details.has_bad_request_violations() {
        return Ok(());
    }
    details.set_error_info("INVALID_ENROLMENT", DOMAIN, HashMap::new());
    let message = "the request is not valid";
    Err(Status::with_error_details(Code::InvalidArgument, message, details))
}

/// Called with each error of the school. Its status is what the client gets.
pub fn refuse(error: SchoolError) -> Status {
    let mut details = ErrorDetails::new();
    let (code, reason, message) = match &error {
        SchoolError::Full(_) => {
            (Code::FailedPrecondition, "COURSE_FULL", "no seat is left")
        }
        SchoolError::Unreachable(_) => {
            details.set_retry_info(Some(Duration::from_secs(1)));
            (Code::Unavailable, "RECORDS_UNREACHABLE", "try again later")
        }
        SchoolError::Damaged(_) => (Code::Internal, "INTERNAL", "internal error"),
        _ => return EnrolError::from(error).into(),
    };
    details.set_error_info(reason, DOMAIN, HashMap::new());
    let mut status = Status::with_error_details(code, message, details);
    // For the log: it stays here.
    status.set_source(Arc::new(error));
    status
}
