//! How a call with two streams can end: the chapter's table, a row from a call.

use std::time::{Duration, Instant};

use support::endings::{Ending, KillableServer, status_cell, table};
use support::written;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};

use crate::faulty::{END, ERROR, ERROR_AT_THE_END, PANIC, Reports, faulty_server, until};
use crate::{Client, guess, message, open_conversation, receive, send, start_echo};

/// A faulty server and a client of it, for one ending.
struct Setup {
    server: KillableServer,
    client: Client,
    /// What the service tells.
    reports: Reports,
}

impl Setup {
    async fn new() -> Setup {
        let (server, reports) = faulty_server();
        let client = Client::new(server.channel().await);
        Setup { server, client, reports }
    }
}

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let [one_end_is_dropped, both_ends_are_dropped] =
        client_drops_one_end_then_both().await;
    let endings = [
        method_fails().await,
        stream_fails().await,
        stream_fails_after_client_finished().await,
        stream_ends_first().await,
        method_panics().await,
        stream_panics().await,
        task_panics().await,
        response_is_too_large().await,
        message_is_too_large().await,
        deadline_passes_before_headers().await,
        deadline_passes_after_headers().await,
        one_end_is_dropped,
        both_ends_are_dropped,
        client_cancels().await,
        server_dies().await,
    ];
    written("book/generated/09-guess-number-ends.md", &table(&endings));
}

/// How a call ends that has no more responses.
pub async fn end<T: std::fmt::Debug>(responses: &mut Streaming<T>) -> String {
    match responses.message().await {
        Ok(None) => "`OK`".into(),
        Ok(Some(response)) => panic!("{response:?} is one more"),
        Err(status) => status_cell(&status),
    }
}

/// The cell for a call that had one response and then ended.
async fn one_then_end<T: std::fmt::Debug>(responses: &mut Streaming<T>) -> String {
    format!("one response, then {}", end(responses).await)
}

async fn method_fails() -> Ending {
    let mut setup = Setup::new().await;
    let response = setup
        .client
        .echo(tokio_stream::iter([message("error")]))
        .await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the method returns an error, and no stream",
        sees: format!("no response, {}", status_cell(&status)),
        specified: "",
    }
}

async fn stream_fails() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = open_conversation(&mut setup.client).await;
    send(&tx, guess(ERROR)).await;
    let sees = one_then_end(&mut responses).await;
    tx.closed().await;
    Ending { when: "the server's stream has an error in the middle", sees, specified: "" }
}

async fn stream_fails_after_client_finished() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = open_conversation(&mut setup.client).await;
    send(&tx, guess(ERROR_AT_THE_END)).await;
    drop(tx);
    Ending {
        when: "the client has finished, then the server's stream has an error",
        sees: one_then_end(&mut responses).await,
        specified: "",
    }
}

async fn stream_ends_first() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = open_conversation(&mut setup.client).await;
    send(&tx, guess(END)).await;
    tx.closed().await;
    let sees = one_then_end(&mut responses).await;
    Ending {
        when: "the server's stream ends first",
        sees: sees + "; what the client sends from now on goes nowhere",
        specified: "",
    }
}

async fn method_panics() -> Ending {
    let mut setup = Setup::new().await;
    let response = setup
        .client
        .echo(tokio_stream::iter([message("panic")]))
        .await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the method panics",
        sees: format!("no response, {}", status_cell(&status)),
        specified: "`UNKNOWN`",
    }
}

async fn stream_panics() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = start_echo(&mut setup.client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("panic")).await;
    Ending {
        when: "the server's stream panics, as a `FilterMap` would",
        sees: one_then_end(&mut responses).await,
        specified: "`UNKNOWN`",
    }
}

async fn task_panics() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = open_conversation(&mut setup.client).await;
    send(&tx, guess(PANIC)).await;
    let sees = one_then_end(&mut responses).await;
    tx.closed().await;
    Ending {
        when: "the task behind the server's channel panics",
        sees: sees + ", as if nothing had happened",
        specified: "tonic knows nothing of your task: you sent no error",
    }
}

async fn response_is_too_large() -> Ending {
    let setup = Setup::new().await;
    let mut client = setup.client.clone().max_decoding_message_size(32);
    let (tx, mut responses) = start_echo(&mut client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("x".repeat(31))).await;
    Ending {
        when: "a response is larger than the client allows, here 32 bytes",
        sees: one_then_end(&mut responses).await,
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn message_is_too_large() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, mut responses) = start_echo(&mut setup.client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("x".repeat(4 << 20))).await;
    Ending {
        when: "a message is larger than the server allows, 4 MiB, and the method hands the error on",
        sees: one_then_end(&mut responses).await,
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn deadline_passes_before_headers() -> Ending {
    let mut setup = Setup::new().await;
    // Held: without its end the stream goes on, and Echo waits for a first message.
    let (_tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    request.set_timeout(Duration::from_millis(1));
    let response = setup.client.echo(request).await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the deadline passes before the server's headers are here",
        sees: format!("no response, {}", status_cell(&status)),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn deadline_passes_after_headers() -> Ending {
    let mut setup = Setup::new().await;
    let deadline = Duration::from_secs(1);
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    request.set_timeout(deadline);
    let response = setup.client.guess(request).await;
    let mut responses = response.expect("call should start").into_inner();
    let start = Instant::now();
    let mut is_over = false;
    // The last round begins after the deadline.
    while !is_over {
        is_over = start.elapsed() > deadline;
        send(&tx, guess(5)).await;
        receive(&mut responses).await;
    }
    drop(tx);
    Ending {
        when: "the deadline passes after the headers",
        sees: format!(
            "nothing: every response comes, then {}",
            end(&mut responses).await
        ),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn client_drops_one_end_then_both() -> [Ending; 2] {
    let mut setup = Setup::new().await;
    let (tx, responses) = open_conversation(&mut setup.client).await;
    drop(responses);
    send(&tx, guess(6)).await;
    until(&mut setup.reports, "answered").await;
    until(&mut setup.reports, "answered").await;
    let one = Ending {
        when: "the client drops its responses, and keeps its sender",
        sees: "nothing, and the call goes on: the server responds, and nobody reads"
            .into(),
        specified: "elsewhere a call is cancelled as a whole",
    };
    drop(tx);
    until(&mut setup.reports, "over").await;
    let both = Ending {
        when: "the client drops both",
        sees: "nothing, it no longer waits; to the server it may look finished".into(),
        specified: "`CANCELLED`, on both sides",
    };
    [one, both]
}

async fn client_cancels() -> Ending {
    let mut setup = Setup::new().await;
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let response = setup.client.guess(request).await;
    let mut responses = response.expect("call should start").into_inner();
    send(&tx, guess(5)).await;
    receive(&mut responses).await;
    handle.cancel();
    until(&mut setup.reports, "over").await;
    Ending {
        when: "the client cancels, with `Request::cancellation_handle`",
        sees: one_then_end(&mut responses).await,
        specified: "",
    }
}

async fn server_dies() -> Ending {
    let mut setup = Setup::new().await;
    // Held: the client has not ended its stream.
    let (_tx, mut responses) = open_conversation(&mut setup.client).await;
    setup.server.kill();
    Ending {
        when: "the server dies",
        sees: one_then_end(&mut responses).await,
        specified: "`UNAVAILABLE`",
    }
}
