//! Lesson 3: the exercise, and what the chapter says of fields, of versions, and of what
//! compilers refuse.

#[path = "../lessons/03_fields/exercise.rs"]
mod exercise;
#[path = "../lessons/03_fields/solution.rs"]
mod solution;
#[path = "../lessons/03_fields/wrong_append.rs"]
mod wrong_append;
#[path = "../lessons/03_fields/wrong_default.rs"]
mod wrong_default;
#[path = "../lessons/03_fields/wrong_forgets.rs"]
mod wrong_forgets;
#[path = "../lessons/03_fields/wrong_unset.rs"]
mod wrong_unset;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use grpc_workbook::fields::proto_v2::product::Size;
use grpc_workbook::fields::proto_v2::product_update_service_server::{
    ProductUpdateService, ProductUpdateServiceServer,
};
use grpc_workbook::fields::proto_v2::update_product_request::Labels;
use grpc_workbook::fields::proto_v2::{
    Product, UpdateProductRequest,
    product_update_service_client::ProductUpdateServiceClient,
};
use grpc_workbook::fields::{Shop, proto, proto_broken, proto_v2};
use grpc_workbook::{LESSONS, Lesson};
use prost::Message;
use prost::encoding::{WireType, decode_key, encode_key};
use support::checks::{Checks, outcome};
use support::programs::{self, Finished, Server, root, run};
use support::written;
use tonic::Code;
use tonic::service::Routes;

const LESSON: &Lesson = &LESSONS[2];

/// What the client's script saves.
fn teapot() -> Product {
    Product {
        name: "Teapot".into(),
        price: 1900,
        size: Some(Size { width: 25, height: 14 }),
        ratings: vec![5, 4],
        discount: Some(0),
        labels: vec!["blue".into()],
    }
}

// --- the exercise

/// `server` has to begin with [`teapot`].
async fn check(server: Routes) -> Result<String, String> {
    let mut updates = ProductUpdateServiceClient::new(server);
    let mut checks = Checks::default();
    let nothing = UpdateProductRequest::default();
    let name = |name: &str| UpdateProductRequest {
        name: Some(name.into()),
        ..Default::default()
    };
    let price = |price| UpdateProductRequest { price: Some(price), ..Default::default() };
    let list = |labels: &[&str]| labels.iter().map(ToString::to_string).collect();
    let labels = |labels: &[&str]| UpdateProductRequest {
        labels: Some(Labels { labels: list(labels) }),
        ..Default::default()
    };
    let mut kept = None;
    for (call, request, expected) in [
        ("nothing", nothing.clone(), ("Teapot", 1900, &["blue"][..])),
        ("price: 1500", price(1500), ("Teapot", 1500, &["blue"])),
        ("price: 0", price(0), ("Teapot", 0, &["blue"])),
        ("name: \"Pot\"", name("Pot"), ("Pot", 0, &["blue"])),
        ("name: \"\"", name(""), ("", 0, &["blue"])),
        ("labels: [new, sale]", labels(&["new", "sale"]), ("", 0, &["new", "sale"])),
        ("price: -1", price(-1), ("", -1, &["new", "sale"])),
        ("labels: []", labels(&[]), ("", -1, &[])),
        ("nothing", nothing.clone(), ("", -1, &[])),
    ] {
        let answer = outcome(updates.update_product(request).await);
        let answer = answer.and_then(|answer| {
            kept = answer.product;
            let product = kept.clone().ok_or("no product")?;
            Ok((product.name, product.price, product.labels))
        });
        let (name, price, labels) = expected;
        checks.expect(
            format!("UpdateProduct({call})"),
            answer,
            Ok((name.to_string(), price, list(labels))),
        );
    }
    let rest = |product: Product| (product.size, product.ratings, product.discount);
    let kept = kept.map(rest).ok_or("no product".into());
    checks.expect("size, ratings and discount".into(), kept, Ok(rest(teapot())));
    checks.verdict()
}

