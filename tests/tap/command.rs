//! `cargo run -- tap`: what it prints, and its mistakes.

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

    let taken = ["tap", "--listen", &server.address, "--to", &server.address];
    let Finished { code, output } = run(programs::command("grpc-workbook").args(taken));
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: ") && output.contains("is in use"), "{output}");
    let Finished { code, output } = run(programs::command("grpc-workbook").arg("tap"));
    assert_eq!(code, Some(2));
    assert!(output.ends_with("; see cargo run -- tap --help\n"), "{output}");
}
