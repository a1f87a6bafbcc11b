//! The service of lesson 6: a calculator. One request, one response: a unary method.
//!
//! The method takes the request apart, has the plain function [`calculate`] do the
//! arithmetic, and logs how the call ended.

use tonic::{Request, Response, Status};

use crate::status::status_line;

/// What build.rs generated from `protos/calculator.proto`.
pub mod proto {
    tonic::include_proto!("calculator.v1");
}

use proto::calculator_service_server::CalculatorService;
use proto::{CalculateRequest, CalculateResponse, Operation};

// ANCHOR: service
/// The service. It has no fields: a call needs nothing but its request.
pub struct Calculator;

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let CalculateRequest { left, operation, right } = request.into_inner();
        let (call, result) = match Operation::try_from(operation) {
            Ok(operation) => (
                format!("Calculate {left} {operation:?} {right}"),
                calculate(left, operation, right),
            ),
            // An enum is open: any number can arrive, even one that has no name.
            Err(_) => (
                format!("Calculate {left} {operation} {right}"),
                Err(Status::invalid_argument("invalid operation")),
            ),
        };
        match &result {
            Ok(result) => println!("{call} -> {result}"),
            Err(status) => println!("{call} -> {}", status_line(status)),
        }
        Ok(Response::new(CalculateResponse { result: result? }))
    }
}

/// Computes one operation. Division rounds down: -7 / 2 is -4.
///
/// # Errors
/// INVALID_ARGUMENT for a division by 0; OUT_OF_RANGE for a result that does not fit.
pub fn calculate(left: i32, operation: Operation, right: i32) -> Result<i32, Status> {
    // In an int64, none of these operations on two int32 overflows.
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

/// Divides and rounds down. Rust's `/` rounds towards 0: it makes -3 of -3.5, not -4.
fn divide(left: i64, right: i64) -> i64 {
    let quotient = left / right;
    let below_zero = (left < 0) != (right < 0);
    // With a remainder, a quotient below zero was rounded up.
    if left % right != 0 && below_zero {
        quotient - 1
    } else {
        quotient
    }
}
// ANCHOR_END: service
