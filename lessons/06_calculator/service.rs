//! The service of lesson 6: a calculator. One request, one answer: a unary method.

use tonic::{Request, Response, Status};

use crate::status::status_line;

/// What build.rs generated from `protos/calculator.proto`.
pub mod proto {
    tonic::include_proto!("calculator.v1");
}

use proto::calculator_service_server::CalculatorService;
use proto::{CalculateRequest, CalculateResponse, Operation};

pub struct Calculator;

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let request = request.into_inner();
        let CalculateRequest { left, operation, right } = request;
        let result = match Operation::try_from(operation) {
            Ok(operation) => calculate(left, operation, right),
            // An enum is open: any number can arrive.
            Err(_) => Err(Status::invalid_argument("invalid operation")),
        };
        match &result {
            Ok(result) => println!("{request:?} -> {result}"),
            Err(status) => println!("{request:?} -> {}", status_line(status)),
        }
        Ok(Response::new(CalculateResponse { result: result? }))
    }
}

/// What the calculator computes. Division rounds down: -7 / 2 is -4.
///
/// # Errors
/// INVALID_ARGUMENT for a division by 0; OUT_OF_RANGE for a result that is no int32.
pub fn calculate(left: i32, operation: Operation, right: i32) -> Result<i32, Status> {
    // No result of two int32 is too large for an int64.
    let (left, right) = (i64::from(left), i64::from(right));
    let result = match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide if right == 0 => {
            return Err(Status::invalid_argument("cannot divide by 0"));
        }
        Operation::Divide => divide(left, right),
    };
    i32::try_from(result).map_err(|_| {
        Status::out_of_range(format!("result does not fit in int32: {result}"))
    })
}

/// Rust's `/` cuts off what is behind the point: -3.5 becomes -3. Rounded down it is -4,
/// one less, where there is a rest and the signs differ.
fn divide(left: i64, right: i64) -> i64 {
    let below_zero = (left < 0) != (right < 0);
    left / right - i64::from(left % right != 0 && below_zero)
}
