//! What the chapter says of types: the table, the defaults, the enum, and what the compiler takes.

use std::fs;
use std::path::Path;

use grpc_workbook::types::proto::{Color, InspectRequest};
use prost::bytes::Bytes;
use prost::{Message, UnknownEnumValue};
use support::{excerpt, generated, written};

use crate::blank;
use crate::reader::read;

/// `types.proto` as build.rs makes it with `.bytes(".")`. Only the request is used.
#[allow(dead_code)]
mod with_bytes {
    include!(concat!(env!("OUT_DIR"), "/bytes/types.v1.rs"));
}

/// The table of types: Rust's type and default as they are generated, wire type and size as they
/// are encoded.
#[test]
fn the_table_of_types_is_what_prost_makes() {
    let code = generated("types.v1.rs");
    let proto = include_str!("../../protos/types.proto");
    let defaults = format!("{:?}", blank());
    let mut table = String::from(
        "| `.proto` | Rust | default | wire type | good for |\n|---|---|---|---|---|\n",
    );
    for line in proto.lines().filter(|line| line.contains("_value = ")) {
        let mut words = line.split_whitespace();
        let kind = words.next().expect("a field should have a type");
        let name = words.next().expect("a field should have a name");
        let (kind, good_for) = match kind {
            "Color" => ("an enum".to_string(), good_for("enum")),
            _ => (format!("`{kind}`"), good_for(kind)),
        };
        let (rust, default) = (rust_type(&code, name), default_of(&defaults, name));
        let wire = wire_type_of(name);
        table += &format!("| {kind} | `{rust}` | `{default}` | {wire} | {good_for} |\n");
        if name == "bytes_value" {
            table += &row_of_shared_bytes();
        }
    }
    assert_eq!(table.lines().count(), 19);
    written("book/generated/02-types-table.md", &table);
}

/// The row for `bytes` fields that are generated as `Bytes`.
fn row_of_shared_bytes() -> String {
    let code = include_str!(concat!(env!("OUT_DIR"), "/bytes/types.v1.rs"));
    let rust = rust_type(code, "bytes_value");
    let default = default_of(
        &format!("{:?}", with_bytes::InspectRequest::default()),
        "bytes_value",
    );
    let wire = wire_type_of("bytes_value");
    format!(
        "| `bytes`, with `.bytes(\".\")` | `{rust}` | `{default}` | {wire} | large values: decoding does not copy them |\n"
    )
}

/// Decoding a `Bytes` does not copy: it is a part of what arrived.
#[test]
fn bytes_share_the_buffer_of_the_message() {
    let message = Bytes::from_static(b"\x7a\x04tea!");
    let shared = with_bytes::InspectRequest::decode(message.clone())
        .expect("prost should read the bytes");
    assert_eq!(shared.bytes_value, "tea!");
    assert_eq!(shared.bytes_value.as_ptr(), message[2..].as_ptr());
    let copied =
        InspectRequest::decode(message.clone()).expect("prost should read the bytes");
    assert_ne!(copied.bytes_value.as_ptr(), message[2..].as_ptr());
}

/// The type of a field in the generated code, without the path before `String` and `Vec`.
fn rust_type(code: &str, name: &str) -> String {
    let (_, rest) = code
        .split_once(&format!("pub {name}: "))
        .expect("the field should be in the generated struct");
    let (rust, _) = rest.split_once(',').unwrap_or_default();
    rust.replace("::prost::alloc::string::", "")
        .replace("::prost::alloc::vec::", "")
        .replace("::prost::bytes::", "")
}

/// A field's value in what `Debug` prints of a message.
fn default_of(message: &str, name: &str) -> String {
    let (_, rest) = message
        .split_once(&format!("{name}: "))
        .expect("Debug should print every field");
    let value = rest.split([',', ' ']).next().unwrap_or_default();
    value.replace("Unspecified", "0")
}

/// What the table recommends a type for.
fn good_for(kind: &str) -> &'static str {
    match kind {
        "double" | "float" => "measured values",
        "int32" | "int64" => "whole numbers that are rarely negative",
        "uint32" | "uint64" => "whole numbers that are never negative",
        "sint32" | "sint64" => "whole numbers that are often negative",
        "fixed32" => "numbers that are mostly 2<sup>28</sup> or more",
        "fixed64" => "numbers that are mostly 2<sup>56</sup> or more: hashes, random ids",
        "sfixed32" | "sfixed64" => "large numbers, positive and negative",
        "bool" => "yes or no",
        "string" => "text; must be UTF-8",
        "bytes" => "any bytes",
        _ => "one of a few names",
    }
}

