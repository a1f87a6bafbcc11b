//! Exercise 13, a wrong answer: it keeps whatever a client sends.

use std::sync::atomic::{AtomicU64, Ordering};

use lesson_13::REQUEST_ID;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

/// The number of the next id. It lives as long as the server.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Called with the metadata of each request to enrol; what it returns goes beside the answer.
pub fn identify(request: &MetadataMap) -> MetadataMap {
    // Wrong: a client fills our log with what it likes.
    let id = request.get(REQUEST_ID).cloned().unwrap_or_else(new_id);
    let mut response = MetadataMap::new();
    response.insert(REQUEST_ID, id);
    response
}

/// An id for a request without one.
fn new_id() -> MetadataValue<Ascii> {
    MetadataValue::try_from(format!("r-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
        .unwrap_or(MetadataValue::from_static("r-0"))
}
