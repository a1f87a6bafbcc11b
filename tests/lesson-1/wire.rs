//! The bytes of a call, and which calls reach the service.

use grpc_workbook::hello::proto::{HelloReply, HelloRequest, greeter_server};
use grpc_workbook::raw;
use prost::Message;
use support::bytes::hex;
use support::programs::{Finished, Server};
use support::written;
use tonic::Code;

use crate::{LESSON, PATH};

/// The chapter's "predict": a field at its default is not sent.
#[test]
fn an_empty_name_takes_no_byte() {
    let request = |name: &str| HelloRequest { name: name.into() }.encode_to_vec();
    assert_eq!(request("you"), b"\x0a\x03you");
    assert_eq!(request(""), b"");
    assert_eq!(
        HelloReply { message: "Hello, you!".into() }.encode_to_vec(),
        b"\x0a\x0bHello, you!"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_full_path_and_a_message_reach_the_service() {
    assert_eq!(greeter_server::SERVICE_NAME, "helloworld.Greeter");
    let server = Server::start(LESSON);
    let channel = server.channel().await;

    let response = raw::unary(channel.clone(), PATH, b"\x0a\x03you")
        .await
        .expect("the call should succeed");
    assert_eq!(response.into_inner(), &b"\x0a\x0bHello, you!"[..]);

    for path in [
        "/Greeter/SayHello",
        "/helloworld.Greeter/sayHello",
        "/helloworld.Greeter",
        "/",
    ] {
        let status = raw::unary(channel.clone(), path, b"")
            .await
            .expect_err("no service should have this path");
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unimplemented, ""),
            "{path}"
        );
    }
    for broken in [
        &b"\x0a\x02\xc3\x28"[..],
        b"\x0a\x05you",
        b"\x0a",
        b"\x08\x01",
        b"\x0b",
    ] {
        let status = raw::unary(channel.clone(), PATH, broken)
            .await
            .expect_err("the message should be refused");
        assert_eq!(status.code(), Code::Internal, "{broken:?}");
    }
    // Only the first call reached the service.
    drop(channel);
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(output.matches("SayHello").count(), 1, "{output}");
}

/// The chapter's table of bytes: what is on the wire for the call, and for its answer.
#[test]
fn the_table_explains_each_byte_of_the_call() {
    let request = HelloRequest { name: "you".into() }.encode_to_vec();
    let reply = HelloReply { message: "Hello, you!".into() }.encode_to_vec();
    let mut table = String::from("| who | bytes | meaning |\n|---|---|---|\n");
    for (who, field, message) in
        [("client", "name", request), ("server", "message", reply)]
    {
        let mut row = |bytes: &[u8], meaning: String| {
            table += &format!("| {who} | `{}` | {meaning} |\n", hex(bytes));
        };
        let length = u32::try_from(message.len()).expect("the message should be short");
        row(&[0], "not compressed".into());
        row(&length.to_be_bytes(), format!("the message takes {length} bytes"));
        assert_eq!(message[0], 1 << 3 | 2, "the tag of field 1, length-delimited");
        assert_eq!(usize::from(message[1]), message.len() - 2);
        let text = String::from_utf8_lossy(&message[2..]);
        row(&message[..1], format!("field 1, `{field}`; its value begins with a length"));
        row(&message[1..2], format!("{} bytes follow", message[1]));
        row(&message[2..], format!("`{text}` in UTF-8"));
    }
    written("book/generated/01-hello-bytes.md", &table);
}
