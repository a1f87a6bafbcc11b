//! Exercise 12, a wrong answer: it stops at the first wrong field.

use std::collections::HashMap;

use lesson_12::DOMAIN;
use lesson_12::proto::EnrolRequest;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use super::solution::refuse;

/// Called with each request to enrol, before the school sees it.
pub fn validate(request: &EnrolRequest) -> Result<(), Status> {
    let mut details = ErrorDetails::new();
    let student = request.student.clone().unwrap_or_default();
    if request.course_id.is_empty() {
        details.add_bad_request_violation("course_id", "must not be empty");
    // Wrong: `else`. Its caller mends one field, asks again, and only then hears of the next.
    } else if student.id.is_empty() {
        details.add_bad_request_violation("student.id", "must not be empty");
    } else if student.email.is_empty() {
        details.add_bad_request_violation("student.email", "must not be empty");
    } else if request.if_revision == Some(0) {
        details.add_bad_request_violation("if_revision", "must not be 0");
    } else {
        return Ok(());
    }
    details.set_error_info("INVALID_ENROLMENT", DOMAIN, HashMap::new());
    let message = "the request is not valid";
    Err(Status::with_error_details(Code::InvalidArgument, message, details))
}
