//! A load ends, whatever the server does or leaves undone.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::speed::load::{CallError, LoadResult, Plan, Until};
use grpc_workbook::speed::peer::what_is_wrong;
use grpc_workbook::speed::workload::{CallKind, Workload};
use support::patience::within;

use crate::load::load;
use crate::ms;
use crate::raw_server::{Reply, listen, say, serve};

fn counted(result: &LoadResult, code: &str) -> (u64, u64, u64) {
    let code = result.errors.get(code).copied().unwrap_or_default();
    (result.succeeded(), result.failed(), code)
}

/// A plan of a few calls that may be long in coming.
fn patient(count: u64) -> Plan {
    Plan { timeout: Duration::from_secs(80), ..Plan::sequential(Until::Count(count)) }
}

#[tokio::test]
async fn calls_without_an_answer_are_counted() {
    for kind in CallKind::value_variants() {
        let workload = Workload::speed(*kind, 5, 3);
        let plan = Plan { timeout: ms(50), ..Plan::sequential(Until::Count(3)) };
        let silent = say(b"", false);
        for (in_flight, server) in [
            (1, silent.clone()),
            (3, silent),
            (1, serve(&workload, |_| Reply::Nothing).0),
            (2, serve(&workload, |_| Reply::OneMessage).0),
        ] {
            let result = load(&server, &workload, Plan { in_flight, ..plan })
                .await
                .expect("silence should be counted");
            assert_eq!(counted(&result, "DEADLINE_EXCEEDED"), (0, 3, 3), "{kind:?}");
            assert_eq!(result.per_second(), 0.0);
        }
    }
}

/// Of a server that answers no more, those calls are counted that it did answer.
#[tokio::test]
async fn a_server_that_stops_answering() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    let (server, _) = serve(&workload, |call| {
        if call <= 7 {
            Reply::Right
        } else {
            Reply::Nothing
        }
    });
    // So long that the seven are answered in time on a busy machine too.
    let timeout = Duration::from_secs(5);
    let plan = Plan { timeout, in_flight: 3, ..Plan::sequential(Until::Count(10)) };
    let result = load(&server, &workload, plan)
        .await
        .expect("silence should be counted");
    assert_eq!(counted(&result, "DEADLINE_EXCEEDED"), (7, 3, 3));
}

/// A count of calls is no end of its own if each of them takes its whole deadline.
#[tokio::test]
async fn a_count_is_given_up() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    for rate in [None, Some(1000.0)] {
        let (server, _) = serve(&workload, |_| Reply::Nothing);
        let until = Until::Count(1_000_000_000);
        let plan =
            Plan { timeout: ms(10), patience: ms(20), rate, ..Plan::sequential(until) };
        let result = load(&server, &workload, plan)
            .await
            .expect("silence should be counted");
        assert!(result.gave_up && result.failed() > 0, "{:?}", result.errors);
        // Whoever says for how long means it.
        let plan = Plan { until: Until::Either(1_000_000_000, ms(100)), ..plan };
        let result = load(&server, &workload, plan)
            .await
            .expect("silence should be counted");
        assert!(!result.gave_up && result.failed() > 0, "{:?}", result.errors);
    }
}

/// An open loop ends with its time, not with its last call: those that were due are told.
#[tokio::test]
async fn a_rate_that_cannot_be_kept() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    let (server, _) = serve(&workload, |_| Reply::Nothing);
    for rate in [1000.0, 1e9] {
        let plan = Plan {
            rate: Some(rate),
            in_flight: 2,
            timeout: ms(50),
            ..Plan::sequential(Until::Passed(ms(100)))
        };
        let result = load(&server, &workload, plan)
            .await
            .expect("silence should be counted");
        assert_eq!(result.succeeded(), 0);
        assert_eq!(result.completed() + result.not_begun, (rate / 10.0) as u64);
        assert!(result.not_begun > 0 && result.unfinished == 0);
    }
}

#[tokio::test]
async fn whichever_of_count_and_duration_comes_first() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    let (server, _) = serve(&workload, |_| Reply::Right);
    let until = Until::Either(7, Duration::from_secs(80));
    let plan = Plan { until, ..patient(1) };
    let result = load(&server, &workload, plan)
        .await
        .expect("it should be right");
    assert_eq!(result.succeeded(), 7);
    let until = Until::Either(u64::MAX, ms(10));
    let result = load(&server, &workload, Plan { until, ..plan })
        .await
        .expect("it should be right");
    assert!(result.succeeded() > 0);
}

