//! The files of the book, as a whole: each is listed where it must be, each generated one has
//! its generator.

use std::fs;
use std::path::{Path, PathBuf};

use support::GENERATED;
use support::manifest::tests;
use support::programs::root;

use crate::book;

/// The files in a folder and in the folders below it. `folder` and the files are relative to
/// the root of the repository.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("the folder should exist") {
        let entry = entry.expect("the folder should be readable");
        let path = folder.join(entry.file_name());
        if root().join(&path).is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The text of all sources of a test: of the folder of a `main.rs`, or of a file such as
/// `tests/peers.rs` or a lesson's `test.rs`, and the modules in the folder of its name beside it.
fn source_of_test(name: &str) -> String {
    let test = tests().find(|test| test.name == name);
    let test = test.unwrap_or_else(|| panic!("there is no test {name} in a Cargo.toml"));
    let main = Path::new(&test.path);
    let mut source = String::new();
    if main.ends_with("main.rs") {
        for file in files_below(&main.with_file_name("")) {
            source += &read(&file);
        }
        return source;
    }
    source += &read(main);
    let folder = main.with_extension("");
    for module in fs::read_dir(root().join(&folder))
        .into_iter()
        .flatten()
        .flatten()
    {
        if module.path().extension().is_some_and(|end| end == "rs") {
            source += &read(&folder.join(module.file_name()));
        }
    }
    source
}

fn read(file: &Path) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn every_page_is_in_the_summary() {
    let pages: Vec<PathBuf> = book().into_iter().map(|page| page.file).collect();
    for file in files_below(Path::new("book/src")) {
        if file.extension().is_some_and(|extension| extension == "md") {
            assert!(pages.contains(&file), "{} is not in SUMMARY.md", file.display());
        }
    }
}

#[test]
fn generated_files_have_a_generator_each() {
    for folder in ["book/figures", "book/generated"] {
        for file in files_below(Path::new(folder)) {
            let has_row = GENERATED.iter().any(|(name, _)| Path::new(name) == file);
            assert!(has_row, "no test makes {}", file.display());
        }
    }
    for (file, generator) in GENERATED {
        let source = match *generator {
            "comparison" => read(Path::new("benches/comparison/main.rs")),
            "loop" => read(Path::new("benches/loop")),
            test => source_of_test(test),
        };
        assert!(source.contains(file), "{generator} does not make {file}");
    }
}
