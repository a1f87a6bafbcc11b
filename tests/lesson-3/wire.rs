//! Fields on the wire: tags, presence, lists, and what a reader with another `.proto` makes of
//! them.

use std::fmt::Debug;
use std::fs;

use grpc_workbook::fields::proto_v2::product::Size;
use grpc_workbook::fields::proto_v2::update_product_request::Labels;
use grpc_workbook::fields::proto_v2::{self, Product};
use grpc_workbook::fields::{proto, proto_broken};
use prost::Message;
use prost::encoding::{
    DecodeContext, WireType, decode_key, encode_key, fixed32, sfixed32,
};
use support::bytes::hex;
use support::programs::root;
use support::{excerpt, generated, written};

use crate::check::strings;
use crate::{LESSON, teapot};

/// Asserts that the chapter has these bytes explained by lesson 2's client.
#[track_caller]
fn assert_explained(bytes: &[u8]) {
    let page = fs::read_to_string(root().join("book/src").join(LESSON.chapter()));
    let command = format!("--decode \"{}\"\n", hex(bytes));
    assert!(
        page.expect("the chapter should be there")
            .contains(&command),
        "the chapter does not have {command}"
    );
}

#[test]
fn names_of_fields_are_not_sent() {
    let bytes = b"\x0a\x06Teapot\x10\xec\x0e\x22\x04\x08\x19\x10\x0e\
        \x2a\x02\x05\x04\x30\x00\x82\x01\x04blue";
    assert_eq!(teapot().encode_to_vec(), bytes);
    assert_explained(bytes);
    // In a request, the product is itself a field: number 1, and a length.
    let request = proto_v2::SaveProductRequest { product: Some(teapot()) };
    assert_eq!(request.encode_to_vec(), [&b"\x0a\x1e"[..], bytes].concat());
    // Of the names of the fields there is no trace.
    assert!(!String::from_utf8_lossy(bytes).contains("name"));
}

/// Without presence, a default is not sent.
#[test]
fn a_default_is_sent_if_the_field_has_presence() {
    let nothing = Product { price: 0, discount: None, ..Default::default() };
    let zero = Product { price: 0, discount: Some(0), ..Default::default() };
    assert_eq!(nothing.encode_to_vec(), b"");
    assert_eq!(zero.encode_to_vec(), b"\x30\x00");
    assert_explained(b"\x30\x00");
    assert_eq!(Product::decode(&b""[..]), Ok(nothing.clone()));
    assert_eq!(Product::decode(&b"\x30\x00"[..]), Ok(zero));
    // A sender may send a default all the same, and some do.
    let zeros = Product::decode(&b"\x10\x00\x0a\x00"[..]);
    assert_eq!(zeros, Ok(nothing));
    // But prost does not pass it on.
    assert_eq!(zeros.map(|product| product.encode_to_vec()), Ok(Vec::new()));
    // A message has presence without `optional`; a list has none.
    let sized = Product { size: Some(Size::default()), ..Default::default() };
    assert_eq!(sized.encode_to_vec(), b"\x22\x00");
    assert_eq!(Product::decode(&b"\x22\x00"[..]), Ok(sized));
    assert_eq!(Product::decode(&b"\x2a\x00"[..]), Ok(Product::default()));
    // The notes' example of `optional`: field 9 would be `48 00`, as 6 is `30 00`.
    let mut tag = Vec::new();
    encode_key(9, WireType::Varint, &mut tag);
    assert_eq!(tag, b"\x48");
}

