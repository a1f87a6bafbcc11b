//! The service of lesson 5: work that takes long or no time, and a large download.

use std::pin::Pin;
use std::time::Duration;

use prost::bytes::Bytes;
use tokio_stream::{Stream, iter};
use tonic::{Request, Response, Status};

pub mod figure;
pub mod frames;
pub mod lines;
pub mod plain;
pub mod record;
pub mod schema;
pub mod tap;
pub mod trace;

/// What build.rs generated from `protos/http2.proto`.
pub mod proto {
    tonic::include_proto!("http2.v1");
}

use proto::http2_service_server::Http2Service;
use proto::{DownloadRequest, DownloadResponse, WorkRequest, WorkResponse};

/// How long slow work takes.
pub const SLOW: Duration = Duration::from_millis(500);

/// The size of a chunk.
pub const CHUNK: usize = 16 * 1024;

pub struct Work;

#[tonic::async_trait]
impl Http2Service for Work {
    async fn work(
        &self,
        request: Request<WorkRequest>,
    ) -> Result<Response<WorkResponse>, Status> {
        let done = if request.into_inner().slow {
            tokio::time::sleep(SLOW).await;
            "slow"
        } else {
            "quick"
        };
        println!("gRPC: {done} work is done");
        Ok(Response::new(WorkResponse { done: done.into() }))
    }

    type DownloadStream =
        Pin<Box<dyn Stream<Item = Result<DownloadResponse, Status>> + Send>>;

    async fn download(
        &self,
        request: Request<DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let DownloadRequest { chunks } = request.into_inner();
        println!("gRPC: a download of {chunks} chunks begins");
        // tonic takes the next chunk when there is room for it: nothing piles up here.
        let chunk =
            || Ok(DownloadResponse { chunk: Bytes::from_static(&[0; CHUNK]).into() });
        Ok(Response::new(Box::pin(iter((0..chunks).map(move |_| chunk())))))
    }
}
