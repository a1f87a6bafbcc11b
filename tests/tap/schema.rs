//! Messages as text: the values that a `.proto` gives to bytes.

use grpc_workbook::tap::schema::Schema;

/// What the tap shows of a request of lesson 2.
fn described(request: &[u8]) -> Option<String> {
    let schema = Schema::of_the_workbook();
    let message = schema.message_of("/types.v1.TypesService/Inspect", false);
    schema.describe(message, request)
}

/// What it shows of a message that it has no `.proto` of.
fn unknown(message: &[u8]) -> String {
    let shown = Schema::of_the_workbook().describe(None, message);
    shown.expect("it should be a message")
}

/// Any number may arrive, also a negative one: it is shown as the `int32` that it is.
#[test]
fn an_enum_is_shown_by_name_or_number() {
    for (bytes, shown) in [
        (&b"\x80\x01\x01"[..], "COLOR_RED"),
        (b"\x80\x01\x63", "99"),
        (b"\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-1"),
        // Only 32 bits count.
        (b"\x80\x01\x81\x80\x80\x80\x10", "COLOR_RED"),
        (b"\x80\x01\xff\xff\xff\xff\x0f", "-1"),
    ] {
        let expected = format!("InspectRequest {{ enum_value: {shown} }}");
        assert_eq!(described(bytes), Some(expected));
    }
}

/// Each type reads its own number in the same bytes: prost agrees.
#[test]
fn a_varint_is_cut_to_what_the_type_holds() {
    use grpc_workbook::types::proto::InspectRequest;
    use prost::Message;

    for varint in [
        &b"\x01"[..],
        b"\xff\xff\xff\xff\x0f",
        b"\x80\x80\x80\x80\x10",
        b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00",
    ] {
        for (tag, name) in [
            (0x18, "int32_value"),
            (0x20, "int64_value"),
            (0x28, "uint32_value"),
            (0x30, "uint64_value"),
            (0x38, "sint32_value"),
            (0x40, "sint64_value"),
            (0x68, "bool_value"),
        ] {
            let bytes = [&[tag], varint].concat();
            let by_prost =
                InspectRequest::decode(&bytes[..]).expect("prost should read it");
            let value = format!("{by_prost:?}")
                .split_once(&format!("{name}: "))
                .and_then(|(_, rest)| Some(rest.split_once(',')?.0.to_string()));
            let value = value.expect("Debug should print every field");
            let expected = format!("InspectRequest {{ {name}: {value} }}");
            assert_eq!(described(&bytes), Some(expected));
        }
    }
}

