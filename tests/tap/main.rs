//! The tap: it forwards every byte, and what it shows of them is right.

mod bodies;
mod calls;
mod command;
mod compressed;
mod details;
mod drawing;
mod frame_errors;
mod fuzz;
mod header_blocks;
mod kinds;
mod lines;
mod not_http2;
mod peers;
mod schema;
mod streams;
mod trace;
mod trouble;
mod wire;
mod viewer;

use grpc_workbook::tap::proxy::{TappedEvent, tap};
use grpc_workbook::tap::trace::EventKind;
use grpc_workbook::{LESSONS, Lesson};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, Receiver};
use tonic::transport::{Channel, Endpoint};

const HELLO: &Lesson = &LESSONS[0];

/// Starts a tap to `server`. Returns its address, and what it sees.
async fn tapped(server: &str) -> (String, Receiver<TappedEvent>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port should be found");
    let address = listener
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    // As many as no test has: most look on only when the calls are over.
    let (tx, rx) = mpsc::channel(1 << 20);
    tokio::spawn(tap(listener, server.to_string(), tx));
    (address, rx)
}

async fn connect(address: &str) -> Channel {
    let uri = format!("http://{address}");
    Endpoint::try_from(uri)
        .expect("the address should be a URI")
        .connect()
        .await
        .expect("connection should open")
}

/// Waits for the next event of the kind that the test is about.
async fn wait_for(
    events: &mut Receiver<TappedEvent>,
    wanted: fn(&EventKind) -> bool,
) -> TappedEvent {
    loop {
        let tapped = events.recv().await.expect("the event should come");
        if wanted(&tapped.event.kind) {
            return tapped;
        }
    }
}

/// Sorts lines by who sent them, the client's first. A quick server may answer a unary call before
/// the client's END_STREAM, which is in a frame of its own, and may then reset the stream with
/// NO_ERROR: such a line is left out.
fn by_sides<T: AsRef<str>>(lines: &mut Vec<T>) {
    lines.retain(|line| !line.as_ref().ends_with("RST_STREAM NO_ERROR"));
    lines.sort_by_key(|line| line.as_ref().starts_with("<--"));
}
