//! A proxy between a client and a server: it forwards every byte unchanged, and follows
//! what it forwards.

use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tonic::transport::server::TcpIncoming;

use super::trace::{Event, EventKind, Side, Trace};
use crate::accept::accept;
use crate::cli::without_os_code;
use crate::http2::record::forward;

/// What crossed one of the connections through a tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TappedEvent {
    /// The connection's number. The first that the tap accepts is 1.
    pub connection: usize,
    /// What crossed it.
    pub event: Event,
}

/// Accepts connections, and taps each of them: to `server`, which is HOST:PORT, and back.
/// What crosses them is sent to `events`, in the order in which the tap sees it. If the
/// receiver is slow, so that `events` is full, the connections wait; if it is gone, they go
/// on without it.
///
/// It goes on until it is dropped, and its connections until both their sides have ended.
pub async fn tap(
    listener: TcpListener,
    server: String,
    events: mpsc::Sender<TappedEvent>,
) {
    // As the lessons' programs set it: no small packet waits for a larger one.
    let mut incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut connection = 0;
    while let Some(client) = accept(&mut incoming).await {
        connection += 1;
        tokio::spawn(tap_one(client, server.clone(), connection, events.clone()));
    }
}

/// Taps the connection with the number `connection`.
async fn tap_one(
    client: TcpStream,
    server: String,
    connection: usize,
    events: mpsc::Sender<TappedEvent>,
) {
    match TcpStream::connect(&server).await {
        Ok(server) => forward_both(client, server, connection, events).await,
        // The client is dropped here, so its connection ends.
        Err(error) => {
            let why = cannot_connect(&server, &error);
            let kind = EventKind::Undecodable { why };
            let event = Event { from: Side::Server, stream: 0, kind };
            send(events, connection, vec![event]).await;
        }
    }
}

/// Why there is no connection to the server, in words.
fn cannot_connect(server: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => format!("no server at {server}"),
        // Of the system, for example: too many open files.
        _ => format!("cannot connect to {server}: {}", without_os_code(error)),
    }
}

/// Hands events on, and waits as long as there is no room for them.
async fn send(tx: mpsc::Sender<TappedEvent>, connection: usize, events: Vec<Event>) {
    for event in events {
        // An error means that nobody looks on any more.
        let _ = tx.send(TappedEvent { connection, event }).await;
    }
}

// ANCHOR: forward_both
/// Forwards both directions of a connection, until both have ended.
async fn forward_both(
    client: TcpStream,
    server: TcpStream,
    connection: usize,
    events: mpsc::Sender<TappedEvent>,
) {
    // If it fails, the connection has ended, and the first read says so.
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // One trace for both directions: what one side means can depend on the other.
    let trace = Mutex::new(Trace::default());
    let follow = |from: Side, chunk: &[u8]| {
        let seen = follow_chunk(&trace, from, chunk);
        send(events.clone(), connection, seen)
    };
    // An error means that one side has left. The other direction still goes on.
    let _ = tokio::join!(
        forward(from_client, to_server, |chunk| follow(Side::Client, chunk)),
        forward(from_server, to_client, |chunk| follow(Side::Server, chunk)),
    );
    // Where writing failed, the end has not been read.
    follow(Side::Client, &[]).await;
    follow(Side::Server, &[]).await;
}
// ANCHOR_END: forward_both

/// The events of a chunk. An empty one is the end of its direction.
fn follow_chunk(trace: &Mutex<Trace>, from: Side, chunk: &[u8]) -> Vec<Event> {
    // A panic elsewhere must not stop the bytes: take the trace as it is.
    let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
    if chunk.is_empty() {
        trace.end(from)
    } else {
        trace.push(from, chunk)
    }
}
