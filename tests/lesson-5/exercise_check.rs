//! The exercise: what an answer must do, and that the check can tell right from wrong.

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

use grpc_workbook::http2::proto::{
    SplitRequest,
    split_service_client::SplitServiceClient,
    split_service_server::{SplitService, SplitServiceServer},
};
use support::checks::{Checks, outcome};
use support::written;
use tonic::service::Routes;

/// A message for the report; the long one would fill the page.
fn text(message: &[u8]) -> String {
    if message == [7; 257] {
        return "257 times 7".into();
    }
    message.escape_ascii().to_string()
}

async fn check(server: Routes) -> Result<String, String> {
    let mut splitter = SplitServiceClient::new(server);
    let mut checks = Checks::default();
    let cut = || Err("INVALID_ARGUMENT: the body ends inside a message".to_string());
    let compressed =
        || Err("UNIMPLEMENTED: compressed messages are not supported".to_string());
    let unknown_flag =
        || Err("INVALID_ARGUMENT: the flag is neither 0 nor 1".to_string());
    let long = [&[0, 0, 0, 1, 1][..], &[7; 257]].concat();
    for (name, body, expected) in [
        ("nothing", &b""[..], Ok(vec![])),
        ("one message", b"\0\0\0\0\x02hi", Ok(vec![b"hi".to_vec()])),
        (
            "two messages, an empty one between",
            b"\0\0\0\0\x01a\0\0\0\0\0\0\0\0\0\x02bc",
            Ok(vec![b"a".to_vec(), vec![], b"bc".to_vec()]),
        ),
        ("an empty message", b"\0\0\0\0\0", Ok(vec![vec![]])),
        ("a message of 257 bytes", &long, Ok(vec![vec![7; 257]])),
        ("half a prefix", b"\0\0\0", cut()),
        ("a message, then half a prefix", b"\0\0\0\0\x01a\0\0", cut()),
        ("half a message", b"\0\0\0\0\x03hi", cut()),
        ("a length of 4294967295", b"\0\xff\xff\xff\xff", cut()),
        ("a compressed message", b"\x01\0\0\0\x02hi", compressed()),
        ("a message, then a compressed one", b"\0\0\0\0\0\x01\0\0\0\0", compressed()),
        ("a flag of 2", b"\x02\0\0\0\x02hi", unknown_flag()),
        ("half a compressed message", b"\x01\0\0\0\x03hi", compressed()),
        ("half a prefix with a flag of 2", b"\x02\0\0", cut()),
    ] {
        let response = splitter.split(SplitRequest { body: body.into() }).await;
        let answer = outcome(response).map(|answer| {
            answer
                .messages
                .iter()
                .map(|message| text(message))
                .collect()
        });
        let expected = expected
            .map(|messages: Vec<Vec<u8>>| messages.iter().map(|m| text(m)).collect());
        checks.expect::<Vec<String>>(format!("Split({name})"), answer, expected);
    }
    checks.verdict()
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
