//! Why the service refuses a request, and the status that a client sees: the one place that
//! decides what a client may know.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use prost_types::Any;
use school::{MAX_COURSES, SchoolError};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

use crate::proto::CourseChanged;

/// Whose reasons the service gives: a reason is unique within its domain.
pub const DOMAIN: &str = "school.example";

/// How long a client should wait when the records cannot be reached.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// How many characters of a text reach a client, or the log.
const MAX_TEXT: usize = 200;

/// The type of our own detail, as it stands in the `Any` around it.
const COURSE_CHANGED: &str = "type.googleapis.com/enrol.v1.CourseChanged";

// ANCHOR: error
/// Why the service refuses a request.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A field is wrong, whatever the school looks like: its path, and what it must be.
    #[error("the request is not valid")]
    Invalid(Vec<(&'static str, &'static str)>),
    /// The caller shows a token, and nobody gave it out.
    #[error("the token is not valid")]
    InvalidToken,
    /// What the school says.
    #[error(transparent)]
    School(#[from] SchoolError),
}
// ANCHOR_END: error

// ANCHOR: mapping
impl From<EnrolError> for Status {
    fn from(error: EnrolError) -> Status {
        use EnrolError::{Invalid, InvalidToken, School};
        use SchoolError::{
            AlreadyEnrolled, Changed, Closed, Damaged, Full, NoCourse, NoTicket,
            NotTheirs, TicketExists, TooManyCourses, Unreachable,
        };

        let text = error.to_string();
        // No `_` here: each new error needs a decision on what a client may know.
        let (code, reason, message) = match &error {
            Invalid(_) => (Code::InvalidArgument, "INVALID_REQUEST", text),
            InvalidToken => (Code::Unauthenticated, "INVALID_TOKEN", text),
            School(error) => match error {
                NoCourse(_) => (Code::NotFound, "NO_SUCH_COURSE", text),
                AlreadyEnrolled { .. } => (Code::AlreadyExists, "ALREADY_ENROLLED", text),
                // The same for both: a stranger must not learn which tickets there are.
                NoTicket(_) | NotTheirs(_) => {
                    let text = "you have no such ticket".into();
                    (Code::PermissionDenied, "NOT_YOUR_TICKET", text)
                }
                Full(_) => (Code::FailedPrecondition, "COURSE_FULL", text),
                Closed(_) => (Code::FailedPrecondition, "ENROLMENT_CLOSED", text),
                Changed { .. } => (Code::Aborted, "COURSE_CHANGED", text),
                TooManyCourses => (Code::ResourceExhausted, "TOO_MANY_COURSES", text),
                Unreachable(_) => {
                    let text = "try again later".into();
                    (Code::Unavailable, "RECORDS_UNREACHABLE", text)
                }
                // We make the ids of tickets: one that is taken is no fault of the caller.
                TicketExists(_) | Damaged(_) => {
                    (Code::Internal, "INTERNAL", "internal error".into())
                }
            },
        };
        let mut details = details(&error);
        details.set_error_info(reason, DOMAIN, HashMap::new());
        // It may repeat what the caller sent, and travels in a header, which has little room.
        let message = shortened(&message);
        let mut status = Status::with_error_details(code, message, details);
        if let School(Changed { course_id, revision }) = &error {
            let (course_id, revision) = (course_id.clone(), *revision);
            status = with_course_changed(&status, &CourseChanged { course_id, revision });
        }
        // For our log. tonic does not send it.
        status.set_source(Arc::new(error));
        status
    }
}
// ANCHOR_END: mapping

/// The beginning of a text, for a message or for a line of the log.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

// ANCHOR: details
/// What a program needs to act, beside the code and the reason.
fn details(error: &EnrolError) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    match error {
        EnrolError::Invalid(violations) => {
            for (field, description) in violations {
                details.add_bad_request_violation(*field, *description);
            }
        }
        EnrolError::School(SchoolError::Full(id)) => {
            details.add_precondition_failure_violation("SEATS", id, "no seat is left");
            // For the student, who may not read English.
            details.set_localized_message("zh-CN", "名额已满");
        }
        EnrolError::School(SchoolError::Closed(id)) => {
            let description = "enrolment has ended";
            details.add_precondition_failure_violation("CLOSING_TIME", id, description);
        }
        EnrolError::School(SchoolError::TooManyCourses) => {
            let description = format!("at most {MAX_COURSES} courses");
            details.add_quota_failure_violation("student", description);
        }
        EnrolError::School(SchoolError::Unreachable(_)) => {
            details.set_retry_info(Some(RETRY_DELAY));
        }
        // Code and reason say it all.
        _ => {}
    }
    details
}
// ANCHOR_END: details

// ANCHOR: own
/// The status with one more detail, a message of our own. tonic-types writes only Google's.
fn with_course_changed(status: &Status, detail: &CourseChanged) -> Status {
    let any = Any { type_url: COURSE_CHANGED.into(), value: detail.encode_to_vec() };
    let mut details = pb::Status::decode(status.details()).unwrap_or_default();
    details.details.push(any);
    let details = details.encode_to_vec().into();
    Status::with_details(status.code(), status.message(), details)
}
// ANCHOR_END: own

// ANCHOR: read_own
/// Reads the detail of our own, if the status has one.
pub fn course_changed(status: &Status) -> Option<CourseChanged> {
    let details = pb::Status::decode(status.details()).ok()?;
    let any = details
        .details
        .iter()
        .find(|any| any.type_url == COURSE_CHANGED)?;
    CourseChanged::decode(&*any.value).ok()
}
// ANCHOR_END: read_own
