//! Exercise 12, a wrong answer: a clean message, and the database's text in the details.

use std::error::Error;

use school::SchoolError;
use tonic::Status;
use tonic_types::StatusExt;

pub use super::solution::validate;

/// Called with each error of the school. Its status is what the client gets.
pub fn refuse(error: SchoolError) -> Status {
    let cause = error.source().map(ToString::to_string);
    let status = super::solution::refuse(error);
    let Some(cause) = cause else {
        return status;
    };
    let mut details = status.get_error_details();
    // Wrong: DebugInfo is sent to every client. Nothing in it stays at home.
    details.set_debug_info(Vec::new(), cause);
    Status::with_error_details(status.code(), status.message(), details)
}
