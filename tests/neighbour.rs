//! A bad neighbour: what the servers of lessons 6 to 10 answer to somebody who breaks the
//! rules, and that they go on serving.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use grpc_workbook::http2::frames::{ErrorCode, Frame, Header, PREFACE, Setting};
use grpc_workbook::http2::record::frames;
use grpc_workbook::raw::RawCodec;
use grpc_workbook::status::code_name;
use grpc_workbook::tap::trace::{EventKind, Side, Trace};
use prost::bytes::Bytes;
use support::programs::{self, Finished, run};
use support::written;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tonic::client::Grpc;
use tonic::codegen::http::{HeaderMap, HeaderName, uri::PathAndQuery};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Status};

// --- the neighbour

/// A connection on which anything can be sent. What the server says is read all the time.
struct Neighbour {
    writes: OwnedWriteHalf,
    heard: watch::Receiver<Vec<u8>>,
}

impl Neighbour {
    /// Connects, and says nothing.
    async fn silent(address: &str) -> Neighbour {
        let connection = TcpStream::connect(address).await.expect("connects");
        connection.set_nodelay(true).expect("has the option");
        let (mut reads, writes) = connection.into_split();
        let (keeper, heard) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 * 1024];
            // The server may also cut the connection off: to us that is an end, too.
            while let Ok(size @ 1..) = reads.read(&mut buffer).await {
                keeper.send_modify(|kept| kept.extend_from_slice(&buffer[..size]));
            }
        });
        Neighbour { writes, heard }
    }

    /// Connects, and begins as HTTP/2 wants it.
    async fn polite(address: &str) -> Neighbour {
        let mut neighbour = Neighbour::silent(address).await;
        neighbour.send(PREFACE).await;
        neighbour.send(&frame(SETTINGS, 0, 0, b"")).await;
        neighbour
    }

    /// Waits until the server has said something.
    async fn word(&mut self) {
        self.heard.changed().await.expect("is not closed");
    }

    /// Sends as much as the server takes: it may have closed the connection.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = self.writes.write_all(bytes).await;
    }

    /// Waits for the end of this stream, or of the connection, and tells how it came.
    async fn answer(&mut self, stream: u32) -> String {
        loop {
            let answer = answer(&self.heard.borrow_and_update(), stream);
            if let Some(answer) = answer {
                return answer;
            }
            if self.heard.changed().await.is_err() {
                let answer = goodbye(&self.heard.borrow());
                return answer + "closes the connection";
            }
        }
    }

    /// Waits for the end of the connection.
    async fn end(&mut self) -> String {
        while self.heard.changed().await.is_ok() {}
        goodbye(&self.heard.borrow()) + "closes the connection"
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("is short");
    [
        &length.to_be_bytes()[1..],
        &[kind, flags],
        &stream.to_be_bytes(),
        payload,
    ]
    .concat()
}

/// A header for HPACK, uncompressed (RFC 7541, sections 5 and 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = Vec::new();
        match text.len() {
            short @ ..127 => bytes.push(short as u8),
            long => {
                bytes.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    bytes.push((rest % 128) as u8 | 128);
                    rest /= 128;
                }
                bytes.push(rest as u8);
            }
        }
        bytes.extend(text.as_bytes());
        bytes
    };
    [vec![0], text(name), text(value)].concat()
}

/// The headers of a call, and what else is to stand there.
fn block(path: &str, content_type: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "neighbour"),
        ("te", "trailers"),
        ("content-type", content_type),
    ];
    let fields = usual.iter().chain(more);
    let fields = fields.map(|(name, value)| field(name, value));
    fields.collect::<Vec<_>>().concat()
}

const GRPC: &str = "application/grpc";

/// A whole call with one message, on stream 1.
fn call(
    path: &str,
    content_type: &str,
    more: &[(&str, &str)],
    message: &[u8],
) -> Vec<u8> {
    let headers = frame(HEADERS, END_HEADERS, 1, &block(path, content_type, more));
    [headers, frame(DATA, END_STREAM, 1, message)].concat()
}

