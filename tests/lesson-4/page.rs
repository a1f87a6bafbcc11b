//! What the chapter shows of bytes and of generated code.

use std::fs;

use prost::Message;
use support::bytes::hex;
use support::programs::root;
use support::{excerpt, generated, written};

use crate::oneofs::OldPerson;
use crate::{LESSON, address, email, person, phone, request};

/// The chapter has `--decode` explain what prost writes.
#[test]
fn the_chapter_decodes_what_prost_writes() {
    let page = fs::read_to_string(root().join("book/src").join(LESSON.chapter()));
    let page = page.expect("the chapter should be there");
    let shown = page.split("--decode \"").skip(1);
    let shown = shown.filter_map(|rest| rest.split('"').next());
    let shown: Vec<&str> = shown.filter(|bytes| *bytes != "...").collect();
    let written = [
        request([("Ada", person(phone("123"), ""))]).encode_to_vec(),
        request([("Ada", person(email(""), ""))]).encode_to_vec(),
        person(address("1", "北京"), "").encode_to_vec(),
        OldPerson { email: "ada@x.y".into(), phone: "12".into() }.encode_to_vec(),
    ];
    let written: Vec<String> = written.iter().map(|bytes| hex(bytes)).collect();
    assert_eq!(shown, written);
}

/// The chapter's excerpts of the generated code.
#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("map_oneof.v1.rs");
    let from = "#[derive(Clone, PartialEq, ::prost::Message)]\npub struct SaveRequest";
    written("book/generated/04-map-oneof-request.rs", &excerpt(&code, from, "\n}"));
    let from =
        "#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]\npub struct Person";
    written("book/generated/04-map-oneof-person.rs", &excerpt(&code, from, "\n    }\n}"));

    let code = include_str!(concat!(
        env!("OUT_DIR"),
        "/04_map_oneof/well_known.proto/well_known.v1.rs"
    ));
    let from = "pub struct Visit {";
    written("book/generated/04-map-oneof-visit.rs", &excerpt(code, from, "\n}"));
}
