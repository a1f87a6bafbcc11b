//! Accepting connections when that fails: for one client, and for want of file descriptors.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use grpc_workbook::accept::{PAUSE, accept};
use tokio::net::{TcpListener, TcpStream};

/// Errors of one connection are passed over at once. After any other, the next try waits.
#[tokio::test]
async fn failures_are_passed_over() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port should be found");
    let address = listener
        .local_addr()
        .expect("a listener should have an address");
    let connection = TcpStream::connect(address)
        .await
        .expect("connection should open");
    let of_one_connection = [
        ErrorKind::ConnectionAborted,
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
    ];
    let mut results: Vec<io::Result<TcpStream>> = Vec::new();
    for _ in 0..1000 {
        results.extend(of_one_connection.map(|kind| Err(kind.into())));
    }
    results.push(Err(io::Error::other("out of file descriptors")));
    results.push(Err(ErrorKind::OutOfMemory.into()));
    results.push(Ok(connection));

    let begin = Instant::now();
    let mut incoming = tokio_stream::iter(results);
    let accepted = accept(&mut incoming)
        .await
        .expect("a connection should come");
    let elapsed = begin.elapsed();
    assert_eq!(accepted.peer_addr().ok(), Some(address));
    assert!(elapsed >= 2 * PAUSE, "{elapsed:?}");
    assert!(
        elapsed < Duration::from_secs(60),
        "3000 errors should not pause: {elapsed:?}"
    );
    assert!(accept(&mut incoming).await.is_none());
}

/// At EMFILE the server tries again, but not as fast as it can; and it goes on when there are
/// file descriptors again.
#[cfg(unix)]
#[test]
fn a_server_out_of_file_descriptors_waits() {
    use support::programs::{self, Finished, Server, run};

    let mut server = programs::command("lesson-5-server");
    server.args(["--addr", "127.0.0.1:0"]);
    let mut server = Server::from(&mut programs::with_few_files(&server, 40));
    let begin = Instant::now();
    let mut connections = Vec::new();
    for _ in 0..60 {
        let connection = std::net::TcpStream::connect(&server.address);
        connections.push(connection.expect("the system should take the connection"));
    }
    for _ in 0..4 {
        server.wait_for("cannot accept a connection now: too many open files");
    }
    assert!(begin.elapsed() >= 3 * PAUSE);

    drop(connections);
    let mut client = programs::client(super::LESSON, &server.address, &["tcp"]);
    let Finished { code, output } = run(&mut client);
    assert_eq!(code, Some(0), "{output}");
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0), "{output}");
    let tries = output.matches("cannot accept").count() as u32;
    assert!(begin.elapsed() >= (tries - 1) * PAUSE, "{tries} tries");
}
