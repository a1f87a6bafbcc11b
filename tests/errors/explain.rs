//! `cargo run -- explain` finds the row for what a reader pastes.

use std::io::Write;
use std::process::{Command, Stdio};

use grpc_workbook::explain::{Explainer, Found, Row};
use support::programs::{self, Finished, root, run};

use super::ours::{belongs, ours, printed};
use super::rows;

fn explainer() -> Explainer {
    Explainer::new(rows())
}

/// The rows that a text is said to belong to.
fn found<'a>(explainer: &'a Explainer, text: &str) -> Vec<&'a Row> {
    match explainer.find(text) {
        Found::Exact(rows) | Found::Near(rows) => rows,
        Found::Nothing => Vec::new(),
    }
}

/// Whether a row has a message with these words.
fn has(row: &Row, words: &str) -> bool {
    row.patterns
        .iter()
        .any(|pattern| pattern.text.contains(words))
}

#[test]
fn each_row_is_found_by_each_of_its_messages() {
    let explainer = explainer();
    for row in rows() {
        for pattern in &row.patterns {
            let pasted = pattern.text.replace('…', "192.0.2.1");
            let Found::Exact(rows) = explainer.find(&pasted) else {
                panic!("{pasted:?} should be found exactly");
            };
            assert!(rows[0] == &row, "{pasted:?}: {:?}", rows[0].patterns);
        }
    }
}

#[test]
fn each_of_our_messages_finds_its_row() {
    let explainer = explainer();
    for message in ours() {
        for (before, filling, behind) in [
            ("", "7", ""),
            ("Error: ", "\"a b\"", ""),
            ("client | Error: ", "http://127.0.0.1:50051", "\n"),
            ("\u{1b}[31mError: \u{1b}[0m", "x", " (os error 111)"),
        ] {
            let pasted = format!("{before}{}{behind}", printed(&message, filling));
            let Found::Exact(rows) = explainer.find(&pasted) else {
                panic!("{pasted:?} should be found exactly");
            };
            assert!(
                rows.iter().any(|row| belongs(row, &message)),
                "{pasted:?}: {rows:#?}"
            );
        }
    }
}

