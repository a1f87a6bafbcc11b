//! Lesson 6: the exercise, what the calculator answers, how a unary call can end, and the
//! programs.

#[path = "../../lessons/06_calculator/exercise.rs"]
mod exercise;
#[path = "../../lessons/06_calculator/solution.rs"]
mod solution;
#[path = "../../lessons/06_calculator/wrong_always.rs"]
mod wrong_always;
#[path = "../../lessons/06_calculator/wrong_euclid.rs"]
mod wrong_euclid;
#[path = "../../lessons/06_calculator/wrong_rust.rs"]
mod wrong_rust;
#[path = "../../lessons/06_calculator/wrong_zero.rs"]
mod wrong_zero;

mod check;
mod deadlines;
mod endings;
mod programs;
mod service;

use grpc_workbook::Lesson;
use grpc_workbook::calculator::Calculator;
use grpc_workbook::calculator::proto::{
    CalculateRequest, Operation,
    calculator_service_server::{CalculatorService, CalculatorServiceServer},
};
use support::{excerpt, generated, lesson, written};
use tonic::service::Routes;

use check::check;

const LESSON: &Lesson = lesson(6);

fn request(left: i32, operation: Operation, right: i32) -> CalculateRequest {
    CalculateRequest { left, operation: operation.into(), right }
}

/// Serves the lesson's service, or one of a test that has its type.
fn serving(service: impl CalculatorService) -> Routes {
    Routes::new(CalculatorServiceServer::new(service))
}

support::exercise! {
    files: "lessons/06_calculator/exercise.rs or exercise.proto",
    // Each answer has a generated server of its own, made from its own .proto.
    serve: |answer| {
        use answer::proto::calculator_service_server::CalculatorServiceServer;
        Routes::new(CalculatorServiceServer::new(answer::Calculator))
    },
    check: check,
    own: serving(Calculator),
    wrong: [
        wrong_always,
        wrong_euclid,
        wrong_rust => "book/generated/06-calculator-report.txt",
        wrong_zero,
    ],
}

/// The chapter's excerpts of the generated code: the trait, and how the client's method is declared.
#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("calculator.v1.rs");
    let excerpt = |from, to| excerpt(&code, from, to);
    written(
        "book/generated/06-calculator-trait.rs",
        &excerpt("pub trait CalculatorService", "\n    }"),
    );
    written(
        "book/generated/06-calculator-client.rs",
        &excerpt("pub async fn calculate(", "\n        >"),
    );
}
