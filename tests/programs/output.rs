//! Output that nobody reads ends a program silently. Output that is lost is no success.

use std::process::Command;

use support::lesson;
use support::programs::{self, Finished, Server, command};

use crate::assert_fails;

/// Programs that print, each in its own way.
fn programs(server: &Server) -> Vec<Command> {
    let mut programs = Vec::new();
    for (program, args) in [
        ("grpc-workbook", &["--list"][..]),
        ("lesson-1-client", &["--help"]),
        ("lesson-1-client", &["--break"]),
        ("lesson-2-client", &["--decode", "08 01"]),
        ("lesson-6-server", &["--addr", "127.0.0.1:0"]),
        ("lesson-11-client", &["unary", "--count", "3"]),
    ] {
        let mut program = command(program);
        program.args(args);
        programs.push(program);
    }
    programs.push(programs::client(lesson(1), &server.address, &[]));
    programs
}

/// Runs a program whose standard output goes elsewhere: its standard error is what counts.
fn run_with_errors(program: &mut Command) -> Finished {
    let output = program.output().expect("the program should start");
    let errors = String::from_utf8(output.stderr);
    Finished {
        code: output.status.code(),
        output: errors.expect("the errors should be UTF-8"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_success() {
    let server = Server::start(lesson(1));
    for mut program in programs(&server) {
        let full = std::fs::File::options().write(true).open("/dev/full");
        program.stdout(full.expect("Linux should have /dev/full"));
        let what = format!("{program:?}");
        let words = "cannot write to stdout: No space left on device";
        assert_fails(&run_with_errors(&mut program), 1, words, &what);
    }
}

#[cfg(unix)]
#[test]
fn output_that_nobody_reads_ends_silently() {
    let server = Server::start(lesson(1));
    for mut program in programs(&server) {
        let (reader, writer) = std::io::pipe().expect("the system should make a pipe");
        drop(reader);
        let what = format!("{program:?}");
        let finished = run_with_errors(program.stdout(writer));
        assert_eq!((finished.code, &*finished.output), (Some(0), ""), "{what}");
    }
}