/// What readers paste: more than the message, less, with slips, with decorations; and words of
/// the row that they should get first.
const PASTED: &[(&str, &str)] = &[
    // Whole lines.
    (
        "Error: no server at http://127.0.0.1:50051: start it with cargo run --bin lesson-1-server, which listens on port 50051",
        "no server at",
    ),
    (
        "Error: tonic::transport::Error(Transport, ConnectError(ConnectError(\"tcp connect error\", 127.0.0.1:8050, Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" })))",
        "Connection refused",
    ),
    (
        "Error: Status { code: Internal, message: \"protocol error: received message with invalid compression flag: 60 (valid flags are 0 and 1) while receiving response with status: 200 OK\", metadata: MetadataMap { headers: {} }, source: None }",
        "invalid compression flag",
    ),
    (
        "thread 'main' panicked at src/main.rs:5:50:\ncalled `Result::unwrap()` on an `Err` value: AddrParseError(Socket)",
        "AddrParseError",
    ),
    ("Error: AddrParseError(Socket)", "AddrParseError"),
    ("curl: (1) Received HTTP/0.9 when not allowed", "HTTP/0.9"),
    (
        "Failure: failed to find service named \"Demo\" in schema",
        "failed to find service",
    ),
    ("npm error code EBADENGINE", "EBADENGINE"),
    (
        "TypeError: fetch failed\n  [cause]: HTTPParserError: Response does not match the HTTP/1.1 protocol (Expected HTTP/)\n code: 'HPE_INVALID_CONSTANT'",
        "HPE_INVALID",
    ),
    ("net::ERR_INVALID_HTTP_RESPONSE", "ERR_INVALID_HTTP"),
    ("stream closed with error code NGHTTP2_REFUSED_STREAM", "REFUSED_STREAM"),
    // Several lines of a compiler, with its colours and its frame.
    (
        "\u{1b}[0m\u{1b}[1m\u{1b}[38;5;9merror[E0195]\u{1b}[0m: lifetime parameters or bounds on method `say_hello` do not match the trait declaration\n   --> src/main.rs:13:23\n    |\n 13 |     async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {\n    |                       ^^^^^^^ lifetimes do not match method in trait\n",
        "lifetime parameters",
    ),
    (
        "error[E0308]: mismatched types\n  --> src/main.rs:9:53\n   |\n   = note: expected fn pointer `fn(tonic::Request<()>) -> Result<tonic::Request<()>, Status>`\n   expected fn pointer, found closure",
        "expected fn pointer",
    ),
    (
        "error: couldn't read `/home/me/app/target/debug/build/app-0c2f/out/helloworld.rs`: No such file or directory (os error 2)",
        "couldn't read",
    ),
    ("error: environment variable `OUT_DIR` not defined at compile time", "OUT_DIR"),
    (
        "error[E0425]: cannot find function `compile_protos` in crate `tonic_build`",
        "compile_protos",
    ),
    // Broken by a narrow terminal, between words and inside of one.
    ("Error: the input ends inside\na varint", "inside a varint"),
    (
        "no server at http://127.0.0.1:5005\n1: sta\nrt it with cargo run --bin lesson-1-server",
        "no server at",
    ),
    // Messages that stand in another one.
    ("Error: the call ended with NOT_FOUND (5): unknown city: Tokyo", "unknown city"),
    (
        "Error: the call ended with UNIMPLEMENTED (12), without a message",
        "UNIMPLEMENTED (12)",
    ),
    (
        "Error: invalid value 'x' for '--to <HOST:PORT>': no server listens on port 0; see cargo run -- tap --help",
        "no server listens on port 0",
    ),
    (
        "status: Cancelled, message: \"h2 protocol error: http2 error\"\n\nCaused by:\n    0: transport error\n    1: http2 error\n    2: stream error received: stream no longer needed",
        "stream no longer needed",
    ),
    (
        "Error: tonic::transport::Error(Transport, ConnectError(ConnectError(\"tcp connect error\", Os { code: 110, kind: TimedOut, message: \"Connection timed out\" })))",
        "Connection timed out",
    ),
    // Messages of peers that are not installed here.
    (
        "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5242912 vs. 4194304)",
        "Received message larger than max",
    ),
    (
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:50051: connect: connection refused\"",
        "Connection refused",
    ),
    (
        "rpc error: code = Unimplemented desc = unknown service helloworld.Greeter",
        "unknown service",
    ),
    // Rust's compiler, with a name of the reader's own.
    (
        "error[E0277]: the trait bound `HelloRequest: prost::message::Message` is not satisfied\n  --> /app/out/helloworld.rs:60:24",
        "the trait bound '…' is not satisfied",
    ),
    (
        "error[E0432]: unresolved import `tonic::transport`\n  |             ^^^^^^^^^ could not find `transport` in `tonic`",
        "could not find 'transport' in 'tonic'",
    ),
    // The labels of `cargo run`.
    (
        "server | lesson-1-server stopping\nclient | Error: what listens there does not speak HTTP/2, so the call",
        "HTTP/2",
    ),
    // Other quotes, other letters.
    ("ENVIRONMENT VARIABLE ‘OUT_DIR’ NOT DEFINED AT COMPILE TIME", "OUT_DIR"),
    // Slips.
    ("recieved mesage with invalid compresion flag", "invalid compression flag"),
    (
        "lifetime paramters or bouds on methd do not mach the trait declartion",
        "lifetime parameters",
    ),
    ("EBADENIGNE", "EBADENGINE"),
    ("faild to find servcie named", "failed to find service"),
    ("missing respons mesage", "Missing response message"),
    // Pieces.
    ("HTTP/0.9 when not", "HTTP/0.9"),
    ("parameters or bounds on method", "lifetime parameters"),
    ("stops the program that listens there", "is in use"),
    ("a varint that does not end", "a varint that does not end"),
    ("reactor running, must be called from the context", "no reactor running"),
    ("server is shutting", "the server is shutting down"),
    ("invalid compression", "invalid compression flag"),
    ("Missing response", "Missing response message"),
];

