//! `cargo run -- tap`: what it prints, and its mistakes.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::{env, fs, process};

use support::patience::Watchdog;
use support::programs::{self, Finished, Server, run};
use support::written;

use super::{HELLO, by_sides};

#[test]
fn the_command_shows_a_wire() {
    let server = Server::start(HELLO);
    let mut command = programs::command("grpc-workbook");
    let mut tap = Server::from(command.args([
        "tap",
        "--listen",
        "127.0.0.1:0",
        "--to",
        &server.address,
    ]));
    let Finished { code, output } = run(&mut programs::client(HELLO, &tap.address, &[]));
    assert_eq!((code, output.as_str()), (Some(0), "Hello, you!\n"));
    tap.wait_for("grpc-status 0 OK");
    let address = tap.address.clone();
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
    // With the addresses that the page has.
    let shown = output
        .replace(&server.address, "127.0.0.1:50051")
        .replace(&address, "127.0.0.1:8000");
    let mut shown: Vec<&str> = shown.lines().collect();
    by_sides(&mut shown);
    let shown = shown.join("\n") + "\n";
    written("book/generated/05-http2-tap.txt", &shown);
}

/// A mistake is one line that names the flag, and nothing is started.
#[test]
fn mistakes_of_the_command() {
    let server = Server::start(HELLO);
    let taken = &*server.address;
    let other_machine = "192.0.2.1:8000";
    let see = "; see cargo run -- tap --help\n";
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&[], 2, &["--listen", "--to", see]),
        (&["--listen", "127.0.0.1:0"], 2, &["--to", see]),
        (&["--listen", taken, "--to", taken], 1, &["is in use", "--listen 127.0.0.1:0"]),
        (
            &["--listen", other_machine, "--to", taken],
            1,
            &["is not an address of this machine", "--listen HOST:PORT"],
        ),
        (
            &["--listen", "127.0.0.1", "--to", taken],
            2,
            &["--listen", "it is not HOST:PORT", see],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", "127.0.0.1"],
            2,
            &["--to", "HOST:PORT", see],
        ),
        (&["--listen", "127.0.0.1:0", "--to", ""], 2, &["--to", see]),
        (
            &["--listen", "127.0.0.1:0", "--to", "127.0.0.1:0"],
            2,
            &["no server listens on port 0", see],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", "127.0.0.1:65536"],
            2,
            &["0 to 65535", see],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", "http://127.0.0.1:50051"],
            2,
            &[
                "it is not HOST:PORT: leave out http://, as in 127.0.0.1:50051",
                see,
            ],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", "http://localhost:50051/"],
            2,
            &["leave out http://, as in localhost:50051", see],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", "https://127.0.0.1:50051"],
            2,
            &["leave out https://", "cannot read", see],
        ),
        (
            &["--listen", "127.0.0.1:0", "--to", taken, "6"],
            2,
            &["unexpected argument", see],
        ),
    ];
    for (args, code, texts) in cases {
        let mut command = programs::command("grpc-workbook");
        let Finished { code: is, output } = run(command.arg("tap").args(*args));
        assert_eq!(is, Some(*code), "{args:?}: {output}");
        assert!(output.starts_with("Error: "), "{args:?}: {output}");
        assert_eq!(output.lines().count(), 1, "{args:?}: {output}");
        for text in *texts {
            assert!(output.contains(text), "{args:?}, {text}: {output}");
        }
        assert!(!output.contains("--addr"), "{args:?}: {output}");
    }
}

/// A tap to itself would pass a connection on to itself until the system is out of files.
#[test]
fn a_tap_to_itself_is_refused() {
    for (listen, to) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("0.0.0.0", "127.0.0.1"),
        ("127.0.0.1", "0.0.0.0"),
    ] {
        let Finished { code, output } = loop {
            let port = free_address().port();
            let (listen, to) = (format!("{listen}:{port}"), format!("{to}:{port}"));
            let mut command = programs::command("grpc-workbook");
            let finished = run(command.args(["tap", "--listen", &listen, "--to", &to]));
            // Another program may have taken the port in the meantime.
            if !finished.output.contains("is in use") {
                break finished;
            }
        };
        assert_eq!(code, Some(1), "{output}");
        assert!(output.contains("is where the tap listens"), "{output}");
    }
}

/// An address of this machine where nobody listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0");
    let listener = listener.expect("a free port should be found");
    listener
        .local_addr()
        .expect("a listener should have an address")
}

/// Starts a tap to `server`.
fn tap(server: &str, args: &[&str]) -> Server {
    let mut command = programs::command("grpc-workbook");
    let tap = ["tap", "--listen", "127.0.0.1:0", "--to", server];
    Server::from(command.args(tap).args(args))
}

