//! Servers with a fault, for `--break`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::time::sleep;
use tonic::service::Routes;
use tonic::transport::{Server, Uri, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

use super::Speed;
use super::proto::speed_service_server::{SpeedService, SpeedServiceServer};
use super::proto::{
    BidiStreamRequest, ClientStreamRequest, ClientStreamResponse, ServerStreamRequest,
    UnaryRequest, UnaryResponse,
};
use crate::cli::Failure;

/// What happens to the unary call with this number.
#[derive(Clone, Copy)]
pub enum Fault {
    /// The answer lacks its last byte.
    Wrong(u64),
    /// The server does nothing for so long, for nobody.
    Stall(u64, Duration),
}

struct Faulty {
    fault: Fault,
    calls: AtomicU64,
    /// Calls share it; a stall has it alone.
    working: RwLock<()>,
    speed: Speed,
}

/// Serves with a fault, in this process. Returns where.
///
/// # Errors
/// There is no free port.
pub fn serve(fault: Fault) -> Result<Uri, Failure> {
    let any = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(any)?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let faulty = Faulty {
        fault,
        calls: AtomicU64::new(0),
        working: RwLock::new(()),
        speed: Speed::default(),
    };
    let routes = Routes::new(SpeedServiceServer::new(faulty));
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    Ok(format!("http://{address}").parse()?)
}

#[tonic::async_trait]
impl SpeedService for Faulty {
    async fn unary(
        &self,
        request: Request<UnaryRequest>,
    ) -> Result<Response<UnaryResponse>, Status> {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        match self.fault {
            Fault::Stall(number, time) if number == call => {
                let _alone = self.working.write().await;
                sleep(time).await;
            }
            _ => {}
        }
        let _working = self.working.read().await;
        let mut answer = self.speed.unary(request).await?;
        if matches!(self.fault, Fault::Wrong(number) if number == call) {
            answer.get_mut().payload.pop();
        }
        Ok(answer)
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
