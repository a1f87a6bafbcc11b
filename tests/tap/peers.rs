//! Conversations of other people's libraries through the tap: every message is shown.

use std::collections::BTreeMap;
use std::process::Command;

use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::trace::{EventKind, Side};
use grpc_workbook::tap::unpack::Unpacked;
use support::peers::Peer;
use support::programs::{Finished, Server, run};
use tokio::sync::mpsc::Receiver;

use super::tapped;

/// A conversation of `tests/peers/python/tap.py`, or of grpc-js with its server.
struct Conversation {
    /// What the client printed.
    output: String,
    events: Vec<TappedEvent>,
}

/// Has a client talk to a server of grpcio. `None` where the peers are not installed.
async fn talk(client: &str, command: fn(&mut Command, &str)) -> Option<Conversation> {
    let python = Peer::installed_or_skip("python")?;
    let client = Peer::installed_or_skip(client)?;
    let server = Server::from(
        python
            .command()
            .args(["tests/peers/python/tap.py", "server"]),
    );
    let (address, mut events) = tapped(&server.address).await;
    let mut client = client.command();
    command(&mut client, &address);
    let client = tokio::task::spawn_blocking(move || run(&mut client));
    let Finished { code, output } = client.await.expect("task should not panic");
    assert_eq!(code, Some(0), "{output}");
    let events = all_of(&mut events);
    server.stop();
    Some(Conversation { output, events })
}

/// What the client's calls have shown: it has ended, and with it all calls.
fn all_of(events: &mut Receiver<TappedEvent>) -> Vec<TappedEvent> {
    let mut all = Vec::new();
    while let Ok(tapped) = events.try_recv() {
        let kind = &tapped.event.kind;
        let is_unread =
            matches!(kind, EventKind::Undecodable { .. } | EventKind::Forgotten);
        assert!(!is_unread, "{tapped:?}");
        all.push(tapped);
    }
    all
}

/// The lengths of the messages of each call, by its stream, and by who sent them.
fn messages(events: &[TappedEvent]) -> BTreeMap<(u32, bool), Vec<u32>> {
    let mut messages: BTreeMap<(u32, bool), Vec<u32>> = BTreeMap::new();
    for TappedEvent { event, .. } in events {
        if let EventKind::Message { length, path, .. } = &event.kind {
            assert_eq!(path.as_deref(), Some("/helloworld.Greeter/SayHello"));
            let of = (event.stream, event.from == Side::Server);
            messages.entry(of).or_default().push(*length);
        }
    }
    messages
}

fn python(client: &mut Command, address: &str, conversation: &str) {
    client.args(["tests/peers/python/tap.py", "client", address, conversation]);
}

/// grpcio announces frames of megabytes, and sends them.
#[tokio::test]
async fn large_frames_of_grpcio_are_read() {
    let talk = talk("python", |client, address| python(client, address, "large")).await;
    let Some(Conversation { output, events }) = talk else {
        return;
    };
    assert_eq!(output, "True\n");
    let large = (2 << 20) + 5;
    let expected = vec![large, large, 5];
    let messages: Vec<Vec<u32>> = messages(&events).into_values().collect();
    assert_eq!(messages, [expected.clone(), expected]);
    let longest = events.iter().filter_map(|tapped| match tapped.event.kind {
        EventKind::DataFrame { length } => Some(length),
        _ => None,
    });
    let longest = longest.max().expect("there should be DATA");
    assert!(longest > 16_384, "grpcio should send larger frames: {longest}");
}

#[tokio::test]
async fn thousands_of_cancelled_calls_of_grpcio_are_forgotten() {
    let talk = talk("python", |client, address| python(client, address, "cancelled"));
    let Some(Conversation { output, events }) = talk.await else {
        return;
    };
    assert_eq!(output, "[7]\n");
    let messages = messages(&events);
    assert_eq!(messages.len(), 2 * 3001);
    let mut last = messages.into_values().rev();
    assert_eq!((last.next(), last.next()), (Some(vec![7]), Some(vec![7])));
}

#[tokio::test]
async fn compressed_messages_of_grpcio_are_read() {
    let talk = talk("python", |client, address| python(client, address, "compressed"));
    let Some(Conversation { output, events }) = talk.await else {
        return;
    };
    assert_eq!(output, "[1003]\n[1003]\n");
    let mut unpacked = Vec::new();
    for TappedEvent { event, .. } in events {
        if let EventKind::Message { unpacked: Some(message), .. } = event.kind {
            match message {
                Unpacked::Message { encoding, bytes } => {
                    unpacked.push((encoding, bytes.len()));
                }
                Unpacked::Not { why } => panic!("{why}"),
            }
        }
    }
    let [gzip, deflate] = [("gzip", 1003), ("deflate", 1003)];
    assert_eq!(unpacked, [gzip, gzip, deflate, deflate]);
}

#[tokio::test]
async fn metadata_of_100_kilobytes_of_grpcio_is_passed() {
    let talk = talk("python", |client, address| python(client, address, "metadata"));
    let Some(Conversation { output, events }) = talk.await else {
        return;
    };
    assert_eq!(output, "[5]\n[5]\n[5]\n");
    let mut large = Vec::new();
    for TappedEvent { event, .. } in &events {
        if let EventKind::TooLarge { length } = event.kind {
            large.push((event.stream, event.from, length));
        }
    }
    assert_eq!(large, [(3, Side::Client, 100_005), (3, Side::Server, 100_005)]);
    assert_eq!(messages(&events).len(), 6);
}

#[tokio::test]
async fn cancelled_calls_of_grpc_js_are_forgotten() {
    let talk = talk("node", |client, address| {
        client.args(["tests/peers/node/tap.js", address]);
    });
    let Some(Conversation { output, events }) = talk.await else {
        return;
    };
    assert_eq!(output, "5\nOK\n");
    assert_eq!(messages(&events).len(), 2 * 1001);
}
