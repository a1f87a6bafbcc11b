//! The reader against prost, on messages that proptest makes: whatever prost writes, the reader
//! reads, and they agree on what is not a message.

use grpc_workbook::types::proto::InspectRequest;
use grpc_workbook::types::proto::types_service_server::TypesService;
use grpc_workbook::types::wire::{Reader, Value};
use proptest::prelude::*;
use prost::Message;

use crate::reader::read;
use crate::{blank, solution};

/// Any text. proptest's own `any::<String>()` reads a pattern for each, which takes longer than
/// all the rest of these tests.
fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..32).prop_map(String::from_iter)
}

/// A value, or half of the time its type's default: as in real messages, where many fields are
/// not set.
fn half_set<T: Clone + Default + std::fmt::Debug>(
    values: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    (any::<bool>(), values)
        .prop_map(|(set, value)| if set { value } else { T::default() })
}

/// Requests with any values.
fn requests() -> impl Strategy<Value = InspectRequest> {
    let first = (
        half_set(any::<f64>()),
        half_set(any::<f32>()),
        half_set(any::<i32>()),
        half_set(any::<i64>()),
        half_set(any::<u32>()),
        half_set(any::<u64>()),
        half_set(any::<i32>()),
        half_set(any::<i64>()),
    );
    let last = (
        half_set(any::<u32>()),
        half_set(any::<u64>()),
        half_set(any::<i32>()),
        half_set(any::<i64>()),
        half_set(any::<bool>()),
        half_set(texts()),
        half_set(any::<Vec<u8>>()),
        half_set(any::<i32>()),
    );
    (first, last).prop_map(|(first, last)| InspectRequest {
        double_value: first.0,
        float_value: first.1,
        int32_value: first.2,
        int64_value: first.3,
        uint32_value: first.4,
        uint64_value: first.5,
        sint32_value: first.6,
        sint64_value: first.7,
        fixed32_value: last.0,
        fixed64_value: last.1,
        sfixed32_value: last.2,
        sfixed64_value: last.3,
        bool_value: last.4,
        string_value: last.5,
        bytes_value: last.6,
        enum_value: last.7,
    })
}

/// The message that our reader finds in the bytes.
fn by_reader(bytes: &[u8]) -> InspectRequest {
    let mut m = blank();
    for (number, value) in read(bytes).expect("prost should write a message") {
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
                    String::from_utf8(text.into()).expect("prost should write UTF-8");
            }
            (15, Value::Len(bytes)) => m.bytes_value = bytes.into(),
            (16, Value::Varint(n)) => m.enum_value = n as i32,
            other => panic!("{other:?} is not a field of the message"),
        }
    }
    m
}

/// The number that a `sint32` or `sint64` means by this varint.
fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Bytes that are nearly a message: a message with a few bytes changed or cut off, random bytes,
/// or bytes that are often found in tags.
pub fn nearly_messages() -> impl Strategy<Value = Vec<u8>> {
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

/// At least this many cases for each property.
pub fn cases(least: u32) -> ProptestConfig {
    // PROPTEST_CASES in the environment can ask for more.
    let cases = ProptestConfig::default().cases.max(least);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// The reader reads what prost writes, and takes it apart without a byte left over.
    #[test]
    fn the_reader_reads_what_prost_writes(request in requests()) {
        let bytes = request.encode_to_vec();
        // NaN is not equal to itself, but its bytes are.
        prop_assert_eq!(by_reader(&bytes).encode_to_vec(), &bytes[..]);
        let mut next = 0;
        for field in Reader::new(&bytes) {
            let field = field.expect("prost should write a message");
            prop_assert_eq!(field.tag.start, next);
            prop_assert_eq!(field.tag.end, field.length.start);
            prop_assert_eq!(field.length.end, field.payload.start);
            next = field.payload.end;
        }
        prop_assert_eq!(next, bytes.len());
    }

    /// prost reads what the exercise's solution encodes by hand.
    #[test]
    fn prost_reads_what_is_written_by_hand(int32: i32, sint32: i32, text in texts()) {
        let request = InspectRequest {
            int32_value: int32,
            sint32_value: sint32,
            string_value: text,
            ..blank()
        };
        prop_assert_eq!(InspectRequest::decode(&by_hand(&request)[..]), Ok(request));
    }
}

/// A request as the exercise's solution encodes it.
fn by_hand(request: &InspectRequest) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let response = runtime
        .expect("the runtime should start")
        .block_on(solution::HandEncoder.inspect(tonic::Request::new(request.clone())));
    let fields = response
        .expect("the solution should answer")
        .into_inner()
        .fields;
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend([field.tag, field.length, field.payload].concat());
    }
    bytes
}

proptest! {
    #![proptest_config(cases(100_000))]

    /// On any input the reader ends, stays inside the input, and agrees with prost on whether it
    /// is a message. `()` is prost's message without fields: all of them are unknown to it, as
    /// they are to the reader.
    #[test]
    fn any_input_is_read_or_refused(bytes in nearly_messages()) {
        let mut fields = 0;
        let mut is_message = true;
        for field in Reader::new(&bytes) {
            fields += 1;
            match field {
                Ok(field) => prop_assert!(field.payload.end <= bytes.len()),
                Err(error) => {
                    prop_assert!(error.offset <= bytes.len());
                    is_message = false;
                }
            }
        }
        prop_assert!(fields <= bytes.len() + 1);
        prop_assert_eq!(is_message, <()>::decode(&bytes[..]).is_ok());
    }
}