/// A message behind its five bytes.
fn prefixed(flag: u8, length: usize, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).expect("fits").to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// How a stream ended, if it has.
fn answer(heard: &[u8], stream: u32) -> Option<String> {
    let mut trace = Trace::default();
    let mut found = None;
    trace.push(Side::Server, heard, &mut |event| match event.kind {
        _ if event.stream != stream || found.is_some() => {}
        EventKind::Headers { fields, end_stream: true } => found = Some(ended(&fields)),
        EventKind::Reset { error } => found = Some(format!("RST_STREAM `{error}`")),
        _ => {}
    });
    found
}

/// What the last headers of a stream say.
fn ended(fields: &[(String, String)]) -> String {
    let mut trailers = HeaderMap::new();
    for (name, value) in fields {
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => drop(trailers.insert(name, value.parse().expect("is a value"))),
            // A name with a colon.
            Err(_) if name == ":status" && value != "200" => {
                return format!("HTTP status {value}");
            }
            Err(_) => {}
        }
    }
    said(&Status::from_header_map(&trailers).expect("has a status"))
}

fn said(status: &Status) -> String {
    let code = code_name(status.code());
    match status.message() {
        "" => format!("`{code}`"),
        // What has backticks stands between two of them.
        message if message.contains('`') => format!("`{code}`: ``{message}``"),
        message => format!("`{code}`: `{message}`"),
    }
}

/// What a server said about the connection before it closed it.
fn goodbye(heard: &[u8]) -> String {
    let said = frames(heard).into_iter().map(|(_, frame)| match frame {
        Ok(Frame::GoAway { error, debug: b"", .. }) => format!("GOAWAY `{error}`, "),
        Ok(Frame::GoAway { error, debug, .. }) => {
            let debug = String::from_utf8_lossy(debug);
            format!("GOAWAY `{error}` (`{debug}`), ")
        }
        _ => String::new(),
    });
    said.collect()
}

// --- the servers

/// A server, a call of it with one message, and what its client prints for a normal call.
struct Target {
    number: u8,
    path: &'static str,
    message: &'static [u8],
    args: &'static [&'static str],
    says: &'static str,
}

const TARGETS: [Target; 5] = [
    Target {
        number: 6,
        path: "/calculator.v1.CalculatorService/Calculate",
        message: b"",
        args: &["7", "/", "2"],
        says: "3\n",
    },
    Target {
        number: 7,
        path: "/subjects_by_city.v1.SubjectsByCityService/ListSubjects",
        message: b"\n\x05wuhan",
        args: &["wuhan"],
        says: "python\n测试\njava\nphp\n",
    },
    Target {
        number: 8,
        path: "/accumulate.v1.AccumulateService/Accumulate",
        message: b"",
        args: &["5", "-10"],
        says: "sum = -5\n",
    },
    Target {
        number: 9,
        path: "/guess_number.v1.GuessNumberService/Echo",
        message: b"",
        args: &["echo", "1"],
        says: "client: 1\nserver: service send client 1\n",
    },
    Target {
        number: 10,
        path: "/Demo/Accumulate",
        message: b"",
        args: &["greeter"],
        says: "SayHello \"you\": Hello, you!\n",
    },
];

/// A server that was started as a reader does.
struct Running {
    target: &'static Target,
    lesson: &'static Lesson,
    server: programs::Server,
}

impl Running {
    fn start(target: &'static Target) -> Running {
        let lesson = Lesson::find(target.number).expect("is in LESSONS");
        let mut command = programs::command(&lesson.server());
        // Memory that was freed is used again. With several arenas, one for each of some
        // threads, it depends on chance how soon, and a leak could hide behind that.
        command
            .args(["--addr", "127.0.0.1:0"])
            .env("MALLOC_ARENA_MAX", "1");
        Running { target, lesson, server: programs::Server::from(&mut command) }
    }

    /// Somebody else makes a normal call, and gets its answer.
    async fn serves(&self, after: &str) {
        let Target { args, says, number, .. } = self.target;
        let mut client = programs::client(self.lesson, &self.server.address, args);
        let finished = tokio::task::spawn_blocking(move || run(&mut client)).await;
        let expected = Finished { code: Some(0), output: says.to_string() };
        assert_eq!(finished.expect("runs"), expected, "lesson {number}, after {after}");
    }