fn serving(updater: impl ProductUpdateService) -> Routes {
    Routes::new(ProductUpdateServiceServer::new(updater))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Updater::new(teapot()))).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/03_fields/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Updater::new(teapot())))
        .await
        .expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    check(serving(wrong_append::Updater::new(teapot())))
        .await
        .expect_err("wrong_append");
    check(serving(wrong_forgets::Updater::new(teapot())))
        .await
        .expect_err("wrong_forgets");
    check(serving(wrong_unset::Updater::new(teapot())))
        .await
        .expect_err("wrong_unset");
    let report = check(serving(wrong_default::Updater::new(teapot())))
        .await
        .expect_err("wrong_default");
    written("book/generated/03-fields-report.txt", &report);
}

// --- the wire

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Bytes that the chapter has explained by lesson 2's client.
#[track_caller]
fn explained(bytes: &[u8]) {
    let page = fs::read_to_string(root().join("book/src").join(LESSON.chapter()));
    let command = format!("--decode \"{}\"\n", hex(bytes));
    assert!(
        page.expect("is a page").contains(&command),
        "the chapter does not have {command}"
    );
}

#[test]
fn bytes_of_the_product() {
    let bytes = b"\x0a\x06Teapot\x10\xec\x0e\x22\x04\x08\x19\x10\x0e\
        \x2a\x02\x05\x04\x30\x00\x82\x01\x04blue";
    assert_eq!(teapot().encode_to_vec(), bytes);
    explained(bytes);
    // Of names there is no trace, not even of those of a field.
    assert!(!String::from_utf8_lossy(bytes).contains("name"));
}

