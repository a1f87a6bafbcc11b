//! Looks up what the commands of an `sh` block name. They are for the reader to run: some take
//! minutes, some change the machine.

use regex::Regex;

use crate::page::{Block, Page, Problem};
use support::programs::{binaries, root};

/// Programs of every Unix that a page may use.
pub const HELPERS: &[&str] = &[
    "cat", "cd", "cp", "curl", "echo", "git", "head", "ls", "mkdir", "printf", "sort",
];

/// What is wrong with the commands of a page.
pub fn problems(page: &Page, blocks: &[Block]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for block in blocks {
        for (n, text) in block.body.lines().enumerate() {
            if let Err(what) = look_up(text, &block.body) {
                problems.push(Problem {
                    file: page.file.clone(),
                    line: block.line + 1 + n,
                    what,
                });
            }
        }
    }
    problems
}

fn look_up(line: &str, block: &str) -> Result<(), String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let words = shlex::split(line).ok_or("a quotation mark is missing")?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Once a block has left for a folder of its own, its names are not this repository's.
    let elsewhere = block.contains("cargo new ") || block.contains("book/own-crate");
    match words[..] {
        ["cargo", "run" | "test" | "build", ref args @ ..] if !elsewhere => cargo(args)?,
        [
            "cargo",
            "run" | "test" | "build" | "bench" | "new" | "add",
            ..,
        ] => {}
        ["cargo", "install", _, "--locked"] => {}
        ["python3", "-m", "pip", "install", ..] | ["npm", "install", ..] => {}
        ["mdbook", "serve" | "build", "book"]
        | ["mdbook", "serve" | "build", "book", "--open"] => {}
        ["OVERWRITE=1", "cargo", "test", ref args @ ..] => cargo(args)?,
        ["OVERWRITE=1", "cargo", "bench", ..] | ["OVERWRITE=1", "benches/loop"] => {}
        [name, ..] if HELPERS.contains(&name) => {}
        _ => return Err(format!("`{line}` is no command that this book knows")),
    }
    // What is to be installed need not be there yet.
    let target = words.iter().position(|word| *word == "--target");
    let new = target.and_then(|at| words.get(at + 1));
    let ours =
        Regex::new(r"^(book|lessons|protos|tests)/").expect("is a regular expression");
    for path in words
        .iter()
        .filter(|word| ours.is_match(word) && !elsewhere && Some(*word) != new)
    {
        if !root().join(path).exists() {
            return Err(format!("there is no {path}"));
        }
    }
    Ok(())
}

fn cargo(args: &[&str]) -> Result<(), String> {
    let named = |flag: &str| {
        args.iter()
            .position(|arg| *arg == flag)
            .and_then(|at| args.get(at + 1))
    };
    if let Some(name) = named("--bin")
        && !binaries().iter().any(|binary| binary == name)
    {
        return Err(format!("there is no binary {name} in Cargo.toml"));
    }
    if let Some(name) = named("--test")
        && !["tests/NAME.rs", "tests/NAME/main.rs"]
            .iter()
            .any(|file| root().join(file.replace("NAME", name)).exists())
    {
        return Err(format!("there is no test {name} in tests/"));
    }
    Ok(())
}
