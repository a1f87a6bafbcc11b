//! Lesson 2: the exercise, the wire reader against prost, and what the chapter says.

#[path = "../lessons/02_types/exercise.rs"]
mod exercise;
#[path = "../lessons/02_types/solution.rs"]
mod solution;
#[path = "../lessons/02_types/wrong_default.rs"]
mod wrong_default;
#[path = "../lessons/02_types/wrong_length.rs"]
mod wrong_length;
#[path = "../lessons/02_types/wrong_sign.rs"]
mod wrong_sign;
#[path = "../lessons/02_types/wrong_zigzag.rs"]
mod wrong_zigzag;

use std::ops::Range;

use grpc_workbook::types::Inspector;
use grpc_workbook::types::proto::seen::types_service_server::TypesServiceServer as SeenServer;
use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use grpc_workbook::types::proto::types_service_server::{
    TypesService, TypesServiceServer,
};
use grpc_workbook::types::proto::{Color, EncodedField, InspectRequest};
use grpc_workbook::types::wire::{Field, MAX_DEPTH, Malformed, Reader, Value, Why};
use grpc_workbook::{Lesson, raw};
use proptest::prelude::*;
use prost::Message;
use support::checks::{Checks, Verdict, outcome};
use support::programs::{self, Finished, Server, run};
use support::{lesson, written};
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::Endpoint;

const LESSON: &Lesson = lesson(2);

// --- the exercise

async fn check(server: Routes) -> Verdict {
    let types = TypesServiceClient::new(server);
    let mut checks = Checks::default();
    for (int32_value, sint32_value, string_value) in [
        (1, 1, "a"),
        (0, 0, ""),
        (300, -300, "grüß dich"),
        (-1, -1, "你好"),
        (i32::MAX, i32::MIN, &"long ".repeat(30)),
        (i32::MIN, i32::MAX, ""),
    ] {
        let string_value = string_value.to_string();
        let call = format!("Inspect({int32_value}, {sint32_value}, {string_value:?})");
        let fields =
            InspectRequest { int32_value, sint32_value, string_value, ..blank() };
        let expected = by_prost(&fields);
        let mut types = types.clone();
        let response = async move {
            let response = outcome(types.inspect(fields).await);
            response.map(|response| response.fields.iter().map(shown).collect())
        };
        checks.call(call, response, Ok(expected)).await;
    }
    checks.verdict()
}

/// What prost makes of the fields.
fn by_prost(request: &InspectRequest) -> Vec<String> {
    let bytes = request.encode_to_vec();
    let fields = Reader::new(&bytes).map(|field| {
        let field = field.expect("prost should write a message that the reader accepts");
        let kind = match field.number {
            3 => "int32",
            7 => "sint32",
            _ => "string",
        };
        let part = |range: Range<usize>| bytes[range].to_vec();
        shown(&EncodedField {
            r#type: kind.into(),
            tag: part(field.tag),
            length: part(field.length),
            payload: part(field.payload),
            ..EncodedField::default()
        })
    });
    fields.collect()
}

