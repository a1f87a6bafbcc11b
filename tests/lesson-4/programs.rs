//! The lesson's server and client, from outside.

use prost::Message;
use support::bytes::hex;
use support::programs::{self, Finished, Server, run};

use crate::{LESSON, email, person, phone, request};

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let script = |counts: &str| {
        format!(
            "{counts}\n\
             \x20 \"Ada\": email \"ada@example.org\"; note \"writes programs\"\n\
             \x20 \"Grace\": phone \"212 555 0100\"; note \"\"\n\
             \x20 \"小明\": address \"长安街 1\", \"北京\"; note \"\"\n\
             0 added, 1 replaced\n\
             \x20 \"Ada\": phone \"20 7946 0018\"; note \"\"\n"
        )
    };
    assert_eq!(client(&[]), Finished::new(0, script("3 added, 0 replaced")));
    assert_eq!(client(&[]), Finished::new(0, script("0 added, 3 replaced")));
    let ming = "  \"小明\": address \"长安街 1\", \"北京\"; note \"\"\n";
    assert_eq!(client(&["小明"]), Finished::new(0, ming));
    let nobody = "Error: the call ended with NOT_FOUND (5): nobody is called \"Eve\"\n";
    assert_eq!(client(&["Eve"]), Finished::new(1, nobody));
    let saved = "1 added, 0 replaced\n  \"Eve\": email \"\"; note \"\"\n";
    assert_eq!(client(&["Eve", ""]), Finished::new(0, saved));
    let saved = "1 added, 0 replaced\n  \"Bob\": phone \"+1 23\"; note \"\"\n";
    let bob = ["Bob", "--phone", "+1 23"];
    assert_eq!(client(&bob), Finished::new(0, saved));
    let address = server.address.clone();
    let script = |counts: &str| {
        format!(
            "Save [\"Ada\", \"Grace\", \"小明\"] -> {counts}\n\
             Find -> [\"Ada\", \"Grace\", \"小明\"]\n\
             Save [\"Ada\"] -> 0 added, 1 replaced\n\
             Find -> [\"Ada\"]\n"
        )
    };
    let expected = format!(
        "lesson-4-server listening on {address}\n{}{}\
         Find -> [\"小明\"]\n\
         Find -> NOT_FOUND: nobody is called \"Eve\"\n\
         Save [\"Eve\"] -> 1 added, 0 replaced\n\
         Find -> [\"Eve\"]\n\
         Save [\"Bob\"] -> 1 added, 0 replaced\n\
         Find -> [\"Bob\"]\n\
         lesson-4-server stopping\n",
        script("3 added, 0 replaced"),
        script("0 added, 3 replaced"),
    );
    assert_eq!(server.stop(), Finished::new(0, expected));
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, mistake) in [
        (&["--phone", "1"][..], "were not provided: <NAME>"),
        (&["Bob", "b@x.y", "--phone", "1"], "cannot be used with"),
    ] {
        let mut client = programs::client(LESSON, "127.0.0.1:1", args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

/// What the client sends with `--break`, made by prost. Two messages, one after the other, are
/// one message with the fields of both: that is how a key or a member comes twice.
fn faults() -> [(&'static str, Vec<u8>); 4] {
    let far = request([("Ada", person(email("ada@x.y"), "sees far"))]).encode_to_vec();
    let call = request([("Ada", person(phone("12 345"), ""))]).encode_to_vec();
    let entry = |person: Vec<u8>| {
        let key = b"\x0a\x03Ada\x12";
        let length = u8::try_from(person.len()).expect("the length should fit a byte");
        let entry = [&key[..], &[length], &person].concat();
        let length = u8::try_from(entry.len()).expect("the length should fit a byte");
        [&[0x0a, length], &entry[..]].concat()
    };
    let mail = person(email("ada@x.y"), "").encode_to_vec();
    let both = [mail, person(phone("12 345"), "").encode_to_vec()].concat();
    [
        ("duplicate-keys", [far, call].concat()),
        ("two-members", entry(both)),
        ("empty-entry", request([("", person(None, ""))]).encode_to_vec()),
        ("newer-member", entry(b"\x2a\x04@ada".to_vec())),
    ]
}

#[test]
fn faults_end_as_the_chapter_says() {
    let unset = |name: &str| {
        let what = format!("people[{name:?}].reach is not set");
        format!("Error: the call ended with INVALID_ARGUMENT (3): {what}\n")
    };
    let phone = "1 added, 0 replaced\n  \"Ada\": phone \"12 345\"; note \"\"\n";
    let endings = [
        (0, phone.into()),
        (0, phone.into()),
        (1, unset("")),
        (1, unset("Ada")),
    ];
    for ((name, bytes), (code, ending)) in faults().into_iter().zip(endings) {
        let server = Server::start(LESSON);
        let mut client = programs::client(LESSON, &server.address, &["--break", name]);
        let rows: Vec<String> = bytes.chunks(24).map(hex).collect();
        let rows = rows.join("\n");
        let output = format!("sends {} bytes:\n{rows}\n{ending}", bytes.len());
        assert_eq!(run(&mut client), Finished::new(code, output));
        // The chapter has the reader paste the rows.
        let mut decoder = programs::command("lesson-2-client");
        let decoded = run(decoder.args(["--decode", &rows]));
        assert_eq!(decoded.code, Some(0), "{}", decoded.output);
    }
    let server = Server::start(LESSON);
    let args = ["--break", "nothing-set"];
    let mut client = programs::client(LESSON, &server.address, &args);
    assert_eq!(run(&mut client), Finished::new(1, unset("Ada")));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line = "\nSave [\"Ada\"] -> INVALID_ARGUMENT: people[\"Ada\"].reach is not set\n";
    assert!(output.contains(line), "{output}");
}
