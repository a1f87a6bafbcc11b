//! The service of lesson 5: work that takes long or no time, and a large download.

use std::iter::{RepeatN, repeat_n};
use std::time::Duration;

use tonic::{Request, Response, Status};

pub mod before_http2;
pub mod frames;
pub mod record;

/// What build.rs generated from `protos/http2.proto`.
pub mod proto {
    tonic::include_proto!("http2.v1");
}

use proto::http2_service_server::Http2Service;
use proto::{DownloadRequest, DownloadResponse, WorkRequest, WorkResponse};

/// How long slow work takes.
pub const SLOW: Duration = Duration::from_millis(500);

/// The size of a chunk of a download, in bytes.
pub const CHUNK: usize = 16 * 1024;

/// Serves `Http2Service`. It has no state: each call stands alone.
pub struct MyHttp2;

#[tonic::async_trait]
impl Http2Service for MyHttp2 {
    async fn work(
        &self,
        request: Request<WorkRequest>,
    ) -> Result<Response<WorkResponse>, Status> {
        let WorkRequest { slow } = request.into_inner();
        let done = if slow {
            tokio::time::sleep(SLOW).await;
            "slow"
        } else {
            "quick"
        };
        println!("Work slow={slow} -> {done:?}");
        Ok(Response::new(WorkResponse { done: done.into() }))
    }

    /// The same chunk again and again. tonic asks for the next one when there is room for
    /// it, so nothing piles up here.
    type DownloadStream = tokio_stream::Iter<RepeatN<Result<DownloadResponse, Status>>>;

    async fn download(
        &self,
        request: Request<DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let DownloadRequest { chunks } = request.into_inner();
        println!("Download chunks={chunks} -> stream started");
        let chunk = DownloadResponse { chunk: vec![0; CHUNK] };
        let stream = tokio_stream::iter(repeat_n(Ok(chunk), chunks as usize));
        Ok(Response::new(stream))
    }
}
