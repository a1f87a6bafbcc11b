//! The id of a request: what it may be, where it comes from, and how it gets into each line of the
//! log.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU64, Ordering};

use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Response, Status};

// ANCHOR: id
/// The key of a request's id.
pub const REQUEST_ID: &str = "x-request-id";

/// The id of a request: 1 to 32 characters of visible ASCII.
#[derive(Debug, Clone)]
pub struct RequestId(MetadataValue<Ascii>);

impl RequestId {
    /// The id that a client has sent, if it sent exactly one, and a log may have it.
    pub fn of(metadata: &MetadataMap) -> Option<RequestId> {
        let mut values = metadata.get_all(REQUEST_ID).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            // No id, or several: nobody can say which one is meant.
            return None;
        };
        let bytes = value.as_bytes();
        let is_valid =
            (1..=32).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        is_valid.then(|| RequestId(value.clone()))
    }

    /// Puts the id into the metadata of a request, a response or a status.
    pub fn insert_into(&self, metadata: &mut MetadataMap) {
        metadata.insert(REQUEST_ID, self.0.clone());
    }
}
// ANCHOR_END: id

/// Shown in the log.
impl Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // All visible ASCII, so it is text.
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// `r-` and a number: the id of a request that came without one.
impl From<u64> for RequestId {
    fn from(number: u64) -> RequestId {
        let value = MetadataValue::try_from(format!("r-{number}"));
        // Never: a letter, a hyphen and digits are a value.
        RequestId(value.unwrap_or_else(|_| MetadataValue::from(number)))
    }
}

/// Gives ids to the requests of a server.
pub struct RequestIds {
    /// The number in the next id that is made.
    next: AtomicU64,
}

impl RequestIds {
    /// The first id will be `r-1`.
    pub fn new() -> RequestIds {
        RequestIds { next: AtomicU64::new(1) }
    }

    // ANCHOR: take
    /// The id that the client has sent, or a new one.
    pub fn take_or_make(&self, metadata: &MetadataMap) -> RequestId {
        RequestId::of(metadata)
            .unwrap_or_else(|| RequestId::from(self.next.fetch_add(1, Ordering::Relaxed)))
    }
    // ANCHOR_END: take
}

impl Default for RequestIds {
    fn default() -> RequestIds {
        RequestIds::new()
    }
}

// ANCHOR: echoed
/// The same result, with the id beside the message or beside the error.
pub fn echoed<T>(
    id: &RequestId,
    mut result: Result<Response<T>, Status>,
) -> Result<Response<T>, Status> {
    let metadata = match &mut result {
        Ok(response) => response.metadata_mut(),
        Err(status) => status.metadata_mut(),
    };
    id.insert_into(metadata);
    result
}
// ANCHOR_END: echoed

// ANCHOR: log
tokio::task_local! {
    /// The id of the request that this task works on.
    static CURRENT: RequestId;
}

/// Runs `work`, and puts the id before each line that it logs.
pub async fn with_id<F: Future>(id: RequestId, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// Prints a line of the log, behind the id of the request that it belongs to.
pub fn log(line: &str) {
    let with_id = CURRENT.try_with(|id| println!("[{id}] {line}"));
    if with_id.is_err() {
        // Outside of `with_id`: no request is being worked on.
        println!("{line}");
    }
}
// ANCHOR_END: log
