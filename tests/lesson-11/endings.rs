//! How the client ends as a program when its server does not do what it should, or when
//! somebody stops it.

use std::io::Read;
use std::process::Stdio;

use grpc_workbook::speed::workload::{CallKind, Workload};
use support::patience::Watchdog;
use support::programs::{self, Finished, run};
use tonic::transport::Uri;

use crate::LESSON;
use crate::raw_server::{Reply, say, serve};

/// What `lesson-11-client unary` calls.
fn unary() -> Workload {
    Workload::speed(CallKind::Unary, 64, 1)
}

fn client(server: &Uri, args: &[&str]) -> std::process::Command {
    let address = server.authority().expect("it should have an address");
    programs::client(LESSON, address.as_str(), args)
}

/// The output without the line that a debug build begins with.
fn report(output: &str) -> &str {
    let advice = "not optimized: for speed, add --release after cargo run\n";
    output.strip_prefix(advice).unwrap_or(output)
}

/// Sends a signal once the server has got call `at`, which it does not answer.
#[cfg(unix)]
fn stopped(signal: rustix::process::Signal, at: u32, args: &[&str]) -> Finished {
    use std::sync::mpsc;

    use rustix::process::{Pid, kill_process};

    let (tx, arrived) = mpsc::channel();
    let (server, _) = serve(&unary(), move |call| {
        if call < at {
            return Reply::Right;
        }
        let _ = tx.send(());
        Reply::Nothing
    });
    let (mut child, mut output) = programs::spawn(&mut client(&server, args));
    let watchdog = Watchdog::new(&child, format!("the end of {args:?}"));
    arrived.recv().expect("the call should arrive");
    kill_process(Pid::from_child(&child), signal).expect("it should be running");
    let mut text = String::new();
    output
        .read_to_string(&mut text)
        .expect("the output should be readable");
    let status = child.wait().expect("it should end");
    watchdog.done();
    Finished { code: status.code(), output: text }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_load_with_its_report() {
    use rustix::process::Signal;

    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for args in [
            &["unary", "--count", "10", "--timeout", "80"][..],
            &[
                "unary",
                "--duration",
                "100",
                "--warm-up",
                "0",
                "--timeout",
                "80",
            ],
            &[
                "unary",
                "--count",
                "9",
                "--rate",
                "1e6",
                "--in-flight",
                "1",
                "--timeout",
                "80",
            ],
        ] {
            let ended = stopped(signal, 4, args);
            let output = report(&ended.output);
            assert_eq!(ended.code, Some(code), "{output}");
            assert!(output.contains("; in flight, and not counted: 1\n"), "{output}");
            assert!(output.contains("\n  calls    3, "), "{output}");
            assert!(!output.contains("errors"), "{output}");
        }
        // Without any answer there is a report, too.
        let args = ["unary", "--count", "10", "--timeout", "80"];
        let ended = stopped(signal, 1, &args);
        assert_eq!(ended.code, Some(code), "{}", ended.output);
        assert!(ended.output.ends_with("\n  calls    0 answered\n"), "{}", ended.output);
        // The calls of the warm-up count nowhere.
        let ended = stopped(signal, 1, &["unary", "--timeout", "80"]);
        let told = "stopped while nothing was being measured\n";
        assert_eq!(ended.code, Some(code), "{}", ended.output);
        assert!(ended.output.ends_with(told), "{}", ended.output);
    }
}

/// The report goes to standard output, the reason to standard error.
#[test]
fn a_server_that_says_nothing() {
    let server = say(b"", false);
    let args = ["unary", "--count", "3", "--timeout", "0.05"];
    let output = client(&server, &args)
        .output()
        .expect("the client should run");
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).expect("it should print UTF-8");
    let expected = "unary, 64 bytes each way, 1 in flight\n  calls    0 answered\n  \
                    errors   DEADLINE_EXCEEDED 3\n  such as  no answer within 50ms\n";
    assert_eq!(report(&stdout), expected);
    let stderr = String::from_utf8(output.stderr).expect("it should print UTF-8");
    let place = server.to_string();
    let place = place.trim_end_matches('/');
    let expected = format!(
        "Error: 3 of 3 calls failed: what listens at {place} accepts a connection and says \
         nothing for 2s\n"
    );
    // On a busy machine, progress may stand before it.
    assert!(stderr.ends_with(&expected), "{stderr}");
}

