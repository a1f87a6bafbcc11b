//! `lesson-5-server`: TCP, HTTP/1.1 and HTTP/2 on one port, 127.0.0.1:50055.

use std::io::{self, ErrorKind};

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::http2::proto::http2_service_server::Http2ServiceServer;
use grpc_workbook::http2::{MyHttp2, before_http2};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (mut incoming, shutdown) = cli::listen(5).await?;
    // The connections that speak HTTP/2, on their way to tonic.
    let (http2_tx, http2_rx) = mpsc::channel(16);
    let sorter = tokio::spawn(async move {
        while let Some(Ok(connection)) = incoming.next().await {
            // In a task of its own: a silent connection must not hold up the others.
            tokio::spawn(serve(connection, http2_tx.clone()));
        }
    });
    let requested = shutdown.requested();
    let server = Server::builder()
        .add_service(Http2ServiceServer::new(MyHttp2))
        .serve_with_incoming_shutdown(ReceiverStream::new(http2_rx), async move {
            requested.await;
            sorter.abort();
        });
    // The connections that speak something else end with the runtime.
    shutdown.run(server).await
}

// ANCHOR: serve
/// Serves a connection by the protocol that its first byte shows. `peek` leaves that byte
/// in place, so the server of that protocol reads it again.
async fn serve(connection: TcpStream, http2_tx: mpsc::Sender<io::Result<TcpStream>>) {
    let mut first = [0];
    let served = match connection.peek(&mut first).await {
        Ok(0) => Ok(()),
        // `PRI * HTTP/2.0`. `POST` too, to show how tonic answers HTTP/1.1.
        Ok(_) if first == *b"P" => {
            // This fails when the server is stopping, and then no connection is served.
            let _ = http2_tx.send(Ok(connection)).await;
            Ok(())
        }
        // `GET`, `HEAD`: a line of text.
        Ok(_) if first[0].is_ascii_uppercase() => {
            before_http2::serve_http1(connection).await
        }
        // The first byte of a length, which is 0 unless the message is huge.
        Ok(_) => before_http2::serve_tcp(connection).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served
        && error.kind() == ErrorKind::InvalidData
    {
        println!("TCP: {error}");
    }
}
// ANCHOR_END: serve
