//! Lesson 11: the exercise, what the load generator counts and checks, and its flags. How
//! fast anything is, nobody asks here: that is for `cargo bench`.

mod check;
mod client;
mod histogram;
mod load;
mod server;

#[path = "../../lessons/11_speed/exercise.rs"]
mod exercise;
#[path = "../../lessons/11_speed/solution.rs"]
mod solution;
#[path = "../../lessons/11_speed/wrong_float.rs"]
mod wrong_float;
#[path = "../../lessons/11_speed/wrong_mean.rs"]
mod wrong_mean;
#[path = "../../lessons/11_speed/wrong_order.rs"]
mod wrong_order;
#[path = "../../lessons/11_speed/wrong_rank.rs"]
mod wrong_rank;
#[path = "../../lessons/11_speed/wrong_started.rs"]
mod wrong_started;

use std::time::Duration;

use check::{Percentile, check};
use grpc_workbook::Lesson;

const LESSON: &Lesson = support::lesson(11);

support::exercise! {
    files: "lessons/11_speed/exercise.rs",
    serve: |answer| Percentile(answer::percentile),
    check: check,
    wrong: [
        wrong_float,
        wrong_mean,
        wrong_order,
        wrong_rank,
        wrong_started => "book/generated/11-speed-report.txt",
    ],
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}