/// The chapter's table of tags.
#[test]
fn a_tag_grows_with_the_number() {
    let mut table = String::from(
        "| field number | tag of a varint | of a string | bytes |\n|---|---|---|---|\n",
    );
    for (number, size) in [
        (1, 1),
        (15, 1),
        (16, 2),
        (2047, 2),
        (2048, 3),
        ((1 << 29) - 1, 5),
    ] {
        let tag = |wire_type| {
            let mut tag = Vec::new();
            encode_key(number, wire_type, &mut tag);
            assert_eq!(decode_key(&mut &tag[..]), Ok((number, wire_type)));
            assert_eq!(tag.len(), size, "{number}");
            hex(&tag)
        };
        let (varint, string) = (tag(WireType::Varint), tag(WireType::LengthDelimited));
        table += &format!("| {number} | `{varint}` | `{string}` | {size} |\n");
    }
    written("book/generated/03-fields-tags.md", &table);
}

/// The chapter's "predict", and the ways to write a list.
#[test]
fn the_last_value_counts_and_messages_are_merged() {
    let question = b"\x10\x64\x10\xc8\x01\x22\x02\x08\x19\x22\x02\x10\x0e";
    assert_explained(question);
    let mut table = String::from("| bytes | read as |\n|---|---|\n");
    for (bytes, read, product) in [
        (
            &b"\x10\x64\x10\xc8\x01"[..],
            "price: 200",
            Product { price: 200, ..Default::default() },
        ),
        (
            b"\x22\x02\x08\x19\x22\x02\x10\x0e",
            "size: Some(Size { width: 25, height: 14 })",
            Product { size: Some(Size { width: 25, height: 14 }), ..Default::default() },
        ),
        (
            b"\x22\x02\x08\x19\x22\x02\x08\x1e",
            "size: Some(Size { width: 30, height: 0 })",
            Product { size: Some(Size { width: 30, height: 0 }), ..Default::default() },
        ),
        (
            b"\x2a\x02\x05\x04",
            "ratings: [5, 4]",
            Product { ratings: vec![5, 4], ..Default::default() },
        ),
        (
            b"\x28\x05\x28\x04",
            "ratings: [5, 4]",
            Product { ratings: vec![5, 4], ..Default::default() },
        ),
        (
            b"\x28\x05\x2a\x02\x04\x03",
            "ratings: [5, 4, 3]",
            Product { ratings: vec![5, 4, 3], ..Default::default() },
        ),
    ] {
        let decoded = Product::decode(bytes).expect("prost should merge the fields");
        assert_eq!(decoded, product);
        assert!(format!("{decoded:?}").contains(read), "{decoded:?}");
        table += &format!("| `{}` | `{read}` |\n", hex(bytes));
    }
    written("book/generated/03-fields-twice.md", &table);
    let product = Product::decode(&question[..]).expect("prost should merge the fields");
    let size = Some(Size { width: 25, height: 14 });
    assert_eq!(product, Product { price: 200, size, ..Default::default() });
}

#[test]
fn numbers_are_written_packed_and_strings_one_by_one() {
    let ratings = Product { ratings: vec![5, 4], ..Default::default() };
    assert_eq!(ratings.encode_to_vec(), b"\x2a\x02\x05\x04");
    // Strings have no packed form: one field for each.
    let labels = Product { labels: vec!["a".into(), "b".into()], ..Default::default() };
    assert_eq!(labels.encode_to_vec(), b"\x82\x01\x01a\x82\x01\x01b");
}

/// prost drops unknown fields, where the specification has them kept.
#[test]
fn unknown_fields_are_dropped() {
    let old = proto::Product::decode(&teapot().encode_to_vec()[..])
        .expect("version 1 should read a new product");
    assert_eq!((old.price, old.supplier.as_str()), (1900, ""));
    let back = Product::decode(&old.encode_to_vec()[..])
        .expect("version 2 should read an old product");
    assert_eq!(back, Product { discount: None, labels: Vec::new(), ..teapot() });
    let acme = proto::Product { supplier: "Acme".into(), ..Default::default() };
    let new = Product::decode(&acme.encode_to_vec()[..])
        .expect("version 2 should read an old product");
    assert_eq!(new, Product::default());
}

