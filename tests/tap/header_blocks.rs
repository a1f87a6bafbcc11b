//! Headers: HPACK's table is right behind headers of any size, which costs no more memory than
//! is kept. RFC 7541 says what the bytes mean.

use grpc_workbook::http2::frames::flag::END_HEADERS;
use grpc_workbook::http2::frames::frame_type::{
    CONTINUATION, HEADERS, PUSH_PROMISE, SETTINGS,
};
use grpc_workbook::tap::trace::{EventKind, MAX_KEPT};

use super::wire::*;

/// A block in HEADERS and as many CONTINUATION as are needed with pieces of this size.
fn block_in_pieces(stream: u32, flags: u8, block: &[u8], size: usize) -> Vec<u8> {
    let pieces: Vec<&[u8]> = block.chunks(size).collect();
    let mut frames = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        let end = if n + 1 == pieces.len() {
            END_HEADERS
        } else {
            0
        };
        frames.extend(match n {
            0 => frame(HEADERS, end | flags, stream, piece),
            _ => frame(CONTINUATION, end, stream, piece),
        });
    }
    frames
}

/// Indexed: the entry that was added to the table last (RFC 7541, 2.3.3).
const NEWEST: u8 = 0x80 | 62;

/// Headers that are too large are said to be, and the next answer is read: with a table that
/// has the entries from before, and from between.
#[test]
fn headers_of_any_size_are_passed() {
    for size in [10_000, 70_000, 100_000, 300_000, 3_000_000] {
        for bits in [0, 0x10, 0x40] {
            // Whole, or in the frames that a peer must accept.
            for piece in [usize::MAX, 16_384] {
                let before = literal(0x40, "before", "1");
                let large = literal(bits, "large", &"x".repeat(size));
                let after = literal(0x40, "after", "2");
                let block = [&b"\x88"[..], &before, &large, &after].concat();
                let mut talk = Talk::begun();
                talk.client(&request(1, END)).client(&request(3, END));
                talk.seen();
                talk.server(&block_in_pieces(1, END, &block, piece.min(block.len())));
                let first = fields(&talk);
                let seen = talk.seen();
                assert!(!seen.iter().any(|line| line.contains("not read")), "{seen:?}");
                assert!(first.contains(&("after".into(), "2".into())));
                let is_large = seen.iter().any(|line| line.contains("too large"));
                assert_eq!(is_large, size > MAX_KEPT, "{size}: {seen:?}");
                // The newest entry of the table, and the one before it if that is still there:
                // what is larger than the table empties it (4.4).
                let mut block = vec![0x88, NEWEST];
                if bits != 0x40 {
                    block.push(NEWEST + 1);
                }
                talk.server(&frame(HEADERS, END_HEADERS | END, 3, &block));
                let second = fields(&talk);
                assert_eq!(second[1], ("after".into(), "2".into()));
                if bits != 0x40 {
                    assert_eq!(second[2], ("before".into(), "1".into()));
                }
                assert!(talk.trace.stored_bytes() < 1000);
            }
        }
    }
}

/// The fields of the last headers.
fn fields(talk: &Talk) -> Vec<(String, String)> {
    let mut events = talk.events.iter().rev();
    let headers = events.find_map(|event| match &event.kind {
        EventKind::Headers { fields, .. } => Some(fields.clone()),
        _ => None,
    });
    headers.expect("there should be headers")
}

/// An entry that was emptied out of the table is not there.
#[test]
fn a_large_entry_empties_the_table() {
    let before = literal(0x40, "before", "1");
    for size in [5_000, 300_000] {
        let large = literal(0x40, "large", &"x".repeat(size));
        let mut talk = Talk::begun();
        talk.server(&frame(HEADERS, END_HEADERS, 1, &[&before[..], &large].concat()));
        talk.seen();
        talk.server(&frame(HEADERS, END_HEADERS, 3, &[NEWEST]));
        let expected =
            "<-- 0 not read: COMPRESSION_ERROR: headers that cannot be decompressed";
        assert_eq!(talk.seen(), [expected]);
    }
}

