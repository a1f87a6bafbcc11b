//! How a stream can end: one function for each row of the chapter's tables, which plays the
//! ending and tells what tonic's client saw.

use std::error::Error;
use std::time::Duration;

use grpc_workbook::raw::RawCodec;
use grpc_workbook::status::status_line;
use prost::bytes::Bytes;
use support::endings::{Ending, KillableServer, status_cell, table};
use support::written;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Code, Request};

use crate::faulty::{Setup, Truncating, read_rest};
use crate::{Client, EndedStream, read, request};

/// What the table says that a client saw.
fn cell(seen: EndedStream) -> String {
    let mut cell = String::new();
    for message in seen.messages {
        cell += &format!("`{message}`, then ");
    }
    cell + &seen
        .error
        .map_or("`OK`".into(), |status| status_cell(&status))
}

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let endings = [
        stream_yields_an_error().await,
        task_panics().await,
        watched_task_panics().await,
        client_drops_its_stream().await,
        deadline_passes_while_the_stream_runs().await,
        server_dies().await,
    ];
    written("book/generated/07-subjects-by-city-ends.md", &table(&endings));
}

/// The chapter's second table, for a closer look.
#[tokio::test]
async fn rarer_call_endings_match_the_chapter() {
    let endings = [
        method_returns_an_error().await,
        method_panics().await,
        stream_panics().await,
        status_is_missing().await,
        deadline_passes_before_the_method_returns().await,
        error_message_is_long().await,
        message_is_too_large_for_the_client().await,
        message_is_too_large_for_the_server().await,
        later_message_is_too_large_for_the_server().await,
        request_is_too_large().await,
        tiny_messages_lie_unread().await,
    ];
    written("book/generated/07-subjects-by-city-rarer-ends.md", &table(&endings));
}

async fn method_returns_an_error() -> Ending {
    let seen = Setup::new().await.list(request("tokyo")).await;
    Ending { when: "the method returns an error", sees: cell(seen), specified: "" }
}

async fn stream_yields_an_error() -> Ending {
    let seen = Setup::new()
        .await
        .list(request("error in the middle"))
        .await;
    assert_eq!(seen.messages, ["python"], "what comes after an error is lost");
    Ending {
        when: "the stream yields a message, an error, a message",
        sees: cell(seen),
        specified: "",
    }
}

/// How many bytes of an error's message arrive: the client's limit is 16 KiB of headers, which
/// count percent-encoded. `unknown city: ` and the other headers are part of it.
async fn error_message_is_long() -> Ending {
    let mut setup = Setup::new().await;
    let fits = setup.list(request(&"x".repeat(16_000))).await;
    let error = fits.error.expect("the call should fail");
    assert_eq!(error.code(), Code::NotFound);
    for (city, bytes) in [("x", 16_200), ("东", 2_000)] {
        let seen = setup.list(request(&city.repeat(bytes))).await;
        let error = seen.error.expect("the call should fail");
        assert_eq!(status_line(&error), "INTERNAL: h2 protocol error: http2 error");
    }
    // Only the stream was reset: the connection goes on.
    let seen = setup.list(request("wuhan")).await;
    assert!(seen.error.is_none(), "{seen:?}");
    let seen = setup.list(request(&"x".repeat(16_200))).await;
    Ending {
        when: "the error's message has more than 16,200 bytes",
        sees: cell(seen),
        specified: "a client may limit trailers; 8 KiB are suggested",
    }
}

async fn method_panics() -> Ending {
    let seen = Setup::new().await.list(request("method panics")).await;
    Ending { when: "the method panics", sees: cell(seen), specified: "`UNKNOWN`" }
}

async fn stream_panics() -> Ending {
    let seen = Setup::new().await.list_in_two_steps("stream panics").await;
    Ending { when: "the stream panics", sees: cell(seen), specified: "`UNKNOWN`" }
}

async fn task_panics() -> Ending {
    let seen = Setup::new().await.list_in_two_steps("task panics").await;
    assert!(seen.error.is_none(), "{seen:?}");
    Ending {
        when: "the task panics that feeds the channel",
        sees: cell(seen),
        specified: "tonic knows nothing of your task: you sent no error",
    }
}

async fn watched_task_panics() -> Ending {
    let city = "task panics, and is watched";
    let seen = Setup::new().await.list_in_two_steps(city).await;
    Ending {
        when: "the same, and its `JoinHandle` is watched",
        sees: cell(seen),
        specified: "",
    }
}

async fn status_is_missing() -> Ending {
    let server = KillableServer::start(Routes::new(Truncating));
    let mut client = Client::new(server.channel().await);
    let seen = read(client.list_subjects(request("")).await).await;
    Ending {
        when: "the stream ends without a status",
        sees: cell(seen),
        specified: "the trailers must have `grpc-status`",
    }
}

