//! The lesson's server and client, from outside.

use grpc_workbook::raw;
use grpc_workbook::types::Inspector;
use grpc_workbook::types::proto::InspectRequest;
use grpc_workbook::types::proto::raw_request::types_service_server::TypesServiceServer;
use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use support::bytes::hex;
use support::lesson;
use support::programs::{self, Finished, Server, run};
use tonic::Code;
use tonic::service::Routes;

use crate::check::field_line;
use crate::{LESSON, blank};

#[tokio::test]
async fn the_package_is_part_of_the_path() {
    let server = Server::start(LESSON);
    let channel = server.channel().await;
    let response =
        raw::unary(channel.clone(), "/types.v1.TypesService/Inspect", b"\x18\x01").await;
    response.expect("the path should be right");
    for path in ["/TypesService/Inspect", "/types.TypesService/Inspect"] {
        let status = raw::unary(channel.clone(), path, b"\x18\x01")
            .await
            .expect_err("the path should be wrong");
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
}

/// The lesson's codec, which keeps the bytes, decodes a request as an ordinary one does.
#[tokio::test]
async fn the_codec_that_keeps_the_bytes_serves_ordinary_clients() {
    let server = Routes::new(TypesServiceServer::new(Inspector));
    let request = InspectRequest { int32_value: 3, string_value: "x".into(), ..blank() };
    let response = TypesServiceClient::new(server).inspect(request).await;
    let fields = response
        .expect("the request should be decoded")
        .into_inner()
        .fields;
    let lines: Vec<String> = fields.iter().map(field_line).collect();
    assert_eq!(lines, ["int32 18 03", "string 72 01 78"]);
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    let server = Server::start(LESSON);
    let client = |args: &[&str]| match args {
        // Without a server.
        ["--decode", ..] => run(programs::command("lesson-2-client").args(args)),
        _ => run(&mut programs::client(LESSON, &server.address, args)),
    };
    for (args, code, words) in [
        (&["int32"][..], 2, "<VALUE>"),
        (
            &["int33", "1"],
            2,
            "\"int33\" is not a valid type of a field: double, float, int32",
        ),
        (&["int32", "2147483648"], 2, "\"2147483648\" is not a valid int32"),
        (&["uint32", "-1"], 2, "\"-1\" is not a valid uint32: it is never negative"),
        (&["bool", "yes"], 2, "\"yes\" is not a valid bool"),
        (&["bytes", "0"], 2, "two hexadecimal digits"),
        (&["bytes", "é0"], 2, "two hexadecimal digits"),
        (&["enum", "COLOR_BLUE"], 2, "\"COLOR_BLUE\" is not a valid enum"),
        (&["enum", "RED"], 2, "names: COLOR_UNSPECIFIED, COLOR_RED, COLOR_GREEN"),
        (&["--decode", "08 9z"], 2, "\"9z\" is not a valid byte"),
        (&["int32", "1", "--decode", "08"], 2, "cannot be used with"),
        (&["--decode", "08", "int32", "1"], 2, "\"int32\" is not a valid byte"),
        (&["--decode", "+8", "+1"], 2, "a byte has no sign"),
        (&["--decode"], 2, "a value is required"),
    ] {
        let Finished { code: actual, output } = client(args);
        assert_eq!(actual, Some(code), "{output}");
        assert!(output.starts_with("Error: ") && output.contains(words), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
    for (fault, bytes) in [
        ("not-utf8", "72 02 c3 28"),
        ("endless-varint", "18 ff ff ff ff ff ff ff ff ff ff ff"),
        ("too-long", "72 05 61 62"),
        ("group", "1b 1c"),
    ] {
        let Finished { code, output } = client(&["--break", fault]);
        assert_eq!(code, Some(1), "{output}");
        let error = output.strip_prefix(&format!("sends {bytes}\n"));
        let error = error.expect("the client should print the bytes first");
        assert!(error.starts_with("Error: "), "{output}");
        assert!(error.contains("INTERNAL (13): failed to decode"), "{output}");
        assert_eq!(error.lines().count(), 1, "{output}");
    }
    for (bytes, error) in [
        ("08 01 12 05 61", "at offset 3: 5 bytes must follow, 1 do"),
        ("08 01 08 96", "at offset 3: the input ends inside a varint"),
        ("00 08 01", "at offset 0: field number 0, which does not exist"),
        (
            "08 01 ... 9 bytes",
            "the bytes end in ...: the program that printed them left the rest out",
        ),
    ] {
        let Finished { code, output } = client(&["--decode", bytes]);
        assert_eq!(code, Some(1));
        assert!(output.ends_with(&format!("Error: {error}\n")), "{output}");
    }
}

#[test]
fn bytes_are_explained_whatever_stands_between() {
    let without = explain("089601");
    assert_eq!(without.code, Some(0));
    for same in [
        "08 96 01",
        "08,96,01",
        "08:96:01",
        "0x08 0x96 0x01",
        " 08\n9601 ",
    ] {
        assert_eq!(explain(same), without);
    }
}

/// The readings of a long number stand below each other, so that a line is not too long.
#[test]
fn the_readings_of_a_long_number_are_folded() {
    let Finished { code, output } = explain("18 ff ff ff ff ff ff ff ff ff 01");
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    assert!(lines[1].ends_with(" VARINT 18446744073709551615"), "{output}");
    let indent = " ".repeat(54);
    assert_eq!(
        lines[2..],
        [
            format!("{indent}signed -1"),
            format!("{indent}zigzag -9223372036854775808"),
            format!("{indent}uint32 4294967295"),
            format!("{indent}sint32 -2147483648"),
        ]
    );
}

/// No table begins before the first response is here.
#[test]
fn an_error_of_the_first_call_stands_alone() {
    let server = Server::start(lesson(1));
    let Finished { code, output } =
        run(&mut programs::client(LESSON, &server.address, &["int32", "1"]));
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: the call ended with UNIMPLEMENTED"), "{output}");
}

/// Messages nested deeper than the client follows do not exhaust its stack.
#[test]
fn deep_messages_are_explained() {
    let mut message: Vec<u8> = Vec::new();
    for _ in 0..400 {
        let mut outer = vec![0x0a];
        prost::encoding::encode_varint(message.len() as u64, &mut outer);
        outer.extend(message);
        message = outer;
    }
    assert_eq!(explain(&hex(&message)).code, Some(0));
}

/// What the client prints of these bytes.
fn explain(bytes: &str) -> Finished {
    run(programs::command("lesson-2-client").args(["--decode", bytes]))
}

/// `--decode -` reads standard input: text, or the bytes themselves.
#[test]
fn standard_input_is_explained() {
    let expected = explain("089601");
    for input in [
        &b"08 96 01\n"[..],
        b"b'\\x08\\x96\\x01'",
        b"CJYB\n",
        b"\x08\x96\x01",
    ] {
        let finished = explain_input(input);
        assert_eq!(finished.code, Some(0), "{}", finished.output);
        assert!(finished.output.ends_with(&expected.output), "{}", finished.output);
    }
    assert!(explain_input(b"").output.contains("no bytes: a message"));
    // All bytes are text, and none of the ways to write bytes.
    assert!(
        explain_input(b"\x0a\x0aabcdefghij")
            .output
            .contains("\"abcdefghij\"")
    );
    let Finished { code, output } = explain_input(b"hello");
    assert_eq!(code, Some(2));
    assert!(output.contains("is not a valid byte"), "{output}");
    let Finished { code, output } = explain_input(&vec![b'0'; (16 << 20) + 1]);
    assert_eq!(
        (code, &output[..]),
        (Some(1), "Error: standard input has more than 16 MiB\n")
    );
}

/// Bytes need no quotes, and the help and the error name every type.
#[test]
fn words_are_joined_and_types_are_named() {
    let words =
        run(programs::command("lesson-2-client").args(["--decode", "08", "96", "01"]));
    assert_eq!(words, explain("089601"));
    let help = run(programs::command("lesson-2-client").arg("--help")).output;
    let error = run(programs::command("lesson-2-client").args(["text", "a"])).output;
    for kind in [
        "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64",
        "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes", "enum",
    ] {
        for text in [&help, &error] {
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(words.any(|word| word == kind), "{kind}: {text}");
        }
    }
}

/// What the client prints of these bytes on standard input.
fn explain_input(input: &[u8]) -> Finished {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("lesson-2-input-{}", input.len()));
    std::fs::write(&file, input).expect("the file should be written");
    let input = std::fs::File::open(file).expect("the file should be there");
    run(programs::command("lesson-2-client")
        .args(["--decode", "-"])
        .stdin(input))
}
