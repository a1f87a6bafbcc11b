//! What the calculator answers: results up to the limits of int32, rounding, and requests that
//! a generated client does not send.

use grpc_workbook::calculator::proto::{
    CalculateRequest, CalculateResponse, Operation,
    calculator_service_client::CalculatorServiceClient,
    calculator_service_server::CalculatorServiceServer,
};
use grpc_workbook::calculator::{Calculator, calculate};
use proptest::prelude::*;
use prost::Message;
use support::checks::{Outcome, outcome};
use tonic::Response;

use crate::request;

fn result_of(left: i32, operation: Operation, right: i32) -> Outcome<i32> {
    outcome(calculate(left, operation, right).map(Response::new))
}

fn error(status_line: &str) -> Outcome<i32> {
    Err(status_line.to_string())
}

fn does_not_fit(result: i64) -> Outcome<i32> {
    Err(format!("OUT_OF_RANGE: result does not fit in int32: {result}"))
}

#[test]
fn results_are_right_up_to_the_limits_of_int32() {
    use Operation::{Add, Divide, Multiply, Subtract};
    for (left, operation, right, expected) in [
        (100, Add, 20, Ok(120)),
        (100, Subtract, 20, Ok(80)),
        (100, Multiply, 20, Ok(2000)),
        (100, Divide, 20, Ok(5)),
        (-7, Divide, 2, Ok(-4)),
        (7, Divide, -2, Ok(-4)),
        (-7, Divide, -2, Ok(3)),
        (1, Divide, -2, Ok(-1)),
        (6, Divide, -2, Ok(-3)),
        (0, Divide, -2, Ok(0)),
        (100, Divide, 0, error("INVALID_ARGUMENT: cannot divide by 0")),
        (0, Divide, 0, error("INVALID_ARGUMENT: cannot divide by 0")),
        (i32::MIN, Divide, -1, does_not_fit(2147483648)),
        (i32::MAX, Add, 1, does_not_fit(2147483648)),
        (i32::MIN, Subtract, 1, does_not_fit(-2147483649)),
        (65536, Multiply, 65536, does_not_fit(4294967296)),
        (i32::MIN, Multiply, i32::MIN, does_not_fit(1 << 62)),
    ] {
        let actual = result_of(left, operation, right);
        assert_eq!(actual, expected, "{left} {operation:?} {right}");
    }
}

proptest! {
    /// The remainder is smaller than the divisor, and has its sign.
    #[test]
    fn division_rounds_down(left: i32, right: i32) {
        if let Ok(result) = result_of(left, Operation::Divide, right) {
            let (left, right) = (i64::from(left), i64::from(right));
            let remainder = left - right * i64::from(result);
            prop_assert!(remainder.abs() < right.abs());
            prop_assert!(remainder == 0 || (remainder < 0) == (right < 0));
        }
    }
}

/// Calls the lesson's service without a connection.
async fn call(request: CalculateRequest) -> Outcome<CalculateResponse> {
    let server = CalculatorServiceServer::new(Calculator);
    outcome(
        CalculatorServiceClient::new(server)
            .calculate(request)
            .await,
    )
}

#[tokio::test]
async fn an_empty_request_adds_0_and_0() {
    let response = call(CalculateRequest::default()).await;
    assert_eq!(response, Ok(CalculateResponse { result: 0 }));
}

#[tokio::test]
async fn an_unknown_operation_is_refused() {
    for operation in [99, -1] {
        let response = call(CalculateRequest { left: 1, operation, right: 2 }).await;
        assert_eq!(response, Err("INVALID_ARGUMENT: invalid operation".into()));
    }
}

/// The varint is 2^32 + 5.
#[test]
fn a_varint_beyond_int32_loses_its_upper_bits() {
    let decoded = CalculateRequest::decode(&b"\x08\x85\x80\x80\x80\x10"[..]);
    assert_eq!(decoded, Ok(request(5, Operation::Add, 0)));
}
