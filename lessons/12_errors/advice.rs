//! What a client does about a refusal. It decides by the code, the reason and the details, and
//! never by the message, which may change with the next version of the server.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{DOMAIN, course_changed};

/// The longest that we wait before the next attempt, whatever the server asks for.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The wait if the server does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_millis(500);

// ANCHOR: next_step
/// What to do about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Mend these fields: the path of each, and what is wrong. As it is, the request will never be
    /// right.
    Mend(Vec<(String, String)>),
    /// Say who you are: get a token, and make the call again with it.
    SignIn,
    /// Choose something else: there is no such thing, or it is not yours, or it is closed.
    Choose,
    /// Nothing: what was asked for is there already.
    Nothing,
    /// Wait until a seat is given back. The text is for the student, in the student's language.
    WaitForSeat(Option<String>),
    /// Give something back first: what the student may have is used up.
    GiveBack(String),
    /// Read the course again, until it has this revision at least, and decide again.
    ReadAgain(u64),
    /// Make the same call again, after this time.
    TryAgain(Duration),
    /// Tell somebody. We do not know this refusal, or it is the server's fault.
    GiveUp,
}

/// What to do about this status, which ended a call of the school's service.
pub fn next_step(status: &Status) -> NextStep {
    let details = status.get_error_details();
    // A reason has its meaning only within its domain.
    let reason = match details.error_info() {
        Some(info) if info.domain == DOMAIN => info.reason.as_str(),
        _ => "",
    };
    match (status.code(), reason) {
        (Code::InvalidArgument, _) => {
            let mut fields = Vec::new();
            for violation in details
                .bad_request()
                .iter()
                .flat_map(|b| &b.field_violations)
            {
                fields.push((violation.field.clone(), violation.description.clone()));
            }
            NextStep::Mend(fields)
        }
        (Code::Unauthenticated, _) => NextStep::SignIn,
        (Code::PermissionDenied | Code::NotFound, _) => NextStep::Choose,
        (Code::AlreadyExists, "ALREADY_ENROLLED") => NextStep::Nothing,
        (Code::FailedPrecondition, "COURSE_FULL") => {
            let text = details.localized_message();
            NextStep::WaitForSeat(text.map(|text| text.message.clone()))
        }
        (Code::FailedPrecondition, "ENROLMENT_CLOSED") => NextStep::Choose,
        (Code::ResourceExhausted, "TOO_MANY_COURSES") => {
            let quota = details.quota_failure();
            let violation = quota.and_then(|quota| quota.violations.first());
            let text = violation.map(|violation| violation.description.clone());
            NextStep::GiveBack(text.unwrap_or_default())
        }
        (Code::Aborted, _) => {
            let changed = course_changed(status).unwrap_or_default();
            NextStep::ReadAgain(changed.revision)
        }
        (Code::Unavailable, _) => {
            let delay = details.retry_info().and_then(|info| info.retry_delay);
            NextStep::TryAgain(delay.unwrap_or(DEFAULT_WAIT).min(MAX_WAIT))
        }
        _ => NextStep::GiveUp,
    }
}
// ANCHOR_END: next_step