async fn tiny_messages_lie_unread() -> Ending {
    let mut setup = Setup::new().await;
    let unread = setup.client.list_subjects(request("tiny")).await;
    assert_eq!(setup.reports.recv().await, Some("dropped"));
    let EndedStream { error, .. } = read(unread).await;
    let source = error.as_ref().and_then(Error::source);
    let source = source.expect("the error should come from below gRPC");
    let reason = format!("{source:?}");
    assert!(reason.contains("too_many_data_frames"), "{reason}");
    Ending {
        when: "the client lets thousands of tiny messages lie unread",
        // Not the messages: how many of them arrive differs from run to run.
        sees: cell(EndedStream { messages: Vec::new(), error }),
        specified: "the server waits for the client",
    }
}

async fn client_drops_its_stream() -> Ending {
    let mut setup = Setup::new().await;
    let stream = setup.begin("goes on").await;
    drop(stream);
    assert_eq!(setup.reports.recv().await, Some("dropped"));
    Ending {
        when: "the client drops its stream",
        sees: "nothing, it no longer reads; the server drops its stream".into(),
        specified: "`CANCELLED`, on both sides",
    }
}

async fn deadline_passes_before_the_method_returns() -> Ending {
    let mut limited = Request::new(request("never answers"));
    limited.set_timeout(Duration::from_millis(1));
    let seen = Setup::new().await.list(limited).await;
    Ending {
        when: "the deadline passes before the method returns",
        sees: cell(seen),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn deadline_passes_while_the_stream_runs() -> Ending {
    let mut setup = Setup::new().await;
    let deadline = Duration::from_secs(1);
    let mut limited = Request::new(request("goes on"));
    limited.set_timeout(deadline);
    let response = setup.client.list_subjects(limited).await;
    // Once its headers are there, the call has no deadline any more. This one is over now:
    tokio::time::sleep(deadline).await;
    setup.permits.add_permits(1);
    let seen = read(response).await;
    assert_eq!(seen.messages, ["python", "go"]);
    Ending {
        when: "the deadline passes while the stream runs",
        sees: cell(seen),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn message_is_too_large_for_the_client() -> Ending {
    let Setup { server: _server, client, .. } = Setup::new().await;
    let mut limited = client.max_decoding_message_size(10);
    let seen = read(limited.list_subjects(request("large")).await).await;
    Ending {
        when: "a message is larger than the client allows, here 10 bytes",
        sees: cell(seen),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn message_is_too_large_for_the_server() -> Ending {
    let mut setup = Setup::with(|service| service.max_encoding_message_size(10)).await;
    let seen = setup.list(request("large")).await;
    Ending {
        when: "a message is larger than the server may send, here 10 bytes",
        sees: cell(seen),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn later_message_is_too_large_for_the_server() -> Ending {
    let mut setup = Setup::with(|service| service.max_encoding_message_size(10)).await;
    let seen = setup.list_in_two_steps("large, later").await;
    Ending {
        when: "the same, when the message before it has left",
        sees: cell(seen),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn request_is_too_large() -> Ending {
    let setup = Setup::new().await;
    let large = Bytes::from(vec![0; 4 * 1024 * 1024 + 1]);
    let mut grpc = Grpc::new(setup.server.channel().await);
    grpc.ready().await.expect("the connection should be ready");
    let path = "/subjects_by_city.v1.SubjectsByCityService/ListSubjects";
    let path = PathAndQuery::from_static(path);
    let response = grpc.server_streaming(Request::new(large), path, RawCodec);
    let status = response.await.map(drop);
    let status = status.expect_err("the server should refuse the request");
    Ending {
        when: "the request is larger than the server allows, 4 MiB",
        sees: status_cell(&status),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn server_dies() -> Ending {
    let mut setup = Setup::new().await;
    let stream = setup.begin("goes on").await;
    setup.server.kill();
    let seen = read_rest(stream).await;
    Ending { when: "the server dies", sees: cell(seen), specified: "`UNAVAILABLE`" }
}

/// `message()` tells an error once. After that it says that the stream is at its end.
#[tokio::test]
async fn an_error_is_told_once() {
    let mut setup = Setup::new().await;
    let mut stream = setup.begin("error in the middle").await;
    let error = stream.message().await;
    let error = error.expect_err("the second item should be an error");
    assert_eq!(status_line(&error), "DATA_LOSS: no more of it");
    let after = stream.message().await;
    assert_eq!(after.expect("the error should not be told again"), None);
}

/// A thousand clients that leave leave nothing behind at the server.
#[tokio::test]
async fn no_stream_outlives_its_call() {
    let mut setup = Setup::new().await;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(setup.begin("goes on").await);
    }
    assert!(setup.reports.try_recv().is_err());
    drop(streams);
    for _ in 0..1000 {
        assert_eq!(setup.reports.recv().await, Some("dropped"));
    }
}
