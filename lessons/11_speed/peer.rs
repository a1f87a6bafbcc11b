//! What listens at an address where calls fail, from the first bytes that it sends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::Uri;

use crate::cli;

/// What a client sends first (RFC 9113, section 3.4): 24 bytes, and a SETTINGS frame, which may
/// be empty.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// How long it has for its first bytes.
const LIMIT: Duration = Duration::from_secs(2);

/// Opens a connection to `server`, and says what is wrong with what listens there, in words that
/// follow `what listens there`. `None` if it begins as a server of HTTP/2 does, or if there is
/// no connection.
pub async fn what_is_wrong(server: &Uri) -> Option<String> {
    let connected = timeout(LIMIT, cli::connect_tcp(server)).await.ok()?;
    let mut bytes = Vec::new();
    let heard = timeout(LIMIT, first_bytes(connected.ok()?, &mut bytes)).await;
    if heard.is_err() && bytes.is_empty() {
        return Some(format!("accepts a connection and says nothing for {LIMIT:?}"));
    }
    describe(&bytes)
}

/// Reads the first bytes that come back: a frame's header, or fewer where the connection ends.
async fn first_bytes(mut connection: TcpStream, bytes: &mut Vec<u8>) {
    // If it does not take them, what it has sent is all the more interesting.
    let _: io::Result<()> = connection.write_all(HELLO).await;
    // No bytes are the end of the connection; an error says that it is broken.
    while bytes.len() < 9 && !matches!(connection.read_buf(bytes).await, Ok(0) | Err(_)) {
    }
}

fn describe(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [] => "closes the connection without a word".into(),
        // The type of a frame is its fourth byte, and 4 is SETTINGS.
        [0, _, _, 4, ..] => return None,
        // The version of HTTP takes eight bytes.
        [b'H', b'T', b'T', b'P', b'/', ..] => format!(
            "is a web server that does not speak HTTP/2: it answers in {}",
            text(&bytes[..bytes.len().min(8)])
        ),
        [b'<', ..] => {
            "is a web server that does not speak HTTP/2: it answers with a page".into()
        }
        // Records of TLS: an alert, or a handshake. Both go on with the major version, 3.
        [0x15 | 0x16, 3, ..] => "speaks TLS, which this program does not".into(),
        _ => format!("does not speak HTTP/2: it begins with {}", text(bytes)),
    })
}

/// Bytes from elsewhere: at most twenty, and those that are no letters escaped.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii_end();
    bytes[..bytes.len().min(20)].escape_ascii().to_string()
}
