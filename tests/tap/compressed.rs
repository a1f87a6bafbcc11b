//! Compressed messages: decompressed where the crates that are there can, and never more than
//! is kept.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use grpc_workbook::tap::trace::{MAX_KEPT, Side};

use super::wire::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector should take it");
    encoder.finish().expect("a vector should take it")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector should take it");
    encoder.finish().expect("a vector should take it")
}

/// What is seen of a body behind headers with this grpc-encoding.
fn seen_of(encoding: Option<&str>, body: &[u8]) -> Vec<String> {
    let mut talk = Talk::begun();
    let mut pairs = vec![(":status", "200"), ("content-type", "application/grpc")];
    pairs.extend(encoding.map(|name| ("grpc-encoding", name)));
    talk.server(&headers(1, 0, &pairs));
    talk.server(&data(1, END, body));
    talk.seen()[1..].to_vec()
}

#[test]
fn messages_are_decompressed() {
    let hello = b"\x0a\x03you";
    for (name, packed) in [("gzip", gzip(hello)), ("deflate", zlib(hello))] {
        let length = packed.len();
        let body = [message(1, &packed), message(0, hello)].concat();
        let seen = seen_of(Some(name), &body);
        let expected = format!("<-- 1 message {length}, {name} of 5");
        assert_eq!(seen, [&expected[..], "<-- 1 message 5 END"]);
        // Compressed, nothing is longer than nothing.
        let seen = seen_of(
            Some(name),
            &message(
                1,
                &match name {
                    "gzip" => gzip(b""),
                    _ => zlib(b""),
                },
            ),
        );
        assert!(seen[0].ends_with(&format!("{name} of 0 END")), "{seen:?}");
    }
    // Of several members, which gzip allows (RFC 1952, 2.2).
    let two = [gzip(b"\x0a\x03"), gzip(b"you")].concat();
    let seen = seen_of(Some("gzip"), &message(1, &two));
    assert!(seen[0].ends_with("gzip of 5 END"), "{seen:?}");
}

#[test]
fn what_is_not_decompressed_is_said() {
    let hello = gzip(b"\x0a\x03you");
    for (encoding, body, why) in [
        (Some("zstd"), &hello[..], "with zstd, which is not read here"),
        (Some("snappy"), b"x", "with snappy, which is not read here"),
        (Some("identity"), b"x", "grpc-encoding is identity, which compresses nothing"),
        (None, &hello, "no grpc-encoding says how"),
        (Some("gzip"), b"plain", "with gzip, and broken"),
        (Some("gzip"), &hello[..12], "with gzip, and broken"),
        (Some("deflate"), &hello, "with deflate, and broken"),
        (Some("gzip"), b"", "with gzip, and broken"),
    ] {
        let expected = format!("<-- 1 message {}, {why} END", body.len());
        assert_eq!(seen_of(encoding, &message(1, body)), [expected]);
    }
}

/// A gigabyte of zeros in a megabyte, and one of 50 MB in 64 KiB: neither is decompressed
/// further than is kept.
#[test]
fn a_bomb_is_not_decompressed() {
    let largest = gzip(&vec![0; MAX_KEPT]);
    let seen = seen_of(Some("gzip"), &message(1, &largest));
    assert!(seen[0].ends_with("gzip of 65536 END"), "{seen:?}");
    let bomb = gzip(&vec![0; 50_000_000]);
    assert!(bomb.len() < MAX_KEPT);
    let seen = seen_of(Some("gzip"), &message(1, &bomb));
    assert!(seen[0].ends_with("with gzip, from more than 65536 bytes END"), "{seen:?}");
    // One that is itself too long to be kept.
    let long: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
        .collect();
    let seen = seen_of(Some("gzip"), &message(1, &gzip(&long)));
    assert!(seen[0].ends_with(", with gzip END"), "{seen:?}");
}

/// The header is that of the direction: a client may compress and the server not.
#[test]
fn each_direction_has_its_own_compression() {
    let packed = gzip(b"\x0a\x03you");
    let pairs = [
        (":method", "POST"),
        (":path", "/a/B"),
        ("grpc-encoding", "gzip"),
    ];
    let asked = [headers(1, 0, &pairs), data(1, END, &message(1, &packed))].concat();
    let seen = seen_from(Side::Client, &asked);
    assert!(seen[1].ends_with("gzip of 5 END"), "{seen:?}");
    let mut talk = Talk::begun();
    talk.client(&asked).server(&response(1, "application/grpc"));
    talk.server(&data(1, NO_FLAG, &message(1, &packed)));
    assert!(talk.seen()[3].ends_with("no grpc-encoding says how"));
}
