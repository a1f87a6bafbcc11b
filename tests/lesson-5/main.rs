//! Lesson 5: the exercise, the reader of frames, and what the chapter says about the wire.

#[path = "../../lessons/05_http2/exercise.rs"]
mod exercise;
#[path = "../../lessons/05_http2/solution.rs"]
mod solution;
#[path = "../../lessons/05_http2/wrong_cut.rs"]
mod wrong_cut;
#[path = "../../lessons/05_http2/wrong_empty.rs"]
mod wrong_empty;
#[path = "../../lessons/05_http2/wrong_endian.rs"]
mod wrong_endian;
#[path = "../../lessons/05_http2/wrong_flag.rs"]
mod wrong_flag;

mod check;
mod frames;
mod programs;
mod wire;

use check::check;
use grpc_workbook::Lesson;
use grpc_workbook::http2::proto::split_service_server::{
    SplitService, SplitServiceServer,
};
use support::written;
use tonic::service::Routes;

fn lesson() -> &'static Lesson {
    Lesson::find(5).expect("lesson 5 should be in LESSONS")
}

fn serving(splitter: impl SplitService) -> Routes {
    Routes::new(SplitServiceServer::new(splitter))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Splitter)).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/05_http2/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Splitter))
        .await
        .expect("the solution should be right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    check(serving(wrong_endian::Splitter))
        .await
        .expect_err("wrong_endian");
    check(serving(wrong_cut::Splitter))
        .await
        .expect_err("wrong_cut");
    check(serving(wrong_flag::Splitter))
        .await
        .expect_err("wrong_flag");
    let report = check(serving(wrong_empty::Splitter))
        .await
        .expect_err("wrong_empty");
    written("book/generated/05-http2-report.txt", &report);
}
