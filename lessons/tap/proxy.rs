//! A proxy between a client and a server: it forwards every byte unchanged, and follows
//! what it forwards.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};

use super::trace::{Event, EventKind, Side, Trace};
use crate::http2::record::forward;

/// Accepts connections and taps each of them: to `server`, which is HOST:PORT, and back.
/// What crosses connection number N, counted from 1, is handed to `on_event` in the order
/// in which the tap sees it.
///
/// # Errors
/// The listener fails.
pub async fn tap<F>(listener: TcpListener, server: String, on_event: F) -> io::Result<()>
where
    F: Fn(usize, Event) + Clone + Send + Sync + 'static,
{
    for number in 1.. {
        let (client, _) = listener.accept().await?;
        let (server, on_event) = (server.clone(), on_event.clone());
        tokio::spawn(async move {
            let on_event = |event| on_event(number, event);
            match TcpStream::connect(&server).await {
                Ok(server) => forward_both(client, server, on_event).await,
                // The client is dropped here, so its connection ends.
                Err(_) => {
                    let why = format!("no server at {server}");
                    let kind = EventKind::Undecodable { why };
                    on_event(Event { from: Side::Server, stream: 0, kind });
                }
            }
        });
    }
    Ok(())
}

/// Forwards both directions of a connection, until both have ended.
async fn forward_both(client: TcpStream, server: TcpStream, on_event: impl Fn(Event)) {
    // As the lessons' programs set it: no small packet waits here for a larger one. If it
    // fails, the connection has ended, and the first read says so.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // One trace for both directions: what one side means can depend on the other.
    let trace = Mutex::new(Trace::default());
    let follow = |from: Side, chunk: &[u8]| {
        // A panic elsewhere must not stop the bytes: take the trace as it is.
        let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        if chunk.is_empty() {
            trace.end(from);
        } else {
            trace.push(from, chunk, &mut |event| on_event(event));
        }
    };
    // An error means that one side has left. The other direction still goes on.
    let _ = tokio::join!(
        forward(from_client, to_server, |chunk| follow(Side::Client, chunk)),
        forward(from_server, to_client, |chunk| follow(Side::Server, chunk)),
    );
}
