//! One table of lessons, LESSONS in lessons/lib.rs, and all that must agree with it: a lesson is
//! whole, or this test says what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use grpc_workbook::{LESSONS, Lesson};
use support::overwrite;
use support::programs::{Finished, binaries, root, run};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("is a folder");
    let names = entries.map(|entry| entry.expect("is readable").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The main file of the lesson's test, which is one file or a folder, and the path that leads
/// from there to the repository's root.
fn test_file(lesson: &Lesson) -> (String, &'static str) {
    let folder = format!("tests/{}/main.rs", lesson.test());
    if root().join(&folder).exists() {
        (folder, "../..")
    } else {
        (format!("tests/{}.rs", lesson.test()), "..")
    }
}

/// What a lesson needs and has not.
fn missing(lesson: &Lesson) -> Vec<String> {
    let mut missing = Vec::new();
    let Lesson { number, name, .. } = lesson;
    let (folder, chapter) = (lesson.folder(), lesson.chapter());
    let (test_file, to_root) = test_file(lesson);

    let mut files: Vec<String> = [
        "service.rs",
        "server.rs",
        "client.rs",
        "exercise.rs",
        "solution.rs",
    ]
    .iter()
    .map(|file| format!("lessons/{folder}/{file}"))
    .collect();
    files.push(test_file.clone());
    files.push(format!("book/src/{chapter}"));
    // One file, or a folder of them.
    let folder_of_protos = format!("{name}/");
    let proto = match root().join("protos").join(&folder_of_protos).exists() {
        true => folder_of_protos,
        false => format!("{name}.proto"),
    };
    files.push(format!("protos/{proto}"));
    missing.extend(files.into_iter().filter(|file| !root().join(file).exists()));

    let wrong: Vec<String> = match root().join("lessons").join(&folder).exists() {
        true => names(&format!("lessons/{folder}")),
        false => Vec::new(),
    };
    let wrong: Vec<&String> = wrong
        .iter()
        .filter(|name| name.starts_with("wrong_"))
        .collect();
    if wrong.len() < 2 {
        missing.push(format!("two wrong answers, lessons/{folder}/wrong_*.rs"));
    }
    let test = fs::read_to_string(root().join(&test_file));
    let test = test.unwrap_or_default();
    let modules = ["exercise.rs", "solution.rs"]
        .into_iter()
        .chain(wrong.iter().map(|s| s.as_str()));
    for file in modules {
        let line = format!("#[path = \"{to_root}/lessons/{folder}/{file}\"]");
        if !test.contains(&line) {
            missing.push(format!("{line} in {test_file}"));
        }
    }

    let manifest = read("Cargo.toml");
    for (binary, file) in [
        (lesson.server(), "server.rs"),
        (lesson.client(), "client.rs"),
    ] {
        let entry = format!(
            "[[bin]]\nname = \"{binary}\"\npath = \"lessons/{folder}/{file}\"\ntest = false\ndoc = false\nbench = false\n"
        );
        if !manifest.contains(&entry) {
            missing.push(format!("in Cargo.toml:\n{entry}"));
        }
    }
    let test = lesson.test();
    let path = test_file.trim_start_matches("tests/");
    let entry = format!("[[test]]\nname = \"{test}\"\npath = \"{path}\"\n");
    if !read("tests/Cargo.toml").contains(&entry) {
        missing.push(format!("in tests/Cargo.toml:\n{entry}"));
    }
    let title = lesson.title;
    let teaches = lesson.teaches;
    for (file, line) in [
        (
            "lessons/lib.rs",
            format!("#[path = \"{folder}/service.rs\"]\npub mod {name};\n"),
        ),
        ("build.rs", format!("\"{proto}")),
        ("book/src/SUMMARY.md", format!("- [{title}]({chapter})\n")),
        (&format!("book/src/{chapter}"), format!("# {title}\n")),
        (
            "README.md",
            format!("| {number} | [{title}](book/src/{chapter}) | {teaches} |\n"),
        ),
    ] {
        if !fs::read_to_string(root().join(file))
            .unwrap_or_default()
            .contains(&line)
        {
            missing.push(format!("in {file}: {line}"));
        }
    }
    missing
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
        "in Cargo.toml:\n[[bin]]\nname = \"lesson-99-client\"",
        "in tests/Cargo.toml:\n[[test]]\nname = \"lesson-99\"",
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
    let folders: BTreeSet<String> = LESSONS.iter().map(Lesson::folder).collect();
    let starts_with_digit =
        |name: &&String| name.starts_with(|c: char| c.is_ascii_digit());
    for folder in names("lessons").iter().filter(starts_with_digit) {
        assert!(folders.contains(folder), "lessons/{folder} is in no row of LESSONS");
    }
    let lesson_of = |name: &str| {
        let number = name
            .strip_prefix("lesson-")?
            .split(['-', '.'])
            .next()?
            .parse()
            .ok()?;
        Some(Lesson::find(number))
    };
    let tests = names("tests");
    for name in binaries().iter().chain(&tests) {
        assert!(
            lesson_of(name) != Some(None),
            "{name} is of a lesson that is not in LESSONS"
        );
    }
    for chapter in names("book/src").iter().filter(starts_with_digit) {
        let known = LESSONS.iter().any(|lesson| lesson.chapter() == *chapter);
        assert!(known, "book/src/{chapter} is of a lesson that is not in LESSONS");
    }
    let readme = read("README.md");
    let rows = readme
        .lines()
        .filter(|line| line.starts_with('|') && line.contains("](book/src/"));
    let rows = rows.count();
    assert_eq!(rows, LESSONS.len(), "README.md has a row for each lesson and no other");
}

/// What "Your own crate" tells a reader to use is what the workbook is tested with.
#[test]
fn the_own_crate_uses_the_same_versions() {
    let (ours, template) = (read("Cargo.toml"), read("book/own-crate/Cargo.toml"));
    let dependencies = template.split("dependencies]").skip(1).flat_map(str::lines);
    for (name, _) in dependencies.filter_map(|line| line.split_once(" = ")) {
        let version = |manifest: &str| {
            let line = manifest
                .lines()
                .find(|line| line.starts_with(&format!("{name} = ")))?;
            let version = line.split('"').nth(1)?;
            Some(version.split('.').take(2).collect::<Vec<_>>().join("."))
        };
        let (ours, theirs) = (version(&ours), version(&template));
        let (ours, theirs) = (ours.unwrap_or_default(), theirs.unwrap_or_default());
        let agree = format!("{ours}.").starts_with(&format!("{theirs}."));
        assert!(agree && !theirs.is_empty(), "{name}: {ours} here, {theirs} there");
    }
}

/// The README shows a table of the book as it is.
#[test]
fn the_readme_shows_the_wire() {
    let readme = read("README.md");
    let table = read("book/generated/01-hello-bytes.md");
    let begin = "<!-- begin book/generated/01-hello-bytes.md -->\n";
    let end = "<!-- end book/generated/01-hello-bytes.md -->\n";
    let start = readme.find(begin).expect("marks where the table begins") + begin.len();
    let stop = readme.find(end).expect("marks where the table ends");
    if overwrite() && readme[start..stop].trim() != table.trim() {
        let readme = format!("{}\n{table}\n{}", &readme[..start], &readme[stop..]);
        fs::write(root().join("README.md"), readme).expect("writes the README");
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
