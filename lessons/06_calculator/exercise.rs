//! Exercise 6: what a division leaves over. Yours to finish, here and in `exercise.proto`.
//!
//! - `CalculateResponse` gets one more field, `remainder`, an int32 with the number 2. It
//!   can tell "nothing is left over", which is 0, from "this was no division", which is
//!   not set.
//! - A division sets it to what is left over: left = right * result + remainder.
//!   So 7 / 2 leaves 1, and so does -7 / 2, whose result is -4.
//! - Everything else stays as it is, errors too: an old client must not notice a change.
//!
//! Check it with: cargo test --test lesson-6 -- --ignored --nocapture

use tonic::{Request, Response, Status};

/// What tests/build.rs generated from `exercise.proto`.
pub mod proto {
    tonic::include_proto!("06_calculator/exercise.proto/calculator.v1");
}

use proto::calculator_service_server::CalculatorService;
use proto::{CalculateRequest, CalculateResponse};

/// The service that the check calls.
pub struct Calculator;

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn calculate(
        &self,
        _request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        // You may call the lesson's function, grpc_workbook::calculator::calculate. It takes
        // the lesson's Operation, which is a different type from the one in `proto`.
        Err(Status::unimplemented("exercise 6 is not solved yet"))
    }
}
