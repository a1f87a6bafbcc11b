//! Lesson 1: the exercise, and what the chapter says of the wire, of server and client.

#[path = "../../lessons/01_hello/exercise.rs"]
mod exercise;
#[path = "../../lessons/01_hello/solution.rs"]
mod solution;
#[path = "../../lessons/01_hello/wrong_code.rs"]
mod wrong_code;
#[path = "../../lessons/01_hello/wrong_ok.rs"]
mod wrong_ok;
#[path = "../../lessons/01_hello/wrong_untrimmed.rs"]
mod wrong_untrimmed;

/// The check of the exercise.
mod check;
/// The bytes of a call, and which calls reach the service.
mod wire;
/// The programs from outside, and what tonic says by itself.
mod programs;
/// How a server ends while calls are open.
mod shutdown;

use std::fs;
use std::path::Path;

use grpc_workbook::hello::MyGreeter;
use grpc_workbook::{Lesson, OUT_DIR};
use support::programs::root;
use support::{excerpt, generated, lesson, written};

use check::{check, serving};

const LESSON: &Lesson = lesson(1);

/// The path of the lesson's only method.
const PATH: &str = "/helloworld.Greeter/SayHello";

support::exercise! {
    files: "lessons/01_hello/exercise.rs",
    serve: |answer| serving(answer::PoliteGreeter),
    check: check,
    own: serving(MyGreeter),
    wrong: [
        wrong_code,
        wrong_ok,
        wrong_untrimmed => "book/generated/01-hello-report.txt",
    ],
}

/// What a server needs to describe itself: the definitions as data.
#[test]
fn build_rs_keeps_the_descriptors() {
    let file = Path::new(OUT_DIR).join("descriptors.bin");
    let descriptors =
        fs::read(file).expect("build.rs should have written the descriptors");
    let text = String::from_utf8_lossy(&descriptors);
    for name in [
        "hello.proto",
        "helloworld",
        "Greeter",
        "SayHello",
        "HelloRequest",
    ] {
        assert!(text.contains(name), "{name}");
    }
}

/// The chapter's excerpts of the generated code.
#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("helloworld.rs");
    let excerpt = |from, to| excerpt(&code, from, to);
    written("book/generated/01-hello-message.rs", &excerpt("#[derive", "\n}"));
    written(
        "book/generated/01-hello-client.rs",
        &excerpt("pub async fn say_hello", "\n        }"),
    );
    written("book/generated/01-hello-trait.rs", &excerpt("#[async_trait]", "\n    }"));
}

/// The second method of "Your own crate", as the chapter shows it: what each step adds.
#[test]
fn excerpts_match_the_own_crate() {
    let read = |file: &str| {
        let file = root().join("book/own-crate").join(file);
        fs::read_to_string(file).expect("the own crate should have the file")
    };
    let proto = read("protos/greeter.proto");
    let method = excerpt(&proto, "rpc SayGoodbye", ";");
    let messages = excerpt(&proto, "message SayGoodbyeRequest", "\n}\n\n")
        + &excerpt(&proto, "message SayGoodbyeResponse", "\n}");
    written("book/generated/01-hello-own.proto", &format!("{method}\n{messages}"));
    let server = read("src/bin/server.rs");
    written(
        "book/generated/01-hello-own-server.rs",
        &excerpt(&server, "async fn say_goodbye", "\n    }"),
    );
    let client = read("src/bin/client.rs");
    written(
        "book/generated/01-hello-own-client.rs",
        &excerpt(&client, "let request = SayGoodbyeRequest", ".message);"),
    );
}
