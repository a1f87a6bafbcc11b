//! Exercise 6, a wrong answer: a remainder of 0 is left out, as if there had been no division.
//!
//! Its definition is `solution.proto`.

use grpc_workbook::calculator::{calculate, proto::Operation};
use tonic::{Request, Response, Status};

/// What tests/build.rs generated from `solution.proto`.
pub mod proto {
    tonic::include_proto!("06_calculator/solution.proto/calculator.v1");
}

use proto::calculator_service_server::CalculatorService;
use proto::{CalculateRequest, CalculateResponse};

/// The service that the check calls.
pub struct Calculator;

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let CalculateRequest { left, operation, right } = request.into_inner();
        let operation = Operation::try_from(operation)
            .map_err(|_| Status::invalid_argument("invalid operation"))?;
        let result = calculate(left, operation, right)?;
        let remainder = match operation {
            // The product may wrap, and the subtraction wraps back: the remainder itself fits.
            Operation::Divide => Some(left.wrapping_sub(right.wrapping_mul(result))),
            _ => None,
        };
        // Wrong: 0 says that nothing is left over, and has to be set.
        let remainder = remainder.filter(|remainder| *remainder != 0);
        Ok(Response::new(CalculateResponse { result, remainder }))
    }
}