/// A thousand headers of metadata of 100 bytes, and trailers of 100 KB in one frame.
#[test]
fn metadata_of_100_kilobytes_is_passed() {
    let mut block = literal(0, ":method", "POST");
    block.extend(literal(0, ":path", "/a/B"));
    for n in 0..1000 {
        block.extend(literal(0x40, &format!("name-{n}"), &"v".repeat(100)));
    }
    let mut talk = Talk::begun();
    talk.client(&block_in_pieces(1, 0, &block, 16_384));
    talk.client(&data(1, END, &message(0, b"a")));
    let seen = talk.seen();
    assert_eq!(seen[0], "--> 1 headers :method POST");
    assert!(seen[1].ends_with("too large"), "{seen:?}");
    assert_eq!(seen[2], "--> 1 message 1 END");
    let big = "x".repeat(100_000);
    talk.server(&response(1, "application/grpc"));
    talk.server(&headers(1, END, &[("grpc-status", "13"), ("grpc-message", &big)]));
    talk.client(&request(3, END)).server(&trailers(3));
    let expected = [
        "<-- 1 headers :status 200",
        "<-- 1 headers grpc-status 13 END",
        "<-- 1 100012 too large",
        "--> 3 headers :method POST END",
        "<-- 3 headers grpc-status 0 END",
    ];
    assert_eq!(talk.seen(), expected);
}

/// A byte of a block can stand for a header of 4 KB: 16 million of them are 64 GB.
#[test]
fn a_bomb_of_headers_is_bounded() {
    let mut talk = Talk::begun();
    let entry = literal(0x40, "name", &"x".repeat(4000));
    talk.client(&frame(HEADERS, END_HEADERS, 1, &entry));
    let bomb = [NEWEST; 1 << 16];
    talk.client(&frame(HEADERS, 0, 3, &bomb));
    for n in 1..16 {
        let end = if n == 15 { END_HEADERS } else { 0 };
        talk.client(&frame(CONTINUATION, end, 3, &bomb));
        assert!(talk.trace.stored_bytes() <= 2 * MAX_KEPT);
    }
    let seen = talk.seen();
    let skipped = (16_u64 << 16) * 4004 - 16 * 4004;
    assert_eq!(seen[2], format!("--> 3 {skipped} too large"));
    talk.client(&request(5, END));
    assert_eq!(talk.seen(), ["--> 5 headers :method POST END"]);
}

