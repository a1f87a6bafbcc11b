//! The tap: a proxy between a client and a server that passes every byte on unchanged, and
//! shows what it saw.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::trace::{Event, Side, Trace, What};

/// Accepts connections and taps each of them: to `server` and back. What crosses connection
/// number N, from 1, is handed to `seen` in the order in which the tap saw it.
///
/// # Errors
/// The listener fails.
pub async fn tap<F>(listener: TcpListener, server: String, seen: F) -> io::Result<()>
where
    F: Fn(usize, Event) + Clone + Send + Sync + 'static,
{
    for number in 1.. {
        let (client, _) = listener.accept().await?;
        let (server, seen) = (server.clone(), seen.clone());
        tokio::spawn(async move {
            match TcpStream::connect(&server).await {
                Ok(server) => connect(client, server, |event| seen(number, event)).await,
                // The client sees a connection that ends.
                Err(_) => {
                    let what = What::Unread { why: format!("no server at {server}") };
                    seen(number, Event { from: Side::Server, stream: 0, what });
                }
            }
        });
    }
    Ok(())
}

/// Passes on what two sockets say, until both have said all.
async fn connect(
    client: TcpStream,
    server: TcpStream,
    seen: impl Fn(Event) + Send + Sync,
) {
    // Small packets must not wait for others here if they did not wait there.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let trace = Mutex::new(Trace::default());
    let see = |from: Side, bytes: &[u8]| {
        let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        match bytes {
            [] => trace.end(from),
            bytes => trace.push(from, bytes, &mut |event| seen(event)),
        }
    };
    tokio::join!(
        pass(client_reads, server_writes, |bytes| see(Side::Client, bytes)),
        pass(server_reads, client_writes, |bytes| see(Side::Server, bytes)),
    );
}

/// Passes bytes on as they come. It reads no more before all is written: a reader that is slow
/// slows the sender down, as without a tap. The end of one direction leaves the other open; it
/// is seen as no bytes.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    see: impl Fn(&[u8]),
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        // Seen before it is passed on: the answer to it comes later, here too.
        see(&buffer[..n]);
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
    see(&[]);
    let _ = to.shutdown().await;
}
