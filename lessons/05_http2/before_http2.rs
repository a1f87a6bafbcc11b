//! What carried calls before HTTP/2: messages on bare TCP, and HTTP/1.1.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::SLOW;
use crate::status::one_line;

/// The longest message on bare TCP that is accepted, in bytes. A length is the sender's
/// claim: without a limit, four bytes would make the receiver allocate 4 GiB.
pub const MAX_MESSAGE: u32 = 64 * 1024;

/// How many bytes a connection of HTTP/1.1 may send. Without a limit, one endless line
/// could fill the memory.
const MAX_REQUESTS: u64 = 64 * 1024;

// ANCHOR: receive
/// Reads a message that has its length in front. `None` if the connection has ended.
///
/// # Errors
/// The connection breaks, or ends inside a message; or the message is too long.
pub async fn receive(connection: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    // The connection may end before the first byte of a length, and nowhere else.
    if connection.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    connection.read_exact(&mut length[1..]).await?;
    let length = u32::from_be_bytes(length);
    if length > MAX_MESSAGE {
        return Err(io::Error::new(ErrorKind::InvalidData, "the message is too long"));
    }
    let mut message = vec![0; length as usize];
    connection.read_exact(&mut message).await?;
    Ok(Some(message))
}
// ANCHOR_END: receive

/// A message with its length in front.
///
/// # Errors
/// It is too long for four bytes.
pub fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes(), message].concat())
}

/// Answers each message with its size.
///
/// # Errors
/// Those of [`receive`], and of writing.
pub async fn serve_tcp(mut connection: TcpStream) -> io::Result<()> {
    while let Some(message) = receive(&mut connection).await? {
        let text = one_line(&String::from_utf8_lossy(&message));
        println!("TCP: a message of {} bytes, {text:?}", message.len());
        let answer = format!("{} bytes", message.len());
        connection.write_all(&framed(answer.as_bytes())?).await?;
    }
    Ok(())
}

// ANCHOR: http1
/// Answers the requests of a connection in their order (RFC 9112, 9.3.2).
///
/// # Errors
/// The connection breaks, or ends inside a request.
pub async fn serve_http1(connection: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = connection.into_split();
    let mut lines = BufReader::new(reader.take(MAX_REQUESTS)).lines();
    while let Some(request) = lines.next_line().await? {
        // Skip the headers, up to an empty line.
        loop {
            match lines.next_line().await? {
                Some(line) if !line.is_empty() => {}
                _ => break,
            }
        }
        if !request.starts_with("GET ") {
            println!("HTTP/1.1: {} -> 405 Method Not Allowed", one_line(&request));
            // A body may follow, which nobody reads here: so the connection ends. 405 says
            // which methods are allowed instead (RFC 9110, 15.5.6).
            let refusal = b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n\
                Content-Length: 0\r\nConnection: close\r\n\r\n";
            return writer.write_all(refusal).await;
        }
        let (status, body) = match request.as_str() {
            "GET /slow HTTP/1.1" => {
                tokio::time::sleep(SLOW).await;
                ("200 OK", "slow")
            }
            "GET /quick HTTP/1.1" => ("200 OK", "quick"),
            _ => ("404 Not Found", "not found"),
        };
        println!("HTTP/1.1: {} -> {body}", one_line(&request));
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        writer.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
// ANCHOR_END: http1
