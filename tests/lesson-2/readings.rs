//! What `--decode` shows of values and of bytes that are no message. The right values come from
//! protobuf.dev, from `protoc --decode_raw`, and from the formats' own descriptions.

use crate::decode::{explained, gzip, meanings};

/// Bytes that are no plain text: every reading that is likely.
#[test]
fn bytes_are_shown_in_every_likely_reading() {
    for (bytes, expected) in [
        // protoc --decode_raw prints these as text.
        (&b"\x0a\x03a\0b"[..], &[r#"1 LEN 3 bytes or packed 97 0 98, "a\0b""#][..]),
        (
            b"\x0a\x05\x1b[31m",
            &["1 LEN 5 bytes or packed 27 91 51 49 109", r#""\u{1b}[31m""#],
        ),
        // The example of a packed list on protobuf.dev.
        (b"\x32\x06\x03\x8e\x02\x9e\xa7\x05", &["6 LEN 6 bytes or packed 3 270 86942"]),
        (b"\x22\x01\x08", &["4 LEN 1 byte or packed 8"]),
        (
            b"\x22\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            &[
                "4 LEN 10 bytes",
                "packed 18446744073709551615",
                "packed signed -1",
            ],
        ),
        (b"\x22\x04\0\0\x20\xc1", &["4 LEN 4 bytes, packed float -10.0"]),
        (
            b"\x22\x10\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x24\xc0",
            &[
                "4 LEN 16 bytes",
                "packed float 0.0 1.875 0.0 -2.5625",
                "packed double 1.0 -10.0",
            ],
        ),
        // Neither text nor a likely list: a UUID, and text in Latin-1.
        (b"\x0a\x04\x55\x0e\x84\xe2", &["1 LEN 4 bytes"]),
        (b"\x0a\x03\x63\x61\xe9", &["1 LEN 3 bytes"]),
    ] {
        assert_eq!(meanings(bytes), expected);
    }
}

/// The error of bytes that are no message says what they look like.
#[test]
fn what_is_no_message_is_named() {
    for (bytes, words) in [
        // Confluent's wire format: 0, the schema's number, and 0 for its first message.
        (&b"\0\0\0\0\x01\0\x0a\x05hello"[..], "a message of Kafka"),
        (b"\0\0\x01\x23\x45\0\x0a\x05hello", "a message of Kafka"),
        (b"k8s\0\x0a\x04\x0a\x02v1", "an object of Kubernetes"),
        (b"\x07\x0a\x05hello\x02\x08\x01", "its length before it"),
        (b"\x28\xb5\x2f\xfd\x04\x07", "zstd has compressed"),
        (b"\xff\x06\0\0sNaPpY", "snappy has compressed"),
        (b"PK\x03\x04\0\0", "zip has compressed"),
        (b"{\"name\":\"you\"}", "look like JSON"),
        (b"HTTP/1.1 200 OK\r\n", "look like HTTP/1.1"),
    ] {
        let error = explained(bytes).1.expect("it is no message");
        assert!(error.contains(words), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // Nothing is known of a form feed.
    let error = explained(b"\x0c").1.expect("it is no message");
    assert!(!error.contains("look like"), "{error}");
}

/// A small input does not unpack to any number of bytes.
#[test]
fn what_is_unpacked_has_a_limit() {
    // A field with 126 letters, again and again: 2 MiB.
    let field = [b"\x0a\x7e", &[b'a'; 126][..]].concat();
    let packed = gzip(&field.repeat(16 * 1024));
    let part = [&[1][..], &(packed.len() as u32).to_be_bytes(), &packed].concat();
    let error = explained(&part.repeat(9)).1.expect("it is too much");
    assert!(error.contains("more than 16 MiB when unpacked"), "{error}");
}