/// A field on a line: its type, and tag, length and payload in hexadecimal.
fn shown(field: &EncodedField) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let EncodedField { r#type, tag, length, payload, .. } = field;
    let parts = [r#type.clone(), hex(tag), hex(length), hex(payload)];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn blank() -> InspectRequest {
    InspectRequest::default()
}

fn serving(service: impl TypesService) -> Routes {
    Routes::new(TypesServiceServer::new(service))
}

support::exercise! {
    files: "lessons/02_types/exercise.rs",
    check: |answer| check(serving(answer::HandEncoder)),
    wrong: [wrong_default, wrong_length, wrong_sign, wrong_zigzag],
}

// --- the reader

fn read(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
    Reader::new(bytes)
        .map(|field| field.map(|field| (field.number, field.value)))
        .collect()
}

#[test]
fn fields_are_read() {
    assert_eq!(read(b""), Ok(vec![]));
    assert_eq!(read(b"\x08\x96\x01"), Ok(vec![(1, Value::Varint(150))]));
    assert_eq!(read(b"\x12\x07testing"), Ok(vec![(2, Value::Len(b"testing"))]));
    assert_eq!(read(b"\x0d\x01\0\0\0"), Ok(vec![(1, Value::I32(1))]));
    assert_eq!(read(b"\x09\x01\0\0\0\0\0\0\0"), Ok(vec![(1, Value::I64(1))]));
    assert_eq!(
        read(b"\xf8\xff\xff\xff\x0f\0"),
        Ok(vec![((1 << 29) - 1, Value::Varint(0))])
    );
    let all = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    assert_eq!(read(all), Ok(vec![(1, Value::Varint(u64::MAX))]));
    // More bytes than are needed are allowed.
    assert_eq!(read(b"\x08\x81\x80\x00"), Ok(vec![(1, Value::Varint(1))]));
    let group = vec![
        (3, Value::StartGroup),
        (1, Value::Varint(1)),
        (3, Value::EndGroup),
    ];
    assert_eq!(read(b"\x1b\x08\x01\x1c"), Ok(group));
    let field = Reader::new(b"\x08\x01\xa2\x01\x02hi")
        .nth(1)
        .expect("there should be a second field")
        .expect("the field should be well formed");
    let (tag, length, payload) = (2..4, 4..5, 5..7);
    assert_eq!(
        field,
        Field { number: 20, value: Value::Len(b"hi"), tag, length, payload }
    );
}

#[test]
fn malformed_input_is_placed() {
    for (bytes, at, why) in [
        (&b"\x80"[..], 0, Why::VarintCutOff),
        (b"\x08", 1, Why::VarintCutOff),
        (b"\x08\x01\x08\xff", 3, Why::VarintCutOff),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1, Why::VarintTooLong),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1, Why::VarintTooLong),
        (b"\xf8\xff\xff\xff\x1f\0", 0, Why::TagTooLarge),
        (b"\0", 0, Why::FieldZero),
        (b"\x08\x01\x0e", 2, Why::WireType(6)),
        (b"\x0f", 0, Why::WireType(7)),
        (b"\x0a\x03ab", 1, Why::CutOff { needs: 3, has: 2 }),
        (b"\x0d\x01", 1, Why::CutOff { needs: 4, has: 1 }),
        (b"\x09", 1, Why::CutOff { needs: 8, has: 0 }),
        (b"\x0c", 0, Why::EndGroup(1)),
        (b"\x0b\x14", 1, Why::EndGroup(2)),
        (b"\x08\x01\x0b\x08\x01", 2, Why::OpenGroup(1)),
    ] {
        let mut reader = Reader::new(bytes);
        let error = reader.find_map(Result::err);
        assert_eq!(error, Some(Malformed { at, why }), "{bytes:x?}");
        assert_eq!(reader.next(), None, "after an error comes the end");
    }
    let huge = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let why = Why::CutOff { needs: u64::MAX, has: 0 };
    assert_eq!(read(huge), Err(Malformed { at: 1, why }));
    let deep = |n: usize| [vec![0x0b; n], vec![0x0c; n]].concat();
    assert!(read(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(
        read(&deep(MAX_DEPTH + 1)),
        Err(Malformed { at: MAX_DEPTH, why: Why::TooDeep })
    );
}

/// Any text. proptest's own `any::<String>()` reads a pattern for each, which takes longer than
/// all the rest of these tests.
fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..32).prop_map(String::from_iter)
}

fn requests() -> impl Strategy<Value = InspectRequest> {
    let numbers = any::<(f64, f32, i32, i64, u32, u64, i32, i64)>();
    let others = any::<(u32, u64, i32, i64, bool, Vec<u8>, i32)>();
    // Half of the fields at their defaults, as in real messages.
    let present = any::<u16>();
    (numbers, others, texts(), present).prop_map(|(n, o, text, present)| {
        let is = |field: u32| present >> (field - 1) & 1 == 1;
        let mut m = blank();
        (m.double_value, m.float_value) =
            (if is(1) { n.0 } else { 0. }, if is(2) { n.1 } else { 0. });
        (m.int32_value, m.int64_value) =
            (if is(3) { n.2 } else { 0 }, if is(4) { n.3 } else { 0 });
        (m.uint32_value, m.uint64_value) =
            (if is(5) { n.4 } else { 0 }, if is(6) { n.5 } else { 0 });
        (m.sint32_value, m.sint64_value) =
            (if is(7) { n.6 } else { 0 }, if is(8) { n.7 } else { 0 });
        (m.fixed32_value, m.fixed64_value) =
            (if is(9) { o.0 } else { 0 }, if is(10) { o.1 } else { 0 });
        (m.sfixed32_value, m.sfixed64_value) =
            (if is(11) { o.2 } else { 0 }, if is(12) { o.3 } else { 0 });
        m.bool_value = is(13) && o.4;
        m.string_value = if is(14) { text } else { String::new() };
        m.bytes_value = if is(15) { o.5 } else { Vec::new() };
        m.enum_value = if is(16) { o.6 } else { 0 };
        m
    })
}

