//! A long way: a proxy that hands on every byte, later.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Carries connections to a port of this machine. Returns where it listens.
pub async fn proxy(port: u16, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.expect("accepts");
            let far = TcpStream::connect(("127.0.0.1", port))
                .await
                .expect("connects");
            for socket in [&near, &far] {
                socket.set_nodelay(true).expect("is a TCP socket");
            }
            let ((near_in, near_out), (far_in, far_out)) =
                (near.into_split(), far.into_split());
            tokio::spawn(carry(near_in, far_out, delay));
            tokio::spawn(carry(far_in, near_out, delay));
        }
    });
    address
}

/// As much as is sent is on its way: only HTTP/2's own windows hold a sender back.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (under_way, mut arriving) = mpsc::unbounded_channel();
    let reader = async move {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(size @ 1..) = from.read(&mut bytes).await {
            let due = Instant::now() + delay;
            let _ = under_way.send((due, bytes[..size].to_vec()));
        }
    };
    let writer = async move {
        while let Some((due, bytes)) = arriving.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reader, writer);
}
