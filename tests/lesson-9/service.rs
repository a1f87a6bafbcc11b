//! What the service responds.

use grpc_workbook::guess_number::proto::{GuessRequest, GuessResponse};
use grpc_workbook::guess_number::{echo, is_right};
use tokio_stream::StreamExt;

use crate::{assert_ends_with_ok, guess, in_process_client, message, receive};

#[test]
fn only_0_to_9_are_right() {
    let right: Vec<i32> = (-1000..1000).filter(|number| is_right(*number)).collect();
    assert_eq!(right, (0..=9).collect::<Vec<_>>());
    assert!(!is_right(i32::MIN) && !is_right(i32::MAX));
}

#[tokio::test]
async fn guess_answers_only_what_is_right() {
    for (numbers, right) in [
        (&[10, 11, 20, -1, i32::MAX][..], &[][..]),
        (&[5, 19, 3, 3], &[5, 3, 3]),
        (&[], &[]),
    ] {
        let guesses = numbers.iter().map(|number| guess(*number));
        let guesses = tokio_stream::iter(guesses.collect::<Vec<_>>());
        let response = in_process_client().guess(guesses).await;
        let responses = response.expect("call should start").into_inner();
        let responses: Result<Vec<_>, _> = responses.collect().await;
        let bingo =
            |number: &i32| GuessResponse { number: *number, verdict: "bingo".into() };
        let expected: Vec<_> = right.iter().map(bingo).collect();
        assert_eq!(responses.expect("call should end with OK"), expected);
    }
}

#[tokio::test]
async fn echo_answers_every_message() {
    assert_eq!(echo("1"), "service send client 1");
    let messages = tokio_stream::iter(["1", "", "老师"]).map(message);
    let response = in_process_client().echo(messages).await;
    let responses = response.expect("call should start").into_inner();
    let responses: Result<Vec<_>, _> = responses
        .map(|response| response.map(|response| response.data))
        .collect()
        .await;
    let expected = [
        "service send client 1",
        "service send client ",
        "service send client 老师",
    ];
    assert_eq!(responses.expect("call should end with OK"), expected);
    let response = in_process_client().echo(tokio_stream::empty()).await;
    let mut responses = response.expect("call should start").into_inner();
    assert_ends_with_ok(&mut responses).await;
}

/// What the chapter asks the reader to predict.
#[tokio::test]
async fn no_bytes_at_all_are_a_right_guess() {
    assert_eq!(prost::Message::encoded_len(&guess(0)), 0);
    let guesses = tokio_stream::iter([GuessRequest::default()]);
    let response = in_process_client().guess(guesses).await;
    let mut responses = response.expect("call should start").into_inner();
    assert_eq!(receive(&mut responses).await.number, 0);
}