#[test]
fn without_a_proto_text_with_line_ends_is_text() {
    assert_eq!(
        unknown(b"\x22\x0d\x6c\x69\x6e\x65\x20\x31\x0a\x6c\x69\x6e\x65\x20\x32"),
        r#"message { 4: "line 1\nline 2" }"#
    );
    assert_eq!(unknown(b"\x0a\x04a\tb\r"), r#"message { 1: "a\tb\r" }"#);
    assert_eq!(unknown(b"\x0a\x09apple\npie"), r#"message { 1: "apple\npie" }"#);
    // A length that matches: rather a message than a text that begins with line ends.
    assert_eq!(
        unknown(b"\x0a\x0c\x0a\x0aabcdefghij"),
        r#"message { 1: { 1: "abcdefghij" } }"#
    );
    assert_eq!(unknown(b"\x0a\x02hi"), r#"message { 1: "hi" }"#);
    assert_eq!(unknown(b"\x0a\x02\xc3\x28"), "message { 1: c3 28 }");
}

/// The fields of a group are not those of the message around it.
#[test]
fn a_group_has_fields_of_its_own() {
    // Groups of numbers that the message has, and has not; in both, field 3 is no `int32_value`.
    for (group, name) in [
        (&b"\x73\x18\x01\x74"[..], "string_value"),
        (b"\xa3\x01\x18\x01\xa4\x01", "20"),
    ] {
        let bytes = [b"\x18\x05", group, b"\x18\x06"].concat();
        assert_eq!(
            described(&bytes),
            Some(format!(
                "InspectRequest {{ int32_value: 5, {name}: group {{ 3: 1 }}, int32_value: 6 }}"
            ))
        );
    }
    assert_eq!(
        unknown(b"\x1b\x23\x08\x05\x24\x08\x01\x1c\x08\x02"),
        "message { 3: group { 4: group { 1: 5 }, 1: 1 }, 1: 2 }"
    );
    assert_eq!(unknown(b"\x1b\x1c"), "message { 3: group {} }");
    assert_eq!(
        unknown(b"\x0a\x04\x1b\x08\x01\x1c"),
        "message { 1: { 3: group { 1: 1 } } }"
    );
    let open = Schema::of_the_workbook().describe(None, b"\x1b\x08\x01");
    assert_eq!(open, None);
}

/// A schema of this file, and what it shows of a message `M`.
fn with_schema(proto: &str, bytes: &[u8]) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tap-schema");
    std::fs::create_dir_all(&folder).expect("the folder should be made");
    let file = format!("{}.proto", proto.len());
    std::fs::write(folder.join(&file), proto).expect("the file should be written");
    let set = protox::compile([&file], [&folder]).expect("the file should be right");
    let mut schema = Schema::default();
    schema.add(&prost::Message::encode_to_vec(&set));
    let message = schema.message_of("/S/C", false);
    schema
        .describe(message, bytes)
        .expect("it should be a message")
}

/// proto2 has groups, which have a type and names.
#[test]
fn a_group_of_proto2_has_names() {
    let proto = "syntax = \"proto2\"; message M { optional int32 before = 1; repeated group \
                 Result = 3 { optional string url = 1; optional group Size = 2 { optional \
                 sint32 w = 1; } } } service S { rpc C(M) returns (M); }";
    assert_eq!(
        with_schema(proto, b"\x08\x07\x1b\x0a\x02hi\x13\x08\x01\x14\x1c\x1b\x1c"),
        r#"M { before: 7, result: group { url: "hi", size: group { w: -1 } }, result: group {} }"#
    );
}

/// Packed lists are numbers, of each type.
#[test]
fn packed_numbers_are_shown() {
    let proto = "syntax = \"proto3\"; enum E { ZERO = 0; ONE = 1; MINUS = -1; } \
                 message M { repeated int32 i = 1; repeated sint64 s = 2; repeated bool b = 3; \
                 repeated E e = 4; repeated float f = 5; repeated double d = 6; \
                 repeated sfixed32 sf = 7; repeated fixed64 fx = 8; repeated uint64 u = 9; \
                 repeated int32 loose = 10 [packed = false]; int32 one = 11; } \
                 service S { rpc C(M) returns (M); }";
    let minus = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    for (bytes, shown) in [
        (&[b"\x0a\x0c\x05", &minus[..], b"\x04"].concat()[..], "i: [5, -1, 4]"),
        (b"\x12\x02\x01\x02", "s: [-1, 1]"),
        (b"\x1a\x02\x01\x00", "b: [true, false]"),
        (&[b"\x22\x0c\x01", &minus[..], b"\x02"].concat(), "e: [ONE, MINUS, 2]"),
        (b"\x2a\x08\0\0\x80\x3f\0\0\0\0", "f: [1.0, 0.0]"),
        (b"\x32\x08\0\0\0\0\0\0\xf0\x3f", "d: [1.0]"),
        (b"\x3a\x04\xff\xff\xff\xff", "sf: [-1]"),
        (b"\x42\x08\x01\0\0\0\0\0\0\0", "fx: [1]"),
        (&[b"\x4a\x0a", &minus[..]].concat(), "u: [18446744073709551615]"),
        (b"\x0a\x00", "i: []"),
        // One number has no length: whoever sent this meant something else.
        (b"\x5a\x05wuhan", r#"one: "wuhan""#),
        (b"\x5a\x02\x05\x84", "one: 05 84"),
        // A reader takes both forms.
        (b"\x08\x05\x08\x04", "i: 5, i: 4"),
        (b"\x52\x02\x05\x04", "loose: [5, 4]"),
        // No list of this type.
        (b"\x0a\x02\x05\x80", "i: no list of numbers: 05 80"),
        (b"\x2a\x03\x01\x02\x03", "f: no list of numbers: 01 02 03"),
    ] {
        assert_eq!(with_schema(proto, bytes), format!("M {{ {shown} }}"));
    }
}

/// Long values are cut, and the line says how long they are. None of 64 or less is cut.
#[test]
fn long_values_are_cut() {
    fn field(tag: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        prost::encoding::encode_varint(value.len() as u64, &mut bytes);
        [&bytes, value].concat()
    }
    let text = "é".repeat(64);
    for tag in [0x0a, 0x72] {
        // Unknown, and a string.
        let shown = |text: &str| match tag {
            0x0a => unknown(&field(tag, text.as_bytes())),
            _ => described(&field(tag, text.as_bytes())).expect("it should be a message"),
        };
        assert!(shown(&text).contains(&format!("{text:?} }}")));
        let expected = format!("{text:?} ... 66 characters }}");
        assert!(shown(&format!("{text}xy")).contains(&expected));
    }
    let digits = |n: usize| vec!["ff"; n].join(" ");
    let bytes = |n: usize| described(&field(0x7a, &vec![0xff; n]));
    let expected = format!("InspectRequest {{ bytes_value: {} }}", digits(64));
    assert_eq!(bytes(64), Some(expected));
    let expected =
        format!("InspectRequest {{ bytes_value: {} ... 65 bytes }}", digits(64));
    assert_eq!(bytes(65), Some(expected));

    let many = unknown(&b"\x08\x01".repeat(100));
    assert!(many.ends_with(", 1: 1, ... 100 fields }"), "{many}");
    assert_eq!(many.matches("1: 1").count(), 64);
    // What comes after the cut still has to be right.
    let broken = [b"\x08\x01".repeat(100), vec![0x07]].concat();
    assert_eq!(Schema::of_the_workbook().describe(None, &broken), None);
}

/// A string that is not UTF-8 is shown as its bytes.
#[test]
fn a_string_that_is_not_utf8_is_bytes() {
    assert_eq!(
        described(b"\x72\x02\xc3\x28"),
        Some("InspectRequest { string_value: not UTF-8: c3 28 }".into())
    );
}
