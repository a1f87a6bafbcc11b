//! The server as a program: what it counts, and how much memory it takes.

use support::programs::{self, Finished, Server, run};

use crate::LESSON;

#[test]
fn the_server_counts_what_it_served() {
    let server = Server::start(LESSON);
    for (kind, count) in [
        ("unary", "1"),
        ("server", "2"),
        ("client", "3"),
        ("bidi", "4"),
    ] {
        let args = [kind, "--count", count];
        let mut client = programs::client(LESSON, &server.address, &args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(0), "{output}");
        assert!(!output.contains("  server   "), "{output}");
    }
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let served =
        "served 1 unary, 2 server streaming, 3 client streaming, 4 bidirectional\n";
    assert!(output.ends_with(served), "{output}");
}

/// However many messages a stream has, the server keeps no more of them than the windows
/// allow. Both streams are larger than those; a queue of the difference takes 7 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat() {
    use grpc_workbook::speed::usage::Usage;

    let peak = |messages: &str| {
        let server = Server::start(LESSON);
        for kind in ["server", "client", "bidi"] {
            let args = [kind, "--count", "1", "--size", "8", "--messages", messages];
            let mut client = programs::client(LESSON, &server.address, &args);
            let Finished { code, output } = run(&mut client);
            assert_eq!(code, Some(0), "{output}");
        }
        let usage = Usage::of(server.id());
        usage.expect("the server should be running").peak_kib
    };
    let (few, many) = (peak("100000"), peak("300000"));
    assert!(many < few + 5 * 1024, "{few} KiB, then {many} KiB");
}
