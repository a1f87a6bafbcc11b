//! Servers with a fault, for `--break`.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::time::sleep;
use tonic::transport::{Server, Uri, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

use super::Speed;
use super::proto::speed_service_server::{SpeedService, SpeedServiceServer};
use super::proto::{
    BidiStreamRequest, ClientStreamRequest, ClientStreamResponse, ServerStreamRequest,
    UnaryRequest, UnaryResponse,
};
use crate::cli::Failure;

/// What goes wrong in one unary call. Calls are numbered from 1, in the order in which they
/// reach the server.
#[derive(Clone, Copy)]
pub enum ServerFault {
    /// The response to call `call` lacks its last byte.
    WrongResponse { call: u64 },
    /// When call `call` arrives, the server answers no unary call for this `time`.
    Stall { call: u64, time: Duration },
    /// Call `call` and all later ones get no response.
    Silence { call: u64 },
}

/// Lesson 11's service with a fault in its unary method.
struct FaultySpeed {
    fault: ServerFault,
    /// Unary calls that have reached the server.
    calls: AtomicU64,
    /// Unary calls hold it for reading, so they do not wait for each other. A stall holds it
    /// for writing, and all others wait.
    working: RwLock<()>,
    /// Does the work.
    speed: Speed,
}

/// Starts a server with this fault on a free port, in this process. Returns where it
/// listens. It runs as long as the runtime.
///
/// # Errors
/// There is no free port.
pub fn serve(fault: ServerFault) -> Result<Uri, Failure> {
    let any_port = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(any_port)?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let service = FaultySpeed {
        fault,
        calls: AtomicU64::new(0),
        working: RwLock::new(()),
        speed: Speed::default(),
    };
    tokio::spawn(
        Server::builder()
            .add_service(SpeedServiceServer::new(service))
            .serve_with_incoming(incoming),
    );
    Ok(format!("http://{address}").parse()?)
}

#[tonic::async_trait]
impl SpeedService for FaultySpeed {
    async fn unary(
        &self,
        request: Request<UnaryRequest>,
    ) -> Result<Response<UnaryResponse>, Status> {
        let number = self.calls.fetch_add(1, Relaxed) + 1;
        if let ServerFault::Stall { call, time } = self.fault
            && call == number
        {
            let _alone = self.working.write().await;
            sleep(time).await;
        }
        if let ServerFault::Silence { call } = self.fault
            && call <= number
        {
            return pending().await;
        }
        let _working = self.working.read().await;
        let mut response = self.speed.unary(request).await?;
        if let ServerFault::WrongResponse { call } = self.fault
            && call == number
        {
            response.get_mut().payload.pop();
        }
        Ok(response)
    }

    type ServerStreamStream = <Speed as SpeedService>::ServerStreamStream;

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
    ) -> Result<Response<Self::ServerStreamStream>, Status> {
        self.speed.server_stream(request).await
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        self.speed.client_stream(request).await
    }

    type BidiStreamStream = <Speed as SpeedService>::BidiStreamStream;

    async fn bidi_stream(
        &self,
        request: Request<Streaming<BidiStreamRequest>>,
    ) -> Result<Response<Self::BidiStreamStream>, Status> {
        self.speed.bidi_stream(request).await
    }
}
