//! A proxy that records what crosses a connection, to read its frames.

use std::future::ready;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::transport::server::TcpIncoming;

use super::frames::{Frame, FrameError, Header, PREFACE};
use crate::accept::accept;

/// What has crossed one connection so far, in both directions.
pub struct Recording {
    /// Where the client has to connect, once.
    pub address: SocketAddr,
    /// What the client sent.
    pub client: Sent,
    /// What the server sent.
    pub server: Sent,
}

/// The bytes that one side has sent so far. The task that forwards them adds to them, and
/// drops its end of the channel when the direction ends.
pub struct Sent(watch::Receiver<Vec<u8>>);

/// A frame's header, and the frame or what is wrong with it.
pub type RecordedFrame<'a> = (Header, Result<Frame<'a>, FrameError>);

impl Recording {
    /// Connects to `server`, which is HOST:PORT, and records what a client sends there.
    ///
    /// # Errors
    /// Nobody listens at `server`, or there is no free port to listen on.
    pub async fn of(server: String) -> io::Result<Recording> {
        Recording::in_front_of(TcpStream::connect(server).await?).await
    }

    /// Listens on a free port, forwards the one connection that it accepts to `server`,
    /// and records what crosses it.
    ///
    /// # Errors
    /// There is no free port to listen on.
    pub async fn in_front_of(server: TcpStream) -> io::Result<Recording> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (client_tx, client_rx) = watch::channel(Vec::new());
        let (server_tx, server_rx) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let Some(client) = accept(&mut incoming).await else {
                return Ok(());
            };
            // A second connection is refused: its bytes would mix with these.
            drop(incoming);
            // If it fails, the connection has ended, and the first read says so.
            let _ = server.set_nodelay(true);
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(forward(from_client, to_server, move |chunk| {
                client_tx.send_modify(|sent| sent.extend_from_slice(chunk));
                ready(())
            }));
            forward(from_server, to_client, move |chunk| {
                server_tx.send_modify(|sent| sent.extend_from_slice(chunk));
                ready(())
            })
            .await
        });
        Ok(Recording { address, client: Sent(client_rx), server: Sent(server_rx) })
    }
}

// ANCHOR: forward
/// Forwards one direction of a connection. Each chunk is handed to `on_chunk` first, so
/// when the receiver reacts to it, `on_chunk` has seen it. The end comes as an empty
/// chunk.
///
/// The next chunk is read once this one is written: a slow reader slows the sender, as if
/// there were nothing between them. The other direction stays open. `on_chunk` returns a
/// future, so that it can slow the sender too.
///
/// # Errors
/// The receiver is gone.
pub async fn forward<F: Future<Output = ()>>(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut on_chunk: impl FnMut(&[u8]) -> F,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        // A connection that breaks ends here like one that is closed.
        let size = from.read(&mut buffer).await.unwrap_or(0);
        let chunk = &buffer[..size];
        on_chunk(chunk).await;
        if chunk.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(chunk).await?;
    }
}
// ANCHOR_END: forward

impl Sent {
    /// What `read` makes of the frames that have been sent so far.
    pub fn so_far<T>(&self, read: impl FnOnce(&[RecordedFrame]) -> T) -> T {
        read(&frames(&self.0.borrow()))
    }

    // ANCHOR: wait
    /// Waits until `find` finds something in the frames that have been sent so far.
    ///
    /// # Errors
    /// The connection ended before that.
    pub async fn wait<T>(
        &mut self,
        mut find: impl FnMut(&[RecordedFrame]) -> Option<T>,
    ) -> io::Result<T> {
        loop {
            let found = find(&frames(&self.0.borrow_and_update()));
            if let Some(found) = found {
                return Ok(found);
            }
            let changed = self.0.changed().await;
            changed.map_err(|_| io::Error::other("the connection ended"))?;
        }
    }
    // ANCHOR_END: wait
}

// ANCHOR: frames
/// The frames in what one side sent, after the preface if there is one. A frame that is
/// not complete yet is left out.
pub fn frames(bytes: &[u8]) -> Vec<RecordedFrame<'_>> {
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
