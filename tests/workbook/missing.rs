//! What a lesson lacks, in the words of what is to be written.

use grpc_workbook::{Lesson, Part};
use support::manifest::{Target, default_packages, targets};

use crate::{exists, names, read, read_if_there};

/// What a lesson needs and does not have.
pub fn missing(lesson: &Lesson) -> Vec<String> {
    let steps = [
        missing_files,
        missing_exercise,
        missing_targets,
        missing_package,
        missing_lines,
        missing_in_the_book,
    ];
    steps.iter().flat_map(|step| step(lesson)).collect()
}

/// The lesson's folder, from the root of the repository.
fn folder(lesson: &Lesson) -> String {
    format!("lessons/{}", lesson.folder())
}

fn missing_files(lesson: &Lesson) -> Vec<String> {
    let folder = folder(lesson);
    let code = [
        "service.rs",
        "server.rs",
        "client.rs",
        "exercise.rs",
        "solution.rs",
    ];
    let mut files: Vec<String> =
        code.iter().map(|file| format!("{folder}/{file}")).collect();
    files.push(test_file(lesson));
    files.push(format!("book/src/{}", lesson.chapter()));
    files.push(match lesson.part() {
        Part::One => format!("protos/{}", proto(lesson)),
        // The definitions of part two are the school's; a lesson need not have its own.
        Part::Two => format!("{folder}/Cargo.toml"),
    });
    files.into_iter().filter(|file| !exists(file)).collect()
}

/// The definition of a lesson of part one, below `protos/`: one file, or a folder of them.
fn proto(lesson: &Lesson) -> String {
    let folder = format!("{}/", lesson.name);
    if exists(&format!("protos/{folder}")) {
        folder
    } else {
        format!("{}.proto", lesson.name)
    }
}

/// The main file of the lesson's test. In part one, a test is one file of `tests/` or a folder
/// there; in part two it stands beside what it tests.
fn test_file(lesson: &Lesson) -> String {
    if lesson.part() == Part::Two {
        return format!("{}/test.rs", folder(lesson));
    }
    let main = format!("tests/{}/main.rs", lesson.test());
    if exists(&main) {
        main
    } else {
        format!("tests/{}.rs", lesson.test())
    }
}

/// The exercise, its solution and the wrong answers: enough of them, all checked by the test.
fn missing_exercise(lesson: &Lesson) -> Vec<String> {
    let mut missing = Vec::new();
    let folder = folder(lesson);
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
    let file = test_file(lesson);
    let code = read_if_there(&file);
    for answer in ["exercise.rs", "solution.rs"].iter().chain(&wrong) {
        let line = declaration(lesson, &file, answer);
        if !code.contains(&line) {
            missing.push(format!("in {file}: {}", line.trim()));
        }
    }
    missing
}

/// How the lesson's test declares an answer to the exercise as a module.
fn declaration(lesson: &Lesson, test_file: &str, answer: &str) -> String {
    if lesson.part() == Part::Two {
        return format!("\nmod {};\n", answer.trim_end_matches(".rs"));
    }
    let to_root = "../".repeat(test_file.matches('/').count());
    format!("#[path = \"{to_root}{}/{answer}\"]", folder(lesson))
}

/// Whether the lesson's client can call the learner's answer.
pub fn serves_its_exercise(lesson: &Lesson) -> bool {
    exists(&format!("{}/exercise_server.rs", folder(lesson)))
}

/// The rows of the manifests that are missing: programs, the test and, in part two, the library.
fn missing_targets(lesson: &Lesson) -> Vec<String> {
    let folder = folder(lesson);
    let program = |name: String, file: &str| {
        let path = format!("{folder}/{file}");
        Target { kind: "bin".into(), name, path, test: false, doc: false }
    };
    let mut needed = vec![
        program(lesson.server(), "server.rs"),
        program(lesson.client(), "client.rs"),
        Target {
            kind: "test".into(),
            name: lesson.test(),
            path: test_file(lesson),
            test: true,
            doc: false,
        },
    ];
    if serves_its_exercise(lesson) {
        needed.push(program(lesson.exercise(), "exercise_server.rs"));
    }
    if lesson.part() == Part::Two {
        let name = lesson.test().replace('-', "_");
        let path = format!("{folder}/service.rs");
        needed.push(Target { kind: "lib".into(), name, path, test: false, doc: true });
    }
    let missing = needed.iter().filter(|target| !targets().contains(target));
    missing.map(|target| row(lesson, target)).collect()
}

