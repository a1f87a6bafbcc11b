//! `lesson-5-client`: plays what carries a call, from TCP to GOAWAY.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::http2::frames::{
    DEFAULT_MAX_FRAME_SIZE, ErrorCode, Frame, Header, PREFACE, frame_type,
};
use grpc_workbook::http2::proto::{
    DownloadRequest, WorkRequest, http2_service_client::Http2ServiceClient,
    http2_service_server::Http2ServiceServer,
};
use grpc_workbook::http2::record::{RecordedFrame, Recording, frames};
use grpc_workbook::http2::{MyHttp2, before_http2};
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::{self, Channel, Server, Uri, server::TcpIncoming};

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
enum Fault {
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

// Each step opens a connection of its own: how it is used is what the step shows.
#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(5);
    if let Some(fault) = fault {
        return play_fault(&server, fault).await;
    }
    if matches!(args.step, Some(Step::Goaway)) {
        cli::refuse_server("goaway");
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
            // Its server is inside this process.
            Step::Goaway => goaway().await?,
        }
    }
    Ok(())
}

/// A TCP connection to the server, on which small writes go out at once.
async fn dial(server: &Uri) -> Result<TcpStream, Failure> {
    let connection = cli::connect_tcp(server).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

// --- before HTTP/2

// ANCHOR: tcp
async fn tcp(server: &Uri) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    let messages = [
        before_http2::framed(b"hello")?,
        before_http2::framed(b"world!")?,
    ];
    let bytes = messages.concat();
    // Two messages of 4 + 5 and 4 + 6 bytes, in pieces of 2, 10 and 7.
    for piece in [&bytes[..2], &bytes[2..12], &bytes[12..]] {
        // Another server may have hung up over the piece before.
        let Ok(()) = connection.write_all(piece).await else {
            return Err(not_lesson_5(server));
        };
        println!("tcp: wrote {} bytes", piece.len());
    }
    for _ in 0..2 {
        let answer = before_http2::receive(&mut connection);
        let Ok(Some(answer)) = cli::answer_in_time(answer).await else {
            return Err(not_lesson_5(server));
        };
        println!("tcp: the answer is {:?}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}
// ANCHOR_END: tcp

async fn http1(server: &Uri) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    let request = |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let both = request("/slow") + &request("/quick");
    let Ok(()) = connection.write_all(both.as_bytes()).await else {
        return Err(not_lesson_5(server));
    };
    println!("http1: sent GET /slow and GET /quick");
    let mut reader = BufReader::new(connection);
    for _ in 0..2 {
        let Ok(body) = cli::answer_in_time(read_http1_body(&mut reader)).await else {
            return Err(not_lesson_5(server));
        };
        println!("http1: answered {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

/// In place of an answer that lesson 5's server would not give.
fn not_lesson_5(server: &Uri) -> Failure {
    Failure::new(format!(
        "what listens at {server} does not answer as lesson 5's server does: start that with \
         cargo run --bin lesson-5-server"
    ))
}

/// More than a response of lesson 5's server takes, in bytes.
const MAX_RESPONSE: u64 = 4096;

/// Reads the next response, of which only the body counts here.
///
/// # Errors
/// The connection ends before that, or what comes is not a response as lesson 5's server writes
/// it.
async fn read_http1_body(reader: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    // What is not such a response might never have a line end.
    let mut reader = reader.take(MAX_RESPONSE);
    let (mut is_first, mut length) = (true, 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        if is_first && line != "HTTP/1.1 200 OK" {
            return Err(io::Error::other("the status line is another one"));
        }
        is_first = false;
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().map_err(io::Error::other)?;
        }
        if length > MAX_RESPONSE as usize {
            return Err(io::Error::other("the body is too long"));
        }
        // An empty line ends the headers.
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    Ok(body)
}

// --- HTTP/2

// ANCHOR: recorded
/// A client whose connection to `server` is recorded. `window` is that of each stream, in
/// bytes; with `None` it is tonic's default.
async fn recorded(
    server: TcpStream,
    window: Option<u32>,
) -> Result<(Client, Recording), Failure> {
    let recording = Recording::in_front_of(server).await?;
    let endpoint = cli::endpoint(format!("http://{}", recording.address).parse()?)
        // The same `:authority` in each run, whatever the port is, so the same bytes.
        .origin(Uri::from_static("http://127.0.0.1:50055"))
        .initial_stream_window_size(window);
    let channel = cli::connect_with(endpoint).await?;
    Ok((Client::new(channel), recording))
}
// ANCHOR_END: recorded

// ANCHOR: http2
async fn http2(server: &Uri) -> Result<(), Failure> {
    let (mut client, recording) = recorded(dial(server).await?, None).await?;
    let mut second = client.clone();
    println!("http2: calls slow work, then quick work");
    let mut slow = pin!(work(&mut client, true));
    // Polled once, so the slow call is sent first.
    tokio::select! {
        biased;
        // Too soon for slow work: the server has refused it, or is gone.
        _ = &mut slow => return Err(not_lesson_5(server)),
        () = async {} => {}
    }
    // The quick one stands first: if both answers have come meanwhile, it came first.
    let both = tokio::try_join!(biased; work(&mut second, false), slow);
    if both.is_err() || work(&mut second, false).await.is_err() {
        return Err(not_lesson_5(server));
    }

    for line in recording.client.so_far(describe) {
        println!("http2: client sent {line}");
    }
    Ok(())
}

async fn work(client: &mut Client, slow: bool) -> Result<(), Status> {
    let response = client.work(WorkRequest { slow }).await?.into_inner();
    println!("http2: answered {}", response.done);
    Ok(())
}

/// The frames that this step is about: a line each, and of SETTINGS a line a setting.
fn describe(frames: &[RecordedFrame]) -> Vec<String> {
    let mut lines = Vec::new();
    for (header, frame) in frames {
        match frame {
            Ok(Frame::Headers { .. }) => {
                let (stream, length) = (header.stream, header.length);
                lines.push(format!("HEADERS on stream {stream}: {length} bytes"));
            }
            Ok(Frame::Settings { ack: false, values }) => {
                for (name, value) in values {
                    lines.push(format!("SETTINGS: {name} {value}"));
                }
            }
            Ok(Frame::WindowUpdate { increment }) if header.stream == 0 => {
                lines.push(format!("WINDOW_UPDATE on stream 0: {increment} bytes"));
            }
            _ => {}
        }
    }
    lines
}
// ANCHOR_END: http2

// --- flow control

// ANCHOR: flow
/// The window of a stream, in bytes, unless a setting says otherwise (RFC 9113, 6.9.2).
const WINDOW: u32 = 65_535;

async fn flow(server: &Uri) -> Result<(), Failure> {
    let (mut client, mut recording) = recorded(dial(server).await?, Some(WINDOW)).await?;
    let download = client.download(DownloadRequest { chunks: 1000 }).await;
    let Ok(download) = download else {
        return Err(not_lesson_5(server));
    };
    let mut download = download.into_inner();
    let Ok(full) = cli::answer_in_time(recording.server.wait(full_window)).await else {
        return Err(not_lesson_5(server));
    };
    println!("flow: nothing read, {full} bytes of DATA have come");
    // There and back on another stream: if the server had more to send on this one, it
    // would have come by now.
    client.work(WorkRequest { slow: false }).await?;
    let still = recording.server.so_far(received);
    println!("flow: another call was answered, and still no more than {still} have come");

    let mut read = 0;
    for _ in 0..4 {
        let chunk = download.message().await?.unwrap_or_default();
        // With the five bytes before it.
        read += 5 + chunk.encoded_len();
    }
    // This fails if the server has hung up, and so does the next call.
    let Ok(()) = recording.client.wait(window_update).await else {
        return Err(not_lesson_5(server));
    };
    println!(
        "flow: 4 chunks read, {read} bytes: the client sent WINDOW_UPDATE on stream 1"
    );

    drop(download);
    let Ok((stream, error)) = recording.client.wait(reset).await else {
        return Err(not_lesson_5(server));
    };
    println!("flow: call dropped, and the client sent RST_STREAM on {stream}: {error}");
    Ok(())
}

/// [`received`], once that is the whole window.
fn full_window(frames: &[RecordedFrame]) -> Option<u32> {
    let sum = received(frames);
    (sum >= WINDOW).then_some(sum)
}
// ANCHOR_END: flow

/// How many bytes of DATA came on stream 1: the download's.
fn received(frames: &[RecordedFrame]) -> u32 {
    let mut sum = 0;
    for (header, frame) in frames {
        if header.stream == 1 && matches!(frame, Ok(Frame::Data { .. })) {
            sum += header.length;
        }
    }
    sum
}

/// Whether more was granted for stream 1.
fn window_update(frames: &[RecordedFrame]) -> Option<()> {
    frames.iter().find_map(|(header, frame)| match frame {
        Ok(Frame::WindowUpdate { .. }) if header.stream == 1 => Some(()),
        _ => None,
    })
}

/// The stream that was reset, and why.
fn reset(frames: &[RecordedFrame]) -> Option<(u32, ErrorCode)> {
    frames.iter().find_map(|(header, frame)| match frame {
        Ok(Frame::RstStream { error }) => Some((header.stream, *error)),
        _ => None,
    })
}

// --- the end of a connection

// ANCHOR: goaway
async fn goaway() -> Result<(), Failure> {
    let server = start_server()?;
    let connection = TcpStream::connect(server.address).await?;
    let (mut client, mut recording) = recorded(connection, Some(WINDOW)).await?;
    // More than the window holds: this call cannot end before it is read.
    let download = client.download(DownloadRequest { chunks: 8 }).await?;
    let mut download = download.into_inner();
    // This fails if the server has ended already; the wait below then says so.
    let _ = server.shutdown_tx.send(());
    for line in recording.server.wait(until_last_goaway).await? {
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
    server.task.await??;
    println!("goaway: the server has ended");
    Ok(())
}

/// A server inside this process. It can be shut down, and the lesson's server goes on.
struct LocalServer {
    address: SocketAddr,
    /// Tells it to shut down.
    shutdown_tx: oneshot::Sender<()>,
    /// Ends when the server has ended, after its last call.
    task: JoinHandle<Result<(), transport::Error>>,
}

fn start_server() -> Result<LocalServer, Failure> {
    let incoming =
        TcpIncoming::bind(([127, 0, 0, 1], 0).into())?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let (shutdown_tx, shutdown_rx) = oneshot::channel();
    let server = Server::builder()
        .add_service(Http2ServiceServer::new(MyHttp2))
        .serve_with_incoming_shutdown(incoming, async {
            // An error means that the sender is gone: shut down too.
            let _ = shutdown_rx.await;
        });
    Ok(LocalServer { address, shutdown_tx, task: tokio::spawn(server) })
}

/// What the server says about its end, once it has named stream 1 as the last.
fn until_last_goaway(frames: &[RecordedFrame]) -> Option<Vec<String>> {
    // The first GOAWAY names the highest stream there can be: calls may be on their way.
    last_goaway(frames).filter(|(last, _)| *last == 1)?;
    let mut lines = Vec::new();
    for (_, frame) in frames {
        match frame {
            Ok(Frame::GoAway { last_stream, error, .. }) => {
                lines.push(format!("GOAWAY, {error}, last stream {last_stream}"));
            }
            Ok(Frame::Ping { ack: false, .. }) => lines.push("PING".to_string()),
            _ => {}
        }
    }
    Some(lines)
}
// ANCHOR_END: goaway

/// The last stream that the latest GOAWAY names, and its error.
fn last_goaway(frames: &[RecordedFrame]) -> Option<(u32, ErrorCode)> {
    frames.iter().rev().find_map(|(_, frame)| match frame {
        Ok(Frame::GoAway { last_stream, error, .. }) => Some((*last_stream, *error)),
        _ => None,
    })
}

// --- what goes wrong

/// Sends something that is not HTTP/2, and reports what the server says to it.
async fn play_fault(server: &Uri, fault: Fault) -> Result<(), Failure> {
    let mut connection = dial(server).await?;
    // This fails if the server has hung up already. What it said before can be read.
    let _ = connection.write_all(&faulty_bytes(fault)).await;
    let mut answer = Vec::new();
    // lesson 5's server says less than a hundred bytes to any of this.
    let mut limited = connection.take(MAX_RESPONSE);
    let read = cli::answer_in_time(limited.read_to_end(&mut answer)).await;
    // With some of our bytes unread, the system may end the connection by force. What came
    // before is in `answer`.
    if let Err(error) = read
        && error.kind() == io::ErrorKind::TimedOut
    {
        return Err(not_lesson_5(server));
    }
    let frames = frames(&answer);
    if let Some((last, error)) = last_goaway(&frames) {
        return Err(Failure::new(format!(
            "the server sent GOAWAY, {error}, last stream {last}, and hung up"
        )));
    }
    let is_settings =
        |(_, frame): &RecordedFrame| matches!(frame, Ok(Frame::Settings { .. }));
    if frames.iter().any(is_settings) {
        return Err(Failure::new("the server sent SETTINGS, and hung up without GOAWAY"));
    }
    if answer.is_empty() {
        return Err(Failure::wrong_server("the server hung up without an answer"));
    }
    Err(not_lesson_5(server))
}

fn faulty_bytes(fault: Fault) -> Vec<u8> {
    let settings = Frame::encode_raw(frame_type::SETTINGS, 0, 0, &[]);
    match fault {
        Fault::Http1ToGrpc => b"POST /http2.v1.Http2Service/Work HTTP/1.1\r\n\
            Host: localhost\r\nContent-Type: application/grpc\r\n\r\n"
            .to_vec(),
        Fault::BadPreface => b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        Fault::FrameOnStream0 => {
            let data = Frame::encode_raw(frame_type::DATA, 0, 0, b"hi");
            [PREFACE, &settings, &data].concat()
        }
        Fault::TooLargeFrame => {
            // The nine bytes are enough to refuse it: no payload follows.
            let length = DEFAULT_MAX_FRAME_SIZE + 1;
            let header = Header { length, kind: frame_type::DATA, flags: 0, stream: 1 };
            [PREFACE, &settings, &header.encode()].concat()
        }
    }
}