/// The warm-up shows it already.
#[test]
fn a_warm_up_without_an_answer_is_the_end() {
    let args = [
        "unary",
        "--duration",
        "100",
        "--warm-up",
        "0.01",
        "--timeout",
        "0.05",
    ];
    let Finished { code, output } = run(&mut client(&say(b"", false), &args));
    assert_eq!(code, Some(1), "{output}");
    let told = "  warm-up  no call was answered, so nothing was measured\n";
    assert!(output.contains(told), "{output}");
}

/// The time is up while calls wait for a worker.
#[test]
fn a_rate_that_is_not_kept() {
    let (server, _) = serve(&unary(), |_| Reply::Nothing);
    let plan = [
        "unary",
        "--duration",
        "100ms",
        "--warm-up",
        "0",
        "--timeout",
        "50ms",
    ];
    let rate = ["--rate", "1000", "--in-flight", "2"];
    let Finished { code, output } =
        run(&mut client(&server, &[&plan[..], &rate].concat()));
    assert_eq!(code, Some(1), "{output}");
    let behind = " of 100 calls were due and never began: the rate was not kept\n";
    assert!(output.contains(behind), "{output}");
}

/// It begins nothing, and each attempt takes its time.
#[test]
fn a_server_that_is_always_stopping() {
    let (server, _) = serve(&unary(), |_| Reply::GoAway(0));
    let args = ["unary", "--count", "1", "--timeout", "900ms"];
    let Finished { code, output } = run(&mut client(&server, &args));
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("  errors   DEADLINE_EXCEEDED 1\n"), "{output}");
    assert!(output.contains("  such as  no answer within 900ms, and "), "{output}");
    assert!(output.contains(" attempts that the server did not begin\n"), "{output}");
    assert!(output.contains(", which the server had not begun\n"), "{output}");
}

#[test]
fn a_web_server() {
    let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let server = say(page, true);
    let Finished { code, output } = run(&mut client(&server, &["unary", "--count", "3"]));
    assert_eq!(code, Some(1), "{output}");
    let place = server.to_string();
    let expected = format!(
        "unary, 64 bytes each way, 1 in flight\nError: what listens at {} is a web server \
         that does not speak HTTP/2: it answers in HTTP/1.1\n",
        place.trim_end_matches('/')
    );
    assert_eq!(report(&output), expected);
}

/// A connection that nobody accepts, and that nobody refuses either: the queue of the listener is
/// full, and the system drops what comes.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_swallows_connections() {
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::task::spawn_blocking;

    let socket = TcpSocket::new_v4().expect("there should be a socket");
    socket
        .bind(([127, 0, 0, 1], 0).into())
        .expect("there should be a free port");
    let listener = socket.listen(1).expect("it should listen");
    let address = listener.local_addr().expect("it should have an address");
    // The queue has room for one more than it was asked for.
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let connected = TcpStream::connect(address).await;
        waiting.push(connected.expect("the queue should have room"));
    }
    let uri = format!("http://{address}")
        .parse()
        .expect("it should be a URI");
    let args = ["unary", "--count", "3", "--timeout", "0.05"];
    let mut client = client(&uri, &args);
    let ended = spawn_blocking(move || run(&mut client)).await;
    let Finished { code, output } = ended.expect("the client should end");
    assert_eq!(code, Some(1), "{output}");
    assert!(
        output.contains(&format!("Error: cannot reach http://{address}, ")),
        "{output}"
    );
}

/// By name, and over IPv6 where the system has it.
#[test]
fn other_ways_to_name_a_server() {
    let (server, _) = serve(&unary(), |_| Reply::Right);
    let port = server.port_u16().expect("it should have a port");
    let name = format!("localhost:{port}");
    let args = ["unary", "--count", "3"];
    let Finished { code, output } = run(&mut programs::client(LESSON, &name, &args));
    assert_eq!(code, Some(0), "{output}");
    for (server, mistake) in [
        (format!("https://{name}"), "this program is built without TLS: use http"),
        (format!("http://{name}/path"), "a server has no path of its own"),
        (name, "it does not begin with http://"),
    ] {
        let mut client = programs::command(&LESSON.client());
        client.args(args).args(["--server", &server]);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
    }
}

/// `| head -1` ends it without a word, also while it measures.
#[test]
fn a_reader_that_left() {
    let (server, _) = serve(&unary(), |_| Reply::Right);
    let mut client = client(&server, &["unary", "--count", "3"]);
    let mut child = client
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client should start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the client should end");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
