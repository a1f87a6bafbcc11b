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

mod accept;
mod check;
mod flow;
mod frames;
mod programs;
mod status;
mod wire;

use check::check;
use grpc_workbook::Lesson;
use grpc_workbook::http2::proto::split_service_server::{
    SplitService, SplitServiceServer,
};
use tonic::service::Routes;

const LESSON: &Lesson = support::lesson(5);

fn serving(splitter: impl SplitService) -> Routes {
    Routes::new(SplitServiceServer::new(splitter))
}

support::exercise! {
    files: "lessons/05_http2/exercise.rs",
    serve: |answer| serving(answer::Splitter),
    check: check,
    wrong: [
        wrong_cut,
        wrong_empty => "book/generated/05-http2-report.txt",
        wrong_endian,
        wrong_flag,
    ],
}
