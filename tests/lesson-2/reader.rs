//! The lesson's reader of the wire format: what it reads, and what it says of malformed input.

use grpc_workbook::types::wire::{
    DecodeError, DecodeErrorKind as Kind, Field, MAX_DEPTH, Reader, Value, as_text,
    may_be_message, packed_varints,
};

/// The fields of a message, by number and value.
pub fn read(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, DecodeError> {
    Reader::new(bytes)
        .map(|field| field.map(|field| (field.number, field.value)))
        .collect()
}

#[test]
fn fields_are_read_with_their_places() {
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
        .expect("there should be two fields")
        .expect("the second field should be right");
    let (tag, length, payload) = (2..4, 4..5, 5..7);
    assert_eq!(
        field,
        Field { number: 20, value: Value::Len(b"hi"), tag, length, payload }
    );
}

#[test]
fn errors_tell_what_is_wrong_and_where() {
    for (bytes, offset, kind) in [
        (&b"\x80"[..], 0, Kind::VarintCutOff),
        (b"\x08", 1, Kind::VarintCutOff),
        (b"\x08\x01\x08\xff", 3, Kind::VarintCutOff),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1, Kind::VarintTooLong),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1, Kind::VarintTooLong),
        (b"\xf8\xff\xff\xff\x1f\0", 0, Kind::TagTooLarge),
        (b"\0", 0, Kind::FieldZero),
        (b"\x08\x01\x0e", 2, Kind::WireType(6)),
        (b"\x0f", 0, Kind::WireType(7)),
        (b"\x0a\x03ab", 1, Kind::CutOff { needs: 3, has: 2 }),
        (b"\x0d\x01", 1, Kind::CutOff { needs: 4, has: 1 }),
        (b"\x09", 1, Kind::CutOff { needs: 8, has: 0 }),
        (b"\x0c", 0, Kind::EndGroup(1)),
        (b"\x0b\x14", 1, Kind::EndGroup(2)),
        (b"\x08\x01\x0b\x08\x01", 2, Kind::OpenGroup(1)),
    ] {
        let mut reader = Reader::new(bytes);
        let error = reader.find_map(Result::err);
        assert_eq!(error, Some(DecodeError { offset, kind }), "{bytes:x?}");
        assert_eq!(reader.next(), None, "after an error comes the end");
    }
    // A length is no reason to allocate, and none to overflow.
    let huge = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let kind = Kind::CutOff { needs: u64::MAX, has: 0 };
    assert_eq!(read(huge), Err(DecodeError { offset: 1, kind }));
    let deep = |n: usize| [vec![0x0b; n], vec![0x0c; n]].concat();
    assert!(read(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(
        read(&deep(MAX_DEPTH + 1)),
        Err(DecodeError { offset: MAX_DEPTH, kind: Kind::TooDeep })
    );
}

/// What `--decode` prints of each: the page of error messages has it.
#[test]
fn errors_say_what_is_wrong() {
    for (bytes, line) in [
        (&b"\x08\x96"[..], "at offset 1: the input ends inside a varint"),
        (
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            "at offset 1: a varint that does not end within its ten bytes, 64 bits",
        ),
        (b"\xf8\xff\xff\xff\x1f\0", "at offset 0: a tag of more than 32 bits"),
        (b"\0", "at offset 0: field number 0, which does not exist"),
        (b"\x0e", "at offset 0: wire type 6, which does not exist"),
        (b"\x0a\x03ab", "at offset 1: 3 bytes must follow, 2 do"),
        (b"\x0c", "at offset 0: the end of group 1, which is not open here"),
        (b"\x0b\x08\x01", "at offset 0: group 1 is never ended"),
        (&[0x0b; 101], "at offset 100: more than 100 groups inside of each other"),
    ] {
        let error = read(bytes).expect_err("it is no message");
        assert_eq!(error.to_string(), line);
    }
}

/// What is guessed without a `.proto`.
#[test]
fn a_guess_is_text_or_a_message() {
    assert_eq!(as_text("line 1\r\n\tline 2".as_bytes()), Some("line 1\r\n\tline 2"));
    assert_eq!(as_text(b""), Some(""));
    assert_eq!(as_text(b"a\x1b[1m"), None);
    assert_eq!(as_text(b"\xff"), None);
    for (bytes, expected) in [
        (&b"\x08\x96\x01"[..], true),
        (b"\x0a\x05hello", true),
        // Text by chance, and a message by chance.
        (b"\x0a\x0aabcdefghij", true),
        (b"hi", false),
        (b"x\n", false),
        // As text this would be nothing but white space.
        (b"\x20\x0a", true),
        (b"", false),
        (b"\x08", false),
    ] {
        assert_eq!(may_be_message(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn a_packed_list_is_varints_in_a_row() {
    assert_eq!(packed_varints(b""), Ok(vec![]));
    assert_eq!(packed_varints(b"\x05\x96\x01\x00"), Ok(vec![5, 150, 0]));
    let cut_off = DecodeError { offset: 1, kind: Kind::VarintCutOff };
    assert_eq!(packed_varints(b"\x05\x96"), Err(cut_off));
}
