//! What the chapter shows of bytes and of generated code.

use std::fs;

use prost::Message;
use support::bytes::hex;
use support::programs::root;
use support::{generated, written};

use crate::{LESSON, address, email, person, phone, request};

/// The chapter has `--decode` explain what prost writes.
#[test]
fn the_chapter_decodes_what_prost_writes() {
    let page = fs::read_to_string(root().join("book/src").join(LESSON.chapter()));
    let page = page.expect("the chapter should be there");
    let shown = page.split("--decode \"").skip(1);
    let shown: Vec<&str> = shown.filter_map(|rest| rest.split('"').next()).collect();
    let written = [
        request([("Ada", person(phone("1234"), ""))]).encode_to_vec(),
        request([("小明", person(address("1", "北京"), ""))]).encode_to_vec(),
        request([("Ada", person(email(""), ""))]).encode_to_vec(),
    ];
    let written: Vec<String> = written.iter().map(|bytes| hex(bytes)).collect();
    assert_eq!(shown, written);
}

/// The chapter's excerpts of the generated code.
#[test]
fn the_excerpts_of_the_generated_code_are_current() {
    let code = generated("map_oneof.v1.rs");
    let excerpt = |from: &str, to: &str| {
        let at = code.find(from).unwrap_or_else(|| panic!("no {from}"));
        let start = code[..at]
            .rfind("#[derive")
            .expect("the type should derive something");
        let end = code[at..].find(to).unwrap_or_else(|| panic!("no {to}"));
        code[start..at + end + to.len()].to_string() + "\n"
    };
    written(
        "book/generated/04-map-oneof-request.rs",
        &excerpt("pub struct SaveRequest", "\n}"),
    );
    written(
        "book/generated/04-map-oneof-person.rs",
        &excerpt("pub struct Person", "\n    }\n}"),
    );
}
