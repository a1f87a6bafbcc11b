//! What the service responds.

use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectResponse,
    accumulate_service_client::AccumulateServiceClient,
    accumulate_service_server::AccumulateServiceServer,
};
use grpc_workbook::accumulate::{Accumulator, sum};
use prost::Message;
use support::checks::outcome;
use support::endings::KillableServer;
use tokio_stream::{StreamExt, iter, pending};

use crate::{Client, deltas, serving, word, words};

#[tokio::test]
async fn only_the_sum_has_to_fit_in_an_int32() {
    let mut client =
        AccumulateServiceClient::new(AccumulateServiceServer::new(Accumulator));
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    for (numbers, expected) in [
        (&[][..], Ok(0)),
        (&[5, -10, 0, 1], Ok(-4)),
        (&[i32::MAX, 1, -1], Ok(i32::MAX)),
        (&[i32::MIN, -1, 1], Ok(i32::MIN)),
        (&[i32::MAX, 1], too_large(2147483648)),
        (&[i32::MIN, -1], too_large(-2147483649)),
        (&[i32::MAX, i32::MAX, i32::MAX], too_large(6442450941)),
    ] {
        let response = client.accumulate(deltas(numbers.to_vec())).await;
        let sum = outcome(response).map(|response| response.sum);
        assert_eq!(sum, expected, "{numbers:?}");
    }
    let many = client.accumulate(deltas((0..100_000).map(|_| 2))).await;
    assert_eq!(outcome(many), Ok(AccumulateResponse { sum: 200_000 }));
}

/// Why the total is an int128: how many bytes make an int64 overflow.
#[test]
fn a_client_can_make_an_int64_overflow() {
    let deltas = i64::MAX / i64::from(i32::MAX) + 1;
    assert_eq!(deltas, (1 << 32) + 3);
    // With the five bytes before the message.
    let size = 5 + AccumulateRequest { delta: i32::MAX }.encoded_len();
    let bytes = deltas * i64::try_from(size).expect("a message should be small");
    assert_eq!(bytes / (1 << 30), 44);
    let status = sum(i128::from(i64::MAX) + 1).expect_err("the total should not fit");
    assert_eq!(status.message(), "result does not fit in int32: 9223372036854775808");
}

#[tokio::test]
async fn collect_responds_at_close_or_after_eleven_messages() {
    let mut client =
        AccumulateServiceClient::new(AccumulateServiceServer::new(Accumulator));
    let closed = |messages| CollectResponse { messages, closed: true };
    let open = |messages| CollectResponse { messages, closed: false };
    let mut eleventh = vec!["x"; 10];
    eleventh.push("close");
    for (data, expected) in [
        (vec![], open(0)),
        (vec!["close"], closed(1)),
        (vec!["a", "b"], open(2)),
        (vec!["a", "close", "b"], closed(2)),
        (vec!["Close", "close ", ""], open(3)),
        (vec!["x"; 5], open(5)),
        (vec!["x"; 10], open(10)),
        (vec!["x"; 11], open(11)),
        (vec!["x"; 1000], open(11)),
        (eleventh, closed(11)),
    ] {
        let response = client.collect(words(data.iter().copied())).await;
        assert_eq!(outcome(response), Ok(expected), "{data:?}");
        // A client that has not finished gets a response too, if it has sent enough.
        if expected.closed || expected.messages == 11 {
            let response = client.collect(words(data).chain(pending())).await;
            assert_eq!(outcome(response), Ok(expected));
        }
    }
}

/// As above, over a connection: the server resets the stream, and the response is not lost.
#[tokio::test]
async fn an_early_response_arrives() {
    let server = KillableServer::start(serving(Accumulator));
    let mut client = Client::new(server.channel().await);
    for _ in 0..20 {
        let closed = words(["close"]).chain(pending());
        let response = outcome(client.collect(closed).await);
        assert_eq!(response, Ok(CollectResponse { messages: 1, closed: true }));
        let request = word(&"x".repeat(10_000));
        let endless = iter(std::iter::repeat(request));
        let response = outcome(client.collect(endless).await);
        assert_eq!(response, Ok(CollectResponse { messages: 11, closed: false }));
    }
}
