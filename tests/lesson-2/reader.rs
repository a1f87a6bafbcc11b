//! The lesson's reader of the wire format: what it reads, and what it says of malformed input.

use grpc_workbook::types::wire::{
    DecodeError, DecodeErrorKind as Kind, Field, MAX_DEPTH, Reader, Value,
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
