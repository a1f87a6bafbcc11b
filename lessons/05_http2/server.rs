//! `lesson-5-server`: TCP, HTTP/1.1 and HTTP/2 on one port, 127.0.0.1:50055.

use std::io::{self, ErrorKind};

use grpc_workbook::cli;
use grpc_workbook::http2::proto::http2_service_server::Http2ServiceServer;
use grpc_workbook::http2::{Work, plain};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (mut incoming, stop) = cli::listen(5).await?;
    let (to_tonic, for_tonic) = mpsc::channel(16);
    let sorter = tokio::spawn(async move {
        while let Some(accepted) = incoming.next().await {
            // A failed accept is that client's bad luck, and no reason to stop.
            if let Ok(connection) = accepted {
                // A task each: one that says nothing must not hold up the others.
                tokio::spawn(serve(connection, to_tonic.clone()));
            }
        }
    });
    Server::builder()
        .add_service(Http2ServiceServer::new(Work))
        .serve_with_incoming_shutdown(ReceiverStream::new(for_tonic), async move {
            stop.await;
            sorter.abort();
        })
        .await?;
    // What else is open ends with the runtime.
    Ok(())
}

// ANCHOR: serve
/// The first byte tells what a connection speaks; `peek` leaves it there to be read.
async fn serve(connection: TcpStream, to_tonic: Sender<io::Result<TcpStream>>) {
    let mut first = [0];
    let served = match connection.peek(&mut first).await {
        Ok(0) => Ok(()),
        // `PRI * HTTP/2.0`. `POST` too: tonic is to say what it thinks of HTTP/1.1.
        Ok(_) if first == *b"P" => {
            // It fails when the server is stopping: then nobody is served any more.
            let _ = to_tonic.send(Ok(connection)).await;
            Ok(())
        }
        Ok(_) if first == *b"G" => plain::serve_http1(connection).await,
        // The first byte of a length, which is 0 unless the message is huge.
        Ok(_) => plain::serve_tcp(connection).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served
        && error.kind() == ErrorKind::InvalidData
    {
        println!("TCP: {error}");
    }
}
// ANCHOR_END: serve
