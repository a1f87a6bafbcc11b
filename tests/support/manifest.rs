//! What the Cargo.toml files say, as cargo itself reads them.

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::programs::root;

/// A program or a test of the workspace: one row of `bin` or `test` in a Cargo.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind of the row: `bin`, `test`, `bench`, `lib` or `custom-build`.
    pub kind: String,
    /// The name, as in `cargo run --bin NAME` or `cargo test --test NAME`.
    pub name: String,
    /// Its main file, from the root of the repository, with `/` on every system.
    pub path: String,
    /// Whether `cargo test` builds it as a test.
    pub test: bool,
    /// Whether `cargo doc` documents it.
    pub doc: bool,
}

/// The cargo that runs this test.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
}

/// What `cargo metadata` prints about the package or workspace of a Cargo.toml, whose path
/// starts at the root of the repository.
///
/// # Panics
///
/// If cargo fails: it then says why.
pub fn metadata(manifest: &str, args: &[&str]) -> Value {
    let mut cargo = cargo();
    cargo.args(["metadata", "--format-version", "1", "--manifest-path"]);
    cargo.arg(root().join(manifest)).args(args);
    let output = cargo.output().expect("cargo should start");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata failed: {errors}");
    serde_json::from_slice(&output.stdout).expect("cargo should print JSON")
}

/// A list in what cargo printed.
///
/// # Panics
///
/// If there is no list of this name.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array();
    list.unwrap_or_else(|| panic!("cargo metadata has no list {name}"))
}

/// A text in what cargo printed.
///
/// # Panics
///
/// If there is no text of this name.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("cargo metadata has no text {name}"))
}

/// What cargo prints about the packages of the workspace. Asks cargo once.
fn workspace() -> &'static Value {
    static WORKSPACE: LazyLock<Value> =
        LazyLock::new(|| metadata("Cargo.toml", &["--no-deps"]));
    &WORKSPACE
}

/// The targets of all packages, in cargo's order.
pub fn targets() -> &'static [Target] {
    static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
        let packages = list(workspace(), "packages").iter();
        let targets = packages.flat_map(|package| list(package, "targets"));
        targets.map(target).collect()
    });
    &TARGETS
}

/// The tests of all packages, as in `cargo test --test NAME`.
pub fn tests() -> impl Iterator<Item = &'static Target> {
    targets().iter().filter(|target| target.kind == "test")
}

/// The names of the packages that a command of cargo is about in the root of the repository:
/// `default-members` of Cargo.toml.
pub fn default_packages() -> Vec<String> {
    let ids = list(workspace(), "workspace_default_members");
    let packages = list(workspace(), "packages").iter();
    let chosen = packages.filter(|package| ids.contains(&package["id"]));
    chosen
        .map(|package| text(package, "name").to_string())
        .collect()
}

fn target(value: &Value) -> Target {
    let path = Path::new(text(value, "src_path"));
    let path = path.strip_prefix(root()).unwrap_or(path);
    // A package may have a program outside of its folder, by a path that begins with `../`.
    let path = path.to_string_lossy().replace('\\', "/");
    let path = path.rsplit("/../").next().unwrap_or(&path).to_string();
    Target {
        // A library has a kind for each crate type, a program or a test has one.
        kind: value["kind"][0].as_str().unwrap_or_default().to_string(),
        name: text(value, "name").to_string(),
        path,
        test: value["test"] == true,
        doc: value["doc"] == true,
    }
}