    /// How many files it has open: each connection is one. Only Linux tells.
    fn files(&self) -> usize {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.server.id()));
        folder.map_or(0, Iterator::count)
    }

    /// How long it has run, in hundredths of a second.
    #[cfg(target_os = "linux")]
    fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.server.id()));
        let stat = stat.expect("is running");
        // The 14th and the 15th of its numbers: in the program, and in the kernel.
        let numbers = stat.split_whitespace().skip(13).take(2);
        numbers
            .map(|number| number.parse::<u64>().expect("is a number"))
            .sum()
    }

    /// A line of Linux's account of the process, in KiB, such as `VmRSS`, the memory it has,
    /// or `VmHWM`, the most it ever had.
    fn memory(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.map_or(0, |number| number.parse().expect("is a number"))
    }
}

// --- what the neighbour does

/// Something that no client should do, and the column of the table that says what limits it.
struct Kind {
    sent: &'static str,
    bytes: Vec<u8>,
    /// Without the preface.
    rude: bool,
    /// The stream whose end is waited for; 0 for that of the connection.
    stream: u32,
    limit: &'static str,
}

/// What is sent on one connection.
fn kinds(Target { path, message, .. }: &Target) -> Vec<Kind> {
    let headers = block(path, GRPC, &[]);
    let open = |stream| frame(HEADERS, END_HEADERS, stream, &headers);
    let streams = |count: u32| (0..count).map(|n| 2 * n + 1);
    let message = prefixed(0, message.len(), message);
    let on_the_connection =
        |sent, bytes, limit| Kind { sent, bytes, rude: false, stream: 0, limit };
    let in_a_call =
        |sent, bytes, limit| Kind { sent, bytes, rude: false, stream: 1, limit };
    let foreign = |sent, bytes: &[u8], limit| Kind {
        sent,
        bytes: bytes.to_vec(),
        rude: true,
        stream: 0,
        limit,
    };

    let value = "x".repeat(8000);
    let list = |count| block(path, GRPC, &vec![("a", value.as_str()); count]);
    // The decompressor remembers a header, and each further byte stands for it.
    let mut bomb = headers.clone();
    bomb.extend(field("a", &value[..4000]));
    bomb[headers.len()] = 0x40;
    bomb.extend([0x80 | 62; 1000]);
    let continued = |block: &[u8]| {
        let (first, rest) = block.split_at(16_000);
        let mut pieces = frame(HEADERS, END_STREAM, 1, first);
        let mut rest = rest.chunks(16_000).peekable();
        while let Some(piece) = rest.next() {
            let flags = if rest.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            pieces.extend(frame(CONTINUATION, flags, 1, piece));
        }
        pieces
    };
    let endless = [
        frame(HEADERS, END_STREAM, 1, &headers),
        frame(CONTINUATION, 0, 1, &field("a", "b")).repeat(1000),
    ];
    let reset = |stream| {
        [
            open(stream),
            frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()),
        ]
        .concat()
    };

    vec![
        foreign(
            "64 bytes of garbage",
            &[0xff; 64],
            "h2: what does not begin with the preface is not read",
        ),
        foreign(
            "a request in HTTP/1.1",
            b"POST / HTTP/1.1\r\nhost: neighbour\r\n\r\n",
            "the same; tonic answers HTTP/1.1 only with `accept_http1(true)`",
        ),
        on_the_connection(
            "a DATA frame on stream 0",
            frame(DATA, 0, 0, b"hello"),
            "HTTP/2",
        ),
        on_the_connection(
            "a frame of 16,385 bytes",
            [open(1), frame(DATA, 0, 1, &[0; 16 * 1024 + 1])].concat(),
            "h2: `max_frame_size`, 16 KiB, as in HTTP/2",
        ),
        in_a_call(
            "24 KB of headers",
            continued(&list(3)),
            "hyper: `http2_max_header_list_size`, 16 KiB",
        ),
        on_the_connection(
            "80 KB of headers",
            continued(&list(10)),
            "h2: puts no more pieces together once the list is too large",
        ),
        on_the_connection(
            "5 KB of headers that unpack to 4 MB",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb),
            "h2: 4 times what is allowed, 64 KiB",
        ),
        on_the_connection(
            "headers without an end: 1,000 CONTINUATION frames",
            endless.concat(),
            "h2: 5 CONTINUATION frames, more only for a larger header list",
        ),
        in_a_call(
            "a message that is no protobuf",
            call(path, GRPC, &[], &prefixed(0, 1, b"\xff")),
            "prost",
        ),
        in_a_call(
            "a compressed message, with no word on how",
            call(path, GRPC, &[], &prefixed(1, 1, b"\xff")),
            "tonic",
        ),
        in_a_call(
            "`grpc-encoding: br`",
            call(path, GRPC, &[("grpc-encoding", "br")], &message),
            "tonic: what `accept_compressed` has not named",
        ),
        in_a_call(
            "`content-type: text/plain`",
            call(path, "text/plain", &[], &message),
            "nothing: tonic does not look at it. The specification wants HTTP status 415",
        ),
        on_the_connection(
            "101 DATA frames without a byte and without END_STREAM",
            [open(1), frame(DATA, 0, 1, b"").repeat(101)].concat(),
            "h2: 100 in the life of a connection",
        ),
        on_the_connection(
            "10,000 calls, each opened and reset at once",
            streams(10_000).map(reset).collect::<Vec<_>>().concat(),
            "h2: 20 that are reset before the server has looked at them, `http2_max_pending_accept_reset_streams`",
        ),
    ]
}

