//! What the manifests promise: lints, the oldest Rust, the versions of the own crate, and that part
//! one does not wait for what only part two needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use support::manifest::{cargo, list, metadata, text};
use support::overwrite;
use support::programs::root;

use crate::read;

/// Without `bench = false`, `cargo bench` would build each program once more, optimized. `cargo
/// metadata` does not tell, so this looks at the rows themselves.
#[test]
fn no_program_is_a_benchmark() {
    let metadata = metadata("Cargo.toml", &["--no-deps"]);
    for package in list(&metadata, "packages") {
        let manifest = text(package, "manifest_path");
        let manifest_text = read(manifest);
        let rows = manifest_text
            .lines()
            .filter(|line| line.ends_with(", bench = false },"));
        let targets = list(package, "targets").iter();
        let programs = targets.filter(|target| target["kind"][0] == "bin");
        assert_eq!(
            rows.count(),
            programs.count(),
            "{manifest}: each row of `bin` has bench = false"
        );
    }
}

/// A package has the lints of the workspace only if its manifest says so.
#[test]
fn every_package_has_the_lints() {
    let metadata = metadata("Cargo.toml", &["--no-deps"]);
    for package in list(&metadata, "packages") {
        let manifest = text(package, "manifest_path");
        let has = read(manifest).contains("\n[lints]\nworkspace = true\n");
        assert!(has, "{manifest} has no [lints] with workspace = true");
    }
}

/// The `rust-version` of Cargo.toml is what the README and the book promise, and no crate that
/// we depend on needs a newer one.
#[test]
fn the_promised_rust_is_enough() {
    let metadata =
        metadata("Cargo.toml", &["--filter-platform", env!("WORKBOOK_TARGET")]);
    let packages = list(&metadata, "packages");
    let ours = packages
        .iter()
        .filter(|package| package["source"].is_null());
    let ours: BTreeSet<&str> =
        ours.map(|package| text(package, "rust_version")).collect();
    assert_eq!(ours.len(), 1, "the packages promise different versions: {ours:?}");
    let promised = ours.first().expect("the workspace should have packages");
    for page in ["README.md", "book/src/title.md"] {
        assert!(read(page).contains(promised), "{page} does not promise Rust {promised}");
    }
    for package in packages {
        // Crates that say nothing are older than `rust-version`.
        let needed = package["rust_version"].as_str().unwrap_or("1");
        let name = text(package, "name");
        assert!(
            parts(needed) <= parts(promised),
            "{name} needs Rust {needed}, and we promise {promised}"
        );
    }
}

/// The three numbers of a version, to compare it by: 1.88 is 1.88.0, and later than 1.9.
fn parts(version: &str) -> [u32; 3] {
    let mut parts = [0; 3];
    for (part, number) in parts.iter_mut().zip(version.split('.')) {
        *part = number.parse().expect("a version of Rust should be numbers");
    }
    parts
}

/// What "Your own crate" tells a reader to use is what the workbook is tested with.
#[test]
fn the_own_crate_uses_the_same_versions() {
    let ours = requirements("Cargo.toml", "grpc-workbook");
    let theirs = requirements("book/own-crate/Cargo.toml", "my-greeter");
    assert!(!theirs.is_empty(), "the own crate depends on nothing");
    for (name, theirs) in theirs {
        let ours = ours.get(&name).map_or("none", String::as_str);
        // ^1 there is as good as ^1.54 here.
        let agree = format!("{ours}.").starts_with(&format!("{theirs}."));
        assert!(agree, "{name}: {ours} here, {theirs} there");
    }
}

/// What a package depends on, each with the version that it asks for, such as `^0.14.9`.
fn requirements(manifest: &str, package: &str) -> BTreeMap<String, String> {
    let metadata = metadata(manifest, &["--no-deps"]);
    let mut packages = list(&metadata, "packages").iter();
    let package = packages
        .find(|found| text(found, "name") == package)
        .expect("the manifest should have the package");
    let dependencies = list(package, "dependencies").iter();
    dependencies
        .map(|dependency| {
            (text(dependency, "name").into(), text(dependency, "req").into())
        })
        .collect()
}