/// Ctrl-C ends the tap and writes the drawing, also while a connection is open; so does a closed
/// output.
#[test]
fn the_command_draws_at_its_end() {
    let server = Server::start(HELLO);
    let file = env::temp_dir().join(format!("workbook-{}-tap.svg", process::id()));
    let name = file.display().to_string();
    let mut to_the_end = tap(&server.address, &["--svg", &name]);
    let open = TcpStream::connect(&to_the_end.address).expect("connection should open");
    let Finished { code, output } =
        run(&mut programs::client(HELLO, &to_the_end.address, &[]));
    assert_eq!((code, output.as_str()), (Some(0), "Hello, you!\n"));
    to_the_end.wait_for("grpc-status 0 OK");
    to_the_end.interrupt();
    let Finished { code, output } = to_the_end.finish();
    assert_eq!(code, Some(0), "{output}");
    assert!(output.ends_with(&format!("\ndrawn in {name}\n")), "{output}");
    drop(open);
    let drawing = fs::read_to_string(&file).expect("file should be written");
    assert!(drawing.contains("Hello, you!"), "{drawing}");
    fs::remove_file(&file).expect("file should be there");

    let mut command = programs::command("grpc-workbook");
    command.args(["tap", "--listen", "127.0.0.1:0", "--to", &server.address]);
    let (mut tap, pipe) = programs::spawn(command.args(["--svg", &name]));
    let mut lines = BufReader::new(pipe);
    let mut first = String::new();
    lines
        .read_line(&mut first)
        .expect("the tap should say where it listens");
    drop(lines);
    let address = first.trim_end().rsplit(' ').next().unwrap_or_default();
    // The tap may end in the middle of this call.
    run(&mut programs::client(HELLO, address, &[]));
    let watchdog = Watchdog::new(&tap, "the tap's end");
    let status = tap.wait().expect("the tap should end");
    watchdog.done();
    assert!(status.success(), "{status}");
    let drawing = fs::read_to_string(&file).expect("file should be written");
    assert!(drawing.contains("/helloworld.Greeter/SayHello"), "{drawing}");
    fs::remove_file(&file).expect("file should be there");
}

/// Each connection to a server that is not there gets a line, and the tap goes on.
#[test]
fn a_server_that_is_not_there_ends_no_tap() {
    let nobody = free_address().to_string();
    let mut tap = tap(&nobody, &[]);
    for n in 1..=3 {
        let Finished { code, .. } = run(&mut programs::client(HELLO, &tap.address, &[]));
        assert_eq!(code, Some(1));
        let line = tap.wait_for(&format!("<-- connection {n} "));
        assert!(line.contains(&format!("no server at {nobody}")), "{line}");
    }
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
}

/// With all that it can show. Each frame has one line, and each line fits its connection.
#[test]
fn frames_and_bytes_are_shown() {
    let server = Server::start(HELLO);
    let mut tap = tap(&server.address, &["--frames", "--hex"]);
    for n in 1..=2 {
        let Finished { code, output } =
            run(&mut programs::client(HELLO, &tap.address, &[]));
        assert_eq!(code, Some(0), "{output}");
        tap.wait_for(&format!(
            "<-- stream {n}/1   HEADERS  grpc-status 0 OK  END_STREAM"
        ));
    }
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
    for line in [
        r"--> connection 1 preface  PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        r#"--> stream 1/1   DATA     HelloRequest { name: "you" }  [00 00 00 00 05 | 0a 03 79 6f 75], a frame of 10 bytes"#,
        "--> stream 1/1   DATA     a frame of 0 bytes  END_STREAM",
    ] {
        assert!(output.lines().any(|shown| shown == line), "{line}: {output}");
    }
    let frames = output
        .lines()
        .filter(|line| line.contains(" stream 1/1   DATA "));
    assert_eq!(frames.count(), 3, "{output}");
}

#[test]
fn a_played_lesson_folds_its_long_streams() {
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } = run(player.arg("10"));
    assert_eq!(code, Some(0), "{output}");
    // A stream of a thousand messages. Its server may answer in the middle of it, which is shown
    // where it happens.
    let (mut shown, mut counted) = (0, 0);
    for line in output
        .lines()
        .filter(|line| line.starts_with("  --> stream 9   DATA "))
    {
        if let Some((_, count)) = line.split_once("... ") {
            let count = count.trim_end_matches(" more like this").parse::<usize>();
            counted += count.unwrap_or_else(|_| panic!("{line}"));
        } else if line.contains(" data: ") {
            shown += 1;
        }
    }
    assert_eq!(shown + counted, 1000, "{output}");
    assert!((4..=20).contains(&shown), "{output}");
    assert!(output.contains(" { data: \"999\" }\n"), "{output}");
    // The last service of the lesson is shown too.
    assert!(output.contains("POST /Demo/"), "{output}");
    assert!(!output.contains("not shown"), "{output}");
}