/// The message that our reader finds in the bytes.
fn by_reader(bytes: &[u8]) -> InspectRequest {
    let mut m = blank();
    for (number, value) in read(bytes).expect("the bytes should be a message") {
        match (number, value) {
            (1, Value::I64(n)) => m.double_value = f64::from_bits(n),
            (2, Value::I32(n)) => m.float_value = f32::from_bits(n),
            (3, Value::Varint(n)) => m.int32_value = n as i32,
            (4, Value::Varint(n)) => m.int64_value = n as i64,
            (5, Value::Varint(n)) => m.uint32_value = n as u32,
            (6, Value::Varint(n)) => m.uint64_value = n,
            (7, Value::Varint(n)) => m.sint32_value = zigzag(n) as i32,
            (8, Value::Varint(n)) => m.sint64_value = zigzag(n),
            (9, Value::I32(n)) => m.fixed32_value = n,
            (10, Value::I64(n)) => m.fixed64_value = n,
            (11, Value::I32(n)) => m.sfixed32_value = n.cast_signed(),
            (12, Value::I64(n)) => m.sfixed64_value = n.cast_signed(),
            (13, Value::Varint(n)) => m.bool_value = n != 0,
            (14, Value::Len(text)) => {
                m.string_value =
                    String::from_utf8(text.into()).expect("the text should be UTF-8");
            }
            (15, Value::Len(bytes)) => m.bytes_value = bytes.into(),
            (16, Value::Varint(n)) => m.enum_value = n as i32,
            other => panic!("{other:?} is no field of the message"),
        }
    }
    m
}

fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Bytes that are nearly a message: one with a few bytes changed, or cut off, or just bytes.
fn nearly_messages() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec(any::<(prop::sample::Index, u8, bool)>(), 0..4);
    let mutated = (requests(), changes, any::<prop::sample::Index>(), any::<bool>());
    let mutated = mutated.prop_map(|(request, changes, end, cut)| {
        let mut bytes = request.encode_to_vec();
        for (at, byte, insert) in changes {
            match (bytes.len(), insert) {
                (0, _) => bytes.push(byte),
                (n, true) => bytes.insert(at.index(n), byte),
                (n, false) => bytes[at.index(n)] = byte,
            }
        }
        if cut {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        bytes
    });
    let tags =
        prop::sample::select(b"\x08\x09\x0a\x0b\x0c\x0d\x13\x14\x80\x01\xff".to_vec());
    prop_oneof![
        4 => mutated,
        1 => prop::collection::vec(any::<u8>(), 0..40),
        2 => prop::collection::vec(tags, 0..40),
    ]
}

fn cases(least: u32) -> ProptestConfig {
    // PROPTEST_CASES asks for more.
    let cases = ProptestConfig::default().cases.max(least);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// What prost writes, the reader reads, and takes apart without a byte left over.
    #[test]
    fn the_reader_reads_what_prost_writes(request in requests()) {
        let bytes = request.encode_to_vec();
        // NaN is not equal to itself, but its bytes are.
        prop_assert_eq!(by_reader(&bytes).encode_to_vec(), &bytes[..]);
        let mut next = 0;
        for field in Reader::new(&bytes) {
            let field = field.expect("the bytes should be a message");
            prop_assert_eq!(field.tag.start, next);
            prop_assert_eq!(field.tag.end, field.length.start);
            prop_assert_eq!(field.length.end, field.payload.start);
            next = field.payload.end;
        }
        prop_assert_eq!(next, bytes.len());
    }

    /// What is encoded by hand, by the exercise's solution, prost reads.
    #[test]
    fn prost_reads_what_is_written_by_hand(int32: i32, sint32: i32, text in texts()) {
        let request =
            InspectRequest { int32_value: int32, sint32_value: sint32, string_value: text, ..blank() };
        let service = solution::HandEncoder;
        let answer = tokio::runtime::Builder::new_current_thread().build().expect("the runtime should start")
            .block_on(service.inspect(tonic::Request::new(request.clone())));
        let fields = answer.expect("the service should answer").into_inner().fields;
        let bytes: Vec<u8> =
            fields.into_iter().flat_map(|f| [f.tag, f.length, f.payload].concat()).collect();
        prop_assert_eq!(InspectRequest::decode(&bytes[..]), Ok(request));
    }
}

