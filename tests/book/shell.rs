//! Looks up what the commands of an `sh` block name. They are for the reader to run, and not run
//! here: some take minutes, some change the machine.

use std::sync::LazyLock;

use pages::{Block, Page, Problem};
use regex::Regex;
use support::manifest::tests;
use support::programs::{binaries, root};

/// Programs of every Unix that a page may use.
pub const HELPERS: &[&str] = &[
    "cat", "cd", "cp", "curl", "echo", "git", "head", "ls", "mkdir", "printf", "sort",
];

/// A file of this repository.
static OUR_FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^(book|lessons|protos|tests)/").expect("the pattern should parse")
});

/// What is wrong with the commands of a page.
pub fn problems(page: &Page, blocks: &[Block]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for block in blocks {
        // Once a block has left for a folder of its own, its names are not this repository's.
        let elsewhere =
            block.body.contains("cargo new ") || block.body.contains("book/own-crate");
        for (n, line) in block.body.lines().enumerate() {
            if let Err(what) = look_up(line, elsewhere) {
                problems.push(page.problem(block.line + 1 + n, what));
            }
        }
    }
    problems
}

/// Checks a command. `elsewhere`: it runs in another folder than this repository's.
fn look_up(line: &str, elsewhere: bool) -> Result<(), String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let words = shlex::split(line).ok_or("a quotation mark is missing")?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["cargo", "run" | "test" | "build", ref args @ ..] if !elsewhere => cargo(args)?,
        ["OVERWRITE=1", "cargo", "test", ref args @ ..] => cargo(args)?,
        [name, ..] if HELPERS.contains(&name) => {}
        _ if is_known(&words) => {}
        _ => return Err(format!("`{line}` is no command that this book knows")),
    }
    if elsewhere {
        return Ok(());
    }
    // What is to be installed need not be there yet.
    let target = words.iter().position(|word| *word == "--target");
    let installed = target.and_then(|at| words.get(at + 1));
    for path in words.iter().filter(|word| OUR_FILE.is_match(word)) {
        if Some(path) != installed && !root().join(path).exists() {
            return Err(format!("there is no {path}"));
        }
    }
    Ok(())
}

/// Whether a command is one of those that the book uses without naming a binary or a test.
fn is_known(words: &[&str]) -> bool {
    matches!(
        words,
        [
            "cargo",
            "run" | "test" | "build" | "bench" | "new" | "add",
            ..
        ] | ["cargo", "install", _, "--locked"]
            | ["python3", "-m", "pip", "install", ..]
            | ["export", ..]
            | ["npm", "install", ..]
            | ["mdbook", "serve" | "build"]
            | ["mdbook", "serve" | "build", "--open"]
            | ["OVERWRITE=1", "cargo", "bench", ..]
            | ["OVERWRITE=1", "benches/loop"]
    )
}

/// Checks that the binary or the test that a command of cargo names exists.
fn cargo(args: &[&str]) -> Result<(), String> {
    let named = |flag: &str| {
        let at = args.iter().position(|arg| *arg == flag)?;
        args.get(at + 1)
    };
    if let Some(name) = named("--bin")
        && !binaries().iter().any(|binary| binary == name)
    {
        return Err(format!("there is no binary {name} in Cargo.toml"));
    }
    if let Some(name) = named("--test")
        && !tests().any(|test| test.name == *name)
    {
        return Err(format!("there is no test {name} in a Cargo.toml"));
    }
    Ok(())
}