/// The first bytes of what listens, whether it hangs up after them, and what is said.
#[tokio::test]
async fn what_is_no_grpc_server_is_called_that() {
    const WEB: &str = "is a web server that does not speak HTTP/2: it answers";
    const TLS: &str = "speaks TLS, which this program does not";
    const OTHER: &str = "does not speak HTTP/2: it begins with";
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    for (bytes, hangs_up, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], true, format!("{WEB} in HTTP/1.1")),
        (
            b"HTTP/1.1 505 HTTP Version Not Supported\r\n",
            false,
            format!("{WEB} in HTTP/1.1"),
        ),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", true, format!("{WEB} in HTTP/1.0")),
        (b"<!DOCTYPE HTML>", true, format!("{WEB} with a page")),
        // Alerts of TLS 1.2 and 1.0, seven bytes in all, and a handshake.
        (b"\x15\x03\x03\0\x02\x02\x46", true, TLS.into()),
        (b"\x15\x03\x01\0\x02\x02\x46", false, TLS.into()),
        (b"\x16\x03\x03\0\x7a\x02\0\0\x76", false, TLS.into()),
        (b"SSH-2.0-OpenSSH_9.6\r\n", false, format!("{OTHER} SSH-2.0-OpenSSH_9.6")),
        (b"-ERR unknown command", true, format!("{OTHER} -ERR unknown command")),
        (b"+OK\r\n", true, format!("{OTHER} +OK")),
        (
            b"\x4a\0\0\0\x0a8.0.36\0",
            false,
            format!("{OTHER} J\\x00\\x00\\x00\\n8.0.36\\x00"),
        ),
        (b"\xff\xfe\xfd", true, format!("{OTHER} \\xff\\xfe\\xfd")),
    ] {
        let server = say(bytes, hangs_up);
        let error = load(&server, &workload, patient(3)).await;
        // Too short for h2 to see what is wrong with it, if it sees no more than three bytes.
        assert!(matches!(error, Err(CallError::NotGrpc(..))), "{bytes:?}: {error:?}");
        let told = within("its first bytes", what_is_wrong(&server)).await;
        // A read may return fewer bytes than were sent.
        let told = told.unwrap_or_default();
        assert_eq!(told, expected, "{bytes:?}");
    }
    // Most servers of TLS say nothing to anything but TLS.
    let secret = listen(|mut stream| {
        let mut first = [0; 5];
        let _ = stream.read_exact(&mut first);
        if first.starts_with(b"\x16\x03") {
            let _ = stream.write_all(b"\x15\x03\x03\0\x02\x02\x28");
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let told = within("its first bytes", what_is_wrong(&secret)).await;
    assert_eq!(told.as_deref(), Some(TLS));
    for (bytes, hangs_up, expected) in [
        (&b""[..], true, Some("closes the connection without a word")),
        (b"", false, Some("accepts a connection and says nothing for 2s")),
        (b"\0\0\0\x04\0\0\0\0\0", false, None),
        (b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", true, None),
    ] {
        let told = within("its first bytes", what_is_wrong(&say(bytes, hangs_up))).await;
        assert_eq!(told.as_deref(), expected, "{bytes:?}");
    }
}

/// Servers of HTTP/2 that are no servers of gRPC. The first byte of their headers is `:status` in
/// HPACK: 200, 404, 500.
#[tokio::test]
async fn a_page_in_http2_is_no_response() {
    let workload = Workload::speed(CallKind::Unary, 5, 1);
    for (status, content_type, expected) in [
        (0x88, "text/html", "it answers with content-type text/html"),
        (0x8d, "text/html; charset=utf-8", "with content-type text/html; charset=utf-8"),
        (0x8e, "application/json", "it answers with content-type application/json"),
        // gRPC's own names go on with a plus sign.
        (0x88, "application/grpc-web+proto", "application/grpc-web+proto"),
        (0x88, "application/grpcx", "it answers with content-type application/grpcx"),
        (0x88, "", "it answers without a content-type"),
    ] {
        let reply = Reply::Page(status, content_type);
        let (server, _) = serve(&workload, move |_| reply);
        match load(&server, &workload, patient(3)).await {
            Err(CallError::NotGrpc(how, _)) => assert!(how.ends_with(expected), "{how}"),
            other => panic!("{other:?}"),
        }
        // Where calls have succeeded, it is a proxy's, and counted.
        let (server, _) =
            serve(&workload, move |call| if call == 3 { reply } else { Reply::Right });
        let result = load(&server, &workload, patient(5))
            .await
            .expect("it should be counted");
        assert_eq!((result.succeeded(), result.failed()), (4, 1));
    }
}
