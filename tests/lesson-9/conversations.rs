//! Calls in which both sides send: who waits for whom, and what is left when a call is over.

use std::time::Duration;

use grpc_workbook::guess_number::proto::EchoResponse;
use grpc_workbook::guess_number::{GuessNumber, echo};
use support::endings::KillableServer;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Request;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::{
    Client, assert_ends_with_ok, guess, in_process_client, message, open_conversation,
    receive, send, serving, start_echo, start_guess, turns,
};

/// A message is sent when the one before it was answered, so both directions are open all
/// the time, and nothing waits until it has more to send.
#[tokio::test]
async fn a_thousand_rounds() {
    let server = KillableServer::start(serving(GuessNumber));
    let mut client = Client::new(server.channel().await);

    let (tx, mut responses) = start_echo(&mut client, message("0")).await;
    for round in 0..1000 {
        let response = receive(&mut responses).await;
        assert_eq!(response.data, echo(&round.to_string()));
        send(&tx, message((round + 1).to_string())).await;
    }

    let (tx, mut responses) = start_guess(&mut client).await;
    for round in 0..1000 {
        send(&tx, guess(round % 10)).await;
        assert_eq!(receive(&mut responses).await.number, round % 10);
    }
    drop(tx);
    assert_ends_with_ok(&mut responses).await;
}

/// Within one direction the order is kept, however the messages are packed.
#[tokio::test]
async fn responses_come_in_order() {
    let server = KillableServer::start(serving(GuessNumber));
    let messages = tokio_stream::iter(0..2000).map(|n: i32| message(n.to_string()));
    let response = Client::new(server.channel().await).echo(messages).await;
    let mut responses = response.expect("call should start").into_inner();
    for n in 0..2000 {
        let response = receive(&mut responses).await;
        assert_eq!(response.data, echo(&n.to_string()));
    }
    assert_ends_with_ok(&mut responses).await;
}

/// What makes the deadlock: a method that waits for a message before it returns. Guess
/// returns at once, and its headers go out before there is anything to send.
#[tokio::test]
async fn headers_come_when_the_method_returns() {
    let server = KillableServer::start(serving(GuessNumber));
    let (tx, rx) = mpsc::channel(1);
    let mut client = Client::new(server.channel().await);
    let response = client.guess(ReceiverStream::new(rx)).await;
    let response = response.expect("call should start");
    assert_eq!(response.metadata().len(), 2, "headers alone");
    drop(tx);

    let (tx, rx) = mpsc::channel(1);
    let mut client = in_process_client();
    let mut call = std::pin::pin!(client.echo(ReceiverStream::new(rx)));
    tokio::select! {
        biased;
        _ = &mut call => panic!("headers before the first message"),
        () = turns(1000) => {}
    }
    send(&tx, message("1")).await;
    let mut responses = call.await.expect("call should start").into_inner();
    let response = receive(&mut responses).await;
    assert_eq!(response, EchoResponse { data: echo("1") });
}

/// The other deadlock: a client that sends without reading fills the buffers of both
/// directions, and then each side waits until the other one reads. Once the client reads, it
/// all goes on.
#[tokio::test]
async fn a_client_that_does_not_read_has_to_wait() {
    const COUNT: usize = 256;
    let server = KillableServer::start(serving(GuessNumber));
    let large = message("x".repeat(64 * 1024));
    let mut client = Client::new(server.channel().await);
    let (tx, mut responses) = start_echo(&mut client, large.clone()).await;
    let mut sent = 1;
    while let Ok(permit) = timeout(Duration::from_secs(1), tx.reserve()).await {
        permit.expect("the call should go on").send(large.clone());
        sent += 1;
        assert!(sent < COUNT, "there is room for everything");
    }
    let rest = tokio::spawn(async move {
        for _ in sent..COUNT {
            send(&tx, large.clone()).await;
        }
    });
    let mut received = 0;
    while responses
        .message()
        .await
        .expect("the call should go on")
        .is_some()
    {
        received += 1;
    }
    rest.await.expect("the client should send the rest");
    assert_eq!(received, COUNT);
}

/// Calls whose clients leave in the middle, in each of the ways there are. When they are
/// gone, so is everything that worked for them: neither method leaves a task behind.
#[tokio::test]
async fn no_task_outlives_its_call() {
    let any_port = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any_port).expect("a free port should be found");
    let address = incoming
        .local_addr()
        .expect("a listener should have an address");
    // In this runtime, whose tasks are counted.
    let server = Server::builder().add_routes(serving(GuessNumber));
    tokio::spawn(server.serve_with_incoming(incoming));
    let mut client = Client::connect(format!("http://{address}"))
        .await
        .expect("the server should accept a connection");

    // A first call starts the tasks of the connection, which stay.
    let response = client.guess(tokio_stream::empty()).await;
    let mut responses = response.expect("call should start").into_inner();
    assert_ends_with_ok(&mut responses).await;
    let tasks = Handle::current().metrics();
    turns(1000).await;
    let before = tasks.num_alive_tasks();
    for _ in 0..20 {
        cancel_guess(&mut client).await;
        drop_echo(&mut client).await;
        cancel_echo_that_waits_for_room(&mut client).await;
    }
    let gone = async {
        while tasks.num_alive_tasks() > before {
            yield_now().await;
        }
    };
    let in_time = timeout(Duration::from_secs(60), gone).await;
    in_time.expect("every task should end");
}

async fn cancel_guess(client: &mut Client) {
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let response = client.guess(request).await;
    let mut responses = response.expect("call should start").into_inner();
    send(&tx, guess(1)).await;
    receive(&mut responses).await;
    handle.cancel();
}

async fn drop_echo(client: &mut Client) {
    let (tx, mut responses) = start_echo(client, message("1")).await;
    receive(&mut responses).await;
    drop((tx, responses));
}

/// Here the server's task waits: the response to the second message is not read.
async fn cancel_echo_that_waits_for_room(client: &mut Client) {
    let (tx, rx) = mpsc::channel(1);
    send(&tx, message("1")).await;
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let _responses = client.echo(request).await.expect("call should start");
    send(&tx, message("x".repeat(3 << 20))).await;
    send(&tx, message("2")).await;
    handle.cancel();
}

/// The notes' server has ten threads, so the eleventh conversation waits for one of ten to
/// end. Here one that is open costs a task.
#[tokio::test]
async fn a_thousand_open_conversations_do_not_hold_up_another() {
    let server = KillableServer::start(serving(GuessNumber));
    let mut client = Client::new(server.channel().await);
    let mut open = Vec::new();
    for _ in 0..1000 {
        open.push(open_conversation(&mut client).await);
    }
    open_conversation(&mut client).await;
}
