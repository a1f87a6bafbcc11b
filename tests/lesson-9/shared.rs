//! The chat of the chapter's closer look: calls that share something, a limit for silence, and
//! streams that end when the server shuts down.

use std::fmt::Display;
use std::time::Duration;

use grpc_workbook::status::status_line;
use support::endings::KillableServer;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::chat::Chat;
use crate::{
    Client, EchoRequest, EchoResponse, GuessNumberServiceServer, message, receive, send,
    serving,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Serves a chat whose broadcast channel holds so many messages, and returns what would tell it
/// to shut down.
fn chat(patience: Duration, capacity: usize) -> (KillableServer, watch::Sender<bool>) {
    let (shutdown_tx, shutdown) = watch::channel(false);
    let said = broadcast::Sender::new(capacity);
    let chat = Chat { said, shutdown, patience };
    (KillableServer::start(serving(chat)), shutdown_tx)
}

/// Joins the chat: its headers come before anything is said.
async fn join(address: impl Display) -> (Sender<EchoRequest>, Streaming<EchoResponse>) {
    let client = Client::connect(format!("http://{address}")).await;
    let mut client = client.expect("the server should accept a connection");
    let (tx, rx) = mpsc::channel(1);
    let response = client.echo(ReceiverStream::new(rx)).await;
    (tx, response.expect("call should start").into_inner())
}

async fn end(responses: &mut Streaming<EchoResponse>) -> String {
    loop {
        match responses.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return "OK".into(),
            Err(status) => return status_line(&status),
        }
    }
}

#[tokio::test]
async fn what_one_client_says_all_clients_hear() {
    let (server, _shutdown) = chat(HOUR, 16);
    let (ada_tx, mut ada) = join(&server.address).await;
    let (bob_tx, mut bob) = join(&server.address).await;
    for (tx, text) in [(&ada_tx, "hi"), (&bob_tx, "hello"), (&ada_tx, "bye")] {
        send(tx, message(text)).await;
        for responses in [&mut ada, &mut bob] {
            assert_eq!(receive(responses).await.data, text);
        }
    }
    drop(ada_tx);
    assert_eq!(end(&mut ada).await, "OK");
    send(&bob_tx, message("alone")).await;
    assert_eq!(receive(&mut bob).await.data, "alone");
}

#[tokio::test]
async fn a_silent_client_is_ended() {
    let (server, _shutdown) = chat(Duration::from_millis(50), 16);
    let (_tx, mut responses) = join(&server.address).await;
    assert_eq!(end(&mut responses).await, "DEADLINE_EXCEEDED: silent for too long");
}

/// A server with open conversations shuts down by itself, because its tasks end.
#[tokio::test]
async fn a_shutdown_ends_every_conversation() {
    let any_port = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any_port).expect("a free port should be found");
    let address = incoming.local_addr().expect("should have an address");
    // ANCHOR: shutdown
    let (shutdown_tx, shutdown) = watch::channel(false);
    let mut requested = shutdown.clone();
    let (said, patience) = (broadcast::Sender::new(16), HOUR);
    let chat = Chat { said, shutdown, patience };
    let server = Server::builder()
        .add_service(GuessNumberServiceServer::new(chat))
        .serve_with_incoming_shutdown(incoming, async move {
            // tonic takes no more calls, and waits for those that are open: for the tasks.
            let _ = requested.wait_for(|requested| *requested).await;
        });
    // ANCHOR_END: shutdown
    let server = tokio::spawn(server);
    let (_ada_tx, mut ada) = join(&address).await;
    let (_bob_tx, mut bob) = join(&address).await;
    shutdown_tx
        .send(true)
        .expect("the server should be watching");
    for responses in [&mut ada, &mut bob] {
        assert_eq!(end(responses).await, "UNAVAILABLE: the server is shutting down");
    }
    let served = server.await.expect("the server should not panic");
    served.expect("the server should end by itself");
}

/// A client that does not read misses messages once the broadcast channel is full, and is told so.
#[tokio::test]
async fn a_client_that_does_not_read_is_ended() {
    let (server, _shutdown) = chat(HOUR, 2);
    let (_slow_tx, mut slow) = join(&server.address).await;
    let (tx, mut responses) = join(&server.address).await;
    // 8 MiB: more than the windows and buffers of a connection hold.
    for _ in 0..128 {
        send(&tx, message("x".repeat(64 * 1024))).await;
        receive(&mut responses).await;
    }
    assert_eq!(end(&mut slow).await, "RESOURCE_EXHAUSTED: too slow for this chat");
}
