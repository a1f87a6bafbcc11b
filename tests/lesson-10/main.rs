//! Lesson 10: the exercise, what the notes' services answer, and what the server tells about
//! itself.

#[path = "../../lessons/10_notes/exercise.rs"]
mod exercise;
#[path = "../../lessons/10_notes/solution.rs"]
mod solution;
#[path = "../../lessons/10_notes/wrong_bytes.rs"]
mod wrong_bytes;
#[path = "../../lessons/10_notes/wrong_first.rs"]
mod wrong_first;
#[path = "../../lessons/10_notes/wrong_largest.rs"]
mod wrong_largest;
#[path = "../../lessons/10_notes/wrong_shared.rs"]
mod wrong_shared;
#[path = "../../lessons/10_notes/wrong_waits.rs"]
mod wrong_waits;

mod check;
mod differences;
mod libraries;
mod programs;
mod self_description;

use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::notes::demo::MyDemo;
use grpc_workbook::notes::proto::demo::demo_client::DemoClient;
use grpc_workbook::notes::proto::demo::demo_server::{Demo, DemoServer};
use support::checks::{Verdict, with_limit};
use support::peers::Peer;
use support::programs::{Server, command};
use tonic::service::Routes;

use check::{Patience, check};

const LESSON: &Lesson = support::lesson(10);

/// The lesson's server, which waits so many milliseconds before each message of
/// `TestClientRecvStream`.
fn server_with_interval(milliseconds: &str) -> Server {
    let args = ["--addr", "127.0.0.1:0", "--interval", milliseconds];
    Server::from(command(&LESSON.server()).args(args))
}

// --- the exercise

fn serving(demo: impl Demo) -> Routes {
    Routes::new(DemoServer::new(demo))
}

/// Checks a service in this process.
async fn check_in_process(server: Routes) -> Verdict {
    check(DemoClient::new(server), Patience::Turns(10_000)).await
}

support::exercise! {
    files: "lessons/10_notes/exercise.rs",
    serve: |answer| serving(answer::Ported),
    check: check_in_process,
    own: serving(MyDemo),
    wrong: [
        wrong_first,
        wrong_largest,
        wrong_shared: serving(wrong_shared::Ported::default()),
        wrong_waits,
        wrong_bytes => "book/generated/10-notes-report.txt",
    ],
}

/// The service to port answers as the check demands.
#[tokio::test]
async fn the_check_accepts_the_original() {
    let Some(python) = Peer::installed_or_skip("python") else {
        return;
    };
    let mut command = python.command();
    command.args(["tests/peers/python/server.py", "exercise", "--port", "0"]);
    let server = Server::from(&mut command);
    let client = DemoClient::new(server.channel().await);
    // Another process may be slow to start.
    let patience = Duration::from_secs(30);
    let checking = check(client, Patience::Time(patience));
    with_limit(2 * patience, checking)
        .await
        .expect("original should pass");
}