/// A line of the table.
#[derive(Debug, PartialEq)]
struct Row {
    sent: &'static str,
    answer: String,
    limit: &'static str,
}

/// Plays everything once. After each, if `asked`, somebody else's call is answered.
async fn everything(running: &Running, asked: bool) -> Vec<Row> {
    let Running { target, server, .. } = running;
    let address = &server.address;
    let mut rows = Vec::new();
    for Kind { sent, bytes, rude, stream, limit } in kinds(target) {
        let mut neighbour = match rude {
            true => Neighbour::silent(address).await,
            false => Neighbour::polite(address).await,
        };
        neighbour.send(&bytes).await;
        let answer = match stream {
            0 => neighbour.end().await,
            stream => neighbour.answer(stream).await,
        };
        // The connection stays open meanwhile, if the server has not closed it.
        if asked {
            running.serves(sent).await;
        }
        rows.push(Row { sent, answer, limit });
    }
    rows.insert(2, half_a_frame(running).await);
    rows.push(unfinished(running).await);
    rows.push(large_messages(running).await);
    rows.push(silence(running).await);
    rows
}

async fn half_a_frame(running: &Running) -> Row {
    let Target { path, message, .. } = running.target;
    let sent = "half a frame, then silence";
    let call = call(path, GRPC, &[], &prefixed(0, message.len(), message));
    let (half, rest) = call.split_at(40);
    let mut neighbour = Neighbour::polite(&running.server.address).await;
    neighbour.send(half).await;
    running.serves(sent).await;
    // All this time the server has waited.
    neighbour.send(rest).await;
    assert_eq!(neighbour.answer(1).await, "`OK`");
    Row {
        sent,
        answer: "nothing; if the other half comes, it answers the call".into(),
        limit: "**this server**: `http2_keepalive_interval`, a minute, and hyper: 20 s to answer. tonic waits for ever",
    }
}

async fn unfinished(running: &Running) -> Row {
    let sent = "10,000 calls, none of them finished";
    let block = block(running.target.path, GRPC, &[]);
    let streams = (1..20_000).step_by(2);
    let calls = streams.map(|stream| frame(HEADERS, END_HEADERS, stream, &block));
    let mut neighbour = Neighbour::polite(&running.server.address).await;
    neighbour.send(&calls.collect::<Vec<_>>().concat()).await;
    // A refusal is REFUSED_STREAM, error 7.
    let refusal = Ok(Frame::RstStream { error: ErrorCode(7) });
    let refused = |neighbour: &mut Neighbour| {
        let heard = neighbour.heard.borrow_and_update();
        // All those refusals are so long; before that it is of no use to read them.
        if heard.len() < 9_000 * (Header::SIZE + 4) {
            return 0;
        }
        let frames = frames(&heard).into_iter();
        frames.filter(|(_, frame)| *frame == refusal).count()
    };
    while refused(&mut neighbour) < 9_000 {
        neighbour.word().await;
    }
    running.serves(sent).await;
    assert_eq!(refused(&mut neighbour), 9_000, "1,000 are open");
    Row {
        sent,
        answer: "RST_STREAM `REFUSED_STREAM` to 9,000 of them".into(),
        limit: "**this server**: `max_concurrent_streams`, 1,000. tonic has none",
    }
}