proptest! {
    #![proptest_config(cases(100_000))]

    /// On any input the reader ends, stays inside of it, and agrees with prost whether it is a
    /// message. To prost all fields are unknown here, as they are to the reader.
    #[test]
    fn any_input_is_read_or_refused(bytes in nearly_messages()) {
        let mut fields = 0;
        let mut fine = true;
        for field in Reader::new(&bytes) {
            fields += 1;
            match field {
                Ok(field) => prop_assert!(field.payload.end <= bytes.len()),
                Err(error) => {
                    prop_assert!(error.at <= bytes.len());
                    fine = false;
                }
            }
        }
        prop_assert!(fields <= bytes.len() + 1);
        prop_assert_eq!(fine, <()>::decode(&bytes[..]).is_ok());
    }
}

// --- what the chapter says

/// The table of types: Rust's type as it was generated, wire type and size as they are encoded.
#[test]
fn table_of_types() {
    let code = &support::generated("types.v1.rs");
    let good_for = |kind: &str| match kind {
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
    };
    let proto = include_str!("../protos/types.proto");
    let fields = proto.lines().filter(|line| line.contains("_value = "));
    let mut table = String::from(
        "| `.proto` | Rust | default | wire type | good for |\n|---|---|---|---|---|\n",
    );
    let default = format!("{:?}", blank());
    for line in fields {
        let mut words = line.split_whitespace();
        let (kind, name) = (
            words.next().expect("a field should have a type"),
            words.next().expect("a field should have a name"),
        );
        let rust = code.split(&format!("pub {name}: ")).nth(1);
        let rust = rust.expect("the field should be in the generated code");
        let rust = rust.split(',').next().unwrap_or_default();
        let rust = rust
            .replace("::prost::alloc::string::", "")
            .replace("::prost::alloc::vec::", "");
        let value = default
            .split(&format!("{name}: "))
            .nth(1)
            .unwrap_or_default();
        let value = value.split([',', ' ']).next().unwrap_or_default();
        let wire = by_default_one(name);
        let kind = if kind == "Color" {
            "an enum"
        } else {
            &format!("`{kind}`")
        };
        table += &format!(
            "| {kind} | `{rust}` | `{}` | {wire} | {} |\n",
            value.replace("Unspecified", "0"),
            good_for(kind.trim_matches('`'))
        );
    }
    assert_eq!(table.lines().count(), 18);
    written("book/generated/02-types-table.md", &table);
}

/// The wire type of a field that is set to 1, or to something like it.
fn by_default_one(name: &str) -> &'static str {
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
        _ => panic!("{name} is no field"),
    };
    let bytes = request.encode_to_vec();
    read(&bytes).expect("the bytes should be a message")[0]
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
        .expect("the bytes should be a message");
    assert!(decoded.double_value.is_sign_negative());
}

