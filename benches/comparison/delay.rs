//! A long way: a proxy that passes every byte on, later.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Carries connections to a port of this machine, and delays every byte in either direction
/// by `delay`. Returns where it listens.
pub async fn proxy(port: u16, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there should be a free port");
    let address = listener
        .local_addr()
        .expect("a listener should have an address");
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.expect("the listener should accept");
            let far = TcpStream::connect(("127.0.0.1", port))
                .await
                .expect("the server should listen");
            for socket in [&near, &far] {
                socket.set_nodelay(true).expect("the socket should be open");
            }
            let ((near_in, near_out), (far_in, far_out)) =
                (near.into_split(), far.into_split());
            tokio::spawn(carry(near_in, far_out, delay));
            tokio::spawn(carry(far_in, near_out, delay));
        }
    });
    address
}

/// Copies bytes in one direction. It reads without a limit, as a long line does: only HTTP/2's
/// own windows hold a sender back.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let reader = async move {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(size @ 1..) = from.read(&mut bytes).await {
            let arrival = Instant::now() + delay;
            let _ = tx.send((arrival, bytes[..size].to_vec()));
        }
    };
    let writer = async move {
        while let Some((arrival, bytes)) = rx.recv().await {
            sleep_until(arrival).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reader, writer);
}