/// The table may be as large as the other side allows, and no larger; a change of its size
/// is read at the beginning of a block (RFC 7541, 6.3, and RFC 9113, 6.5.2).
#[test]
fn the_table_has_the_size_that_was_allowed() {
    let allow =
        |size: u32| frame(SETTINGS, 0, 0, &[&[0, 1][..], &size.to_be_bytes()].concat());
    let update = |size: usize| integer(0x20, 5, size);
    let not_allowed = "headers whose table is larger than was allowed";
    for (allowed, size, failed) in [
        (None, 0, None),
        (None, 4096, None),
        (None, 4097, Some(not_allowed)),
        (Some(65_536), 65_536, None),
        (Some(65_536), 65_537, Some(not_allowed)),
        (Some(8192), 4096, None),
        (Some(1_000_000), 1_000_000, None),
        (Some(u32::MAX), 1 << 20, None),
        // It is allowed, and yet a tap does not store so much.
        (Some(u32::MAX), 10_000_000, Some("larger than this tap can store")),
    ] {
        let mut talk = Talk::begun();
        if let Some(size) = allowed {
            talk.server(&allow(size));
        }
        let block = [update(size), literal(0x40, "a", "b")].concat();
        talk.client(&frame(HEADERS, END_HEADERS, 1, &block));
        let seen = talk.seen();
        let last = seen.last().expect("something should be seen");
        match failed {
            None => assert!(!last.contains("not read"), "{allowed:?}, {size}: {last}"),
            Some(why) => assert!(last.contains(why), "{allowed:?}, {size}: {last}"),
        }
    }
    // Entries that fit only because more is allowed, and go when the table shrinks.
    let mut talk = Talk::begun();
    talk.server(&allow(20_000));
    let ten: Vec<u8> = (0..10)
        .flat_map(|n| literal(0x40, &format!("n{n}"), &"x".repeat(1000)))
        .collect();
    talk.client(&frame(HEADERS, END_HEADERS, 1, &[update(20_000), ten].concat()));
    talk.client(&frame(HEADERS, END_HEADERS, 3, &[NEWEST + 9]));
    assert_eq!(fields(&talk)[0].0, "n0");
    let shrunk = [update(0), update(2000), vec![0x83]].concat();
    talk.client(&frame(HEADERS, END_HEADERS, 5, &shrunk));
    talk.seen();
    talk.client(&frame(HEADERS, END_HEADERS, 7, &[NEWEST]));
    assert!(talk.seen()[0].contains("cannot be decompressed"));
    // A large table has room for a value that empties a small one (4.4).
    for (size, is_there) in [(1_000_000, true), (400_000, false)] {
        let mut talk = Talk::begun();
        talk.server(&allow(1_000_000));
        let before = literal(0x40, "before", "1");
        let large = literal(0x40, "large", &"x".repeat(500_000));
        let block = [update(size), before, large, literal(0x40, "after", "2")].concat();
        talk.client(&block_in_pieces(1, END, &block, 16_384));
        let is_found = match is_there {
            true => vec![NEWEST, NEWEST + 2],
            false => vec![NEWEST],
        };
        talk.client(&frame(HEADERS, END_HEADERS, 3, &is_found));
        let found = fields(&talk);
        assert_eq!(found[0], ("after".into(), "2".into()));
        assert_eq!(found.get(1).is_some_and(|field| field.0 == "before"), is_there);
        if !is_there {
            talk.client(&frame(HEADERS, END_HEADERS, 5, &[NEWEST + 1]));
            assert!(
                talk.seen()
                    .last()
                    .is_some_and(|last| last.contains("not read"))
            );
        }
    }
    // A block that only changes the size.
    let mut talk = Talk::begun();
    talk.client(&[frame(HEADERS, END_HEADERS, 1, &update(0)), request(3, END)].concat());
    assert_eq!(fields(&talk)[0].0, ":method");
}

/// Numbers that are too large, strings that end too early, Huffman's code with wrong padding.
#[test]
fn headers_that_are_broken_are_said_to_be() {
    for block in [
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
        &[0x80],
        &[0xbe],
        &[0x00, 0x05, b'a'],
        &[0x00, 0x01, b'a', 0x05, b'b'],
        &[0x00, 0x01, b'a', 0x81, 0x00],
        &[0x40],
        &[0x00, 0x7f, 0xff, 0xff, 0xff, 0x7f],
    ] {
        let bytes = [frame(HEADERS, END_HEADERS, 1, block), request(3, END)].concat();
        let seen = seen_from(grpc_workbook::tap::trace::Side::Client, &bytes);
        let expected = "--> 0 not read: COMPRESSION_ERROR: ";
        assert!(seen.len() == 1 && seen[0].starts_with(expected), "{block:?}: {seen:?}");
    }
}

/// gRPC has no PUSH_PROMISE. If one comes, its headers change the table like any others.
#[test]
fn a_promise_changes_the_table() {
    let path = literal(0x40, ":path", "/pushed");
    let block = [&[0, 0, 0, 2][..], b"\x82", &path].concat();
    let mut talk = Talk::begun();
    talk.client(&request(1, END));
    talk.seen();
    talk.server(&frame(PUSH_PROMISE, 0, 1, &block[..8]));
    talk.server(&frame(CONTINUATION, END_HEADERS, 1, &block[8..]));
    talk.server(&frame(HEADERS, END_HEADERS, 2, &[0x88, NEWEST]));
    talk.server(&data(2, END, &message(0, b"a")))
        .server(&trailers(1));
    let expected = [
        r#"<-- 1 promise 2 [(":method", "GET"), (":path", "/pushed")]"#,
        "<-- 2 headers :status 200",
        "<-- 2 message 1 END",
        "<-- 1 headers grpc-status 0 END",
    ];
    assert_eq!(talk.seen(), expected);
    assert_eq!(talk.trace.streams(), 0);
}