/// Enums are open: a number without a name arrives as that number. A negative one takes ten bytes.
#[test]
fn an_enum_is_any_number() {
    let decoded = InspectRequest::decode(&b"\x80\x01\x63"[..])
        .expect("the bytes should be a message");
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
fn the_compiler_on_syntax_and_enums() {
    let folder = std::env::temp_dir().join(format!("workbook-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder should be made");
    let compile = |text: &str| {
        std::fs::write(folder.join("x.proto"), text).expect("the file should be written");
        protox::compile(["x.proto"], [&folder]).map_err(|error| format!("{error:?}"))
    };
    // Without a syntax line it is proto2, where a field without a label is an error.
    let proto2 =
        compile("message M { int32 a = 1; }").expect_err("proto2 should be refused");
    let proto3 = compile("syntax = \"proto3\"; message M { int32 a = 1; }");
    let single = compile("syntax = 'proto3'; message M { int32 a = 1; }");
    let edition = compile("edition = \"2023\"; message M { int32 a = 1; }")
        .expect_err("editions should be refused");
    let field = compile("syntax = \"proto3\"; enum E { A = 0; } E e = 1;")
        .expect_err("a field outside a message should be refused");
    std::fs::remove_dir_all(&folder).expect("the folder should be removed");
    assert!(proto3.is_ok() && single.is_ok());
    for (error, place) in [
        (proto2, "x.proto:1:"),
        (edition, "x.proto:1:"),
        (field, "x.proto:1:"),
    ] {
        assert!(error.starts_with(place), "{error}");
    }
}

// --- the programs

#[tokio::test]
async fn the_package_is_part_of_the_path() {
    let server = Server::start(LESSON);
    let uri = format!("http://{}", server.address);
    let channel = Endpoint::try_from(uri)
        .expect("should be a URI")
        .connect()
        .await
        .expect("the server should accept a connection");
    let right =
        raw::unary(channel.clone(), "/types.v1.TypesService/Inspect", b"\x18\x01").await;
    assert!(right.is_ok());
    for path in ["/TypesService/Inspect", "/types.TypesService/Inspect"] {
        let status = raw::unary(channel.clone(), path, b"\x18\x01")
            .await
            .expect_err(path);
        assert_eq!(status.code(), Code::Unimplemented);
    }
}

/// The lesson's server and an ordinary one answer alike, to malformed bytes too.
#[tokio::test]
async fn keeping_the_bytes_changes_nothing() {
    let mut seen = TypesServiceClient::new(Routes::new(SeenServer::new(Inspector)));
    let request = InspectRequest { int32_value: 3, string_value: "x".into(), ..blank() };
    let answer = seen
        .inspect(request)
        .await
        .expect("the server should answer")
        .into_inner();
    assert_eq!(
        answer.fields.iter().map(shown).collect::<Vec<_>>(),
        ["int32 18 03", "string 72 01 78"]
    );
}

#[test]
fn mistakes_get_one_line() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    for (args, code, words) in [
        (&["int32"][..], 2, "<VALUE>"),
        (&["int33", "1"], 2, "\"int33\" is no type of a field"),
        (&["int32", "2147483648"], 2, "\"2147483648\" is no int32"),
        (&["uint32", "-1"], 2, "\"-1\" is no uint32"),
        (&["bool", "yes"], 2, "\"yes\" is no bool"),
        (&["bytes", "0"], 2, "two hexadecimal digits"),
        (&["bytes", "é0"], 2, "two hexadecimal digits"),
        (&["enum", "COLOR_BLUE"], 2, "\"COLOR_BLUE\" is no enum"),
        (&["--decode", "08 9z"], 2, "\"9z\" is no byte"),
        (&["--decode", "08", "int32", "1"], 2, "cannot be used with"),
        (&["--break", "not-utf8"], 1, "INTERNAL (13): failed to decode"),
        (&["--break", "endless-varint"], 1, "INTERNAL (13): failed to decode"),
        (&["--break", "too-long"], 1, "INTERNAL (13): failed to decode"),
        (&["--break", "group"], 1, "INTERNAL (13): failed to decode"),
    ] {
        let Finished { code: actual, output } = client(args);
        assert_eq!(actual, Some(code), "{output}");
        assert!(output.starts_with("Error: ") && output.contains(words), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
    for (bytes, error) in [
        ("08 01 12 05 61", "at offset 3: 5 bytes must follow, 1 do"),
        ("08 01 08 96", "at offset 3: the input ends inside a varint"),
        ("00 00 00 00 02 08 01", "at offset 0: field number 0, which does not exist"),
    ] {
        let Finished { code, output } = client(&["--decode", bytes]);
        assert_eq!(code, Some(1));
        assert!(output.ends_with(&format!("Error: {error}\n")), "{output}");
    }
}

#[test]
fn bytes_are_explained_whatever_stands_between() {
    let explain =
        |bytes: &str| run(programs::command("lesson-2-client").args(["--decode", bytes]));
    let plain = explain("089601");
    assert_eq!(plain.code, Some(0));
    for same in [
        "08 96 01",
        "08,96,01",
        "08:96:01",
        "0x08 0x96 0x01",
        " 08\n9601 ",
    ] {
        assert_eq!(explain(same), plain);
    }
    // Messages inside of messages, as deep as there is room: the program does not run out of it.
    let deep = (0..400).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut bytes = vec![0x0a];
        prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
        bytes.extend(inner);
        bytes
    });
    let hex: String = deep.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(explain(&hex).code, Some(0));
}
