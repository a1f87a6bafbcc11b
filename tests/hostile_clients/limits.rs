//! Limits that the attacks do not reach: the operating system's, and those of time, in servers
//! whose limits are milliseconds.

use std::time::Duration;

use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::raw_client::{GRPC, RawClient, call};
use crate::servers::TARGETS;

/// A server that may open no more files cannot accept connections, and keeps trying. When
/// other clients have left, it serves again.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_out_of_files_recovers() {
    use std::process::{Command, Stdio};

    use support::programs;

    use crate::servers::Running;

    let target = &TARGETS[0];
    let program = programs::command(&target.lesson().server());
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" --addr 127.0.0.1:0"])
        .arg(program.get_program())
        .stdin(Stdio::null());
    let mut server = programs::Server::from(&mut command);
    let running = Running::of(target, &server);
    let mut clients = Vec::new();
    for _ in 0..100 {
        // The kernel completes connections that the server has not accepted.
        clients.push(RawClient::connect_tcp(&running.address).await);
    }
    // It says so once for each try, and pauses before the next one.
    for _ in 0..2 {
        server.wait_for("cannot accept a connection now: too many open files");
    }
    let serves = running.serves("too many connections");
    tokio::join!(serves, async { drop(clients) });
}

/// As short as a limit of time can be.
const MOMENT: Duration = Duration::from_millis(1);

/// Serves the calculator on a free port for as long as the test runs. Returns HOST:PORT.
fn serve(mut server: Server) -> String {
    let any = "127.0.0.1:0".parse().expect("address should parse");
    let incoming = TcpIncoming::bind(any).expect("a port should be free");
    let address = incoming
        .local_addr()
        .expect("listener should have an address");
    let router = server.add_service(CalculatorServiceServer::new(Calculator));
    tokio::spawn(router.serve_with_incoming(incoming));
    address.to_string()
}

/// Keepalive closes the connection of a client that began with the preface and does not answer
/// a PING. A client that has not sent the preface gets no PING, and stays.
#[tokio::test]
async fn keepalive_closes_only_after_the_preface() {
    let server = Server::builder()
        .http2_keepalive_interval(Some(MOMENT))
        .http2_keepalive_timeout(Some(MOMENT));
    let address = serve(server);
    let mut without_preface = RawClient::connect_tcp(&address).await;
    without_preface.wait_for_bytes().await;
    for _ in 0..3 {
        let mut client = RawClient::connect_http2(&address).await;
        let call = call(TARGETS[0].path, GRPC, &[], b"");
        client.send(&call[..40]).await;
        let ending = client.wait_for_close().await;
        assert_eq!(ending, "GOAWAY `NO_ERROR`, closes the connection");
    }
    assert!(without_preface.is_open(), "a silent connection should stay open");
}

/// A limit on a connection's age, with a grace, closes silent connections too. But it closes
/// everybody's, and without the GOAWAY that would let a client finish its calls and go
/// elsewhere. Without a grace, there is a GOAWAY, and silent connections stay.
#[tokio::test]
async fn maximum_age_sends_goaway_only_without_a_grace() {
    let server = Server::builder()
        .max_connection_age(MOMENT)
        .max_connection_age_grace(MOMENT);
    let address = serve(server);
    for mut client in [
        RawClient::connect_tcp(&address).await,
        RawClient::connect_http2(&address).await,
    ] {
        assert_eq!(client.wait_for_close().await, "closes the connection");
    }
    let address = serve(Server::builder().max_connection_age(MOMENT));
    let mut silent = RawClient::connect_tcp(&address).await;
    silent.wait_for_bytes().await;
    let mut client = RawClient::connect_http2(&address).await;
    while client.goaway() != "GOAWAY `NO_ERROR`, " {
        client.wait_for_bytes().await;
    }
    assert!(silent.is_open(), "a silent connection should stay open");
}
