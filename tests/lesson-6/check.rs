//! The exercise's check, and what the exercise promises: the solution's .proto only adds to the
//! lesson's, so that old clients go on working.

use std::fs;

use grpc_workbook::calculator::proto::Operation;
use prost::Message;
use support::checks::{Checks, Outcome, Verdict, outcome};
use support::programs::root;
use tonic::service::Routes;

use crate::solution::proto::calculator_service_client::CalculatorServiceClient;
use crate::solution::proto::{CalculateRequest, CalculateResponse};

/// Calls a service as the solution's client does, which knows the new field.
pub async fn check(server: Routes) -> Verdict {
    use Operation::{Add, Divide, Multiply, Subtract};

    let calculator = CalculatorServiceClient::new(server);
    let mut checks = Checks::default();
    for (left, operation, right, expected) in [
        (7, Divide, 2, right_response(3, Some(1))),
        (-7, Divide, 2, right_response(-4, Some(1))),
        (7, Divide, -2, right_response(-4, Some(-1))),
        (-7, Divide, -2, right_response(3, Some(-1))),
        (6, Divide, 3, right_response(2, Some(0))),
        (0, Divide, 5, right_response(0, Some(0))),
        (1, Divide, i32::MIN, right_response(-1, Some(-i32::MAX))),
        (i32::MIN, Divide, i32::MAX, right_response(-2, Some(i32::MAX - 1))),
        (7, Add, 2, right_response(9, None)),
        (7, Subtract, 2, right_response(5, None)),
        (7, Multiply, 2, right_response(14, None)),
        (1, Divide, 0, error("INVALID_ARGUMENT: cannot divide by 0")),
        (
            i32::MIN,
            Divide,
            -1,
            error("OUT_OF_RANGE: result does not fit in int32: 2147483648"),
        ),
    ] {
        let request = CalculateRequest { left, operation: operation.into(), right };
        let mut calculator = calculator.clone();
        let response = async move { outcome(calculator.calculate(request).await) };
        let call = format!("{left} {operation:?} {right}");
        checks.call(call, response, expected).await;
    }
    let unknown = CalculateRequest { left: 1, operation: 99, right: 2 };
    let mut calculator = calculator.clone();
    let response = async move { outcome(calculator.calculate(unknown).await) };
    let expected = error("INVALID_ARGUMENT: invalid operation");
    checks.call("1 99 2", response, expected).await;
    checks.verdict()
}

fn right_response(result: i32, remainder: Option<i32>) -> Outcome<CalculateResponse> {
    Ok(CalculateResponse { result, remainder })
}

fn error(status_line: &str) -> Outcome<CalculateResponse> {
    Err(status_line.to_string())
}

/// A definition from its `syntax` line on, without its comments.
fn definition(file: &str) -> String {
    let text = fs::read_to_string(root().join(file)).expect("the file should be there");
    let (_, text) = text
        .split_once("syntax =")
        .expect("the file should have a syntax line");
    let mut definition = String::new();
    for line in text.lines() {
        if !line.trim().starts_with("//") {
            definition += line;
            definition += "\n";
        }
    }
    definition
}

/// The exercise's own file is not compared: the reader may have finished it.
#[test]
fn the_solution_only_adds_to_the_lessons_proto() {
    let lesson = definition("protos/calculator.proto");
    let lesson_without_its_end = lesson.trim_end().trim_end_matches('}').trim_end();
    let solution = definition("lessons/06_calculator/solution.proto");
    assert!(solution.starts_with(lesson_without_its_end), "{solution}");
}

#[test]
fn an_old_client_reads_a_new_servers_response() {
    use grpc_workbook::calculator::proto::CalculateResponse as OldResponse;
    let new = CalculateResponse { result: 3, remainder: Some(1) };
    let old = OldResponse::decode(&new.encode_to_vec()[..]);
    assert_eq!(old, Ok(OldResponse { result: 3 }));
}