/// The README shows a table of the book as it is.
#[test]
fn the_readme_shows_the_wire() {
    let readme = read("README.md");
    let table = read("book/generated/01-hello-bytes.md");
    let begin = "<!-- begin book/generated/01-hello-bytes.md -->\n";
    let end = "<!-- end book/generated/01-hello-bytes.md -->\n";
    let start = readme
        .find(begin)
        .expect("README.md should mark where the table begins")
        + begin.len();
    let stop = readme
        .find(end)
        .expect("README.md should mark where the table ends");
    if overwrite() && readme[start..stop].trim() != table.trim() {
        let readme = format!("{}\n{table}\n{}", &readme[..start], &readme[stop..]);
        fs::write(root().join("README.md"), readme)
            .expect("README.md should be writable");
    } else {
        assert_eq!(
            readme[start..stop].trim(),
            table.trim(),
            "OVERWRITE=1 cargo test --test workbook"
        );
    }
}

// --- What part one waits for

/// The page that tells what part two costs part one, and the heading over its table.
const CONTRIBUTING: &str = "CONTRIBUTING.md";
const COSTS: &str = "## What part one pays for part two";

/// What is built for a lesson of part one is what its package asks for. Packages that are built by
/// one command share their dependencies, and each is built with the features that any of them asks
/// for: such a feature of part two must not add a crate, and is told with its cost.
#[test]
fn part_one_builds_nothing_for_part_two() {
    let alone = dependencies(&["-p", "grpc-workbook"]);
    let shared = dependencies(&[]);
    let only_shared: Vec<&String> = shared
        .keys()
        .filter(|name| !alone.contains_key(*name))
        .collect();
    assert!(
        only_shared.is_empty(),
        "part one would build these for part two: {only_shared:?}"
    );
    let mut added = BTreeSet::new();
    for (name, features) in &shared {
        let name_only = name.split(' ').next().unwrap_or(name);
        for feature in features.difference(&alone[name]) {
            added.insert(format!("| `{name_only}` | `{feature}` |"));
        }
    }
    let page = read(CONTRIBUTING);
    let (_, section) = page
        .split_once(COSTS)
        .expect("the page should have the section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeSet<String> = rows
        .map(|row| row.split('|').take(3).collect::<Vec<_>>().join("|") + "|")
        .collect();
    assert_eq!(told, added, "the table in {CONTRIBUTING}, {COSTS}");
}

/// The crates that are built for the package of part one, each with its features, when cargo is
/// asked to build the packages that `args` choose.
fn dependencies(args: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut tree = cargo();
    tree.args([
        "tree",
        "-e",
        "normal,build",
        "--prefix",
        "depth",
        "-f",
        "/{p}/{f}",
    ]);
    tree.args(args).current_dir(root());
    let output = tree.output().expect("cargo should start");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed: {errors}");
    let output = String::from_utf8_lossy(&output.stdout);
    let mut packages = output.split("\n\n");
    // A crate that stands there already is not listed with its dependencies again. So what is
    // before the other packages is whole.
    let first = packages.next().unwrap_or_default();
    assert!(first.starts_with("0/grpc-workbook v"), "{first}");
    let mut crates = BTreeMap::new();
    for line in first.lines() {
        let (_, line) = line.split_once('/').unwrap_or_default();
        let (name, features) = line.rsplit_once('/').unwrap_or((line, ""));
        let features = features.trim_end_matches(" (*)").split(',');
        let name = name.split(" (").next().unwrap_or(name).to_string();
        crates
            .entry(name)
            .or_insert_with(BTreeSet::new)
            .extend(features.map(String::from));
    }
    crates
}
