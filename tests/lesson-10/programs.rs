//! The programs, from outside.

use support::peers::EVERYTHING;
use support::programs::{Finished, client, run};

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
