//! The programs, from outside.

use std::time::Duration;

use grpc_workbook::notes::proto::demo::demo_client::DemoClient;
use support::peers::EVERYTHING;
use support::programs::{Finished, client, run};
use tokio_stream::pending;
use tonic::Request;

use crate::{LESSON, server_with_interval};

/// The client prints what a client in any language should get from a server in any language.
/// tests/peers.rs compares Python's and Node's clients and servers with the same text.
#[test]
fn the_client_calls_every_method() {
    let server = server_with_interval("1");
    let client = |args: &[&str]| run(&mut client(LESSON, &server.address, args));
    let greeting = "SayHello \"you\": Hello, you!\n";
    assert_eq!(client(&[]), Finished::new(0, EVERYTHING));
    assert_eq!(client(&["greeter"]), Finished::new(0, greeting));
    let unknown = "Error: the call ended with UNIMPLEMENTED (12), without a message\n";
    assert_eq!(client(&["--break", "package"]), Finished::new(1, unknown));
    assert_eq!(client(&["--break", "spelling"]), Finished::new(1, unknown));
    let Finished { code, output } = client(&["--break", "same-name"]);
    assert_eq!(code, Some(1));
    let wrong = "INTERNAL (13): failed to decode Protobuf message: Request.age: \
                 invalid wire type: LengthDelimited (expected Varint)\n";
    assert!(output.ends_with(wrong), "{output}");
    assert_eq!(server.stop().code, Some(0));
}

/// A call whose time is up leaves a line in the log, as in lesson 8.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_an_answer_leaves_a_line() {
    let mut server = server_with_interval("1");
    let mut client = DemoClient::new(server.channel().await);
    let mut request = Request::new(pending());
    // Long enough for the call to arrive at the server, on a busy machine too.
    request.set_timeout(Duration::from_secs(1));
    let result = client.accumulate(request).await;
    result.expect_err("a call that does not end should have no response");
    server.wait_for("Accumulate -> no answer: the client left, or its time was up");
}
