//! What the server tells about itself, asked by clients in other languages.

use std::io::{BufRead, BufReader};
use std::process::Command;

use grpc_workbook::notes::SERVICES;
use grpc_workbook::notes::health::{MyHealth, States};
use grpc_workbook::notes::reflection::{LIBRARY_SERVICES, MyReflection, reflection};
use support::patience::Watchdog;
use support::peers::Peer;
use support::programs::{Finished, Server, run, spawn};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::{Builder, v1alpha};

use crate::{output_of, server};

/// Python's library uses `v1alpha`, the older version of reflection.
#[test]
fn python_lists_the_services_by_reflection() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let server = server();
    let mut command = peer.command();
    command.args(["tests/peers/python/list.py", &server.address]);
    let output = output_of(&mut command);
    let listed: Vec<&str> = output.lines().collect();
    assert_eq!(listed, [SERVICES, LIBRARY_SERVICES].concat());
    server.stop();
}

/// A name that is not there gets an error for an answer, and the next one its file, in one call.
#[test]
fn python_asks_on_after_an_unknown_name() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let server = server();
    for version in ["v1", "v1alpha"] {
        let mut command = peer.command();
        command.args(["tests/peers/python/reflect.py", &server.address]);
        command.args([
            "--version",
            version,
            "Nope",
            "Demo",
            "Nope.Nope",
            "Work.num1",
        ]);
        assert_eq!(
            output_of(&mut command),
            "Nope: error 5: symbol 'Nope' not found\n\
             Demo: notes/demo.proto\n\
             Nope.Nope: error 5: symbol 'Nope.Nope' not found\n\
             Work.num1: notes/demo.proto\n",
            "{version}"
        );
    }
    server.stop();
}

/// Serves these services in this process, and returns the address.
async fn serve(services: Routes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("listener should have an address");
    let server = tonic::transport::Server::builder()
        .add_routes(services)
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    address.to_string()
}

/// Python watches a service of which the server does not know yet, and sees it come, go and come
/// back.
#[tokio::test(flavor = "multi_thread")]
async fn python_watches_a_service_until_it_is_known() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let (states, known) = watch::channel(States::new());
    let reflection = reflection().expect("descriptors should be good");
    let services = Routes::new(HealthServer::new(MyHealth { states: known }))
        .add_service(v1alpha::ServerReflectionServer::new(reflection));
    let address = serve(services).await;
    let mut command = peer.command();
    command.args(["tests/peers/python/watch.py", &address, "late"]);
    let (mut client, output) = spawn(&mut command);
    let watchdog = Watchdog::new(&client, "the end of watch.py");
    let mut lines = BufReader::new(output).lines();
    let mut next_line = move || lines.next().and_then(Result::ok);
    for (state, line) in [
        (None, "late: SERVICE_UNKNOWN"),
        (Some(ServingStatus::NotServing), "late: NOT_SERVING"),
        (Some(ServingStatus::Serving), "late: SERVING"),
        (None, "late: SERVICE_UNKNOWN"),
        (Some(ServingStatus::Serving), "late: SERVING"),
    ] {
        states.send_modify(|states| match state {
            Some(state) => drop(states.insert("late".into(), state)),
            None => drop(states.remove("late")),
        });
        assert_eq!(next_line().as_deref(), Some(line));
    }
    drop(states);
    assert_eq!(next_line().as_deref(), Some("late: the server has ended the call"));
    assert!(client.wait().expect("the client should end").success());
    watchdog.done();
}

/// A server may describe nothing: its clients say so.
#[tokio::test(flavor = "multi_thread")]
async fn python_says_so_when_a_server_describes_nothing() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let library = Builder::configure()
        .include_reflection_service(false)
        .build_v1()
        .expect("no descriptors should be good");
    let reflection = v1alpha::ServerReflectionServer::new(MyReflection { library });
    let address = serve(Routes::new(reflection)).await;
    for (program, error) in [
        ("list.py", "Error: the server lists no service, not even reflection\n"),
        ("watch.py", "Error: the server does not describe grpc.health.v1.Health\n"),
    ] {
        let mut command = peer.command();
        command.arg(format!("tests/peers/python/{program}"));
        command.args([&*address, "Demo"]);
        assert_eq!(run(&mut command), Finished::new(1, error));
    }
}

/// `buf curl` needs no `.proto`: it asks the server, by reflection.
#[test]
fn buf_calls_through_reflection() {
    let Some(peer) = Peer::installed_or_skip("buf") else {
        return;
    };
    let server = server();
    for (path, request, response) in [
        (
            "/Demo/Calculate",
            r#"{"num1": -7, "op": "DIVIDE", "num2": 2}"#,
            r#"{"val":-4}"#,
        ),
        (
            "/example.UserInfo/Info",
            r#"{"name": "daoji"}"#,
            r#"{"message":"Hello,daoji!"}"#,
        ),
        (
            "/example.StreamTest/ClientStream",
            r#"{"message": "close"}"#,
            r#"{"message":"close!😢"}"#,
        ),
        (
            "/grpc.health.v1.Health/Check",
            r#"{"service": "Demo"}"#,
            r#"{"status":"SERVING"}"#,
        ),
    ] {
        let mut command = buf_curl(peer, &server, path);
        let output = output_of(command.args(["--data", request]));
        // buf prints JSON on several lines.
        assert_eq!(output.split_whitespace().collect::<String>(), response, "{path}");
    }
    server.stop();
}

/// The list of all methods ends where the second of two files defines a name differently.
#[test]
fn buf_stops_listing_at_a_name_defined_twice() {
    let Some(peer) = Peer::installed_or_skip("buf") else {
        return;
    };
    let server = server();
    let Finished { code, output } =
        run(buf_curl(peer, &server, "").arg("--list-methods"));
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("Demo/Calculate"), "{output}");
    let failure = "failed to find service named \"example.UserInfo\"";
    assert!(output.contains(failure), "{output}");
    server.stop();
}

fn buf_curl(peer: &Peer, server: &Server, path: &str) -> Command {
    let mut command = peer.command();
    command.args(["curl", "--protocol", "grpc", "--http2-prior-knowledge"]);
    command.arg(format!("http://{}{path}", server.address));
    command
}
