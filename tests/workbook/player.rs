//! What `cargo run` does, and the programs that serve exercises.

use std::thread;

use grpc_workbook::{LESSONS, Lesson, Part};
use support::programs::{Finished, Server, run};

use crate::missing::serves_its_exercise;

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
    for part in [Part::One, Part::Two] {
        assert!(output.contains(&format!("{part}\n")), "{output}");
    }
    assert_eq!(output.lines().count(), LESSONS.len() + 2);
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
