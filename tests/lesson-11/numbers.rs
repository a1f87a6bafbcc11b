//! The numbers on the client's command line: each flag has a smallest and a largest value, and
//! whatever is not one gets one line.

use support::programs::{self, Finished, run};

use crate::LESSON;

fn client(args: &[&str]) -> Finished {
    run(programs::command(&LESSON.client()).args(args))
}

const CALLS: &str =
    "it is not a valid number of calls: a whole number from 1 to 1000000000";
const AT_ONCE: &str =
    "it is not a valid number of calls: a whole number from 1 to 100000";
const CONNECTIONS: &str =
    "it is not a valid number of connections: a whole number from 1 to 1000";
const BYTES: &str =
    "it is not a valid number of bytes: a whole number from 0 to 67108864";
const MESSAGES: &str =
    "it is not a valid number of messages: a whole number from 0 to 2147483647";
const RATE: &str = "it is not a valid number of calls a second: from 0.001 to 1000000000";
const SECONDS: &str = "it is not a valid number of seconds: from 0.001 to 604800, or \
                       with a unit, as in 10ms, 2s, 5m and 1h";
const WARM_UP: &str = "it is not a valid number of seconds: from 0 to 604800, or \
                       with a unit, as in 10ms, 2s, 5m and 1h";

/// What no flag takes.
const NEVER: &[&str] = &[
    "-1",
    "-5",
    "-0.5",
    "-1e9",
    "-inf",
    "nan",
    "NaN",
    "-nan",
    "inf",
    "infinity",
    "1e400",
    "999999999999999999999999",
    "1,5",
    "1_000",
    "0x10",
    "5k",
    "5%",
    "soon",
    " 5",
    "5 ",
    "",
    "-",
    "--",
    "--count",
    "2 s",
    "s",
    "ms",
    "-2s",
    "\u{665}",
];

#[test]
fn what_is_no_number_gets_one_line() {
    for (flag, mistake, others) in [
        ("--count", CALLS, &["0", "1.5", "1e3", "1000000001", "10ms"][..]),
        ("--in-flight", AT_ONCE, &["0", "1.5", "1e3", "100001", "2s"]),
        ("--connections", CONNECTIONS, &["0", "1.5", "1e3", "1001", "2s"]),
        ("--size", BYTES, &["1.5", "1e3", "999999999999", "67108865", "64KiB", "2s"]),
        ("--messages", MESSAGES, &["1.5", "1e3", "2147483648", "4294967296", "2s"]),
        ("--rate", RATE, &["0", "0.0001", "1e10", "1000000001", "5/s", "2s"]),
        ("--duration", SECONDS, &["0", "0s", "0.0009", "10us", "604801", "8d", "169h"]),
        ("--timeout", SECONDS, &["0", "0ms", "0.0009", "10us", "604801", "8d", "169h"]),
        ("--warm-up", WARM_UP, &["-0.1", "10us", "604801", "8d", "169h"]),
    ] {
        // All of them for one flag of each of the three parsers, which takes seconds.
        let all = ["--size", "--rate", "--duration"].contains(&flag);
        let never = if all { NEVER } else { &NEVER[..4] };
        // Half of them each way: a value that stands apart is not taken for a flag.
        for (n, value) in never.iter().chain(others).enumerate() {
            let joined = format!("{flag}={value}");
            let args: &[&str] = if n % 2 == 0 {
                &["server", &joined]
            } else {
                &["server", flag, value]
            };
            let Finished { code, output } = client(args);
            assert_eq!(code, Some(2), "{args:?}: {output}");
            assert!(output.contains(&format!(": {mistake}; see ")), "{args:?}: {output}");
            assert_eq!(output.lines().count(), 1, "{args:?}: {output}");
        }
    }
}

/// The smallest and largest values, and each unit. The calls go to nobody, so nothing is made.
#[test]
fn what_is_a_number_is_taken() {
    for (flag, values) in [
        ("--count", &["1", "1000000000"][..]),
        ("--in-flight", &["1", "100000"]),
        ("--connections", &["1", "1000"]),
        ("--size", &["0", "67108864"]),
        ("--messages", &["0", "2147483647"]),
        ("--rate", &["0.001", "1e9", "5.5", ".5", "1000000000"]),
        ("--duration", &["0.001", "1ms", "2s", "5m", "1h", "168h", "604800", "1e3"]),
        ("--timeout", &["0.001", "1ms", "2s", "5m", "1h", "168h", "604800", "1e3"]),
        ("--warm-up", &["0", "0ms", "0.0001", "1ms", "2s", "5m", "1h", "604800"]),
    ] {
        for value in values {
            let args = ["server", flag, value];
            let nobody = "127.0.0.1:1";
            let Finished { code, output } =
                run(&mut programs::client(LESSON, nobody, &args));
            assert_eq!(code, Some(1), "{args:?}: {output}");
            // A millisecond may be too short to find that nobody is there.
            let short = flag == "--timeout" && ["0.001", "1ms"].contains(value);
            let told = output.contains("Error: no server at ")
                || short && output.contains("Error: cannot reach ");
            assert!(told, "{args:?}: {output}");
        }
    }
}
