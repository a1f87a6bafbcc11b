//! Exercise 13: an id for each request, over two services. Yours to finish.
//!
//! - A request to enrol with a valid `x-request-id` keeps it; `RequestId::of` says whether it is
//!   valid.
//! - Any other gets a new one: `r-1`, then `r-2`, and so on, for as long as the server runs.
//!   `RequestId::from(1)` is `r-1`.
//! - The answer has the request's id, whether the call ends well or not.
//! - When a seat is taken, the notifier is called, with the ticket, the student's address, and the
//!   request's id. If that call fails, the enrolment does not.
//!
//! Check it with: cargo test --test lesson-13 -- --ignored --nocapture

use lesson_12::proto::enrol_service_server::EnrolService;
use lesson_12::proto::{EnrolRequest, EnrolResponse};
use lesson_13::{Notifier, Service};
use tonic::service::Interceptor;
use tonic::{Request, Response, Status};

/// Called once, when the server starts. The interceptor that it returns sees each request before
/// `enrol` does.
pub fn identify() -> impl Interceptor + Clone + Send + Sync + 'static {
    |request: Request<()>| Ok(request)
}

/// Called with each request to enrol. `service` is lesson 12's, which knows of no ids.
pub async fn enrol(
    service: Service,
    _notifier: Notifier,
    request: Request<EnrolRequest>,
) -> Result<Response<EnrolResponse>, Status> {
    service.enrol(request).await
}
