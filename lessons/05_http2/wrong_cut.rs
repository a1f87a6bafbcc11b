//! Exercise 5, a wrong answer: it ignores a message that is cut off.

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
        // Wrong: half a prefix ends the loop as if it were the end of the body.
        while let Some(([flag, length @ ..], after)) = rest.split_first_chunk::<5>() {
            match flag {
                0 => {}
                1 => {
                    return Err(Status::unimplemented(
                        "compressed messages are not supported",
                    ));
                }
                _ => return Err(Status::invalid_argument("the flag is neither 0 nor 1")),
            }
            let length = u32::from_be_bytes(*length) as usize;
            let Some((message, next)) = after.split_at_checked(length) else {
                // Wrong: half a message is dropped without an error.
                break;
            };
            messages.push(message.to_vec());
            rest = next;
        }
        Ok(Response::new(SplitResponse { messages }))
    }
}