/// The wire type of a field that is set to 1, or to something like it.
fn wire_type_of(name: &str) -> &'static str {
    let request = match name {
        "double_value" => InspectRequest { double_value: 1., ..blank() },
        "float_value" => InspectRequest { float_value: 1., ..blank() },
        "int32_value" => InspectRequest { int32_value: 1, ..blank() },
        "int64_value" => InspectRequest { int64_value: 1, ..blank() },
        "uint32_value" => InspectRequest { uint32_value: 1, ..blank() },
        "uint64_value" => InspectRequest { uint64_value: 1, ..blank() },
        "sint32_value" => InspectRequest { sint32_value: 1, ..blank() },
        "sint64_value" => InspectRequest { sint64_value: 1, ..blank() },
        "fixed32_value" => InspectRequest { fixed32_value: 1, ..blank() },
        "fixed64_value" => InspectRequest { fixed64_value: 1, ..blank() },
        "sfixed32_value" => InspectRequest { sfixed32_value: 1, ..blank() },
        "sfixed64_value" => InspectRequest { sfixed64_value: 1, ..blank() },
        "bool_value" => InspectRequest { bool_value: true, ..blank() },
        "string_value" => InspectRequest { string_value: "1".into(), ..blank() },
        "bytes_value" => InspectRequest { bytes_value: vec![1], ..blank() },
        "enum_value" => InspectRequest { enum_value: 1, ..blank() },
        _ => panic!("{name} is not a field"),
    };
    let bytes = request.encode_to_vec();
    read(&bytes).expect("prost should write a message")[0]
        .1
        .wire_type()
}

/// -1 in an int32 and in a sint32.
#[test]
fn minus_one_takes_ten_bytes_or_one() {
    let int32 = InspectRequest { int32_value: -1, ..blank() }.encode_to_vec();
    assert_eq!(int32, b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    let sint32 = InspectRequest { sint32_value: -1, ..blank() }.encode_to_vec();
    assert_eq!(sint32, b"\x38\x01");
}

/// The specification has -0.0 sent, since it is not 0.0; prost compares numbers, not bits.
#[test]
fn prost_does_not_send_minus_zero() {
    assert!(
        InspectRequest { double_value: -0., ..blank() }
            .encode_to_vec()
            .is_empty()
    );
    let decoded = InspectRequest::decode(&b"\x09\0\0\0\0\0\0\0\x80"[..])
        .expect("prost should read -0");
    assert!(decoded.double_value.is_sign_negative());
}

/// Enums are open: a number without a name arrives as that number. The page shows this test.
#[test]
fn an_enum_is_any_number() {
    // ANCHOR: enum
    let mut request = InspectRequest::default();
    request.set_enum_value(Color::Red);
    assert_eq!(request.enum_value, 1);

    // Field 16, 99: a color that a newer .proto may have.
    let request = InspectRequest::decode(&b"\x80\x01\x63"[..]);
    let request = request.expect("a number without a name should arrive");
    assert_eq!(request.enum_value, 99);
    assert_eq!(Color::try_from(99), Err(UnknownEnumValue(99)));
    // The getter, a method with the field's name, turns it into the default.
    assert_eq!(request.enum_value(), Color::Unspecified);
    // ANCHOR_END: enum

    // What arrived is kept, and passed on.
    assert_eq!(request.encode_to_vec(), b"\x80\x01\x63");
    // A negative number takes ten bytes.
    let negative = InspectRequest { enum_value: -1, ..blank() };
    assert_eq!(negative.encode_to_vec().len(), 2 + 10);
}

/// The chapter's "predict": a varint may have more bytes than it needs.
#[test]
fn a_varint_may_be_longer_than_it_needs() {
    let long = InspectRequest::decode(&b"\x18\x81\x80\x00"[..]);
    let long = long.expect("prost should read a long varint");
    assert_eq!(long.int32_value, 1);
    assert_eq!(long.encode_to_vec(), b"\x18\x01");
}

/// The chapter's excerpt of the generated code.
#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("types.v1.rs");
    written("book/generated/02-types-enum.rs", &excerpt(&code, "pub enum Color", "\n}"));
    // The functions that the chapter names.
    for function in ["as_str_name", "from_str_name"] {
        assert!(code.contains(&format!("pub fn {function}(")), "{function}");
    }
}

/// Errata of the notes: what the compiler takes and refuses.
#[test]
fn the_compiler_knows_proto2_and_proto3() {
    assert_eq!(
        compile("proto3", "syntax = \"proto3\"; message M { int32 a = 1; }"),
        Ok(())
    );
    assert_eq!(
        compile("quotes", "syntax = 'proto3'; message M { int32 a = 1; }"),
        Ok(())
    );
    for (name, text) in [
        // Without a syntax line it is proto2, where a field without a label is an error.
        ("proto2", "message M { int32 a = 1; }"),
        ("editions", "edition = \"2023\"; message M { int32 a = 1; }"),
        ("outside", "syntax = \"proto3\"; enum E { A = 0; } E e = 1;"),
    ] {
        let error = compile(name, text).expect_err("protox should refuse it");
        assert!(error.starts_with(&format!("lesson-2-{name}.proto:1:")), "{error}");
    }
}

/// Compiles a file with this text. An error begins with its place in the file.
fn compile(name: &str, text: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = format!("lesson-2-{name}.proto");
    fs::write(folder.join(&file), text).expect("the file should be written");
    match protox::compile([&file], [folder]) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error:?}")),
    }
}
