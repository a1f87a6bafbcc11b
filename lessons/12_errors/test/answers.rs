//! A server that answers every call in its own way, whatever it asks for: a proxy, or a server
//! with a mistake.

use std::convert::Infallible;

use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use support::endings::KillableServer;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::service::Routes;
use tower::layer::layer_fn;
use tower::service_fn;

use super::enrolments;

/// Serves what this makes of a request's headers.
pub fn answering<F>(
    answer: impl Fn(&HeaderMap) -> F + Clone + Send + Sync + 'static,
) -> KillableServer
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let router = Routes::new(EnrolServiceServer::new(enrolments())).into_axum_router();
    let router = router.layer(layer_fn(move |_service| {
        let answer = answer.clone();
        service_fn(move |request: Request<_>| {
            let response = answer(request.headers());
            async { Ok::<_, Infallible>(response.await) }
        })
    }));
    KillableServer::start(Routes::from(router))
}

/// A response without messages, whose header for details has this value.
pub fn with_raw_details(status: Status, value: &[u8]) -> Response<Body> {
    let mut response: Response<Body> = status.into_http();
    let value = HeaderValue::from_bytes(value).expect("it should be a header's value");
    response
        .headers_mut()
        .insert("grpc-status-details-bin", value);
    response
}
