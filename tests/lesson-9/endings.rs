//! How a call with two streams can end: the chapter's table, a row from a call.

use std::time::{Duration, Instant};

use support::endings::{Ending, KillableServer, status_cell, table};
use support::written;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};

use crate::faulty::{END, ERROR, ERROR_AT_THE_END, PANIC, Reports, faulty_server, until};
use crate::{Client, guess, message, open_conversation, receive, send, start_echo};

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let (server, mut reports) = faulty_server();
    let mut client = Client::new(server.channel().await);
    let mut endings = vec![
        method_fails(&mut client).await,
        stream_fails(&mut client).await,
        stream_fails_after_client_finished(&mut client).await,
        stream_ends_first(&mut client).await,
        method_panics(&mut client).await,
        stream_panics(&mut client).await,
        task_panics(&mut client).await,
        response_is_too_large(client.clone()).await,
        message_is_too_large(&mut client).await,
        deadline_passes_before_headers(&mut client).await,
        deadline_passes_after_headers(&mut client).await,
    ];
    endings.extend(client_drops_one_end_then_both(&mut client, &mut reports).await);
    endings.push(client_cancels(&mut client, &mut reports).await);
    endings.push(server_dies(client, server).await);
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
    format!("one answer, then {}", end(responses).await)
}

async fn method_fails(client: &mut Client) -> Ending {
    let response = client.echo(tokio_stream::iter([message("error")])).await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the method returns an error, and no stream",
        sees: format!("no answer, {}", status_cell(&status)),
        specified: "",
    }
}

async fn stream_fails(client: &mut Client) -> Ending {
    let (tx, mut responses) = open_conversation(client).await;
    send(&tx, guess(ERROR)).await;
    let sees = one_then_end(&mut responses).await;
    tx.closed().await;
    Ending { when: "the server's stream has an error in the middle", sees, specified: "" }
}

async fn stream_fails_after_client_finished(client: &mut Client) -> Ending {
    let (tx, mut responses) = open_conversation(client).await;
    send(&tx, guess(ERROR_AT_THE_END)).await;
    drop(tx);
    Ending {
        when: "the client has said all, then the server's stream has an error",
        sees: one_then_end(&mut responses).await,
        specified: "",
    }
}

async fn stream_ends_first(client: &mut Client) -> Ending {
    let (tx, mut responses) = open_conversation(client).await;
    send(&tx, guess(END)).await;
    tx.closed().await;
    let sees = one_then_end(&mut responses).await;
    Ending {
        when: "the server's stream ends first",
        sees: sees + "; what it says from now on goes nowhere",
        specified: "",
    }
}

async fn method_panics(client: &mut Client) -> Ending {
    let response = client.echo(tokio_stream::iter([message("panic")])).await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the method panics",
        sees: format!("no answer, {}", status_cell(&status)),
        specified: "`UNKNOWN`",
    }
}

async fn stream_panics(client: &mut Client) -> Ending {
    let (tx, mut responses) = start_echo(client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("panic")).await;
    Ending {
        when: "the server's stream panics, as a `FilterMap` would",
        sees: one_then_end(&mut responses).await,
        specified: "`UNKNOWN`",
    }
}

async fn task_panics(client: &mut Client) -> Ending {
    let (tx, mut responses) = open_conversation(client).await;
    send(&tx, guess(PANIC)).await;
    let sees = one_then_end(&mut responses).await;
    tx.closed().await;
    Ending {
        when: "the task behind the server's channel panics",
        sees: sees + ", as if nothing had happened",
        specified: "tonic knows nothing of your task: you sent no error",
    }
}

async fn response_is_too_large(client: Client) -> Ending {
    let mut client = client.max_decoding_message_size(32);
    let (tx, mut responses) = start_echo(&mut client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("x".repeat(31))).await;
    Ending {
        when: "an answer is larger than the client allows, here 32 bytes",
        sees: one_then_end(&mut responses).await,
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn message_is_too_large(client: &mut Client) -> Ending {
    let (tx, mut responses) = start_echo(client, message("first")).await;
    send(&tx, message("5")).await;
    receive(&mut responses).await;
    send(&tx, message("x".repeat(4 << 20))).await;
    Ending {
        when: "a message is larger than the server allows, 4 MiB, and the method hands the error on",
        sees: one_then_end(&mut responses).await,
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn deadline_passes_before_headers(client: &mut Client) -> Ending {
    // Held: without its end the stream goes on, and Echo waits for a first message.
    let (_tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    request.set_timeout(Duration::from_millis(1));
    let response = client.echo(request).await;
    let status = response.expect_err("call should fail");
    Ending {
        when: "the deadline passes before the server's headers are here",
        sees: format!("no answer, {}", status_cell(&status)),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn deadline_passes_after_headers(client: &mut Client) -> Ending {
    let deadline = Duration::from_secs(1);
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    request.set_timeout(deadline);
    let response = client.guess(request).await;
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
        sees: format!("nothing: every answer comes, then {}", end(&mut responses).await),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn client_drops_one_end_then_both(
    client: &mut Client,
    reports: &mut Reports,
) -> [Ending; 2] {
    // Reports on the calls before this one.
    while reports.try_recv().is_ok() {}
    let (tx, responses) = open_conversation(client).await;
    drop(responses);
    send(&tx, guess(6)).await;
    until(reports, "answered").await;
    until(reports, "answered").await;
    let one = Ending {
        when: "the client drops its answers, and keeps what it sends with",
        sees: "nothing, and the call goes on: the server answers, and nobody reads"
            .into(),
        specified: "elsewhere a call is cancelled as a whole",
    };
    drop(tx);
    until(reports, "over").await;
    let both = Ending {
        when: "the client drops both",
        sees: "nothing, it no longer waits; the server drops its stream".into(),
        specified: "`CANCELLED`, on both sides",
    };
    [one, both]
}

async fn client_cancels(client: &mut Client, reports: &mut Reports) -> Ending {
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let response = client.guess(request).await;
    let mut responses = response.expect("call should start").into_inner();
    send(&tx, guess(5)).await;
    receive(&mut responses).await;
    handle.cancel();
    until(reports, "over").await;
    Ending {
        when: "the client cancels, with `Request::cancellation_handle`",
        sees: one_then_end(&mut responses).await,
        specified: "",
    }
}

async fn server_dies(mut client: Client, server: KillableServer) -> Ending {
    // Held: the client has not ended its stream.
    let (_tx, mut responses) = open_conversation(&mut client).await;
    server.kill();
    Ending {
        when: "the server dies",
        sees: one_then_end(&mut responses).await,
        specified: "`UNAVAILABLE`",
    }
}
