//! What a client does about a refusal. It decides by the code, the reason and the details, and
//! never by the message, which may change with the next version of the server.

use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{RpcStatusExt, pb};

use crate::{DOMAIN, course_changed};

/// The longest that we wait before the next attempt, whatever the server asks for.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The wait if the server does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_millis(500);

/// The type of a RetryInfo, as it stands in the `Any` around it.
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

// ANCHOR: steps
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
// ANCHOR_END: steps

// ANCHOR: next_step
/// What to do about this status, which ended a call of the school's service.
pub fn next_step(status: &Status) -> NextStep {
    // Details that cannot be read are as good as none: the code remains.
    let details = pb::Status::decode(status.details()).unwrap_or_default();
    let info = details.get_details_error_info();
    // A reason has its meaning only within its domain.
    let info = info.filter(|info| info.domain == DOMAIN);
    let reason = info.map_or(String::new(), |info| info.reason);
    match (status.code(), reason.as_str()) {
        (Code::InvalidArgument, _) => NextStep::Mend(violations(&details)),
        (Code::Unauthenticated, _) => NextStep::SignIn,
        (Code::PermissionDenied | Code::NotFound, _) => NextStep::Choose,
        (Code::AlreadyExists, "ALREADY_ENROLLED") => NextStep::Nothing,
        (Code::FailedPrecondition, "COURSE_FULL") => {
            let text = details.get_details_localized_message();
            NextStep::WaitForSeat(text.map(|text| text.message))
        }
        (Code::FailedPrecondition, "ENROLMENT_CLOSED") => NextStep::Choose,
        (Code::ResourceExhausted, "TOO_MANY_COURSES") => {
            let quota = details.get_details_quota_failure();
            let mut violations = quota.into_iter().flat_map(|quota| quota.violations);
            let text = violations.next().map(|violation| violation.description);
            NextStep::GiveBack(text.unwrap_or_default())
        }
        (Code::Aborted, _) => {
            let changed = course_changed(status).unwrap_or_default();
            NextStep::ReadAgain(changed.revision)
        }
        (Code::Unavailable, _) => {
            let delay = retry_delay(&details).unwrap_or(DEFAULT_WAIT);
            NextStep::TryAgain(delay.min(MAX_WAIT))
        }
        _ => NextStep::GiveUp,
    }
}
// ANCHOR_END: next_step

/// The fields that a BadRequest names, each with what is wrong.
fn violations(details: &pb::Status) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if let Some(bad_request) = details.get_details_bad_request() {
        for violation in bad_request.field_violations {
            fields.push((violation.field, violation.description));
        }
    }
    fields
}

// ANCHOR: retry_delay
/// How long the server asks us to wait, 0 if it asks for less.
///
/// `get_details_retry_info` would do, but for the smallest number of seconds that there is: a
/// debug build of prost-types 0.14 panics at it.
fn retry_delay(details: &pb::Status) -> Option<Duration> {
    let any = details
        .details
        .iter()
        .find(|any| any.type_url == RETRY_INFO)?;
    let delay = pb::RetryInfo::decode(&*any.value).ok()?.retry_delay?;
    let seconds = Duration::from_secs(delay.seconds.try_into().unwrap_or(0));
    let nanos = Duration::from_nanos(delay.nanos.try_into().unwrap_or(0));
    Some(seconds.saturating_add(nanos))
}
// ANCHOR_END: retry_delay
