//! A limit that tonic does not have: how long, and how many, connections may stay silent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Endpoint, Server};

use crate::raw_client::RawClient;

// ANCHOR: limit
/// The connections of a listener on which the client has sent something, for
/// `serve_with_incoming`. At most `most` silent ones are open at a time, each for at most `limit`.
fn not_silent(
    listener: TcpListener,
    most: usize,
    limit: Duration,
) -> ReceiverStream<io::Result<TcpStream>> {
    let (tx, rx) = mpsc::channel(1);
    let silent = Arc::new(Semaphore::new(most));
    tokio::spawn(async move {
        // It fails only if the semaphore is closed, and nobody closes it.
        while let Ok(permit) = silent.clone().acquire_owned().await {
            let Ok((connection, _)) = listener.accept().await else {
                // No file is free, or this client has left. The next one may have more luck.
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let tx = tx.clone();
            tokio::spawn(async move {
                // Waits for the first byte, and leaves it where it is. 0 bytes are the end.
                let first = timeout(limit, connection.peek(&mut [0])).await;
                if let Ok(Ok(1)) = first {
                    // As `TcpIncoming::with_nodelay`: small frames are sent at once.
                    let _ = connection.set_nodelay(true);
                    // It fails if the server has stopped.
                    let _ = tx.send(Ok(connection)).await;
                }
                drop(permit);
            });
        }
    });
    ReceiverStream::new(rx)
}
// ANCHOR_END: limit

#[tokio::test]
async fn silent_connections_are_closed_and_others_served() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("listener should have an address");
    let incoming = not_silent(listener, 2, Duration::from_millis(50));
    let router = Server::builder().add_service(CalculatorServiceServer::new(Calculator));
    tokio::spawn(router.serve_with_incoming(incoming));

    let address = address.to_string();
    let mut silent = Vec::new();
    // More than may be open: the others wait until the first ones have been closed.
    for _ in 0..5 {
        silent.push(RawClient::connect_tcp(&address).await);
    }
    let mut client = RawClient::connect_http2(&address).await;
    client.wait_for_bytes().await;
    let endpoint = Endpoint::try_from(format!("http://{address}"));
    let endpoint = endpoint.expect("URI should parse");
    endpoint
        .connect()
        .await
        .expect("server should accept a client that speaks");
    for client in &mut silent {
        assert_eq!(client.wait_for_close().await, "closes the connection");
    }
    assert!(client.is_open(), "a client that has spoken should stay");
}
