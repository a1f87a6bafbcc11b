//! Exercise 12, a wrong answer: a full course is called an exhausted quota.

use std::collections::HashMap;

use lesson_12::DOMAIN;
use school::SchoolError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use super::solution::validate;

/// Called with each error of the school. Its status is what the client gets.
pub fn refuse(error: SchoolError) -> Status {
    match error {
        SchoolError::Full(_) => {
            let info =
                ErrorDetails::with_error_info("COURSE_FULL", DOMAIN, HashMap::new());
            // Wrong: this student has used up nothing. Many clients wait a moment and ask again.
            let code = Code::ResourceExhausted;
            Status::with_error_details(code, "no seat is left", info)
        }
        error => super::solution::refuse(error),
    }
}
