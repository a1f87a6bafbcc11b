//! Exercise 5, a wrong answer: it treats an unknown flag like 0.

use grpc_workbook::http2::proto::split_service_server::SplitService;
use grpc_workbook::http2::proto::{SplitRequest, SplitResponse};
use tonic::{Request, Response, Status};

pub struct Splitter;

#[tonic::async_trait]
impl SplitService for Splitter {
    async fn split(
        &self,
        request: Request<SplitRequest>,
    ) -> Result<Response<SplitResponse>, Status> {
        let body = request.into_inner().body;
        let mut rest = &body[..];
        let mut messages = Vec::new();
        let cut_off = || Status::invalid_argument("the body ends inside a message");
        while !rest.is_empty() {
            let ([flag, length @ ..], after) =
                rest.split_first_chunk::<5>().ok_or_else(cut_off)?;
            // Wrong: a flag other than 0 and 1 passes.
            if *flag == 1 {
                return Err(Status::unimplemented(
                    "compressed messages are not supported",
                ));
            }
            let length = u32::from_be_bytes(*length) as usize;
            let (message, next) = after.split_at_checked(length).ok_or_else(cut_off)?;
            messages.push(message.to_vec());
            rest = next;
        }
        Ok(Response::new(SplitResponse { messages }))
    }
}