/// Eight at a time, from a client that keeps to the windows of flow control.
async fn large_messages(running: &Running) -> Row {
    let sent = "a message of 5 MB";
    let uri = format!("http://{}", running.server.address);
    let channel = Endpoint::try_from(uri).expect("is a URI").connect().await;
    let channel = channel.expect("connects");
    let path = PathAndQuery::from_static(running.target.path);
    let message = Bytes::from(vec![0; 5_000_000]);
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let (mut grpc, path) = (Grpc::new(channel.clone()), path.clone());
        let request = Request::new(message.clone());
        calls.spawn(async move {
            grpc.ready().await.expect("is ready");
            let answer = grpc.unary(request, path, RawCodec).await;
            said(&answer.expect_err("is too large"))
        });
    }
    let mut answers = calls.join_all().await;
    answers.dedup();
    running.serves(sent).await;
    Row {
        sent,
        answer: answers.join(" or "),
        limit: "tonic: `max_decoding_message_size`, 4 MiB",
    }
}

async fn silence(running: &Running) -> Row {
    let sent = "nothing, on 500 connections";
    // One server at a time: the test, too, may have only so many files open.
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    let mut neighbours = Vec::new();
    for _ in 0..500 {
        neighbours.push(Neighbour::silent(&running.server.address).await);
    }
    // The server has accepted them all, and greeted them.
    for neighbour in &mut neighbours {
        neighbour.word().await;
        let heard = neighbour.heard.borrow();
        let limit = frames(&heard)
            .into_iter()
            .find_map(|(_, frame)| match frame {
                Ok(Frame::Settings { values, .. }) => values
                    .into_iter()
                    .find(|(setting, _)| *setting == Setting(3)),
                _ => None,
            });
        assert_eq!(limit, Some((Setting(3), 1000)), "lesson {}", running.target.number);
    }
    running.serves(sent).await;
    for neighbour in &neighbours {
        assert!(neighbour.heard.has_changed().is_ok(), "is still open");
    }
    Row {
        sent,
        answer: "its SETTINGS, and waits".into(),
        limit: "nothing in tonic; the number of files a process may have open, `ulimit -n`",
    }
}

/// The most that all this may take, in KiB, above what a server has at its start.
const PEAK: usize = 48 * 1024;
/// So much more it may have after all has come again, twice.
const SLACK: usize = 8 * 1024;

async fn plague(target: &'static Target) -> Vec<Row> {
    let running = Running::start(target);
    running.serves("nothing").await;
    let (files, start) = (running.files(), running.memory("VmRSS"));
    let rows = everything(&running, true).await;
    let first = quiet(&running, files, usize::MAX).await;
    for _ in 0..2 {
        assert_eq!(everything(&running, false).await, rows);
    }
    quiet(&running, files, first + SLACK).await;
    let peak = running.memory("VmHWM");
    assert!(peak <= start + PEAK, "lesson {}: {start} KiB grew to {peak}", target.number);

    let Finished { code, output } = running.server.stop();
    assert_eq!(code, Some(0));
    assert!(!output.contains("panicked"), "lesson {}: {output}", target.number);
    rows
}

/// Waits until the server has noticed that the others have left, and returns its memory.
async fn quiet(running: &Running, files: usize, most: usize) -> usize {
    while running.files() > files {
        running.serves("they left").await;
    }
    // The last task of a connection may end after it.
    for _ in 0..20 {
        let memory = running.memory("VmRSS");
        if memory <= most {
            return memory;
        }
        running.serves("they left").await;
    }
    panic!("lesson {}: memory stays above {most} KiB", running.target.number);
}

