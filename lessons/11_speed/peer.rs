//! What listens at an address where calls fail, from the first bytes that it sends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tonic::transport::Uri;

use crate::cli;

/// What a client sends first (RFC 9113, section 3.4): 24 bytes, and a SETTINGS frame, which may
/// be empty.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A ClientHello of TLS 1.2 (RFC 5246, section 7.4.1.2) that offers one cipher. Most servers of
/// TLS close a connection that begins with anything else.
const TLS: &[u8] = b"\x16\x03\x01\0\x2d\x01\0\0\x29\x03\x03\
    random, but nobody needs secrets\0\0\x02\xc0\x2f\x01\0";

/// How long it has for its first bytes.
const LIMIT: Duration = Duration::from_secs(2);

/// Opens a connection to `server`, and says what is wrong with what listens there, in words that
/// follow `what listens there`. `None` if it begins as a server of HTTP/2 does, or if there is
/// no connection.
pub async fn what_is_wrong(server: &Uri) -> Option<String> {
    let (bytes, closed) = first_bytes(server, HTTP2).await?;
    if !bytes.is_empty() {
        return describe(&bytes);
    }
    let tls = first_bytes(server, TLS).await;
    if let Some((answer, _)) = tls
        && is_tls(&answer)
    {
        return describe(&answer);
    }
    Some(if closed {
        "closes the connection without a word".into()
    } else {
        format!("accepts a connection and says nothing for {LIMIT:?}")
    })
}

/// The first bytes that come back for `hello`: a frame's header, or fewer if the connection is
/// closed, which is the second value, or if no more come.
async fn first_bytes(server: &Uri, hello: &[u8]) -> Option<(Vec<u8>, bool)> {
    let connected = timeout(LIMIT, cli::connect_tcp(server)).await.ok()?;
    let mut connection = connected.ok()?;
    let mut bytes = Vec::new();
    let reading = async {
        // If it does not take them, what it has sent is all the more interesting.
        let _: io::Result<()> = connection.write_all(hello).await;
        // No bytes are the end of the connection; an error says that it is broken.
        while bytes.len() < 9
            && !matches!(connection.read_buf(&mut bytes).await, Ok(0) | Err(_))
        {}
    };
    let closed = timeout(LIMIT, reading).await.is_ok();
    Some((bytes, closed))
}

fn describe(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
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
        _ if is_tls(bytes) => "speaks TLS, which this program does not".into(),
        _ => format!("does not speak HTTP/2: it begins with {}", text(bytes)),
    })
}

/// Whether these begin a record of TLS: an alert, or a handshake. Both go on with the major
/// version, which is 3.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x15 | 0x16, 3, ..])
}

/// Bytes from elsewhere: at most twenty, and those that are no letters escaped.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii_end();
    bytes[..bytes.len().min(20)].escape_ascii().to_string()
}
