//! Arguments that would have no effect are refused, with one line and code 2.

use support::programs::{command, run};

use crate::assert_fails;

/// The program, its arguments, and a word of the line. No server runs: all of this is found
/// before a connection is made.
const REFUSED: &[(&str, &[&str], &str)] = &[
    // A script of its own, and an argument beside it.
    (
        "lesson-1-client",
        &["--break", "empty-name", "Ada"],
        "--break plays a script of its own, in which 'Ada' has no place",
    ),
    ("lesson-1-client", &["Ada", "--break", "empty-name"], "'Ada'"),
    ("lesson-1-client", &["Ada", "--break"], "'Ada'"),
    ("lesson-2-client", &["int32", "5", "--break", "group"], "'int32'"),
    ("lesson-2-client", &["--break", "group", "--decode", "08 01"], "'--decode'"),
    // All words behind --decode are bytes.
    ("lesson-2-client", &["--decode", "08 01", "--break"], "\"--break\" is not"),
    ("lesson-2-client", &["int32", "5", "--decode", "08 01"], "cannot be used with"),
    ("lesson-4-client", &["Ada", "--break", "nothing-set"], "'Ada'"),
    ("lesson-4-client", &["Ada", "--phone", "1", "--break", "nothing-set"], "'Ada'"),
    ("lesson-5-client", &["tcp", "--break", "bad-preface"], "'tcp'"),
    ("lesson-6-client", &["7", "/", "2", "--break", "panic"], "'7'"),
    ("lesson-7-client", &["wuhan", "--break", "leave"], "'wuhan'"),
    ("lesson-7-client", &["tick", "--break", "leave"], "'tick'"),
    ("lesson-7-client", &["--break", "leave", "tick"], "'tick'"),
    ("lesson-7-client", &["--break", "leave", "--count", "3"], "'--count'"),
    ("lesson-7-client", &["--interval", "3", "--break", "leave"], "'--interval'"),
    ("lesson-8-client", &["5", "--break", "leave"], "'5'"),
    ("lesson-8-client", &["--seed", "8", "--break", "leave"], "'--seed'"),
    ("lesson-8-client", &["collect", "a", "--break", "leave"], "'collect'"),
    ("lesson-9-client", &["5", "--break", "leave"], "'5'"),
    ("lesson-9-client", &["-", "--break", "leave"], "'-'"),
    ("lesson-9-client", &["--seed", "9", "--break", "leave"], "'--seed'"),
    ("lesson-9-client", &["echo", "--break", "leave"], "'echo'"),
    ("lesson-10-client", &["greeter", "--break", "package"], "'greeter'"),
    ("lesson-12-client", &["list", "wuhan", "--break", "io-error"], "'list'"),
    ("lesson-12-client", &["--break", "io-error", "list", "wuhan"], "'list'"),
    ("lesson-12-client", &["enrol", "a", "s", "--break", "proxy-html"], "'enrol'"),
    ("lesson-12-client", &["list", "wuhan", "--if-revision", "1"], "--if-revision"),
    // A server beside what calls none, or one of its own.
    ("lesson-1-client", &["--break", "no-server", "--server", "http://a"], "--server"),
    ("lesson-1-client", &["--server=http://a", "--break", "wrong-port"], "--server"),
    ("lesson-2-client", &["--server", "http://a", "--decode", "08 01"], "'--server"),
    ("lesson-5-client", &["goaway", "--server", "http://a"], "leave --server out"),
    ("lesson-5-client", &["--server=http://a", "goaway"], "leave --server out"),
    (
        "lesson-11-client",
        &["--break", "stall", "--server", "http://a"],
        "leave --server",
    ),
    (
        "lesson-11-client",
        &["--server", "http://a", "--break", "silence"],
        "this failure",
    ),
    (
        "lesson-11-client",
        &["--break=server-gone", "--server=http://a"],
        "this failure",
    ),
    ("lesson-11-client", &["--break=wrong-response", "--server=http://a"], "--server"),
    // A subcommand, and an argument that is not its own.
    ("lesson-7-client", &["wuhan", "tick"], "one too many"),
    ("lesson-8-client", &["5", "collect", "a"], "'collect'"),
    ("lesson-8-client", &["--seed", "8", "collect", "a"], "'--seed'"),
    ("lesson-9-client", &["5", "echo", "a"], "'echo'"),
    ("lesson-9-client", &["--seed", "8", "echo"], "'--seed'"),
    // Random numbers, and given ones.
    ("lesson-8-client", &["--seed", "8", "5", "6"], "'--seed"),
    ("lesson-8-client", &["5", "6", "--seed", "8"], "'--seed"),
    ("lesson-8-client", &["--seed", "8", "-"], "'--seed"),
    ("lesson-9-client", &["--seed", "8", "5", "6"], "'--seed"),
    ("lesson-9-client", &["-", "--seed", "8"], "'--seed"),
    // A list has neither.
    ("lesson-7-client", &["wuhan", "--count", "3"], "--count"),
    ("lesson-7-client", &["--count", "3"], "--count"),
    ("lesson-7-client", &["-", "--count", "3"], "--count"),
    ("lesson-7-client", &["wuhan", "--interval", "3"], "--interval"),
    ("lesson-7-client", &["--interval", "3"], "--interval"),
    // The second would win.
    (
        "lesson-1-client",
        &["--server", "http://a", "--server", "http://b"],
        "cannot be used multiple times",
    ),
    (
        "lesson-8-client",
        &["--seed", "8", "--seed", "9"],
        "cannot be used multiple times",
    ),
    (
        "lesson-9-client",
        &["--break", "leave", "--break", "full"],
        "cannot be used multiple times",
    ),
    (
        "lesson-7-client",
        &["tick", "--count", "1", "--count", "2"],
        "cannot be used multiple times",
    ),
    (
        "lesson-1-server",
        &["--addr", "127.0.0.1:0", "--addr", "127.0.0.1:1"],
        "cannot be used multiple times",
    ),
    // Servers have no script.
    ("lesson-3-server", &["--old", "new"], "'new'"),
    ("lesson-6-server", &["--break", "die"], "'--break'"),
    // The player.
    ("grpc-workbook", &["3", "--list"], "--list"),
    ("grpc-workbook", &["--list", "--frames"], "--list"),
    ("grpc-workbook", &["--list", "--svg", "x.svg"], "--list"),
    ("grpc-workbook", &["3", "4"], "'4'"),
    (
        "grpc-workbook",
        &["3", "tap", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"],
        "the number of a lesson cannot stand before 'tap'; see cargo run -- tap --help",
    ),
    (
        "grpc-workbook",
        &[
            "--frames",
            "tap",
            "--listen",
            "127.0.0.1:0",
            "--to",
            "127.0.0.1:1",
        ],
        "--frames cannot stand before 'tap'",
    ),
    (
        "grpc-workbook",
        &[
            "--hex",
            "tap",
            "--hex",
            "--listen",
            "127.0.0.1:0",
            "--to",
            "127.0.0.1:1",
        ],
        "--hex cannot stand before 'tap'",
    ),
    (
        "grpc-workbook",
        &[
            "--svg",
            "x.svg",
            "tap",
            "--listen",
            "127.0.0.1:0",
            "--to",
            "127.0.0.1:1",
        ],
        "--svg cannot stand before 'tap'",
    ),
    (
        "grpc-workbook",
        &[
            "--list",
            "tap",
            "--listen",
            "127.0.0.1:0",
            "--to",
            "127.0.0.1:1",
        ],
        "--list cannot stand before 'tap'",
    ),
    ("grpc-workbook", &["--frames", "explain", "E0195"], "before 'explain'"),
    ("grpc-workbook", &["2", "explain", "E0195"], "before 'explain'"),
    (
        "grpc-workbook",
        &["3", "--break", "reused"],
        "--break is a flag of lesson-3-client: cargo run --bin lesson-3-client -- --break reused",
    ),
    (
        "grpc-workbook",
        &["--break", "leave", "9"],
        "cargo run --bin lesson-9-client -- --break leave",
    ),
    ("grpc-workbook", &["3", "--break"], "cargo run --bin lesson-3-client -- --break"),
];

#[test]
fn no_argument_is_ignored() {
    for (program, args, words) in REFUSED {
        let finished = run(command(program).args(*args));
        let what = format!("{program} {args:?}");
        assert_fails(&finished, 2, words, &what);
        assert_eq!(finished.output.lines().count(), 1, "{what}: {}", finished.output);
    }
}

/// The columns of the list begin in the same place in each line.
#[test]
fn the_list_is_aligned() {
    let list = run(command("grpc-workbook").arg("--list")).output;
    let is_lesson = |line: &&str| !line.starts_with("Part ");
    for (line, lesson) in list.lines().filter(is_lesson).zip(grpc_workbook::LESSONS) {
        let column = |text: &str| line.find(text).map(|at| line[..at].chars().count());
        assert_eq!(column(lesson.title), Some(4), "{list}");
        let widest = grpc_workbook::LESSONS
            .iter()
            .map(|lesson| lesson.title.len());
        let expected = widest.max().map(|width| 4 + width + 2);
        assert_eq!(column(lesson.teaches), expected, "{list}");
    }
}
