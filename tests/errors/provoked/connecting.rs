//! What tonic says when a connection cannot be made, or breaks by itself.

use std::time::Duration;

use support::patience::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::transport::Endpoint;

use super::{all_of, said};

/// What a client says that cannot connect to `uri`.
async fn cannot_connect(uri: &str) -> String {
    let endpoint = Endpoint::from_shared(uri.to_string()).expect("this should be a URI");
    let connected = within("the end of the attempt", endpoint.connect()).await;
    all_of(&connected.expect_err("nothing should be there"))
}

#[tokio::test]
async fn tonic_says_why_it_cannot_connect() {
    let refused = cannot_connect("http://127.0.0.1:1").await;
    said("transport error", &refused);
    said("tcp connect error", &refused);
    said("Connection refused", &refused);
    said("kind: ConnectionRefused", &refused);
    said("tonic::transport::Error(Transport", &refused);
    said("invalid URL, scheme is missing", &cannot_connect("127.0.0.1:1").await);
    // Reserved so that it never exists: RFC 6761.
    let unknown = cannot_connect("http://nowhere.invalid:1").await;
    said("dns error", &unknown);
    said("failed to lookup address information", &unknown);
}

#[tokio::test]
async fn a_port_belongs_to_one_server() {
    let first = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = first
        .local_addr()
        .expect("the listener should have an address");
    let second = TcpListener::bind(address)
        .await
        .expect_err("the port should be taken");
    said("Address already in use", &second.to_string());
}

/// How a call ends at a server that sends these bytes to a client, and then nothing.
async fn call_a_server_that_says(bytes: &'static [u8]) -> Status {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("the listener should have an address");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the client should come");
        socket
            .write_all(bytes)
            .await
            .expect("the client should read");
        // Reads, so that nothing the client sends makes the system reset the connection.
        let mut sink = [0; 4096];
        while socket.read(&mut sink).await.is_ok_and(|n| n > 0) {}
    });
    let channel = Endpoint::from_shared(format!("http://{address}"))
        .expect("the address should be a URI")
        .http2_keep_alive_interval(Duration::from_millis(100))
        .keep_alive_timeout(Duration::from_millis(100))
        .connect_lazy();
    let call = grpc_workbook::raw::unary(channel, "/helloworld.Greeter/SayHello", b"");
    within("the call's end", call)
        .await
        .expect_err("the call should fail")
}

#[tokio::test]
async fn a_server_that_is_none_is_not_understood() {
    let web = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let status = call_a_server_that_says(web).await;
    said("frame with invalid size", &all_of(&status));
    said("FRAME_SIZE_ERROR", &all_of(&status));
    said("http2 error", &all_of(&status));
}

#[tokio::test]
async fn a_server_that_speaks_tls_is_not_understood() {
    // The alert with which TLS answers what is no TLS: unexpected_message.
    let status = call_a_server_that_says(b"\x15\x03\x01\0\x02\x02\x0a\0\0\0").await;
    said("frame with invalid size", &all_of(&status));
}

#[tokio::test]
async fn a_server_that_answers_no_ping_is_given_up() {
    // SETTINGS, and the acknowledgement of the client's.
    let status =
        call_a_server_that_says(b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0").await;
    said("keep-alive timed out", &all_of(&status));
    said("KeepAliveTimedOut", &all_of(&status));
}

#[tokio::test]
async fn a_server_that_never_answers_takes_too_long() {
    // The system accepts the connection, and nobody speaks.
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("the listener should have an address");
    let channel = Endpoint::from_shared(format!("http://{address}"))
        .expect("the address should be a URI")
        .timeout(Duration::from_millis(1))
        .connect_lazy();
    let call = grpc_workbook::raw::unary(channel, "/helloworld.Greeter/SayHello", b"");
    let status = within("the call's end", call)
        .await
        .expect_err("the call should fail");
    said("Timeout expired", &all_of(&status));
    said("TimeoutExpired", &all_of(&status));
}

#[tokio::test]
async fn a_server_that_stops_says_goaway() {
    // SETTINGS, then GOAWAY with NO_ERROR, before it has begun the call.
    let status = call_a_server_that_says(
        b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0",
    )
    .await;
    said("not a result of an error", &all_of(&status));
}

#[tokio::test]
async fn a_server_that_has_had_enough_says_so() {
    // SETTINGS, then GOAWAY with ENHANCE_YOUR_CALM and grpc's words.
    let bytes =
        b"\0\0\0\x04\0\0\0\0\0\0\0\x16\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0btoo_many_pings";
    assert_eq!(bytes.len(), 9 + 9 + 8 + 14);
    let status = call_a_server_that_says(bytes).await;
    said("detected excessive load generating behavior", &all_of(&status));
    said("too_many_pings", &all_of(&status));
}