#[test]
fn what_readers_paste_finds_its_row() {
    let explainer = explainer();
    let mut wrong = String::new();
    for (pasted, words) in PASTED {
        let rows = found(&explainer, pasted);
        if !rows.first().is_some_and(|row| has(row, words)) {
            let patterns: Vec<_> = rows.iter().map(|row| &row.patterns[0].text).collect();
            wrong += &format!("{pasted:?} should find {words:?}, found {patterns:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nonsense_finds_nothing() {
    let explainer = explainer();
    for pasted in [
        "",
        " \n\t",
        "-",
        "?",
        "\u{1b}[31m\u{1b}[0m",
        "\u{1b}[",
        "\u{1b}",
        "hello",
        "hello world",
        "asdf qwer zxcv",
        "the quick brown fox jumps over the lazy dog",
        "please help me, it does not work",
        "What is the meaning of this?",
        "error",
        "Error: ",
        "error: failed",
        "the server",
        "cannot",
        "the message is not",
        "1234 5678",
        "segmentation fault (core dumped)",
        "你好，世界",
        "ls: cannot access 'x': No such file or directory",
        "bash: foo: command not found",
        "fatal: not a git repository (or any of the parent directories): .git",
        "SyntaxError: unexpected indent",
        // Words of the page, in messages that are not on it.
        "TypeError: Cannot read properties of undefined (reading 'map')",
        "ReferenceError: fetch is not defined",
        "cannot find module providing package google.golang.org/grpc",
        "Failed to list services: server does not support the reflection API",
        "no process-level CryptoProvider available -- call CryptoProvider::install_default()",
        "Connecting to HTTPS without TLS enabled",
        "grpc: no transport security set (use grpc.WithTransportCredentials)",
        "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
        "lesson-5-server listening on 127.0.0.1:50055",
        "🦀🦀🦀",
    ] {
        let rows = found(&explainer, pasted);
        assert!(rows.is_empty(), "{pasted:?}: {:?}", rows[0].patterns);
    }
}

#[test]
fn any_text_is_looked_up_without_a_panic() {
    let explainer = explainer();
    let huge = "é\u{1b}[3".repeat(1 << 16);
    for text in [
        &huge[..],
        &"invalid ".repeat(1 << 14),
        "\0",
        "\u{1b}]0;title",
        "ı İ ẞ",
    ] {
        explainer.find(text);
    }
}

fn explain(words: &[&str]) -> Finished {
    run(programs::command("grpc-workbook")
        .arg("explain")
        .args(words))
}

#[test]
fn the_program_prints_cause_remedy_and_chapter() {
    let Finished { code, output } =
        explain(&["curl: (1) Received HTTP/0.9 when not allowed"]);
    assert_eq!(code, Some(0), "{output}");
    for words in [
        "Received HTTP/0.9 when not allowed\n",
        "  cause       curl spoke HTTP/1.1",
        "  what to do  --http2-prior-knowledge\n",
        "  read on     chapter 10, book/src/10-notes.md#",
    ] {
        assert!(output.contains(words), "{words:?} is not in:\n{output}");
    }
}

#[test]
fn the_program_takes_words_without_quotes_and_messages_that_begin_with_a_dash() {
    for words in [
        &["Received", "HTTP/0.9", "when", "not", "allowed"][..],
        &["--> Received HTTP/0.9 when not allowed"],
        &["-x", "Received HTTP/0.9 when not allowed"],
    ] {
        let Finished { code, output } = explain(words);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("curl spoke"), "{output}");
    }
}

#[test]
fn the_program_says_when_there_is_nothing() {
    let Finished { code, output } = explain(&["the quick brown fox"]);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.starts_with("Error: no row of the page"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");

    let Finished { code, output } = explain(&[]);
    assert_eq!(code, Some(2), "{output}");
    let Finished { code, output } = explain(&["--help"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("MESSAGE") && output.contains("standard input"), "{output}");
}

#[test]
fn the_program_says_when_a_message_is_only_like_one() {
    let Finished { code, output } =
        explain(&["recieved mesage with invalid compresion flag"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.starts_with("That is not on the page. Nearest to it:\n\n"),
        "{output}"
    );
}

#[test]
fn the_program_reads_standard_input() {
    let mut command: Command = programs::command("grpc-workbook");
    command.args(["explain", "-"]).stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program should start");
    let mut input = child.stdin.take().expect("standard input should be a pipe");
    // Also where it is not UTF-8.
    input
        .write_all(b"\xff\xfeError: \x1b[1mMissing response message.\x1b[0m\r\n")
        .expect("the program should read");
    drop(input);
    let finished = child.wait_with_output().expect("the program should end");
    let output = String::from_utf8_lossy(&finished.stdout);
    assert!(finished.status.success() && output.contains("cause"), "{output}");
}

#[test]
fn rows_are_plain_and_not_too_wide() {
    for row in rows() {
        let shown = row.shown();
        for line in shown.lines() {
            let is_one_word = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= 80 || is_one_word, "{line}");
        }
        let texts = shown.split_once("\n  cause").map_or("", |(_, texts)| texts);
        for mark in ["`", "](", "**", "<br>"] {
            assert!(!texts.contains(mark), "{mark} in:\n{shown}");
        }
        for word in
            shown.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
        {
            if let Some(page) = word.strip_prefix("book/src/") {
                let file = page.split('#').next().unwrap_or(page);
                let path = root().join("book/src").join(file);
                assert!(path.exists(), "{word} in:\n{shown}");
            }
        }
    }
}
