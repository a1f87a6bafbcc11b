//! Oneofs on the wire: each member is a field like any other.

use grpc_workbook::map_oneof::proto::Person;
use grpc_workbook::map_oneof::proto::person::Reach;
use prost::Message;

use crate::{address, email, person, phone, request};

/// The oneof that prost reads from a person's bytes.
fn reach(bytes: &[u8]) -> Option<Reach> {
    Person::decode(bytes)
        .expect("the bytes should be a person")
        .reach
}

/// The chapter's "predict": a member at its default is sent, an ordinary field is not.
#[test]
fn a_member_that_is_set_is_sent() {
    assert_eq!(person(None, "").encode_to_vec(), b"");
    for (set, bytes) in [
        (email(""), b"\x0a\x00"),
        (phone(""), b"\x12\x00"),
        (address("", ""), b"\x1a\x00"),
    ] {
        assert_eq!(person(set.clone(), "").encode_to_vec(), bytes);
        assert_eq!(reach(bytes), set);
    }
    let saved = request([("Ada", person(email(""), ""))]).encode_to_vec();
    assert_eq!(saved, b"\x0a\x09\x0a\x03Ada\x12\x02\x0a\x00");
    // The oneof itself leaves no byte.
    assert_eq!(person(phone("12"), "n").encode_to_vec(), b"\x12\x0212\x22\x01n");
}

#[test]
fn the_last_member_wins() {
    let mail = b"\x0a\x01a";
    let call = b"\x12\x011";
    assert_eq!(reach(&[&mail[..], call].concat()), phone("1"));
    assert_eq!(reach(&[&call[..], mail].concat()), email("a"));
    // A member that is a message, twice: the second is merged into the first. Another
    // member between them clears the first.
    let street = b"\x1a\x03\x0a\x01s";
    let city = b"\x1a\x03\x12\x01c";
    assert_eq!(reach(&[&street[..], city].concat()), address("s", "c"));
    assert_eq!(reach(&[&street[..], mail, city].concat()), address("", "c"));
}

/// In a newer `.proto`, the oneof has one more member, field 5.
#[test]
fn an_unknown_member_looks_like_nothing() {
    let newer = b"\x2a\x04@ada";
    let decoded = Person::decode(&newer[..]).expect("an unknown field should be skipped");
    assert_eq!(decoded, Person::default());
    // prost does not keep what it does not know.
    assert_eq!(decoded.encode_to_vec(), b"");
}

/// A `Person` before somebody put its fields into a oneof.
#[derive(Clone, PartialEq, Message)]
pub struct OldPerson {
    #[prost(string, tag = "1")]
    pub email: String,
    #[prost(string, tag = "2")]
    pub phone: String,
}

#[test]
fn moving_fields_into_a_oneof_can_lose_some() {
    let old =
        |email: &str, phone: &str| OldPerson { email: email.into(), phone: phone.into() };
    assert_eq!(reach(&old("a", "").encode_to_vec()), email("a"));
    assert_eq!(reach(&old("a", "1").encode_to_vec()), phone("1"));
    assert_eq!(reach(&old("ada@x.y", "12").encode_to_vec()), phone("12"));
    assert_eq!(reach(&old("", "").encode_to_vec()), None);
}
