//! The service of lesson 11: a method of each kind, with nothing to compute.

use std::fmt::{self, Display};
use std::iter::{RepeatN, repeat_n};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio_stream::adapters::Map;
use tokio_stream::{Iter, StreamExt, iter};
use tonic::{Request, Response, Status, Streaming};

use crate::accumulate::message_unless_cancelled;

mod call;
mod deadline;
pub mod faults;
pub mod histogram;
pub mod load;
pub mod peer;
mod plan;
mod result;
mod schedule;
pub mod stock;
pub mod usage;
pub mod workload;

/// What build.rs generated from `protos/speed.proto`.
pub mod proto {
    tonic::include_proto!("speed.v1");
}

use proto::speed_service_server::SpeedService;
use proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
    ServerStreamRequest, ServerStreamResponse, UnaryRequest, UnaryResponse,
};

/// The service. It needs no state but its counters.
#[derive(Default)]
pub struct Speed {
    /// Shared with the server's main, which prints it in the end.
    pub served: Arc<Served>,
}

#[tonic::async_trait]
impl SpeedService for Speed {
    // ANCHOR: unary
    async fn unary(
        &self,
        request: Request<UnaryRequest>,
    ) -> Result<Response<UnaryResponse>, Status> {
        // No line for the call, unlike the other lessons: it would cost more than the call.
        self.served.unary.fetch_add(1, Relaxed);
        let UnaryRequest { payload } = request.into_inner();
        Ok(Response::new(UnaryResponse { payload }))
    }
    // ANCHOR_END: unary

    type ServerStreamStream = Iter<RepeatN<Result<ServerStreamResponse, Status>>>;

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
    ) -> Result<Response<Self::ServerStreamStream>, Status> {
        self.served.server.fetch_add(1, Relaxed);
        let ServerStreamRequest { payload, messages } = request.into_inner();
        // Each message is copied when tonic asks for it, so the server's memory does not
        // grow with their number.
        let messages = usize::try_from(messages).unwrap_or(usize::MAX);
        let message = Ok(ServerStreamResponse { payload });
        Ok(Response::new(iter(repeat_n(message, messages))))
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        self.served.client.fetch_add(1, Relaxed);
        let mut requests = request.into_inner();
        let mut response = ClientStreamResponse::default();
        while let Some(ClientStreamRequest { payload }) =
            message_unless_cancelled(&mut requests).await?
        {
            response.messages += 1;
            response.size += payload.len() as u64;
        }
        Ok(Response::new(response))
    }

    type BidiStreamStream = Map<Streaming<BidiStreamRequest>, Echo>;

    async fn bidi_stream(
        &self,
        request: Request<Streaming<BidiStreamRequest>>,
    ) -> Result<Response<Self::BidiStreamStream>, Status> {
        self.served.bidi.fetch_add(1, Relaxed);
        Ok(Response::new(request.into_inner().map(echo)))
    }
}

/// A function's type, so that the stream above has a name.
type Echo = fn(Result<BidiStreamRequest, Status>) -> Result<BidiStreamResponse, Status>;

fn echo(
    request: Result<BidiStreamRequest, Status>,
) -> Result<BidiStreamResponse, Status> {
    let BidiStreamRequest { payload } = request?;
    Ok(BidiStreamResponse { payload })
}

/// How many calls of each kind have reached the service. Calls with any outcome count. Atomic,
/// because calls run at the same time.
#[derive(Debug, Default)]
pub struct Served {
    unary: AtomicU64,
    server: AtomicU64,
    client: AtomicU64,
    bidi: AtomicU64,
}

impl Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [unary, server, client, bidi] =
            [&self.unary, &self.server, &self.client, &self.bidi]
                .map(|n| n.load(Relaxed));
        write!(
            f,
            "{unary} unary, {server} server streaming, {client} client streaming, \
             {bidi} bidirectional"
        )
    }
}
