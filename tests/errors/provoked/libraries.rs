//! Messages of prost, protox, tonic and the standard library that need no connection.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::map_oneof::proto::Person;
use grpc_workbook::status::code_name;
use prost::Message;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::{all_of, said};

#[test]
fn prost_says_what_is_wrong_with_the_bytes() {
    // Field 1 of HelloRequest is a string.
    let deep = {
        let mut bytes = Vec::new();
        // Groups of a field that nobody knows: their starts.
        bytes.extend([0x7b; 101]);
        bytes.extend([0x7c; 101]);
        bytes
    };
    for (bytes, words) in [
        (&b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..], "invalid varint"),
        (b"\x0a\x05ab", "buffer underflow"),
        (b"\x0a\x02\xc3\x28", "invalid string value: data is not UTF-8 encoded"),
        (b"\x08\x01", "invalid wire type: Varint (expected LengthDelimited)"),
        (b"\x0e", "invalid wire type value: 6"),
        (b"\x00\x00\x00\x00\x05hello", "invalid tag value: 0"),
        (b"\xff\xff\xff\xff\xff\x01", "invalid key value: 68719476735"),
        (b"\x7c", "unexpected end group tag"),
        (&deep, "recursion limit reached"),
    ] {
        let error = HelloRequest::decode(bytes).expect_err("the bytes should be refused");
        said(words, &error.to_string());
        said("failed to decode Protobuf message", &error.to_string());
    }
}

/// A message inside of another that is longer than the length before it says.
#[test]
fn prost_says_that_a_message_is_longer_than_its_length() {
    let mut refused = Vec::new();
    for first in 0..=255 {
        let bytes = [first, 1, 0x0a, 4, b'a', b'b', b'c', b'd'];
        if let Err(error) = Person::decode(&bytes[..]) {
            refused.push(error.to_string());
        }
    }
    said("delimited length exceeded", &refused.join("\n"));
}

#[test]
fn an_address_is_no_name() {
    for text in ["localhost:50051", "http://127.0.0.1:50051", "127.0.0.1"] {
        let error = text
            .parse::<SocketAddr>()
            .expect_err("the text should be refused");
        said("invalid socket address syntax", &error.to_string());
        said("AddrParseError(Socket)", &format!("{error:?}"));
    }
}

#[test]
fn a_uri_and_metadata_have_their_letters() {
    let uri =
        Endpoint::from_shared("http://127.0.0.1 :50051").expect_err("it has a space");
    said("invalid URI", &all_of(&uri));
    said("InvalidUri", &all_of(&uri));
    said("invalid uri character", &all_of(&uri));
    let value = AsciiMetadataValue::try_from("line\n").expect_err("it has a line end");
    said("failed to parse metadata value", &value.to_string());
    said("InvalidMetadataValue", &format!("{value:?}"));
}

/// What the system says of connections, as the standard library passes it on.
#[test]
fn the_system_says_what_happened_to_a_connection() {
    said("broken pipe", &io::Error::from(io::ErrorKind::BrokenPipe).to_string());
    said(
        "connection reset",
        &io::Error::from(io::ErrorKind::ConnectionReset).to_string(),
    );
    if cfg!(target_os = "linux") {
        let refused = |code| format!("{:?}", io::Error::from_raw_os_error(code));
        said("Connection reset by peer", &refused(104));
        said("kind: TimedOut, message: \"Connection timed out\"", &refused(110));
        said("No route to host", &refused(113));
        said("Too many open files", &refused(24));
    }
}

#[tokio::test]
async fn tokio_says_that_time_is_up() {
    let never = std::future::pending::<()>();
    let elapsed = tokio::time::timeout(Duration::ZERO, never)
        .await
        .expect_err("the future never ends");
    said("deadline has elapsed", &elapsed.to_string());
}

/// The message of the panic with which `work` ends.
fn panic_of(work: impl FnOnce() + Send + 'static) -> String {
    // In a thread without a runtime.
    let ended = thread::spawn(move || catch_unwind(AssertUnwindSafe(work)).err()).join();
    let panic = ended.ok().flatten().expect("the work should panic");
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or(panic.downcast_ref::<&str>().map(ToString::to_string));
    text.expect("the panic should have a text")
}

#[test]
fn tokio_wants_a_runtime_and_no_second_one() {
    let outside = panic_of(|| {
        Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
    });
    said(
        "there is no reactor running, must be called from the context of a Tokio 1.x runtime",
        &outside,
    );
    let inside = panic_of(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime should start");
        runtime.block_on(async {
            tokio::runtime::Handle::current().block_on(async {});
        });
    });
    said("Cannot start a runtime from within a runtime", &inside);
}

#[test]
fn a_status_prints_a_sentence_for_its_code() {
    for (code, sentence) in [
        (Code::Cancelled, "The operation was cancelled"),
        (Code::Unknown, "Unknown error"),
        (Code::InvalidArgument, "Client specified an invalid argument"),
        (Code::DeadlineExceeded, "Deadline expired before operation could complete"),
        (Code::NotFound, "Some requested entity was not found"),
        (Code::AlreadyExists, "Some entity that we attempted to create already exists"),
        (
            Code::PermissionDenied,
            "The caller does not have permission to execute the specified operation",
        ),
        (Code::ResourceExhausted, "Some resource has been exhausted"),
        (
            Code::FailedPrecondition,
            "The system is not in a state required for the operation's execution",
        ),
        (Code::Aborted, "The operation was aborted"),
        (Code::OutOfRange, "Operation was attempted past the valid range"),
        (Code::Unimplemented, "Operation is not implemented or not supported"),
        (Code::Internal, "Internal error"),
        (Code::Unavailable, "The service is currently unavailable"),
        (Code::DataLoss, "Unrecoverable data loss or corruption"),
        (
            Code::Unauthenticated,
            "The request does not have valid authentication credentials",
        ),
    ] {
        said(sentence, &Status::new(code, "").to_string());
    }
    assert_eq!(code_name(Code::AlreadyExists), "ALREADY_EXISTS");
}

/// What protox says of a file, in the order of the cases: the chapters have the rest.
#[test]
fn protox_names_the_slip() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("errors-protox");
    std::fs::create_dir_all(&folder).expect("the folder should be made");
    for (body, words) in [
        ("message A { string name = 1 }", "expected ';' or '[', but found '}'"),
        ("message A {} message A {}", "name 'A' is defined twice"),
        ("message A { Nope a = 1; }", "name 'Nope' is not defined"),
        ("import \"x.proto\";", "import 'x.proto' not found"),
    ] {
        let file = folder.join("slip.proto");
        let text = format!("syntax = \"proto3\";\n{body}\n");
        std::fs::write(&file, text).expect("the file should be written");
        let error = protox::compile(["slip.proto"], [&folder])
            .expect_err("the file should be refused");
        said(words, &format!("{error:?}").replace('`', "'"));
    }
}
