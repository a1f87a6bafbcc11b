//! What a side learns when the other one ends its stream, leaves, or is gone.

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Status};

use crate::endings::end;
use crate::faulty::{END, ERROR_AT_THE_END, faulty_server, until};
use crate::{Client, guess, open_conversation, send, start_guess};

/// Each side ends by itself: responses come after the client has finished, and what the
/// server sent before it ended can be read long after.
#[tokio::test]
async fn the_two_ends_are_independent() {
    let (server, mut reports) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let (tx, mut responses) = open_conversation(&mut client).await;
    send(&tx, guess(ERROR_AT_THE_END)).await;
    drop(tx);
    until(&mut reports, "no more guesses").await;
    assert_eq!(end(&mut responses).await, "`ABORTED`: `no more`");

    let (tx, responses) = start_guess(&mut client).await;
    for number in [1, 2, 3, END] {
        send(&tx, guess(number)).await;
    }
    // The server has ended the call, and its RST_STREAM is here.
    tx.closed().await;
    let sent = tx.send(guess(4)).await;
    sent.expect_err("the channel should be closed");
    let numbers = responses.map(|response| response.map(|response| response.number));
    let numbers: Result<Vec<i32>, Status> = numbers.collect().await;
    assert_eq!(numbers.expect("call should end with OK"), [1, 2, 3]);
}

/// The server's stream of requests ends in the same way when the client has finished and
/// when it has cancelled the call.
#[tokio::test]
async fn a_client_that_left_looks_like_one_that_has_finished() {
    let (server, mut reports) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let (tx, responses) = open_conversation(&mut client).await;
    drop(tx);
    until(&mut reports, "no more guesses").await;
    until(&mut reports, "over").await;
    drop(responses);

    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let _responses = client.guess(request).await.expect("call should start");
    send(&tx, guess(5)).await;
    until(&mut reports, "answered").await;
    handle.cancel();
    until(&mut reports, "no more guesses").await;
    until(&mut reports, "over").await;

    // If the connection breaks, that is an error. What the client holds stays until then:
    // dropped earlier, it would still cancel the call.
    let runtime = Runtime::new().expect("the runtime should start its threads");
    let call = runtime.spawn(async move {
        let mut client = Client::new(server.channel().await);
        (open_conversation(&mut client).await, server)
    });
    let _call = call.await.expect("the conversation should start");
    runtime.shutdown_background();
    until(&mut reports, "broken").await;
    until(&mut reports, "over").await;
}

/// Before the headers are here, a dropped call is cancelled as a whole. Afterwards the
/// responses and what the client sends with are two things: see the chapter's table.
#[tokio::test]
async fn a_call_without_headers_ends_when_it_is_dropped() {
    let (server, mut reports) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let (tx, rx) = mpsc::channel(1);
    {
        let mut call = std::pin::pin!(client.echo(ReceiverStream::new(rx)));
        tokio::select! {
            _ = &mut call => panic!("headers before the first message"),
            () = until(&mut reports, "begun") => {}
        }
    }
    // The method goes on first: to it the client has finished.
    until(&mut reports, "no first message").await;
    until(&mut reports, "method over").await;
    tx.closed().await;
}
