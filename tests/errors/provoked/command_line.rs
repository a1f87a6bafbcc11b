//! What clap says of a wrong command line. The workbook's programs print it on one line.

use support::programs::{Finished, command, run};

use super::said;

/// What a program says of arguments that it refuses.
fn refusal(program: &str, args: &[&str]) -> String {
    let Finished { code, output } = run(command(program).args(args));
    assert_eq!(code, Some(2), "{output}");
    output
}

#[test]
fn a_wrong_command_line_is_refused() {
    let client = |args: &[&str]| refusal("lesson-1-client", args);
    said(
        "unexpected argument '--brek' found, a similar argument exists: '--break'",
        &client(&["--brek"]),
    );
    said(
        "a value is required for '--server <URI>' but none was supplied",
        &client(&["--server"]),
    );
    said(
        "the argument '--server <URI>' cannot be used multiple times",
        &client(&["--server", "http://[::1]:1", "--server", "http://[::1]:2"]),
    );
    said(
        "invalid value 'nowhere' for '--server <URI>'",
        &client(&["--server", "nowhere"]),
    );
    said(
        "the following required arguments were not provided: --to <HOST:PORT>",
        &refusal("grpc-workbook", &["tap", "--listen", "127.0.0.1:1"]),
    );
    said(
        "the argument '[KIND]' cannot be used with '--decode <BYTES>...'",
        &refusal("lesson-2-client", &["int32", "1", "--decode", "08"]),
    );
}
