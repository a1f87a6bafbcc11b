//! Has cargo build the workbook's programs, once for each test. The tests are a package of
//! their own, so cargo has not built the programs before it runs them.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use grpc_workbook::cargo;

use super::root;

/// The path of a program, once cargo has built it.
pub fn built(program: &str) -> PathBuf {
    let lesson = program
        .rsplit_once('-')
        .map_or(program, |(lesson, _)| lesson);
    let of_the_lesson = format!("{lesson}-*");
    let names = match &*running_test() {
        // These need all of them, sooner or later.
        "book" | "hostile_clients" | "programs" | "workbook" => "*",
        // Optimized, one of them takes half a minute.
        "comparison" => program,
        // A test that starts a lesson's server nearly always starts its client too.
        _ => &of_the_lesson,
    };
    build(&[names]).join(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// The test or benchmark that runs, by its name in Cargo.toml but with `_` for `-`.
fn running_test() -> String {
    // cargo names the program after it, and adds a hash: target/debug/deps/lesson_1-4f5e6d7c8b9a.
    let program = env::current_exe().expect("the test should know its own path");
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.rsplit_once('-').map_or(&*name, |(name, _hash)| name);
    name.to_string()
}

/// Has cargo build the programs with these names, in which `*` stands for anything, unless this
/// test has already done so. Returns the folder with them.
///
/// # Panics
/// If cargo cannot build them: now, or when this test asked for them before.
pub fn build(names: &[&str]) -> PathBuf {
    // For each name that was asked for, whether its build succeeded. The lock is held during a
    // build, so that a test which needs the same programs waits for them.
    static BUILT: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());

    let (mut cargo, folder) =
        cargo::build(root(), names).expect("the test should know its own path");
    let mut built = BUILT.lock().expect("no build should panic");
    if !names.iter().all(|name| built.contains_key(*name)) {
        let succeeded = run_cargo(&mut cargo);
        for name in names {
            built.insert(name.to_string(), succeeded);
        }
    }
    let succeeded = names.iter().all(|name| built[*name]);
    // Released before the panic, which would poison it: the tests that wait for the lock should
    // fail for the same reason as this one.
    drop(built);
    assert!(
        succeeded,
        "cargo could not build {}: its messages are above",
        names.join(", ")
    );
    folder
}

/// Runs cargo and returns whether it succeeded. Shows its progress at once, and its other
/// messages if it fails.
fn run_cargo(cargo: &mut Command) -> bool {
    cargo.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut cargo = cargo.spawn().expect("cargo should start");
    let stderr = cargo.stderr.take().expect("stderr should be piped");
    let mut messages = Vec::new();
    for line in BufReader::new(stderr).split(b'\n') {
        let mut line = line.expect("cargo's messages should be readable");
        line.push(b'\n');
        // A build may take a while. Warnings would come again with every test, and `cargo build`
        // shows them.
        let text = String::from_utf8_lossy(&line);
        if text.contains(" Compiling ") || text.contains(" Blocking ") {
            show(&line);
        } else {
            messages.extend_from_slice(&line);
        }
    }
    let status = cargo.wait().expect("cargo should end");
    if !status.success() {
        show(&messages);
    }
    status.success()
}

/// Prints to standard error. `eprintln!` would not do: the test harness keeps what it prints
/// until the test has failed.
fn show(messages: &[u8]) {
    io::stderr()
        .write_all(messages)
        .expect("standard error should be open");
}
