//! `lesson-5-client`: plays what carries a call, from TCP to GOAWAY.

use std::io;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::http2::frames::{ErrorCode, Frame, PREFACE};
use grpc_workbook::http2::proto::{
    DownloadRequest, WorkRequest, http2_service_client::Http2ServiceClient,
    http2_service_server::Http2ServiceServer,
};
use grpc_workbook::http2::record::{Recording, Seen, frames};
use grpc_workbook::http2::{Work, plain};
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint, Server, Uri, server::TcpIncoming};

type Client = Http2ServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {
    /// The step to play; without one, all of them in order
    step: Option<Step>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// two messages on bare TCP, in three pieces
    Tcp,
    /// two requests at once, answered in their order
    Http1,
    /// two calls at once, answered as they are done
    Http2,
    /// a download that nobody reads
    Flow,
    /// a server that stops in the middle of a call
    Goaway,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Break {
    /// send gRPC's path as a request of HTTP/1.1
    Http1ToGrpc,
    /// send a preface that ends in garbage
    BadPreface,
    /// send DATA on stream 0, which is the connection itself
    #[value(name = "frame-on-stream-0")]
    FrameOnStream0,
    /// announce a frame that is longer than the server allows
    TooLargeFrame,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Break>(5);
    if let Some(fault) = fault {
        return play_break(&server, fault).await;
    }
    let steps = match &args.step {
        Some(step) => std::slice::from_ref(step),
        None => Step::value_variants(),
    };
    for step in steps {
        match step {
            Step::Tcp => tcp(&server).await?,
            Step::Http1 => http1(&server).await?,
            Step::Http2 => http2(&server).await?,
            Step::Flow => flow(&server).await?,
            Step::Goaway => goaway().await?,
        }
    }
    Ok(())
}

fn place(server: &Uri) -> String {
    let host = server.host().unwrap_or_default();
    format!("{host}:{}", server.port_u16().unwrap_or(80))
}

/// A TCP connection to the server. [`cli::connect`] comes first for its error, which says
/// what to do when nobody is there.
async fn dial(server: &Uri) -> Result<TcpStream, Failure> {
    drop(cli::connect(server).await?);
    let connection = TcpStream::connect(place(server)).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

// ANCHOR: tcp
async fn tcp(server: &Uri) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    let bytes = [plain::framed(b"hello")?, plain::framed(b"world!")?].concat();
    // Two messages of 9 and 10 bytes, cut where it suits nobody.
    for piece in [&bytes[..2], &bytes[2..12], &bytes[12..]] {
        connection.write_all(piece).await?;
        println!("tcp: wrote {} bytes", piece.len());
    }
    for _ in 0..2 {
        let answer = plain::receive(&mut connection).await?.unwrap_or_default();
        println!("tcp: the answer is {:?}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}
// ANCHOR_END: tcp

async fn http1(server: &Uri) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    let request = |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let both = request("/slow") + &request("/quick");
    connection.write_all(both.as_bytes()).await?;
    println!("http1: sent GET /slow and GET /quick");
    let mut reader = BufReader::new(connection);
    for _ in 0..2 {
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).await?;
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim_end().parse()?;
            }
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await?;
        println!("http1: answered {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

// ANCHOR: recorded
/// A channel through a pass-through that keeps what crosses it.
async fn recorded(
    server: String,
    settings: impl FnOnce(Endpoint) -> Endpoint,
) -> Result<(Client, Recording), Failure> {
    let recording = Recording::of(server).await?;
    // The same `:authority` in each run, whatever the port is, so the same bytes.
    let endpoint = Endpoint::try_from(format!("http://{}", recording.address))?
        .origin(Uri::from_static("http://127.0.0.1:50055"));
    let channel = settings(endpoint).connect().await?;
    Ok((Client::new(channel), recording))
}
// ANCHOR_END: recorded

// ANCHOR: http2
async fn http2(server: &Uri) -> Result<(), Failure> {
    drop(cli::connect(server).await?);
    let (mut client, mut recording) =
        recorded(place(server), |endpoint| endpoint).await?;
    let mut second = client.clone();
    let work = async |client: &mut Client, slow| {
        let answer = client.work(WorkRequest { slow }).await?.into_inner();
        println!("http2: answered {}", answer.done);
        Ok::<(), Failure>(())
    };
    println!("http2: calls slow work, then quick work");
    // Both at once; the first is sent first.
    tokio::try_join!(work(&mut client, true), work(&mut second, false))?;
    work(&mut client, false).await?;

    let sent = recording.client.wait(|frames| {
        let lines = frames.iter().flat_map(|(header, frame)| match frame {
            Ok(Frame::Headers { .. }) => vec![format!(
                "HEADERS on stream {}: {} bytes",
                header.stream, header.length
            )],
            Ok(Frame::Settings { ack: false, values }) => values
                .iter()
                .map(|(name, value)| format!("SETTINGS: {name} {value}"))
                .collect(),
            Ok(Frame::WindowUpdate { increment }) if header.stream == 0 => {
                vec![format!("WINDOW_UPDATE on stream 0: {increment} bytes")]
            }
            _ => vec![],
        });
        Some(lines.collect::<Vec<_>>())
    });
    for line in sent.await? {
        println!("http2: client sent {line}");
    }
    Ok(())
}
// ANCHOR_END: http2

// ANCHOR: flow
/// The window that every stream has, unless a setting says otherwise (RFC 9113, 6.9.2).
const WINDOW: u32 = 65_535;

/// How many bytes of DATA came on stream 1: the download's.
fn data(frames: &[Seen]) -> u32 {
    let of_data = frames.iter().filter(|(header, frame)| {
        header.stream == 1 && matches!(frame, Ok(Frame::Data { .. }))
    });
    of_data.map(|(header, _)| header.length).sum()
}

async fn flow(server: &Uri) -> Result<(), Failure> {
    drop(cli::connect(server).await?);
    let (mut client, mut recording) =
        recorded(place(server), |endpoint| endpoint.initial_stream_window_size(WINDOW))
            .await?;
    let mut download = client
        .download(DownloadRequest { chunks: 1000 })
        .await?
        .into_inner();
    let full = recording
        .server
        .wait(|frames| Some(data(frames)).filter(|sum| *sum >= WINDOW));
    println!("flow: nothing read, {} bytes of DATA have come", full.await?);
    // There and back on another stream: had the server more to send on this one, it would
    // have come by now.
    client.work(WorkRequest { slow: false }).await?;
    let still = recording.server.wait(|frames| Some(data(frames))).await?;
    println!("flow: another call was answered, and still no more than {still} have come");

    let mut read = 0;
    for _ in 0..4 {
        let chunk = download.message().await?.unwrap_or_default();
        // With the five bytes before it.
        read += 5 + chunk.encoded_len();
    }
    let update = recording.client.wait(|frames| {
        frames.iter().find_map(|(header, frame)| match frame {
            Ok(Frame::WindowUpdate { .. }) if header.stream == 1 => Some(()),
            _ => None,
        })
    });
    update.await?;
    println!(
        "flow: 4 chunks read, {read} bytes: the client sent WINDOW_UPDATE on stream 1"
    );

    drop(download);
    let reset = recording.client.wait(|frames| {
        frames.iter().find_map(|(header, frame)| match frame {
            Ok(Frame::RstStream { error }) => Some((header.stream, *error)),
            _ => None,
        })
    });
    let (stream, error) = reset.await?;
    println!("flow: call dropped, and the client sent RST_STREAM on {stream}: {error}");
    Ok(())
}
// ANCHOR_END: flow

fn last_goaway(frames: &[Seen]) -> Option<(u32, ErrorCode)> {
    frames.iter().rev().find_map(|(_, frame)| match frame {
        Ok(Frame::GoAway { last_stream, error, .. }) => Some((*last_stream, *error)),
        _ => None,
    })
}

// ANCHOR: goaway
/// A server of its own, in this process: it is asked to stop, and the lesson's goes on.
async fn goaway() -> Result<(), Failure> {
    let incoming =
        TcpIncoming::bind(([127, 0, 0, 1], 0).into())?.with_nodelay(Some(true));
    let address = incoming.local_addr()?.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(
        Server::builder()
            .add_service(Http2ServiceServer::new(Work))
            .serve_with_incoming_shutdown(incoming, async {
                // If it fails, the sender is gone, and the server stops too.
                let _ = stopped.await;
            }),
    );
    let (mut client, mut recording) =
        recorded(address, |endpoint| endpoint.initial_stream_window_size(WINDOW)).await?;
    // More than the window holds: this call cannot end before it is read.
    let chunks = 8;
    let mut download = client
        .download(DownloadRequest { chunks })
        .await?
        .into_inner();
    // It fails if the server has ended already; the wait below then says so.
    let _ = stop.send(());
    // The first GOAWAY names the highest stream there can be: calls may be on their way.
    let sent = recording.server.wait(|frames| {
        last_goaway(frames).filter(|(last, _)| *last == 1)?;
        let lines = frames.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::GoAway { last_stream, error, .. }) => {
                Some(format!("GOAWAY, {error}, last stream {last_stream}"))
            }
            Ok(Frame::Ping { ack: false, .. }) => Some("PING".to_string()),
            _ => None,
        });
        Some(lines.collect::<Vec<_>>())
    });
    for line in sent.await? {
        println!("goaway: the server sent {line}");
    }

    // CANCELLED or UNAVAILABLE: it depends on how far the channel is with its own end.
    if client.work(WorkRequest { slow: false }).await.is_err() {
        println!("goaway: a new call fails");
    }
    let mut count = 0;
    while download.message().await?.is_some() {
        count += 1;
    }
    println!("goaway: the open call got its {count} chunks, and OK");
    server.await??;
    println!("goaway: the server has ended");
    Ok(())
}
// ANCHOR_END: goaway

/// A frame's nine bytes, then `payload`.
fn frame(length: u32, kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = length.to_be_bytes();
    [&length, &[kind, 0][..], &stream.to_be_bytes(), payload].concat()
}

fn is_settings((_, frame): &Seen) -> bool {
    matches!(frame, Ok(Frame::Settings { .. }))
}

async fn play_break(server: &Uri, fault: Break) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    let settings = frame(0, 4, 0, &[]);
    let bytes = match fault {
        Break::Http1ToGrpc => b"POST /http2.v1.Http2Service/Work HTTP/1.1\r\n\
            Host: localhost\r\nContent-Type: application/grpc\r\n\r\n"
            .to_vec(),
        Break::BadPreface => b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        Break::FrameOnStream0 => [PREFACE, &settings, &frame(2, 0, 0, b"hi")].concat(),
        // The nine bytes are enough to refuse it: no payload follows.
        Break::TooLargeFrame => [PREFACE, &settings, &frame(16_385, 0, 1, &[])].concat(),
    };
    connection.write_all(&bytes).await?;
    let mut answer = Vec::new();
    // With some of our bytes unread, the system may end the connection by force; what
    // came before is in `answer`.
    match connection.read_to_end(&mut answer).await {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
            return Err(error.into());
        }
        _ => {}
    }
    match last_goaway(&frames(&answer)) {
        Some((last, error)) => Err(Failure::new(format!(
            "the server sent GOAWAY, {error}, last stream {last}, and hung up"
        ))),
        None if frames(&answer).iter().any(is_settings) => {
            Err(Failure::new("the server sent SETTINGS, and hung up without GOAWAY"))
        }
        None => Err(Failure::new("the server hung up without an answer")),
    }
}
