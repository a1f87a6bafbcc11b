//! Accepting connections, also when one of them fails or the system has no room for more.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_stream::{Stream, StreamExt};

use crate::cli::without_os_code;

/// How long to wait before the next try, when no connection at all can be accepted.
pub const PAUSE: Duration = Duration::from_millis(100);

// ANCHOR: accept
/// Accepts the next connection. `None` if `incoming` has ended, which a listener never does.
///
/// An accept can fail for two reasons, and neither ends a server. Either the client has
/// left before its turn: the next one may be fine. Or the process or the system is out of
/// something, such as file descriptors (EMFILE): then the next try fails too, and a loop
/// without a pause would keep a processor busy until some connection ends.
pub async fn accept(
    incoming: &mut (impl Stream<Item = io::Result<TcpStream>> + Unpin),
) -> Option<TcpStream> {
    loop {
        match incoming.next().await? {
            Ok(connection) => return Some(connection),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                println!("cannot accept a connection now: {}", without_os_code(&error));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
// ANCHOR_END: accept
