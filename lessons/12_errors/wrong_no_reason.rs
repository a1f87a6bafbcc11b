//! Exercise 12, a wrong answer: a program cannot tell it from any other INVALID_ARGUMENT.

use lesson_12::proto::EnrolRequest;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use super::solution::refuse;

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
    // Wrong: no ErrorInfo. All that is left for a program to compare is the text.
    let message = "the request is not valid";
    Err(Status::with_error_details(Code::InvalidArgument, message, details))
}
