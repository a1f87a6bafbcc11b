//! Proves that the test of the book can tell: each of these pages is wrong, and is refused with
//! the line of its mistake.

use pages::Page;
use support::programs::root;

use crate::console;
use crate::links::dead_links;
use crate::shell;

/// The problems of every kind that a page with this text has.
fn problems_of(text: &str) -> Vec<String> {
    let page = Page { file: "book/src/page.md".into(), text: text.into() };
    let contents = page.contents(root());
    let mut problems = contents.problems.clone();
    problems.extend(shell::problems(&page, &contents.shell));
    problems.extend(console::play(&page, &contents).problems);
    problems.extend(dead_links(&[(page, contents)]));
    problems.iter().map(ToString::to_string).collect()
}

/// Asserts that a page has a problem at `line` that contains `words`.
#[track_caller]
fn refused(text: &str, line: usize, words: &str) {
    let problems = problems_of(text);
    let place = format!("book/src/page.md:{line}: ");
    let found = problems
        .iter()
        .any(|problem| problem.starts_with(&place) && problem.contains(words));
    assert!(found, "{place}{words} is not in {problems:#?}");
}

/// Asserts that a page has no problem.
#[track_caller]
fn accepted(text: &str) {
    assert_eq!(problems_of(text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_right_page_is_accepted() {
    accepted(
        "# A page\n\n[here](#a-page), [there](https://grpc.io)\n\n\
         ```console\n$ cargo run --bin lesson-1-server\nlesson-1-server listening on 127.0.0.1:50051\n\
         SayHello \"you\" -> \"Hello, you!\"\nlesson-1-server stopping\n```\n\n\
         ```console\n$ cargo run --bin lesson-1-client\nHello, you!\n```\n\n\
         ```rust\n{{#include ../../lessons/01_hello/client.rs:greet}}\n```\n\n\
         ```sh\ncargo test --test lesson-1 -- --ignored --nocapture\n```\n\n\
         <details><summary>Answer</summary>\n\nYes.\n\n</details>\n",
    );
}

#[test]
fn a_wrong_output_is_refused() {
    refused(
        "\n\n```console\n$ cargo run --bin lesson-1-client -- --break empty-name\nHi!\n```\n",
        3,
        "exit code",
    );
    let calls = "```console\n$ cargo run --bin lesson-1-client\nHi!\n```\n";
    let served = "```console\n$ cargo run --bin lesson-1-server\nlesson-1-server listening on \
                  127.0.0.1:50051\nSayHello \"you\" -> \"Hello, you!\"\nlesson-1-server stopping\n```\n";
    refused(&format!("{served}{calls}"), 7, "Hello, you!");
    refused(&calls.replace("Hi", "Hello, you"), 1, "exit code");
    let silent = served.replace("SayHello \"you\" -> \"Hello, you!\"\n", "");
    refused(&format!("{silent}{}", calls.replace("Hi", "Hello, you")), 1, "SayHello");
    refused(
        &served
            .replace("SayHello \"you\" -> \"Hello, you!\"\n", "")
            .replace("stopping", "stops"),
        1,
        "stopping",
    );
}

#[test]
fn an_exit_code_is_checked() {
    let text = "```console exit=2\n$ cargo run --bin lesson-1-client -- --break no-server\n\
                Error: no server at http://127.0.0.1:1: start it with cargo run --bin lesson-1-server, which listens on port 50051\n```\n";
    refused(text, 1, "exit code Some(1)");
    accepted(&text.replace("exit=2", "exit=1"));
}

#[test]
fn includes_must_be_there() {
    refused(
        "```rust\n{{#include ../../lessons/nothing.rs}}\n```\n",
        2,
        "missing include",
    );
    refused(
        "```rust\n{{#include ../../lessons/lib.rs:nothing}}\n```\n",
        2,
        "missing anchor",
    );
    refused("```rust\n{{#include ../../lessons/01_hello/client.rs}}\n```\n", 2, "ANCHOR");
    refused(
        "```rust\n{{#include ../../../elsewhere.rs}}\n```\n",
        2,
        "outside of the repository",
    );
    refused("text\n\n{{#include ../../README.md}}\n", 3, "only generated");
    refused("see {{#include ../figures/a.svg}}\n", 1, "alone on its line");
    refused("{{#playground ../../lessons/lib.rs}}\n", 1, "include");
}

#[test]
fn code_that_nobody_runs_is_refused() {
    refused("```rust\nfn main() {}\n```\n", 2, "typed by hand");
    refused(
        "```rust,ignore\n{{#include ../../lessons/lib.rs}}\n```\n",
        1,
        "`rust,ignore`",
    );
    refused("```\nfn main() {}\n```\n", 1, "``");
    refused("text\n\n    indented();\n", 3, "indented code");
    refused("text\n\n<pre>\ncode\n</pre>\n", 3, "<pre>");
    refused("```rust\n```\n", 1, "empty");
    refused("```console\n```\n", 1, "empty");
}

#[test]
fn an_open_block_is_refused() {
    refused("# A\n\n```sh\ncargo build\n", 3, "never closed");
    refused("````sh\ncargo build\n```\n", 1, "never closed");
}

#[test]
fn dead_links_are_refused() {
    refused("\n[a](nowhere.md)\n", 2, "nowhere.md");
    refused("[a](#nothing)\n", 1, "no heading #nothing");
    refused("[a][b]\n", 1, "not defined");
    refused("[a](../../README.md)\n", 1, "not a page");
    refused("[a](http://grpc.io)\n", 1, "https://");
    refused("![a](nothing.png)\n", 1, "nothing.png");
}

#[test]
fn commands_must_exist() {
    refused(
        "```console\n$ cargo run --bin lesson-99-client\n```\n",
        1,
        "no binary lesson-99-client",
    );
    refused("```console\n$ rm -r target\n```\n", 1, "only `cargo run`");
    refused("```console\nHello\n```\n", 1, "output without a command");
    refused("```console sometimes\n$ cargo run\n```\n", 1, "`sometimes`");
    refused("```console peer=nobody\n$ cargo run\n```\n", 1, "no peer nobody");
    refused("```sh\n\ncargo run --bin nothing\n```\n", 3, "no binary nothing");
    refused("```sh\ncargo test --test nothing\n```\n", 2, "no test nothing");
    refused("```sh\ncat lessons/nothing.rs\n```\n", 2, "no lessons/nothing.rs");
    refused("```sh\nmake me happy\n```\n", 2, "no command");
}

#[test]
fn overwriting_makes_a_page_right() {
    let text = "```console\n$ cargo run --bin lesson-1-server\n```\n\n\
                ```console\n$ cargo run --bin lesson-1-client -- Ada\nwrong\n```\n";
    let page = Page { file: "book/src/page.md".into(), text: text.into() };
    let now = console::play(&page, &page.contents(root())).text;
    assert!(
        now.contains("-- Ada\nHello, Ada!\n```") && now.contains("127.0.0.1:50051"),
        "{now}"
    );
    accepted(&now);
}
