//! Exercise 6, a wrong answer: the remainder is never below 0.
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
            // Wrong: 7 / -2 is -4 here, which leaves -1. This gives 1.
            Operation::Divide => Some(left.rem_euclid(right)),
            _ => None,
        };
        Ok(Response::new(CalculateResponse { result, remainder }))
    }
}
