//! What the chapter says of types: the table, the defaults, the enum, and what the compiler takes.

use std::fs;
use std::path::Path;

use grpc_workbook::types::proto::{Color, InspectRequest};
use prost::Message;
use support::{generated, written};

use crate::blank;
use crate::reader::read;

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
    }
    assert_eq!(table.lines().count(), 18);
    written("book/generated/02-types-table.md", &table);
}

/// The type of a field in the generated code, without the path before `String` and `Vec`.
fn rust_type(code: &str, name: &str) -> String {
    let (_, rest) = code
        .split_once(&format!("pub {name}: "))
        .expect("the field should be in the generated struct");
    let (rust, _) = rest.split_once(',').unwrap_or_default();
    rust.replace("::prost::alloc::string::", "")
        .replace("::prost::alloc::vec::", "")
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
        "int32" | "int64" => "numbers that are rarely negative",
        "uint32" | "uint64" => "numbers that never are",
        "sint32" | "sint64" => "numbers that often are",
        "fixed32" => "numbers mostly above 2<sup>28</sup>",
        "fixed64" => "numbers mostly above 2<sup>56</sup>: hashes, random ids",
        "sfixed32" | "sfixed64" => "large numbers of either sign",
        "bool" => "yes or no",
        "string" => "text; must be UTF-8",
        "bytes" => "anything",
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

/// The chapter's "predict": the third field of a message with -1 in an int32 and a sint32.
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

/// Enums are open: a number without a name arrives as that number. A negative one takes ten bytes.
#[test]
fn an_enum_is_any_number() {
    let decoded = InspectRequest::decode(&b"\x80\x01\x63"[..])
        .expect("prost should read a number without a name");
    assert_eq!(decoded.enum_value, 99);
    assert!(Color::try_from(99).is_err());
    // The method of the field's name hides that: it answers with the default.
    assert_eq!(decoded.enum_value(), Color::Unspecified);
    assert_eq!(
        InspectRequest { enum_value: -1, ..blank() }
            .encode_to_vec()
            .len(),
        2 + 10
    );
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