/// Lets this process and those it starts have 500 connections and more: 256 files are what
/// macOS allows, unless it is asked.
#[cfg(unix)]
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(4096, |most| most.min(4096));
    limit.current = limit.current.map(|now| now.max(wanted));
    setrlimit(Resource::Nofile, limit).expect("is below the maximum");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_minds_a_bad_neighbour() {
    #[cfg(unix)]
    allow_files();
    let [six, seven, eight, nine, ten] = &TARGETS;
    let (six, seven, eight, nine, ten) = tokio::join!(
        plague(six),
        plague(seven),
        plague(eight),
        plague(nine),
        plague(ten)
    );
    assert_eq!(six, seven, "lesson 7 answers as lesson 6 does");
    assert_eq!(six, eight, "lesson 8 answers as lesson 6 does");
    assert_eq!(six, nine, "lesson 9 answers as lesson 6 does");
    assert_eq!(six, ten, "lesson 10 answers as lesson 6 does");
    let mut table = String::from(
        "| what is sent | what the server answers | what limits it |\n|---|---|---|\n",
    );
    for Row { sent, answer, limit } in six {
        writeln!(table, "| {sent} | {answer} | {limit} |").expect("writes to a string");
    }
    written("book/generated/10-notes-neighbour.md", &table);
}

// --- what the operating system limits

/// A server that may open no more files cannot accept, and tries again and again. When the
/// others have left, it goes on.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_more_files() {
    let target = &TARGETS[0];
    let lesson = Lesson::find(target.number).expect("is in LESSONS");
    let program = programs::command(&lesson.server());
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" --addr 127.0.0.1:0"])
        .arg(program.get_program())
        .stdin(std::process::Stdio::null());
    let server = programs::Server::from(&mut command);
    let running = Running { target, lesson, server };
    let mut neighbours = Vec::new();
    for _ in 0..100 {
        // The kernel connects those that the server has not accepted.
        neighbours.push(Neighbour::silent(&running.server.address).await);
    }
    // Nobody says a word, and the server is busy.
    let before = running.processor_time();
    while running.processor_time() < before + 10 {
        tokio::task::yield_now().await;
    }
    let call = running.serves("too many connections");
    tokio::join!(call, async { drop(neighbours) });
}

// --- limits of time, in servers that are less patient

const MOMENT: Duration = Duration::from_millis(1);

/// Serves the calculator on a free port, for as long as the test runs.
fn serve(mut server: Server) -> String {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("is an address"));
    let incoming = incoming.expect("listens");
    let address = incoming.local_addr().expect("has an address").to_string();
    let router = server.add_service(CalculatorServiceServer::new(Calculator));
    tokio::spawn(router.serve_with_incoming(incoming));
    address
}

/// Keepalive ends who has begun and does not answer a PING. Who has not even begun is not
/// asked.
#[tokio::test]
async fn keepalive() {
    let server = Server::builder()
        .http2_keepalive_interval(Some(MOMENT))
        .http2_keepalive_timeout(Some(MOMENT));
    let address = serve(server);
    let mut silent = Neighbour::silent(&address).await;
    silent.word().await;
    for _ in 0..3 {
        let mut neighbour = Neighbour::polite(&address).await;
        let call = call(TARGETS[0].path, GRPC, &[], b"");
        neighbour.send(&call[..40]).await;
        assert_eq!(neighbour.end().await, "GOAWAY `NO_ERROR`, closes the connection");
    }
    assert!(silent.heard.has_changed().is_ok(), "is still open");
}

/// What does end it is the age of a connection, with a grace. That ends everybody's, without
/// the GOAWAY that would let a client finish its calls and go elsewhere.
#[tokio::test]
async fn age() {
    let server = Server::builder()
        .max_connection_age(MOMENT)
        .max_connection_age_grace(MOMENT);
    let address = serve(server);
    for mut neighbour in [
        Neighbour::silent(&address).await,
        Neighbour::polite(&address).await,
    ] {
        assert_eq!(neighbour.end().await, "closes the connection");
    }
    let address = serve(Server::builder().max_connection_age(MOMENT));
    let mut neighbour = Neighbour::polite(&address).await;
    while goodbye(&neighbour.heard.borrow_and_update()) != "GOAWAY `NO_ERROR`, " {
        neighbour.word().await;
    }
}
