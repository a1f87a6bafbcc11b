//! Maps on the wire: a map is a repeated field of entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use grpc_workbook::map_oneof::proto::{Person, SaveRequest};
use prost::Message;

use crate::{email, person, phone, request};

/// What a map is on the wire: a repeated field of entries.
#[derive(Clone, PartialEq, Message)]
struct AsEntries {
    #[prost(message, repeated, tag = "1")]
    people: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Person>,
}

/// `map<string, int32> counts = 1`.
#[derive(Clone, PartialEq, Message)]
struct Counts {
    #[prost(map = "string, int32", tag = "1")]
    counts: HashMap<String, i32>,
}

/// The same, as prost-build makes it when told `btree_map`.
#[derive(Clone, PartialEq, Message)]
struct SortedCounts {
    #[prost(btree_map = "string, int32", tag = "1")]
    counts: BTreeMap<String, i32>,
}

#[test]
fn a_map_is_repeated_entries() {
    let map = request([("Ada", person(phone("1234"), ""))]);
    let entries = AsEntries {
        people: vec![Entry { key: "Ada".into(), value: Some(person(phone("1234"), "")) }],
    };
    let bytes = b"\x0a\x0d\x0a\x03Ada\x12\x06\x12\x041234";
    assert_eq!(map.encode_to_vec(), bytes);
    assert_eq!(entries.encode_to_vec(), bytes);
    assert_eq!(SaveRequest::decode(&bytes[..]), Ok(map));
    assert_eq!(AsEntries::decode(&bytes[..]), Ok(entries));
    assert_eq!(request([]).encode_to_vec(), b"");
}

/// What both of prost's maps hold after reading these bytes, which must be the same.
fn counts(bytes: &[u8]) -> BTreeMap<String, i32> {
    let counts = Counts::decode(bytes)
        .expect("the bytes should be a map")
        .counts;
    let sorted = SortedCounts::decode(bytes)
        .expect("the bytes should be a map")
        .counts;
    assert_eq!(BTreeMap::from_iter(counts), sorted);
    sorted
}

/// A map with one key.
fn count(key: &str, value: i32) -> BTreeMap<String, i32> {
    BTreeMap::from([(key.into(), value)])
}

/// The notes say that the key that comes later is not used.
#[test]
fn the_last_of_equal_keys_wins() {
    let (one, two) = (b"\x0a\x05\x0a\x01a\x10\x01", b"\x0a\x05\x0a\x01a\x10\x02");
    assert_eq!(counts(&[&one[..], two].concat()), count("a", 2));
    assert_eq!(counts(&[&two[..], one].concat()), count("a", 1));
    // Merging is the same as decoding one after the other.
    let mut merged = Counts::decode(&one[..]).expect("the bytes should be a map");
    merged.merge(&two[..]).expect("the bytes should be a map");
    assert_eq!(BTreeMap::from_iter(merged.counts), count("a", 2));

    // Values that are messages are replaced too, not merged.
    let first = request([("Ada", person(email("a"), "sees far"))]).encode_to_vec();
    let second = request([("Ada", person(phone("1"), ""))]);
    let both = [first, second.encode_to_vec()].concat();
    assert_eq!(SaveRequest::decode(&both[..]), Ok(second));
}

/// The notes ask about a key without a value. Its value is the default, and so is the key of a
/// value without a key.
#[test]
fn what_an_entry_lacks_is_the_default() {
    assert_eq!(counts(b"\x0a\x03\x0a\x01a"), count("a", 0));
    assert_eq!(counts(b"\x0a\x02\x10\x07"), count("", 7));
    assert_eq!(counts(b"\x0a\x00"), count("", 0));
    // Python, C++ and Java write defaults in an entry. prost reads them and does not write them.
    assert_eq!(counts(b"\x0a\x05\x0a\x01a\x10\x00"), count("a", 0));
    let zero = Counts { counts: HashMap::from([("a".into(), 0)]) };
    assert_eq!(zero.encode_to_vec(), b"\x0a\x03\x0a\x01a");
    // The entry itself is sent: a key with the default value is not a missing key.
    let nobody = request([("", person(None, ""))]);
    assert_eq!(nobody.encode_to_vec(), b"\x0a\x00");
    assert_eq!(SaveRequest::decode(&b"\x0a\x00"[..]), Ok(nobody));
    // The value may come before the key.
    assert_eq!(counts(b"\x0a\x05\x10\x07\x0a\x01a"), count("a", 7));
}

#[test]
fn a_map_has_no_order() {
    let a = b"\x0a\x05\x0a\x01a\x10\x01";
    let b = b"\x0a\x05\x0a\x01b\x10\x02";
    assert_eq!(counts(&[&a[..], b].concat()), counts(&[&b[..], a].concat()));

    let names = (0..20).map(|n| (format!("{n:02}"), n + 1));
    let sorted = SortedCounts { counts: names.clone().collect() };
    // Equal maps, but each HashMap has an order of its own.
    let encoded = (0..100)
        .map(|_| Counts { counts: names.clone().collect() }.encode_to_vec())
        .collect::<BTreeSet<_>>();
    assert!(encoded.len() > 1);
    for bytes in encoded {
        assert_eq!(Counts::decode(&bytes[..]).map(|m| m.counts.len()), Ok(20));
        assert_eq!(SortedCounts::decode(&bytes[..]), Ok(sorted.clone()));
    }
    // A BTreeMap is written in the order of its keys.
    let mut one_by_one = Vec::new();
    for (key, n) in &sorted.counts {
        one_by_one.extend(SortedCounts { counts: count(key, *n) }.encode_to_vec());
    }
    assert_eq!(sorted.encode_to_vec(), one_by_one);
}

/// The notes say that keys are integers or strings. A bool can be a key too, and a value can be
/// bytes that are not UTF-8.
#[test]
fn keys_and_values_have_other_types_too() {
    #[derive(Clone, PartialEq, Message)]
    struct Maps {
        #[prost(map = "bool, string", tag = "1")]
        answers: HashMap<bool, String>,
        #[prost(map = "int64, bytes", tag = "2")]
        files: HashMap<i64, Vec<u8>>,
        #[prost(map = "sint32, double", tag = "3")]
        levels: HashMap<i32, f64>,
    }
    let maps = Maps {
        answers: HashMap::from([(true, "y".into())]),
        files: HashMap::from([(5, vec![0xc3, 0x28])]),
        levels: HashMap::from([(-1, 1.0)]),
    };
    let bytes = b"\
        \x0a\x05\x08\x01\x12\x01y\
        \x12\x06\x08\x05\x12\x02\xc3\x28\
        \x1a\x0b\x08\x01\x11\x00\x00\x00\x00\x00\x00\xf0\x3f";
    assert_eq!(maps.encode_to_vec(), bytes);
    assert_eq!(Maps::decode(&bytes[..]), Ok(maps));
}