/// A default is sent where the field has presence, and only there.
#[test]
fn presence() {
    let nothing = Product { price: 0, discount: None, ..Default::default() };
    let zero = Product { price: 0, discount: Some(0), ..Default::default() };
    assert_eq!(nothing.encode_to_vec(), b"");
    assert_eq!(zero.encode_to_vec(), b"\x30\x00");
    explained(b"\x30\x00");
    assert_eq!(Product::decode(&b""[..]), Ok(nothing.clone()));
    assert_eq!(Product::decode(&b"\x30\x00"[..]), Ok(zero));
    // A default that somebody sends all the same is no mistake.
    let zeros = Product::decode(&b"\x10\x00\x0a\x00"[..]);
    assert_eq!(zeros, Ok(nothing));
    // But it is not passed on.
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
fn tags() {
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
fn fields_that_come_twice() {
    let question = b"\x10\x64\x10\xc8\x01\x22\x02\x08\x19\x22\x02\x10\x0e";
    explained(question);
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
        let decoded = Product::decode(bytes).expect("is a product");
        assert_eq!(decoded, product);
        assert!(format!("{decoded:?}").contains(read), "{decoded:?}");
        table += &format!("| `{}` | `{read}` |\n", hex(bytes));
    }
    written("book/generated/03-fields-twice.md", &table);
    let product = Product::decode(&question[..]).expect("is a product");
    let size = Some(Size { width: 25, height: 14 });
    assert_eq!(product, Product { price: 200, size, ..Default::default() });
    // What is written is packed, and nothing comes twice.
    let ratings = Product { ratings: vec![5, 4], ..Default::default() };
    assert_eq!(ratings.encode_to_vec(), b"\x2a\x02\x05\x04");
    // Strings have no packed form: one field for each.
    let labels = Product { labels: vec!["a".into(), "b".into()], ..Default::default() };
    assert_eq!(labels.encode_to_vec(), b"\x82\x01\x01a\x82\x01\x01b");
}

/// prost drops unknown fields; the specification has them kept.
#[test]
fn unknown_fields_are_dropped() {
    let old = proto::Product::decode(&teapot().encode_to_vec()[..]).expect("decodes");
    assert_eq!((old.price, old.supplier.as_str()), (1900, ""));
    let back = Product::decode(&old.encode_to_vec()[..]).expect("decodes");
    assert_eq!(back, Product { discount: None, labels: Vec::new(), ..teapot() });
    let acme = proto::Product { supplier: "Acme".into(), ..Default::default() };
    let new = Product::decode(&acme.encode_to_vec()[..]).expect("decodes");
    assert_eq!(new, Product::default());
}

/// The chapter's table of types: a value of one is written, and read as another.
#[test]
fn types_that_change() {
    /// One field, number 1, of type T: prost has such a message for some types.
    fn read<T: Message + Default + Debug>(bytes: &[u8]) -> String {
        match T::decode(bytes) {
            Ok(value) => format!("`{value:?}`"),
            Err(error) => {
                let error = error.to_string();
                format!("an error: `{}`", error.trim_start_matches(FAILED))
            }
        }
    }
    const FAILED: &str = "failed to decode Protobuf message: ";
    let list = |labels: &[&str]| Labels {
        labels: labels.iter().map(ToString::to_string).collect(),
    };
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
    let two = list(&["a", "b"]).encode_to_vec();
    row("repeated string", "[a, b]", &two, "string", read::<String>(&two), "`\"b\"`");
    let packed = b"\x0a\x02\x05\x04";
    let error = "an error: `invalid wire type: LengthDelimited (expected Varint)`";
    row("repeated int32", "[5, 4]", packed, "int32", read::<i32>(packed), error);
    let error = "an error: `invalid wire type: Varint (expected LengthDelimited)`";
    row("int32", "5", &small, "string", read::<String>(&small), error);
    written("book/generated/03-fields-changes.md", &table);

    // sint32 read as int32.
    let zigzag = proto_broken::Product { ratings: vec![5, -1], ..Default::default() };
    let read = proto::Product::decode(&zigzag.encode_to_vec()[..]).expect("decodes");
    assert_eq!(read.ratings, [10, 1]);
    // A message read as bytes: these hold it.
    let request = proto_v2::SaveProductRequest { product: Some(teapot()) };
    let bytes = Vec::<u8>::decode(&request.encode_to_vec()[..]);
    assert_eq!(bytes, Ok(teapot().encode_to_vec()));
    // fixed32 read as sfixed32.
    let (mut fixed, mut read) = (Vec::new(), 0);
    prost::encoding::fixed32::encode(1, &u32::MAX, &mut fixed);
    let context = prost::encoding::DecodeContext::default();
    let (mut value, wire_type) = (&fixed[1..], WireType::ThirtyTwoBit);
    prost::encoding::sfixed32::merge(wire_type, &mut read, &mut value, context)
        .expect("is four bytes");
    assert_eq!(read, -1);
}

/// The chapter's excerpt of the generated code.
#[test]
fn generated_code() {
    let code = &support::generated("fields_v2/fields.v1.rs");
    let start = code.find("#[derive").expect("has a struct");
    let (product, _) = code[start..].split_once("\n}\n").expect("ends");
    written("book/generated/03-fields-message.rs", &format!("{product}\n}}\n"));
}

// --- the versions

#[tokio::test]
async fn a_save_needs_a_product() {
    use proto_v2::product_service_client::ProductServiceClient;
    use proto_v2::product_service_server::ProductServiceServer;
    let shop = ProductServiceServer::new(Shop::<Product>::default());
    let mut client = ProductServiceClient::new(shop);
    let request = proto_v2::SaveProductRequest { product: None };
    let status = client.save_product(request).await.expect_err("is empty");
    assert_eq!(status.code(), Code::InvalidArgument);
    // Nothing was saved yet: there is a product in which everything has its default.
    let response = client.get_product(proto_v2::GetProductRequest {}).await;
    let product = response.expect("answers").into_inner().product;
    assert_eq!(product, Some(Product::default()));
}

fn server(args: &[&str]) -> Server {
    let mut command = programs::command(&LESSON.server());
    Server::from(command.args(["--addr", "127.0.0.1:0"]).args(args))
}

fn client(server: &Server, args: &[&str]) -> Finished {
    run(&mut programs::client(LESSON, &server.address, args))
}

fn lines(output: &str) -> Vec<&str> {
    output.lines().collect()
}

const SIZE: &str = "size: Some(Size { width: 25, height: 14 }), ratings: [5, 4]";

#[test]
fn old_client_new_server() {
    let server = server(&[]);
    let Finished { code, output } = client(&server, &[]);
    assert_eq!(code, Some(0));
    let new = |price, rest| {
        format!("Product {{ name: \"Teapot\", price: {price}, {SIZE}, {rest} }}")
    };
    let full = new(1900, "discount: Some(0), labels: [\"blue\"]");
    let poor = new(1500, "discount: None, labels: []");
    let old = |price, supplier| {
        let rest = format!("supplier: {supplier:?}, {SIZE}");
        format!("Product {{ name: \"Teapot\", price: {price}, {rest} }}")
    };
    assert_eq!(
        lines(&output),
        [
            format!("new client saves {full}"),
            format!("        is told  {full}"),
            format!("old client finds {}", old(1900, "")),
            format!("old client saves {}", old(1500, "Acme")),
            format!("        is told  {}", old(1500, "")),
            format!("new client finds {poor}"),
        ]
    );
    let Finished { output, .. } = server.stop();
    assert_eq!(
        lines(&output)[1..],
        [
            format!("SaveProduct {full} -> saved").as_str(),
            "GetProduct -> found",
            &format!("SaveProduct {poor} -> saved"),
            "GetProduct -> found",
            "lesson-3-server stopping"
        ]
    );
}

#[test]
fn new_client_old_server() {
    let server = server(&["--old"]);
    let Finished { code, output } = client(&server, &[]);
    assert_eq!(code, Some(0));
    let output = lines(&output);
    assert!(output[0].ends_with(r#"discount: Some(0), labels: ["blue"] }"#));
    assert!(output[1].ends_with("discount: None, labels: [] }"));
    assert!(output[4].contains("supplier: \"Acme\""));
    assert!(!output[5].contains("Acme") && output[5].contains("price: 1500"));
    let Finished { output, .. } = server.stop();
    assert!(!output.contains("discount") && output.contains("supplier: \"Acme\""));
}

/// What the sender believes, and what the receiver has.
#[test]
fn changes_that_corrupt() {
    let server = server(&["--old"]);
    for (name, sent, kept, found) in [
        ("reused", "origin: \"Japan\"", "origin: \"Japan\"", "supplier: \"Japan\""),
        ("sint32", "ratings: [5, 4, -1]", "ratings: [5, 4, -1]", "ratings: [10, 8, 1]"),
        ("int64", "price: 5000000000", "price: 705032704", "price: 705032704"),
    ] {
        let Finished { code, output } = client(&server, &["--break", name]);
        assert_eq!(code, Some(0), "{output}");
        let output = lines(&output);
        assert!(output[0].starts_with("broken client saves") && output[0].contains(sent));
        assert!(output[1].starts_with("          is told") && output[1].contains(kept));
        assert!(
            output[2].starts_with("   old client finds") && output[2].contains(found)
        );
    }
    let Finished { code, output } = client(&server, &["--break", "string"]);
    assert_eq!(code, Some(1));
    assert!(
        lines(&output)[1].starts_with("Error: the call ended with INTERNAL (13): "),
        "{output}"
    );
    assert!(output.ends_with("invalid wire type: LengthDelimited (expected Varint)\n"));
    let Finished { output, .. } = server.stop();
    assert_eq!(output.matches("SaveProduct").count(), 3, "{output}");
    assert!(output.contains("ratings: [10, 8, 1]"));
}

/// A new server has `reserved 3`: it throws the value away, and mistakes it for nothing.
#[test]
fn a_reserved_number_is_read_as_nothing() {
    let server = server(&[]);
    let Finished { output, .. } = client(&server, &["--break", "reused"]);
    assert!(!lines(&output)[1].contains("Japan"), "{output}");
}

#[test]
fn mistakes_get_one_line() {
    for args in [&["--odl"][..], &["--old", "yes"], &["--old", "--addr"]] {
        let Finished { code, output } =
            run(programs::command(&LESSON.server()).args(args));
        assert_eq!(code, Some(2), "{output}");
        assert!(output.starts_with("Error: ") && output.lines().count() == 1, "{output}");
    }
}

// --- what the compiler refuses

/// Files of `tests/refused/`, in the order of the chapter's tables.
const REFUSED: &[&str] = &[
    "number_zero",
    "number_too_large",
    "number_of_protobuf",
    "number_twice",
    "number_reserved",
    "name_reserved",
    "reserved_mixed",
    "map_repeated",
    "map_optional",
    "map_in_oneof",
    "map_float_key",
    "map_bytes_key",
    "map_enum_key",
    "map_in_map",
    "map_repeated_value",
    "oneof_repeated",
    "oneof_optional",
    "enum_without_zero",
    "enum_alias",
    "enum_needless_alias",
    "enum_name_twice",
    "field_outside",
];

/// protox's message, if it refuses the file: `Debug` has the place, `Display` has not.
fn protox_refuses(name: &str) -> Option<String> {
    let file = format!("{name}.proto");
    let error = protox::compile([&file], [root().join("tests/refused")]).err()?;
    Some(format!("{error:?}"))
}

/// A row of the tables: the line that a message points to, and the message.
fn row(name: &str, message: &str) -> String {
    let file = format!("{name}.proto");
    let text = fs::read_to_string(root().join("tests/refused").join(&file));
    let place = message
        .find(&file)
        .map(|at| &message[at + file.len() + 1..]);
    let line = place.and_then(|place| place.split(':').next()?.parse::<usize>().ok());
    let line = line.unwrap_or_else(|| panic!("no line in {message}"));
    let text = text.expect("is there");
    let source = text.lines().nth(line - 1).unwrap_or_default().trim();
    let message = &message[message.find(&file).unwrap_or(0)..];
    // Two backticks: the message may have one.
    format!("| `{source}` | `` {message} `` |\n")
}

/// The chapter's table of what does not compile.
#[test]
fn refused() {
    let mut table = String::from("| line | protox says |\n|---|---|\n");
    let mut accepted = Vec::new();
    for name in REFUSED {
        match protox_refuses(name) {
            Some(message) => table += &row(name, &message),
            None => accepted.push(*name),
        }
    }
    written("book/generated/03-fields-refused.md", &table);
    assert_eq!(accepted, ACCEPTED);
    // The page of error messages names these.
    for message in [
        "message numbers must be between 1 and 536870911",
        "invalid field number '19000'",
        "is already used",
        "conflicts with reserved range",
        "map fields cannot have labels",
        "oneof fields cannot have labels",
        "the first value for proto3 enums must be 0",
    ] {
        assert!(table.contains(message), "{message}");
    }
    // No file is there that no table shows.
    let files = fs::read_dir(root().join("tests/refused")).expect("is a folder");
    let files: BTreeSet<String> = files
        .map(|file| file.expect("is readable").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let names = REFUSED.iter().map(|name| format!("{name}.proto"));
    assert_eq!(files, names.collect());
}

/// What protox lets through, and protoc and buf don't.
const ACCEPTED: &[&str] = &["name_reserved", "enum_needless_alias"];

#[test]
fn refused_by_buf() {
    let mut table = String::from("| line | buf says |\n|---|---|\n");
    for name in ACCEPTED {
        let file = format!("tests/refused/{name}.proto");
        let Some((code, output)) = buf(&["build", &file]) else {
            return;
        };
        assert_eq!((code, output.lines().count()), (Some(100), 1), "{output}");
        table += &row(name, output.trim_end());
    }
    written("book/generated/03-fields-refused-buf.md", &table);
}

/// `.ci/run` makes these two comparisons as well.
#[test]
fn buf_tells_good_changes_from_bad_ones() {
    let breaking =
        |folder| buf(&["breaking", folder, "--against", "protos/fields.proto"]);
    let (Some(good), Some((code, output))) =
        (breaking("protos/fields_v2"), breaking("protos/fields_broken"))
    else {
        return;
    };
    assert_eq!(good, (Some(0), String::new()));
    assert_eq!(code, Some(100));
    let mut table = String::from("| place | buf says |\n|---|---|\n");
    for line in output.lines() {
        let place = line.splitn(4, ':').take(3).collect::<Vec<_>>().join(":");
        let message = &line[place.len() + 1..];
        // Links follow, to pages that have moved.
        let message = message.split(" See https://").next().unwrap_or_default();
        let place = place.trim_start_matches("protos/fields_broken/");
        table += &format!("| `{place}` | `{message}` |\n");
    }
    written("book/generated/03-fields-breaking.md", &table);

    // By the rules for the bytes alone, a number that is used again is a new name.
    let wire = r#"{"version": "v2", "breaking": {"use": ["WIRE"]}}"#;
    let broken = "protos/fields_broken/fields_broken.proto";
    let old = "protos/fields.proto";
    let wire = buf(&["breaking", broken, "--against", old, "--config", wire]);
    let (code, output) = wire.expect("was here just now");
    assert_eq!((code, output.lines().count()), (Some(100), 2), "{output}");
    assert!(!output.contains("origin") && !output.contains("price"), "{output}");
}

/// Runs buf, of the version whose words the pages have. Where it is not there, this says
/// so; in CI it has to be.
fn buf(args: &[&str]) -> Option<(Option<i32>, String)> {
    const VERSION: &str = "1.75.0";
    let version = Command::new("buf").arg("--version").output();
    if !version.is_ok_and(|output| output.stdout.trim_ascii() == VERSION.as_bytes()) {
        let remedy = format!("npm install --global @bufbuild/buf@{VERSION}");
        assert!(env::var_os("CI").is_none(), "needs buf {VERSION}: {remedy}");
        eprintln!("not run: needs buf {VERSION}, which is not here: {remedy}");
        return None;
    }
    let Finished { code, output } =
        run(Command::new("buf").args(args).current_dir(root()));
    Some((code, output))
}

/// Compiles a file with this text, which may import those of `protos/`.
fn compile(name: &str, text: &str) -> Result<(), String> {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let file = format!("lesson-3-{name}.proto");
    fs::write(Path::new(folder).join(&file), text).expect("writes a file");
    let compiled = protox::compile([&file], [Path::new(folder), &root().join("protos")]);
    compiled.map(drop).map_err(|error| format!("{error:?}"))
}

/// Where numbers end, from the other side.
#[test]
fn numbers_that_are_allowed() {
    for number in [1, 18_999, 20_000, 229_230, 536_870_911] {
        let text =
            format!("syntax = \"proto3\"; message Product {{ int32 price = {number}; }}");
        assert_eq!(compile(&format!("number-{number}"), &text), Ok(()));
    }
}

/// `import` brings definitions, and is there for every language.
#[test]
fn an_import_brings_definitions() {
    let shelf = "message Shelf { repeated fields.v1.Product products = 1; }";
    let text = format!("syntax = \"proto3\"; import \"fields.proto\"; {shelf}");
    assert_eq!(compile("with-import", &text), Ok(()));
    let error = compile("without-import", &format!("syntax = \"proto3\"; {shelf}"));
    assert!(
        error.is_err_and(|error| error.contains("'fields.v1.Product' is not defined"))
    );
}
