//! A pass-through that keeps what crosses a connection, to read its frames.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::frames::{Frame, Header, Malformed, PREFACE};

/// What crossed one connection, so far, in both directions.
pub struct Recording {
    /// Where the client has to connect, once.
    pub address: SocketAddr,
    /// What the client sent, without the preface.
    pub client: Sent,
    pub server: Sent,
}

/// What one side has sent so far.
pub struct Sent(watch::Receiver<Vec<u8>>);

/// A frame, and the header before it.
pub type Seen<'a> = (Header, Result<Frame<'a>, Malformed>);

impl Recording {
    /// Listens on a port of its own for one connection, and passes it on to `server`,
    /// which is HOST:PORT.
    ///
    /// # Errors
    /// There is no port to be had.
    pub async fn of(server: String) -> io::Result<Recording> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (client_keeper, client) = watch::channel(Vec::new());
        let (server_keeper, server_side) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let (client, _) = listener.accept().await?;
            // One connection: for a second one nobody is here.
            drop(listener);
            let server = TcpStream::connect(server).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(pass(from_client, to_server, client_keeper));
            pass(from_server, to_client, server_keeper).await
        });
        Ok(Recording { address, client: Sent(client), server: Sent(server_side) })
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    keeper: watch::Sender<Vec<u8>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let size = from.read(&mut buffer).await?;
        if size == 0 {
            return to.shutdown().await;
        }
        // Kept before it is passed on: what the receiver acts upon has been recorded.
        keeper.send_modify(|kept| kept.extend_from_slice(&buffer[..size]));
        to.write_all(&buffer[..size]).await?;
    }
}

impl Sent {
    // ANCHOR: wait
    /// Waits until `seen` makes something of the frames. It gets all that crossed so far.
    ///
    /// # Errors
    /// The connection ended before that.
    pub async fn wait<T>(
        &mut self,
        mut seen: impl FnMut(&[Seen]) -> Option<T>,
    ) -> io::Result<T> {
        loop {
            let found = seen(&frames(&self.0.borrow_and_update()));
            if let Some(found) = found {
                return Ok(found);
            }
            self.0
                .changed()
                .await
                .map_err(|_| io::Error::other("the connection ended"))?;
        }
    }
    // ANCHOR_END: wait
}

// ANCHOR: frames
/// The frames in what one side sent. One that is not whole yet is left out.
pub fn frames(bytes: &[u8]) -> Vec<Seen<'_>> {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
    let mut frames = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk() {
        let header = Header::read(*header);
        let Some((payload, next)) = after.split_at_checked(header.length as usize) else {
            break;
        };
        frames.push((header, Frame::read(header, payload)));
        rest = next;
    }
    frames
}
// ANCHOR_END: frames
