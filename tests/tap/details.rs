//! The details of a status, as the tap shows them.
//!
//! The bytes are made by hand from the definitions of google.rpc: `Status` has code 1, message 2 and
//! details 3; `Any` has type_url 1 and value 2.

use grpc_workbook::tap::details::describe;
use grpc_workbook::tap::schema::Schema;

/// Base64 of RFC 4648, without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(group);
        for n in 0..=chunk.len() {
            let digit = bits >> (18 - 6 * n) & 63;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}

/// A field whose wire type is LEN.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("a test's field should be short");
    assert!(length < 128, "one byte of length is enough here");
    let mut bytes = vec![number << 3 | 2, length];
    bytes.extend(value);
    bytes
}

fn any(name: &str, value: &[u8]) -> Vec<u8> {
    [field(1, name.as_bytes()), field(2, value)].concat()
}

/// A status with the code 9, without a message, with this in the field 3.
fn status(detail: &[u8]) -> Vec<u8> {
    [vec![0x08, 9], field(3, detail)].concat()
}

/// What the tap shows, without the name of the header.
fn shown(value: &str) -> String {
    let text = describe(&Schema::of_the_workbook(), value);
    let text = text.strip_prefix("grpc-status-details-bin ");
    text.expect("the name should come first").to_string()
}

#[test]
fn a_detail_is_shown_by_its_type() {
    let info = [field(1, b"FULL"), field(2, b"school.example")].concat();
    let info = any("type.googleapis.com/google.rpc.ErrorInfo", &info);
    let changed = any("type.googleapis.com/enrol.v1.CourseChanged", b"\x0a\x01c\x10\x07");
    let delay = any("type.googleapis.com/google.rpc.RetryInfo", b"\x0a\x02\x08\x05");
    let empty = any("type.googleapis.com/google.rpc.BadRequest", b"");
    for (detail, expected) in [
        (info, r#"ErrorInfo { reason: "FULL", domain: "school.example" }"#),
        (changed, r#"CourseChanged { course_id: "c", revision: 7 }"#),
        (delay, "RetryInfo { retry_delay: { seconds: 5 } }"),
        (empty, "BadRequest {}"),
        // A type that no .proto of the workbook has.
        (any("example.org/a.b.C", b"\x08\x07"), "a.b.C { 1: 7 }"),
        (any("a.b.C", b"\x08"), "a.b.C 08"),
        // Its value is cut short.
        (
            any("type.googleapis.com/google.rpc.ErrorInfo", b"\x0a\x05a"),
            "google.rpc.ErrorInfo 0a 05 61",
        ),
        // No Any.
        (b"\xff".to_vec(), "ff"),
        (b"\x18\x01".to_vec(), "18 01"),
    ] {
        let expected = format!("Status {{ code: 9, details: [{expected}] }}");
        assert_eq!(shown(&base64(&status(&detail))), expected);
    }
}

/// grpcio pads, tonic does not.
#[test]
fn base64_is_read_with_and_without_padding() {
    for value in ["CAkSAm5v", "CAkSAW4", "CAkSAW4="] {
        let message = if value == "CAkSAm5v" { "no" } else { "n" };
        assert_eq!(shown(value), format!("Status {{ code: 9, message: {message:?} }}"));
    }
    assert_eq!(shown(""), "Status {}");
}

#[test]
fn what_is_no_status_is_shown_as_it_is() {
    for (value, expected) in [
        ("this is not base64", "not base64: this is not base64"),
        ("A", "not base64: A"),
        ("课", "not base64: 课"),
        ("bm8gY291cnNl", "9 bytes that are no Status: 6e 6f 20 63 6f 75 72 73 65"),
    ] {
        assert_eq!(shown(value), expected);
    }
}

/// Cut at each byte, and long: it is shown in bounds, whatever it is.
#[test]
fn any_details_are_shown_in_bounds() {
    let info = any("type.googleapis.com/google.rpc.ErrorInfo", b"\x0a\x04FULL");
    let whole = status(&info);
    for end in 0..=whole.len() {
        assert!(!shown(&base64(&whole[..end])).is_empty());
    }
    let many = status(&info).repeat(1000);
    for long in [base64(&many), "课".repeat(9000)] {
        let text = shown(&long);
        assert!(text.ends_with("..."), "{text}");
        assert!(text.chars().count() < 1600, "{text}");
    }
}
