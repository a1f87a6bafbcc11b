//! The table of lessons, LESSONS in lessons/lib.rs, and all that must agree with it: folders,
//! programs, tests, chapters and the README. A lesson has everything it needs, or this test says
//! what is missing. Then what the manifests promise, and what `cargo run` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;

use grpc_workbook::{LESSONS, Lesson};
use support::manifest::{Target, list, metadata, targets, text};
use support::overwrite;
use support::programs::{Finished, Server, binaries, root, run};

/// The contents of a file. Paths start at the root of the repository, here and below.
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What is in a folder: the names of its files and folders.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder should be there");
    let names =
        entries.map(|entry| entry.expect("the folder should be readable").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The contents of a file, or nothing if there is none.
fn read_if_there(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_default()
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// What a lesson needs and does not have.
fn missing(lesson: &Lesson) -> Vec<String> {
    let steps = [
        missing_files,
        missing_exercise,
        missing_programs,
        missing_test,
        missing_lines,
    ];
    steps.iter().flat_map(|step| step(lesson)).collect()
}

fn missing_files(lesson: &Lesson) -> Vec<String> {
    let folder = lesson.folder();
    let code = [
        "service.rs",
        "server.rs",
        "client.rs",
        "exercise.rs",
        "solution.rs",
    ];
    let code = code.map(|file| format!("lessons/{folder}/{file}"));
    let files = [
        test_file(lesson),
        format!("book/src/{}", lesson.chapter()),
        format!("protos/{}", proto(lesson)),
    ];
    let files = code.into_iter().chain(files);
    files.filter(|file| !exists(file)).collect()
}

/// The lesson's definition below `protos/`: one file, or a folder of them.
fn proto(lesson: &Lesson) -> String {
    let folder = format!("{}/", lesson.name);
    if exists(&format!("protos/{folder}")) {
        folder
    } else {
        format!("{}.proto", lesson.name)
    }
}

/// The main file of the lesson's test, which is one file or a folder.
fn test_file(lesson: &Lesson) -> String {
    let folder = format!("tests/{}/main.rs", lesson.test());
    if exists(&folder) {
        folder
    } else {
        format!("tests/{}.rs", lesson.test())
    }
}

/// All code of the lesson's test, and the path that leads from its folder to the repository's root.
fn test_code(lesson: &Lesson) -> (String, &'static str) {
    let folder = format!("tests/{}", lesson.test());
    if !exists(&folder) {
        return (read_if_there(&test_file(lesson)), "..");
    }
    let files = names(&folder);
    let files = files.iter().filter(|file| file.ends_with(".rs"));
    let code = files.map(|file| read(&format!("{folder}/{file}")));
    (code.collect(), "../..")
}

/// The exercise, its solution and the wrong answers: enough of them, all checked by the test.
fn missing_exercise(lesson: &Lesson) -> Vec<String> {
    let mut missing = Vec::new();
    let folder = format!("lessons/{}", lesson.folder());
    let files = if exists(&folder) {
        names(&folder)
    } else {
        Vec::new()
    };
    let wrong: Vec<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|file| file.starts_with("wrong_"))
        .collect();
    if wrong.len() < 2 {
        missing.push(format!("two wrong answers, {folder}/wrong_*.rs"));
    }
    let (code, to_root) = test_code(lesson);
    for file in ["exercise.rs", "solution.rs"].iter().chain(&wrong) {
        let line = format!("#[path = \"{to_root}/{folder}/{file}\"]");
        if !code.contains(&line) {
            missing.push(format!("in the test {}: {line}", lesson.test()));
        }
    }
    missing
}

/// Whether the lesson's client can call the learner's answer.
fn serves_its_exercise(lesson: &Lesson) -> bool {
    exists(&format!("lessons/{}/exercise_server.rs", lesson.folder()))
}

fn missing_programs(lesson: &Lesson) -> Vec<String> {
    let mut missing = Vec::new();
    let mut programs = vec![
        ("Cargo.toml", lesson.server(), "server.rs"),
        ("Cargo.toml", lesson.client(), "client.rs"),
    ];
    if serves_its_exercise(lesson) {
        programs.push(("exercises/Cargo.toml", lesson.exercise(), "exercise_server.rs"));
    }
    for (manifest, name, file) in programs {
        let path = format!("lessons/{}/{file}", lesson.folder());
        let to_root = if manifest == "Cargo.toml" { "" } else { "../" };
        let row = format!(
            "{{ name = \"{name}\", path = \"{to_root}{path}\", test = false, doc = false, bench = false }},"
        );
        let kind = "bin".to_string();
        let program = Target { kind, name, path, test: false, doc: false };
        if !targets().contains(&program) {
            missing.push(format!("in {manifest}: {row}"));
        }
    }
    missing
}

fn missing_test(lesson: &Lesson) -> Vec<String> {
    let (name, path) = (lesson.test(), test_file(lesson));
    let file = path.trim_start_matches("tests/");
    let row = format!("{{ name = \"{name}\", path = \"{file}\" }},");
    let kind = "test".to_string();
    let test = Target { kind, name, path, test: true, doc: false };
    if targets().contains(&test) {
        return Vec::new();
    }
    vec![format!("in tests/Cargo.toml: {row}")]
}

/// The lines that name the lesson: in the library, the build script, the book and the README.
fn missing_lines(lesson: &Lesson) -> Vec<String> {
    let Lesson { number, name, title, teaches } = lesson;
    let (folder, chapter) = (lesson.folder(), lesson.chapter());
    let page = format!("book/src/{chapter}");
    let lines = [
        (
            "lessons/lib.rs",
            format!("#[path = \"{folder}/service.rs\"]\npub mod {name};\n"),
        ),
        ("build.rs", format!("\"{}", proto(lesson))),
        ("book/src/SUMMARY.md", format!("- [{title}]({chapter})\n")),
        (&page, format!("# {title}\n")),
        ("README.md", format!("| {number} | [{title}]({page}) | {teaches} |\n")),
    ];
    let missing = lines
        .iter()
        .filter(|(file, line)| !read_if_there(file).contains(line));
    missing
        .map(|(file, line)| format!("in {file}: {line}"))
        .collect()
}

#[test]
fn every_lesson_is_whole() {
    for (n, lesson) in LESSONS.iter().enumerate() {
        let after = n.checked_sub(1).map_or(0, |n| LESSONS[n].number);
        assert!(lesson.number > after, "LESSONS is not in order");
        let missing = missing(lesson);
        assert!(missing.is_empty(), "{lesson} lacks:\n{}", missing.join("\n"));
    }
}

#[test]
fn what_is_missing_is_named() {
    let half =
        Lesson { number: 99, name: "half", title: "Half a lesson", teaches: "nothing" };
    let missing = missing(&half).join("\n");
    for words in [
        "lessons/99_half/service.rs",
        "tests/lesson-99.rs",
        "book/src/99-half.md",
        "protos/half.proto",
        "two wrong answers",
        "in the test lesson-99: #[path = \"../lessons/99_half/exercise.rs\"]",
        "in Cargo.toml: { name = \"lesson-99-client\"",
        "in tests/Cargo.toml: { name = \"lesson-99\"",
        "in lessons/lib.rs: ",
        "in build.rs: ",
        "in book/src/SUMMARY.md: ",
        "in README.md: | 99 | [Half a lesson](book/src/99-half.md) | nothing |",
    ] {
        assert!(missing.contains(words), "{words} is not in:\n{missing}");
    }
}

/// The other way round: nothing is there for a lesson that is not in LESSONS.
#[test]
fn nothing_belongs_to_no_lesson() {
    let is_lesson = |name: &&String| name.starts_with(|c: char| c.is_ascii_digit());
    let folders: BTreeSet<String> = LESSONS.iter().map(Lesson::folder).collect();
    for folder in names("lessons").iter().filter(is_lesson) {
        assert!(folders.contains(folder), "lessons/{folder} is in no row of LESSONS");
    }
    let chapters: BTreeSet<String> = LESSONS.iter().map(Lesson::chapter).collect();
    for chapter in names("book/src").iter().filter(is_lesson) {
        assert!(chapters.contains(chapter), "book/src/{chapter} is in no row of LESSONS");
    }
    let rows = targets().iter().map(|target| target.name.clone());
    for name in rows.chain(names("tests")) {
        if let Some(number) = lesson_number(&name) {
            assert!(Lesson::find(number).is_some(), "{name} is in no row of LESSONS");
        }
    }
    let readme = read("README.md");
    let is_row = |line: &&str| line.starts_with('|') && line.contains("](book/src/");
    let rows = readme.lines().filter(is_row).count();
    assert_eq!(rows, LESSONS.len(), "README.md has a row for each lesson and no other");
}

/// The number in `lesson-6`, `lesson-6-client` and `lesson-6.rs`.
fn lesson_number(name: &str) -> Option<u8> {
    let number = name.strip_prefix("lesson-")?.split(['-', '.']).next()?;
    number.parse().ok()
}

// --- The manifests

/// Without `bench = false`, `cargo bench` would build each program once more, optimized. `cargo
/// metadata` does not tell, so this looks at the rows themselves.
#[test]
fn no_program_is_a_benchmark() {
    let manifests = read("Cargo.toml") + &read("exercises/Cargo.toml");
    let rows = manifests
        .lines()
        .filter(|line| line.ends_with(", bench = false },"));
    assert_eq!(rows.count(), binaries().len(), "each row of `bin` has bench = false");
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

// --- `cargo run`

#[test]
fn cargo_run_lists_the_lessons() {
    let Finished { code, output } =
        run(support::programs::command("grpc-workbook").arg("--list"));
    assert_eq!(code, Some(0));
    for lesson in LESSONS {
        assert!(
            output.contains(lesson.title) && output.contains(lesson.teaches),
            "{output}"
        );
    }
    assert_eq!(output.lines().count(), LESSONS.len());
}

#[test]
fn cargo_run_plays_every_lesson() {
    // Most of the time a lesson waits.
    thread::scope(|threads| {
        for lesson in LESSONS {
            threads.spawn(|| cargo_run_plays(lesson));
        }
    });
}

fn cargo_run_plays(lesson: &Lesson) {
    let number = lesson.number.to_string();
    let Finished { code, output } =
        run(support::programs::command("grpc-workbook").arg(&number));
    assert_eq!(code, Some(0), "{output}");
    for words in [
        "server | ",
        "client | ",
        &lesson.server(),
        &lesson.client(),
        "exercise.rs",
    ] {
        assert!(output.contains(words), "{words} is not in:\n{output}");
    }
}

/// What a learner's answer returns, only its check says: the exercise may be solved or not.
#[test]
fn exercises_are_served_in_place_of_the_lesson() {
    let served = LESSONS.iter().filter(|lesson| serves_its_exercise(lesson));
    for lesson in served {
        let mut command = support::programs::command(&lesson.exercise());
        let server = Server::from(command.args(["--addr", "127.0.0.1:0"]));
        let first = format!("{} listening on {}\n", lesson.exercise(), server.address);
        let Finished { code, output } = server.stop();
        assert!(output.starts_with(&first), "{output}");
        if cfg!(unix) {
            assert_eq!(code, Some(0), "{output}");
        }
    }
}

#[test]
fn cargo_run_refuses_what_it_does_not_know() {
    for (args, words) in [
        (&["99"][..], "no such lesson"),
        (&["hello"], "no such lesson"),
        (&["--lits"], "'--list'"),
    ] {
        let Finished { code, output } =
            run(support::programs::command("grpc-workbook").args(args));
        assert_eq!(code, Some(2), "{output}");
        assert!(output.starts_with("Error: ") && output.contains(words), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn cargo_run_fails_when_cargo_does() {
    let mut player = support::programs::command("grpc-workbook");
    let Finished { code, output } = run(player.env("CARGO", "/nowhere/cargo"));
    assert_eq!(code, Some(1));
    assert!(
        output
            .ends_with("Error: cannot run cargo: start this program with `cargo run`\n"),
        "{output}"
    );
    let mut player = support::programs::command("grpc-workbook");
    let Finished { code, output } = run(player.env("CARGO", "false"));
    assert_eq!(code, Some(1));
    assert!(output.contains("Error: cargo could not build lesson 1"), "{output}");
}
