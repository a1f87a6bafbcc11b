//! Exercise 6: one good answer.
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

/// The calculator that the check calls.
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
        // The remainder fits in an int32, but right * result may not, so compute in int64.
        let whole = i64::from(right) * i64::from(result);
        let remainder = match operation {
            Operation::Divide => i32::try_from(i64::from(left) - whole).ok(),
            _ => None,
        };
        Ok(Response::new(CalculateResponse { result, remainder }))
    }
}
