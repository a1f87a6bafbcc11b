//! What listens at an address where calls fail, from the first bytes that it sends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tonic::transport::Uri;

use crate::cli;
use crate::status::one_line;

/// What a client sends first (RFC 9113, section 3.4): 24 bytes, and a SETTINGS frame, which may
/// be empty.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// How long it has for its first bytes.
const LIMIT: Duration = Duration::from_secs(2);

/// Opens a connection to `server`, and says what is wrong with what listens there, in words that
/// follow `what listens there`. `None` if it begins as a server of HTTP/2 does, or if there is
/// no connection.
pub async fn what_is_wrong(server: &Uri) -> Option<String> {
    match timeout(LIMIT, first_bytes(server)).await {
        Ok(None) => None,
        Ok(Some(bytes)) => describe(&bytes),
        Err(_) => Some(format!("accepts a connection and says nothing for {LIMIT:?}")),
    }
}

/// The first bytes that come back: a frame's header, or fewer where the connection ends.
async fn first_bytes(server: &Uri) -> Option<Vec<u8>> {
    let mut connection = cli::connect_tcp(server).await.ok()?;
    // If it does not take them, what it has sent is all the more interesting.
    let _: io::Result<()> = connection.write_all(HELLO).await;
    let mut bytes = Vec::new();
    while bytes.len() < 9 {
        match connection.read_buf(&mut bytes).await {
            Ok(1..) => {}
            // It is closed, or broken.
            Ok(0) | Err(_) => break,
        }
    }
    Some(bytes)
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

/// Bytes from elsewhere, in quotes: at most twenty, and those that are no letters escaped.
fn text(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(20)];
    match std::str::from_utf8(bytes) {
        Ok(text) => one_line(text.trim_end()),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}
