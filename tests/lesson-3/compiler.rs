//! What protox and buf refuse, in the chapters' words.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::peers::Peer;
use support::programs::{Finished, root, run};
use support::written;

/// The folder of the files that a compiler refuses.
const FOLDER: &str = "tests/lesson-3/refused";

/// The files of that folder, in the order of the chapter's table.
const REFUSED: &[&str] = &[
    "number_zero",
    "number_too_large",
    "number_of_protobuf",
    "number_twice",
    "number_reserved",
    "name_reserved",
    "reserved_mixed",
    "enum_without_zero",
    "enum_alias",
    "enum_needless_alias",
    "enum_name_twice",
    "field_outside",
];

/// protox's message if it refuses the file. `Debug` has the place, which `Display` lacks.
fn protox_refuses(name: &str) -> Option<String> {
    let file = format!("{name}.proto");
    let error = protox::compile([&file], [root().join(FOLDER)]).err()?;
    Some(format!("{error:?}"))
}

/// A row of the tables: the line that a message points to, and the message.
fn row(name: &str, message: &str) -> String {
    let file = format!("{name}.proto");
    let text = fs::read_to_string(root().join(FOLDER).join(&file));
    let place = message
        .find(&file)
        .map(|at| &message[at + file.len() + 1..]);
    let line = place.and_then(|place| place.split(':').next()?.parse::<usize>().ok());
    let line = line.unwrap_or_else(|| panic!("no line in {message}"));
    let text = text.expect("the refused file should be there");
    let source = text.lines().nth(line - 1).unwrap_or_default().trim();
    let message = &message[message.find(&file).unwrap_or(0)..];
    // Two backticks: the message may have one.
    format!("| `{source}` | `` {message} `` |\n")
}

/// The chapter's table of what does not compile.
#[test]
fn protox_refuses_what_the_chapter_lists() {
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
        "the first value for proto3 enums must be 0",
    ] {
        assert!(table.contains(message), "{message}");
    }
    // Every file is in a table.
    let files = fs::read_dir(root().join(FOLDER))
        .expect("tests/lesson-3/refused should be a folder");
    let files: BTreeSet<String> = files
        .map(|file| file.expect("the folder should be readable").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let names = REFUSED.iter().map(|name| format!("{name}.proto"));
    assert_eq!(files, names.collect());
}

/// What protox accepts, and protoc and buf refuse.
const ACCEPTED: &[&str] = &["name_reserved", "enum_needless_alias"];

#[test]
fn buf_refuses_what_protox_accepts() {
    let mut table = String::from("| line | buf says |\n|---|---|\n");
    for name in ACCEPTED {
        let file = format!("{FOLDER}/{name}.proto");
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

    // By the rules for the bytes alone, a number that is used again only has a new name.
    let wire = r#"{"version": "v2", "breaking": {"use": ["WIRE"]}}"#;
    let broken = "protos/fields_broken/fields_broken.proto";
    let old = "protos/fields.proto";
    let wire = buf(&["breaking", broken, "--against", old, "--config", wire]);
    let (code, output) = wire.expect("buf should still be there");
    assert_eq!((code, output.lines().count()), (Some(100), 2), "{output}");
    assert!(!output.contains("origin") && !output.contains("price"), "{output}");
}

/// Runs buf, in the version whose words the pages quote. Returns its exit code and what it
/// printed, or `None` if it is not installed, which is an error in CI.
fn buf(args: &[&str]) -> Option<(Option<i32>, String)> {
    let Finished { code, output } =
        run(Peer::installed_or_skip("buf")?.command().args(args));
    Some((code, output))
}

/// Compiles a file with this text, which may import those of `protos/`.
fn compile(name: &str, text: &str) -> Result<(), String> {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let file = format!("lesson-3-{name}.proto");
    fs::write(Path::new(folder).join(&file), text).expect("the file should be written");
    match protox::compile([&file], [Path::new(folder), &root().join("protos")]) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// The numbers next to those that are refused.
#[test]
fn every_other_number_is_allowed() {
    for number in [1, 18_999, 20_000, 229_230, 536_870_911] {
        let text =
            format!("syntax = \"proto3\"; message Product {{ int32 price = {number}; }}");
        assert_eq!(compile(&format!("number-{number}"), &text), Ok(()));
    }
}

/// `import` is for every language, whatever the notes say.
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
