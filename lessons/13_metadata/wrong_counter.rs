//! Exercise 13, a wrong answer: each request begins to count at 1.

use lesson_12::proto::enrol_service_server::EnrolService;
use lesson_12::proto::{EnrolRequest, EnrolResponse};
use lesson_13::proto::NotifyRequest;
use lesson_13::{Notifier, RequestId, Service};
use tonic::service::Interceptor;
use tonic::{Request, Response, Status};

/// Called once, when the server starts. The interceptor that it returns sees each request before
/// `enrol` does.
pub fn identify() -> impl Interceptor + Clone + Send + Sync + 'static {
    let mut next = 1;
    move |mut request: Request<()>| {
        let id = RequestId::of(request.metadata());
        // Wrong: each request is given to a clone of the closure, and counts in its own copy.
        let id = id.unwrap_or_else(|| {
            next += 1;
            RequestId::from(next - 1)
        });
        request.extensions_mut().insert(id);
        Ok(request)
    }
}

/// Called with each request to enrol. `service` is lesson 12's, which knows of no ids.
pub async fn enrol(
    service: Service,
    notifier: Notifier,
    request: Request<EnrolRequest>,
) -> Result<Response<EnrolResponse>, Status> {
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.ok_or_else(|| Status::internal("there is no interceptor"))?;
    let mut result = enrol_and_notify(service, notifier, &id, request).await;
    let metadata = match &mut result {
        Ok(response) => response.metadata_mut(),
        Err(status) => status.metadata_mut(),
    };
    id.insert_into(metadata);
    result
}

async fn enrol_and_notify(
    service: Service,
    mut notifier: Notifier,
    id: &RequestId,
    request: Request<EnrolRequest>,
) -> Result<Response<EnrolResponse>, Status> {
    let student = request.get_ref().student.clone().unwrap_or_default();
    let response = service.enrol(request).await?;
    let ticket = response.get_ref().ticket.clone().unwrap_or_default();
    let message = NotifyRequest { ticket_id: ticket.id, email: student.email };
    let mut call = Request::new(message);
    id.insert_into(call.metadata_mut());
    // The seat is taken, whether the student is told now or not.
    let _ = notifier.notify(call).await;
    Ok(response)
}
