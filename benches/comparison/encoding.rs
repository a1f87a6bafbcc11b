//! Encoding and decoding, without a server: eight numbers as a map and as eight fields, and bytes
//! as `Vec<u8>` and as `Bytes`.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use prost::Message;
use prost::bytes::Bytes;

/// How many times as long it takes to encode and decode eight numbers as a map as it takes
/// as eight fields.
pub fn map_against_fields() -> f64 {
    round_trips(&Map::eight()) / round_trips(&Fields::eight())
}

/// How many times as long it takes to encode and decode a field of 64 KiB as `Vec<u8>` as it
/// takes as `Bytes`.
pub fn vec_against_bytes() -> f64 {
    const SIZE: usize = 64 * 1024;
    let copied = Copied { payload: vec![7; SIZE] };
    let shared = Shared { payload: vec![7; SIZE].into() };
    round_trips(&copied) / round_trips(&shared)
}

/// The seconds that it takes to encode and decode a message many times.
fn round_trips<M: Message + Default>(message: &M) -> f64 {
    let begun = Instant::now();
    for _ in 0..100_000 {
        // As tonic has them: bytes that a message may keep a part of.
        let bytes = Bytes::from(black_box(message).encode_to_vec());
        let decoded = M::decode(black_box(bytes));
        black_box(decoded.expect("an encoded message should decode"));
    }
    begun.elapsed().as_secs_f64()
}

/// A field of `bytes` as prost makes it by itself.
#[derive(Clone, PartialEq, Message)]
struct Copied {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

/// The same with `.bytes(".")` in build.rs.
#[derive(Clone, PartialEq, Message)]
struct Shared {
    #[prost(bytes = "bytes", tag = "1")]
    payload: Bytes,
}

/// A message with the numbers 1 to 8.
trait Eight {
    fn eight() -> Self;
}

#[derive(Clone, PartialEq, Message)]
struct Fields {
    #[prost(double, tag = "1")]
    first: f64,
    #[prost(double, tag = "2")]
    second: f64,
    #[prost(double, tag = "3")]
    third: f64,
    #[prost(double, tag = "4")]
    fourth: f64,
    #[prost(double, tag = "5")]
    fifth: f64,
    #[prost(double, tag = "6")]
    sixth: f64,
    #[prost(double, tag = "7")]
    seventh: f64,
    #[prost(double, tag = "8")]
    eighth: f64,
}

impl Eight for Fields {
    fn eight() -> Fields {
        Fields {
            first: 1.0,
            second: 2.0,
            third: 3.0,
            fourth: 4.0,
            fifth: 5.0,
            sixth: 6.0,
            seventh: 7.0,
            eighth: 8.0,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct Map {
    #[prost(map = "string, double", tag = "1")]
    values: HashMap<String, f64>,
}

impl Eight for Map {
    fn eight() -> Map {
        let names = [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
        ];
        let mut values = HashMap::new();
        for (n, name) in (1..).zip(names) {
            values.insert(name.into(), f64::from(n));
        }
        Map { values }
    }
}
