//! Lesson 11: the exercise, what the load generator counts and checks, and its flags. Speed
//! itself is not tested: see `cargo bench`.

mod always_ends;
mod check;
mod endings;
mod goaway;
mod histogram;
mod load;
mod numbers;
mod programs;
mod raw_server;

#[path = "../../lessons/11_speed/exercise.rs"]
mod exercise;
#[path = "../../lessons/11_speed/solution.rs"]
mod solution;
#[path = "../../lessons/11_speed/wrong_busy.rs"]
mod wrong_busy;
#[path = "../../lessons/11_speed/wrong_connect.rs"]
mod wrong_connect;
#[path = "../../lessons/11_speed/wrong_pool.rs"]
mod wrong_pool;
#[path = "../../lessons/11_speed/wrong_unknown.rs"]
mod wrong_unknown;
#[path = "../../lessons/11_speed/wrong_write.rs"]
mod wrong_write;

use std::time::Duration;

use check::{Answer, check};
use grpc_workbook::Lesson;
use grpc_workbook::speed::proto::shop_service_server::ShopServiceServer;
use tonic::service::Routes;

const LESSON: &Lesson = support::lesson(11);

support::exercise! {
    files: "lessons/11_speed/exercise.rs",
    serve: |answer| Answer::new(|stock| {
        Routes::new(ShopServiceServer::new(answer::Shop::new(stock)))
    }),
    check: check,
    wrong: [
        wrong_busy,
        wrong_connect,
        wrong_pool,
        wrong_unknown,
        wrong_write => "book/generated/11-speed-report.txt",
    ],
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}