/// What prost reads as a `T` from field 1. It has a message with one field for some types.
fn read<T: Message + Default + Debug>(bytes: &[u8]) -> String {
    match T::decode(bytes) {
        Ok(value) => format!("`{value:?}`"),
        Err(error) => {
            let error = error.to_string();
            let cause = error.trim_start_matches("failed to decode Protobuf message: ");
            format!("an error: `{cause}`")
        }
    }
}

/// The chapter's table of types: a value of one is written, and read as another.
#[test]
fn a_type_reads_another_ones_bytes_as_the_chapter_says() {
    let (small, large) = (5_i32.encode_to_vec(), 5_000_000_000_i64.encode_to_vec());
    let negative = (-1_i32).encode_to_vec();
    let text = "tea".to_string().encode_to_vec();
    let not_text = vec![195_u8, 40].encode_to_vec();
    let mut table = String::from("| from | value | bytes | to | is read |\n");
    table += "|---|---|---|---|---|\n";
    let mut row = |from, value, bytes: &[u8], to, read: String, expected| {
        assert_eq!(read, expected, "{from} to {to}");
        let bytes = hex(bytes);
        table += &format!("| `{from}` | `{value}` | `{bytes}` | `{to}` | {read} |\n");
    };
    row("int32", "-1", &negative, "int64", read::<i64>(&negative), "`-1`");
    row("int64", "5000000000", &large, "int32", read::<i32>(&large), "`705032704`");
    row("int32", "-1", &negative, "uint32", read::<u32>(&negative), "`4294967295`");
    row("int32", "5", &small, "bool", read::<bool>(&small), "`true`");
    row("string", "tea", &text, "bytes", read::<Vec<u8>>(&text), "`[116, 101, 97]`");
    let error = "an error: `invalid string value: data is not UTF-8 encoded`";
    row("bytes", "[195, 40]", &not_text, "string", read::<String>(&not_text), error);
    let labels = "`Labels { labels: [\"tea\"] }`";
    row("string", "tea", &text, "repeated string", read::<Labels>(&text), labels);
    let two = Labels { labels: strings(&["a", "b"]) }.encode_to_vec();
    row("repeated string", "[a, b]", &two, "string", read::<String>(&two), "`\"b\"`");
    let packed = b"\x0a\x02\x05\x04";
    let error = "an error: `invalid wire type: LengthDelimited (expected Varint)`";
    row("repeated int32", "[5, 4]", packed, "int32", read::<i32>(packed), error);
    let error = "an error: `invalid wire type: Varint (expected LengthDelimited)`";
    row("int32", "5", &small, "string", read::<String>(&small), error);
    written("book/generated/03-fields-changes.md", &table);
}

#[test]
fn sint32_read_as_int32_gives_other_numbers() {
    let zigzag = proto_broken::Product { ratings: vec![5, -1], ..Default::default() };
    let read = proto::Product::decode(&zigzag.encode_to_vec()[..])
        .expect("version 1 should read the ratings");
    assert_eq!(read.ratings, [10, 1]);
}

#[test]
fn a_message_can_be_read_as_bytes() {
    let request = proto_v2::SaveProductRequest { product: Some(teapot()) };
    let bytes = Vec::<u8>::decode(&request.encode_to_vec()[..]);
    assert_eq!(bytes, Ok(teapot().encode_to_vec()));
}

#[test]
fn fixed32_and_sfixed32_read_each_other() {
    let (mut bytes, mut read) = (Vec::new(), 0);
    fixed32::encode(1, &u32::MAX, &mut bytes);
    // After the tag, which takes a byte.
    let mut value = &bytes[1..];
    let context = DecodeContext::default();
    sfixed32::merge(WireType::ThirtyTwoBit, &mut read, &mut value, context)
        .expect("four bytes should be a sfixed32");
    assert_eq!(read, -1);
}

#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("fields_v2/fields.v1.rs");
    written("book/generated/03-fields-message.rs", &excerpt(&code, "#[derive", "\n}"));
}
