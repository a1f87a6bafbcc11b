//! The second service: it tells students about their tickets. The school calls it, with the id of
//! the request that it works for.

use std::io;

use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::id::{RequestId, log, with_id};
use crate::proto::notify_service_server::{NotifyService, NotifyServiceServer};
use crate::proto::{NotifyRequest, NotifyResponse};

/// Prints a line in place of a mail.
pub struct Notifier;

// ANCHOR: require
/// The notifier's interceptor: a call without an id never gets to the method.
pub fn require_id(mut request: Request<()>) -> Result<Request<()>, Status> {
    let Some(id) = RequestId::of(request.metadata()) else {
        return Err(Status::invalid_argument("x-request-id is missing, or is no id"));
    };
    request.extensions_mut().insert(id);
    Ok(request)
}
// ANCHOR_END: require

#[tonic::async_trait]
impl NotifyService for Notifier {
    async fn notify(
        &self,
        request: Request<NotifyRequest>,
    ) -> Result<Response<NotifyResponse>, Status> {
        let (_metadata, extensions, message) = request.into_parts();
        let id = extensions.get::<RequestId>().cloned();
        let id = id.ok_or_else(|| Status::internal("there is no interceptor"))?;
        with_id(id, async {
            log(&format!("notifier: Notify {:?} -> OK", message.ticket_id));
        })
        .await;
        Ok(Response::new(NotifyResponse {}))
    }
}

/// The type of a function that is an interceptor.
type InterceptorFn = fn(Request<()>) -> Result<Request<()>, Status>;

/// The notifier behind its interceptor.
pub fn service() -> InterceptedService<NotifyServiceServer<Notifier>, InterceptorFn> {
    NotifyServiceServer::with_interceptor(Notifier, require_id)
}

/// Serves the notifier on a free port of this machine, until the process ends. In real life it is a
/// server of its own: here too its calls go over TCP.
///
/// # Errors
/// No port is free.
pub fn start() -> io::Result<Channel> {
    let incoming =
        TcpIncoming::bind(([127, 0, 0, 1], 0).into())?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let server = Server::builder().add_service(service());
    tokio::spawn(server.serve_with_incoming(incoming));
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    // Connects with the first call.
    endpoint
        .map(|endpoint| endpoint.connect_lazy())
        .map_err(io::Error::other)
}
