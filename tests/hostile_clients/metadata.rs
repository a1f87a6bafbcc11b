//! Odd and huge metadata, sent to lesson 13's server, whose log shows what a client has sent: a clear
//! answer to each, and one line of the log for each call that a method saw.

use grpc_workbook::http2::frames::{flag, frame_type};
use support::programs::Finished;

use crate::raw_client::{GRPC, RawClient, frame, header_block, prefixed};
use crate::servers::{Running, TARGETS, Target};

/// What a client puts beside its request, and how the call ends.
struct Case {
    pairs: Vec<(&'static str, String)>,
    expected: &'static str,
    /// The id in the log, if a method sees the call. `new` is one that the server makes.
    id: Option<&'static str>,
}

/// A case of one pair.
fn case(
    key: &'static str,
    value: impl Into<String>,
    expected: &'static str,
    id: Option<&'static str>,
) -> Case {
    Case { pairs: vec![(key, value.into())], expected, id }
}

const ID: &str = "x-request-id";
/// What HTTP/2 forbids (RFC 9113, section 8.2): h2 ends the connection, and not the stream alone.
const CLOSED: &str = "GOAWAY `PROTOCOL_ERROR`, closes the connection";
const TOO_LARGE: &str = "HTTP status 431";

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(ID, "mine", "`OK`", Some("mine")),
        case(ID, "[r-1]", "`OK`", Some("[r-1]")),
        case(ID, "x".repeat(33), "`OK`", Some("new")),
        case(ID, "x".repeat(15_000), "`OK`", Some("new")),
        case(ID, "x".repeat(20_000), TOO_LARGE, None),
        case("accept-language", ",;q=".repeat(3_000), "`OK`", Some("new")),
        case("accept-language", "zh;q=NaN, en;q=1e999", "`OK`", Some("new")),
        case("x-note-bin", "not base64!", "`OK`", Some("new")),
        case("grpc-timeout", "soon", "`OK`", Some("new")),
        case("X-Request-Id", "mine", CLOSED, None),
        case("connection", "close", "RST_STREAM `PROTOCOL_ERROR`", None),
    ];
    // What is no visible ASCII, but may stand in a header (RFC 9110, section 5.5).
    for value in [
        "",
        " ",
        "two words",
        "a\tb",
        "é",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
    ] {
        cases.push(case(ID, value, "`OK`", Some("new")));
    }
    // What may not.
    for value in [
        "a\nb",
        "a\r\n[mine] Enrol",
        "a\rb",
        "\0",
        "\u{7f}",
        "\u{1b}[2J",
    ] {
        cases.push(case(ID, value, CLOSED, None));
        cases.push(case("x-note", value, CLOSED, None));
    }
    for key in [
        "",
        "x note",
        "x-note\n",
        "x-note\r\nx-request-id",
        "é",
        "\0",
    ] {
        cases.push(case(key, "a", CLOSED, None));
    }
    // Many of one key.
    let many = |count| vec![(ID, "a".to_string()); count];
    cases.push(Case { pairs: many(2), expected: "`OK`", id: Some("new") });
    cases.push(Case { pairs: many(300), expected: "`OK`", id: Some("new") });
    cases.push(Case { pairs: many(1_000), expected: TOO_LARGE, id: None });
    cases
}

/// A call with these pairs on stream 1. Its headers are in as many frames as they need.
fn call_with(target: &Target, pairs: &[(&str, &str)]) -> Vec<u8> {
    let block = header_block(target.path, GRPC, pairs);
    let mut pieces = block.chunks(16_000).peekable();
    let mut kind = frame_type::HEADERS;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let flags = if is_last { flag::END_HEADERS } else { 0 };
        bytes.extend(frame(kind, flags, 1, piece));
        kind = frame_type::CONTINUATION;
    }
    let message = prefixed(0, target.message);
    bytes.extend(frame(frame_type::DATA, flag::END_STREAM, 1, &message));
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_metadata_get_an_answer_and_one_line() {
    let target = TARGETS.iter().find(|target| target.number == 13);
    let target = target.expect("lesson 13 should be among them");
    let server = target.start();
    let running = Running::of(target, &server);
    let mut log = Vec::new();
    let mut made = 0;
    for Case { pairs, expected, id } in cases() {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, &**v)).collect();
        let mut client = RawClient::connect_http2(&running.address).await;
        client.send(&call_with(target, &pairs)).await;
        let ending = client.wait_for_end_of_stream(1).await;
        let shown: Vec<_> = pairs
            .iter()
            .take(3)
            .map(|(k, v)| (*k, v.get(..20)))
            .collect();
        assert_eq!(ending, expected, "{shown:?}");
        let id = match id {
            Some("new") => {
                made += 1;
                format!("r-{made}")
            }
            Some(id) => id.into(),
            None => continue,
        };
        log.push(format!("[{id}] ListCourses \"wuhan\" -> OK"));
    }
    running.serves("odd metadata").await;
    log.push("[mine] ListCourses \"beijing\" -> OK".into());
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = output.lines().collect();
    // The first line says where the server listens, the last one that it stops.
    assert_eq!(lines[1..lines.len() - 1], log);
}

/// How large all headers of a call are together (RFC 9113, section 6.5.2), with `more`.
fn list_size(target: &Target, more: &[(&str, &str)]) -> usize {
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", target.path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", GRPC),
    ];
    let headers = usual.iter().chain(more);
    headers
        .map(|(key, value)| key.len() + value.len() + 32)
        .sum()
}

/// The limit to the byte, and four times the limit.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_all_headers_together() {
    let too_large = "GOAWAY `ENHANCE_YOUR_CALM` (`header_list_way_too_large`), \
                     closes the connection";
    let target = TARGETS.iter().find(|target| target.number == 13);
    let target = target.expect("lesson 13 should be among them");
    let server = target.start();
    let running = Running::of(target, &server);
    for (size, expected) in [
        (16_383, "`OK`"),
        (16_384, TOO_LARGE),
        (65_536, TOO_LARGE),
        (65_537, too_large),
    ] {
        let note = "x".repeat(size - list_size(target, &[("x-note", "")]));
        let mut client = RawClient::connect_http2(&running.address).await;
        client.send(&call_with(target, &[("x-note", &note)])).await;
        let ending = client.wait_for_end_of_stream(1).await;
        assert_eq!(ending, expected, "{size} bytes");
    }
}