/// The row of a manifest that declares a target, with the manifest's name before it.
fn row(lesson: &Lesson, target: &Target) -> String {
    let Target { kind, name, path, .. } = target;
    let manifest = match (lesson.part(), &**kind) {
        (Part::Two, _) => format!("{}/Cargo.toml", folder(lesson)),
        (Part::One, "test") => "tests/Cargo.toml".into(),
        (Part::One, _) if name.ends_with("-exercise") => "exercises/Cargo.toml".into(),
        (Part::One, _) => "Cargo.toml".into(),
    };
    let package = manifest.trim_end_matches("Cargo.toml");
    let path = match path.strip_prefix(package) {
        Some(path) => path.to_string(),
        None => format!("../{path}"),
    };
    match &**kind {
        "lib" => format!(
            "in {manifest}, under [lib]: path = \"{path}\", test = false, doctest = false, bench = false"
        ),
        "test" => format!("in {manifest}: {{ name = \"{name}\", path = \"{path}\" }},"),
        _ => format!(
            "in {manifest}: {{ name = \"{name}\", path = \"{path}\", test = false, doc = false, bench = false }},"
        ),
    }
}

/// A lesson of part two is a package that the commands in the root of the repository find, and that
/// later lessons can depend on.
fn missing_package(lesson: &Lesson) -> Vec<String> {
    if lesson.part() == Part::One {
        return Vec::new();
    }
    let mut missing = Vec::new();
    let package = lesson.test();
    let folder = folder(lesson);
    if !default_packages().contains(&package) {
        missing.push(format!(
            "{folder} as a package {package}, in members and default-members of Cargo.toml"
        ));
    }
    let line = format!("{package} = {{ path = \"{folder}\" }}\n");
    if !read("Cargo.toml").contains(&line) {
        missing.push(format!("in Cargo.toml, under [workspace.dependencies]: {line}"));
    }
    missing
}

/// In part one, the lines that make a lesson a module of the library.
fn missing_lines(lesson: &Lesson) -> Vec<String> {
    if lesson.part() == Part::Two {
        return Vec::new();
    }
    let module = format!(
        "#[path = \"{}/service.rs\"]\npub mod {};\n",
        lesson.folder(),
        lesson.name
    );
    let lines = [
        ("lessons/lib.rs", module),
        ("build.rs", format!("\"{}", proto(lesson))),
    ];
    let missing = lines
        .iter()
        .filter(|(file, line)| !read(file).contains(line));
    missing
        .map(|(file, line)| format!("in {file}: {line}"))
        .collect()
}

/// The lines that name the lesson in the book and the README, under the heading of its part.
fn missing_in_the_book(lesson: &Lesson) -> Vec<String> {
    let Lesson { title, .. } = lesson;
    let (part, chapter) = (lesson.part(), lesson.chapter());
    let page = format!("book/src/{chapter}");
    let lines = [
        (
            "book/src/SUMMARY.md",
            format!("# {part}\n"),
            format!("- [{title}]({chapter})\n"),
        ),
        (&page, String::new(), format!("# {title}\n")),
        ("README.md", format!("### {part}\n"), readme_row(lesson) + "\n"),
    ];
    let missing = lines.iter().filter(|(file, heading, line)| {
        !section(&read_if_there(file), heading).contains(line)
    });
    missing
        .map(|(file, heading, line)| {
            let under = match heading.trim_end() {
                "" => String::new(),
                heading => format!(", under \"{heading}\""),
            };
            format!("in {file}{under}: {line}")
        })
        .collect()
}

/// What stands under a heading, up to the next one of its rank; everything if there is no heading.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    if heading.is_empty() {
        return text;
    }
    let Some((_, below)) = text.split_once(heading) else {
        return "";
    };
    let rank = heading.split(' ').next().unwrap_or_default();
    below
        .split(&format!("\n{rank} "))
        .next()
        .unwrap_or_default()
}

/// The lesson's row in the README's table.
pub fn readme_row(lesson: &Lesson) -> String {
    let Lesson { number, title, teaches, .. } = lesson;
    format!("| {number} | [{title}](book/src/{}) | {teaches} |", lesson.chapter())
}
