//! Lesson 11: the exercise, what the load generator counts and checks, and its flags. How
//! fast anything is, nobody asks here: that is for `cargo bench`.

#[path = "../lessons/11_speed/exercise.rs"]
mod exercise;
#[path = "../lessons/11_speed/solution.rs"]
mod solution;
#[path = "../lessons/11_speed/wrong_float.rs"]
mod wrong_float;
#[path = "../lessons/11_speed/wrong_mean.rs"]
mod wrong_mean;
#[path = "../lessons/11_speed/wrong_order.rs"]
mod wrong_order;
#[path = "../lessons/11_speed/wrong_rank.rs"]
mod wrong_rank;
#[path = "../lessons/11_speed/wrong_sent.rs"]
mod wrong_sent;

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::Lesson;
use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateServiceServer;
use grpc_workbook::calculator::Calculator;
use grpc_workbook::calculator::proto::calculator_service_server::CalculatorServiceServer;
use grpc_workbook::guess_number::GuessNumber;
use grpc_workbook::guess_number::proto::guess_number_service_server::GuessNumberServiceServer;
use grpc_workbook::speed::Speed;
use grpc_workbook::speed::faults::{self, Fault};
use grpc_workbook::speed::histogram::Histogram;
use grpc_workbook::speed::load::{Call, Outcome, Plan, Until, connect, run as load};
use grpc_workbook::speed::own::usage;
use grpc_workbook::speed::proto::speed_service_server::SpeedServiceServer;
use grpc_workbook::speed::work::{Kind, Work};
use grpc_workbook::subjects_by_city::SubjectsByCity;
use grpc_workbook::subjects_by_city::proto::subjects_by_city_service_server::SubjectsByCityServiceServer;
use proptest::prelude::*;
use prost::bytes::Bytes;
use regex::Regex;
use support::checks::Checks;
use support::endings::KillableServer;
use support::programs::{self, Finished, Server, run};
use support::written;
use tonic::service::Routes;
use tonic::transport::Uri;

fn lesson() -> &'static Lesson {
    Lesson::find(11).expect("is in LESSONS")
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

// --- the exercise

type Answer = fn(&[Call], usize) -> Option<Duration>;

/// Calls with these latencies, each sent when it was due.
fn calls(latencies: &[u64]) -> Vec<Call> {
    let call = |(n, latency): (u64, &u64)| {
        let due = ms(n * 10);
        Call { due, sent: due, answered: due + ms(*latency) }
    };
    (0..).zip(latencies).map(call).collect()
}

fn check(percentile: Answer) -> Result<String, String> {
    let mut checks = Checks::default();
    let mut expect = |name: &str, calls: &[Call], percents: &[(usize, Option<u64>)]| {
        for (percent, expected) in percents {
            let call = format!("p{percent} of {name}");
            let answer = percentile(calls, *percent);
            checks.expect(call, Ok(answer), Ok(expected.map(ms)));
        }
    };
    expect("no calls", &[], &[(50, None), (100, None)]);
    expect(
        "one call of 7 ms",
        &calls(&[7]),
        &[(1, Some(7)), (50, Some(7)), (100, Some(7))],
    );
    expect(
        "calls of 40, 10, 30 and 20 ms",
        &calls(&[40, 10, 30, 20]),
        &[
            (25, Some(10)),
            (50, Some(20)),
            (75, Some(30)),
            (76, Some(40)),
            (100, Some(40)),
        ],
    );
    let hundred: Vec<u64> = (1..=100).rev().collect();
    expect(
        "a hundred calls of 1 to 100 ms",
        &calls(&hundred),
        &[(1, Some(1)), (7, Some(7)), (50, Some(50)), (99, Some(99))],
    );
    // One lane, a call due every 10 ms, and a server that stands still for 50 ms in the
    // second: those after it wait for their turn.
    let stalled = [
        (0, 0, 1),
        (10, 10, 60),
        (20, 60, 61),
        (30, 61, 62),
        (40, 62, 63),
    ];
    let stalled = stalled.map(|(due, sent, answered)| Call {
        due: ms(due),
        sent: ms(sent),
        answered: ms(answered),
    });
    expect(
        "five calls, of which one is slow and three wait for it",
        &stalled,
        &[
            (20, Some(1)),
            (40, Some(23)),
            (50, Some(32)),
            (90, Some(50)),
        ],
    );
    checks.verdict()
}

#[test]
#[ignore = "it is yours to solve"]
fn exercise() -> Result<(), &'static str> {
    let checked = check(exercise::percentile);
    checked
        .map(drop)
        .map_err(|_| "lessons/11_speed/exercise.rs is not right yet")
}

#[test]
fn the_check_accepts_the_solution() {
    check(solution::percentile).expect("is right");
}

#[test]
fn the_check_rejects_wrong_answers() {
    check(wrong_float::percentile).expect_err("wrong_float");
    check(wrong_mean::percentile).expect_err("wrong_mean");
    check(wrong_order::percentile).expect_err("wrong_order");
    check(wrong_rank::percentile).expect_err("wrong_rank");
    let report = check(wrong_sent::percentile).expect_err("wrong_sent");
    written("book/generated/11-speed-report.txt", &report);
}

// --- percentiles

#[test]
fn percentiles_of_known_latencies() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.percentile(50_000), Duration::ZERO);
    for nanos in (1..=1000).rev() {
        histogram.record(Duration::from_nanos(nanos));
    }
    for (thousandths, nanos) in [
        (1, 1),
        (50_000, 500),
        (90_000, 900),
        (99_000, 990),
        (99_900, 999),
        (100_000, 1000),
    ] {
        assert_eq!(histogram.percentile(thousandths), Duration::from_nanos(nanos));
    }
    assert_eq!((histogram.count(), histogram.max()), (1000, Duration::from_nanos(1000)));
    histogram.record(Duration::from_secs(1));
    assert_eq!((histogram.count(), histogram.max()), (1001, Duration::from_secs(1)));
    assert_eq!(histogram.percentile(100_000), Duration::from_secs(1));
    histogram.record(Duration::from_nanos(u64::MAX));
    assert_eq!(histogram.percentile(100_000), Duration::from_nanos(u64::MAX));
}

proptest! {
    /// Against a sorted list of all latencies, the error is below a thousandth.
    #[test]
    fn percentiles_are_those_of_a_list(
        mut nanos in prop::collection::vec(0..u64::MAX / 2, 1..500),
        shift in 0..60_u32,
        thousandths in 1..=100_000_u64,
    ) {
        let mut histogram = Histogram::default();
        for nanos in &mut nanos {
            *nanos >>= shift;
            histogram.record(Duration::from_nanos(*nanos));
        }
        nanos.sort();
        let rank = (nanos.len() as u64 * thousandths).div_ceil(100_000).max(1);
        let exact = nanos[rank as usize - 1];
        let told = u64::try_from(histogram.percentile(thousandths).as_nanos());
        let told = told.expect("fits");
        prop_assert!(told >= exact && told - exact <= exact / 1000, "{told} for {exact}");
    }
}

// --- the load

const PLAN: Plan =
    Plan { connections: 1, in_flight: 1, until: Until::Count(10), rate: None };

fn uri(server: &KillableServer) -> Uri {
    format!("http://{}", server.address)
        .parse()
        .expect("is a URI")
}

fn speed() -> KillableServer {
    KillableServer::start(Routes::new(SpeedServiceServer::new(Speed::default())))
}

async fn measure(server: &Uri, work: Work, plan: Plan) -> Result<Outcome, String> {
    let channels = connect(server, &plan).await.expect("connects");
    assert_eq!(channels.len(), plan.connections);
    let outcome = load(&channels, &Arc::new(work), &plan, &Arc::default()).await;
    let outcome = outcome.map_err(|error| format!("{error:?}"))?;
    assert_eq!(outcome.latency.count(), outcome.service.count());
    Ok(outcome)
}

#[tokio::test]
async fn every_call_is_counted_once() {
    let server = speed();
    for kind in Kind::value_variants() {
        for size in [0, 1, 70_000] {
            for (connections, in_flight, count) in [(1, 1, 3), (2, 5, 33), (1, 64, 7)] {
                let plan = Plan {
                    connections,
                    in_flight,
                    until: Until::Count(count),
                    rate: None,
                };
                let work = Work::speed(*kind, size, 3);
                let outcome = measure(&uri(&server), work, plan).await;
                let outcome = outcome.expect("is right");
                assert_eq!((outcome.answered(), outcome.failed()), (count, 0));
            }
        }
    }
}

#[tokio::test]
async fn streams_of_any_length() {
    let server = speed();
    for kind in Kind::value_variants() {
        for messages in [0, 1, 10_000] {
            let work = Work::speed(*kind, 1, messages);
            let outcome = measure(&uri(&server), work, PLAN).await.expect("is right");
            assert_eq!((outcome.answered(), outcome.failed()), (10, 0));
        }
    }
}

#[tokio::test]
async fn the_services_of_other_lessons() {
    let server = KillableServer::start(
        Routes::new(CalculatorServiceServer::new(Calculator))
            .add_service(SubjectsByCityServiceServer::new(SubjectsByCity))
            .add_service(AccumulateServiceServer::new(Accumulator))
            .add_service(GuessNumberServiceServer::new(GuessNumber)),
    );
    for (lesson, messages) in [(6, 1), (7, 8), (8, 50), (9, 50)] {
        let work = Work::lesson(lesson, 50).expect("is one of the four");
        assert_eq!(work.messages(), messages);
        let outcome = measure(&uri(&server), work, PLAN).await.expect("is right");
        assert_eq!((outcome.answered(), outcome.failed()), (10, 0));
    }
    assert!(Work::lesson(5, 1).is_none() && Work::lesson(10, 1).is_none());
}

#[tokio::test]
async fn an_open_loop_makes_the_calls_that_are_due() {
    let server = speed();
    let work = || Work::speed(Kind::Unary, 1, 1);
    for (rate, passed, calls) in [(100.0, 100, 10), (20_000.0, 10, 200), (1.0, 1, 1)] {
        let plan = Plan {
            in_flight: 3,
            rate: Some(rate),
            until: Until::Passed(ms(passed)),
            ..PLAN
        };
        let outcome = measure(&uri(&server), work(), plan)
            .await
            .expect("is right");
        assert_eq!((outcome.answered(), outcome.failed()), (calls, 0));
    }
    let plan = Plan { rate: Some(1000.0), until: Until::Count(20), ..PLAN };
    let outcome = measure(&uri(&server), work(), plan)
        .await
        .expect("is right");
    assert_eq!(outcome.answered(), 20);
    // The last of them was not due before.
    assert!(outcome.took >= ms(19));
}

/// Of 400 calls, one every 5 ms, a server that stands still for half a second holds up a
/// hundred, and eighty of them for longer than 100 ms. A closed loop meets it with one call.
#[tokio::test]
async fn a_stall_is_seen_by_an_open_loop() {
    let plan =
        Plan { in_flight: 64, rate: Some(200.0), until: Until::Count(400), ..PLAN };
    let stalls = || faults::serve(Fault::Stall(100, ms(500))).expect("listens");
    let work = || Work::speed(Kind::Unary, 64, 1);
    let open = measure(&stalls(), work(), plan).await.expect("is right");
    assert!(open.latency.percentile(100_000 - 79 * 250) >= ms(100));
    // Only some are sent while they wait: there are 64 lanes.
    assert!(open.latency.percentile(50_000) >= open.service.percentile(50_000));
    let plan = Plan { in_flight: 1, rate: None, ..plan };
    let closed = measure(&stalls(), work(), plan).await.expect("is right");
    assert!(closed.latency.max() >= ms(500));
}

#[tokio::test]
async fn a_wrong_answer_voids_the_measurement() {
    let server = faults::serve(Fault::Wrong(7)).expect("listens");
    let work = Work::speed(Kind::Unary, 64, 1);
    assert_eq!(
        measure(&server, work, PLAN).await.expect_err("is wrong"),
        "a wrong answer: message 1 of /speed.v1.SpeedService/Unary, 66 bytes, is 65 bytes, \
         and differs from byte 1 on"
    );
    let server = speed();
    let mut less = Work::speed(Kind::Server, 1, 3);
    less.answers.pop();
    assert_eq!(
        measure(&uri(&server), less, PLAN)
            .await
            .expect_err("is wrong"),
        "a wrong answer: more than 2 messages of /speed.v1.SpeedService/ServerStream"
    );
    let mut more = Work::speed(Kind::Bidi, 1, 3);
    more.answers.push(Bytes::from_static(b"x"));
    assert_eq!(
        measure(&uri(&server), more, PLAN)
            .await
            .expect_err("is wrong"),
        "a wrong answer: message 4 of /speed.v1.SpeedService/BidiStream, 1 bytes, is missing"
    );
}

#[tokio::test]
async fn errors_are_counted_by_status() {
    let server = speed();
    let work = Work::lesson(6, 1).expect("is one of the four");
    let outcome = measure(&uri(&server), work, PLAN).await.expect("counts");
    assert_eq!((outcome.answered(), outcome.failed()), (0, 10));
    assert_eq!(outcome.errors.get("UNIMPLEMENTED"), Some(&10));
}

// --- the programs

fn client(args: &[&str]) -> Finished {
    run(programs::command(&lesson().client()).args(args))
}

#[test]
fn a_server_of_its_own() {
    for args in [
        &["unary", "--count", "10", "--size", "0"][..],
        &["server", "--count", "10", "--messages", "3"],
        &["client", "--count", "10", "--connections", "2"],
        &[
            "bidi",
            "--count",
            "10",
            "--in-flight",
            "3",
            "--warm-up",
            "0.01",
        ],
        &["unary", "--duration", "0.01", "--warm-up", "0"],
        &["unary", "--count", "10", "--rate", "1000"],
    ] {
        let Finished { code, output } = client(args);
        assert_eq!(code, Some(0), "{output}");
        for words in ["  calls    ", "  latency  p50 ", ", p99.9 ", ", max "] {
            assert!(output.contains(words), "{output}");
        }
        let counted = output.contains("  calls    10, ");
        assert!(counted || !args.contains(&"--count"), "{output}");
        assert_eq!(output.contains("  messages "), args[0] != "unary", "{output}");
        assert_eq!(output.contains("  of which p50 "), args.contains(&"--rate"));
        let used = cfg!(not(target_os = "linux")) || output.contains("  server   ");
        assert!(used, "{output}");
    }
}

/// What the chapter explains, line by line. Only Linux tells what the server used.
#[cfg(target_os = "linux")]
#[test]
fn the_lines_of_a_report() {
    let mut client = programs::command(&lesson().client());
    client.args(["unary", "--count", "200", "--rate", "1000"]);
    // Without standard error, where progress is told if it takes more than a second.
    let output = client.output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("prints UTF-8");
    let times = Regex::new(" [0-9.]+ (µs|ms|s)(,|$)").expect("is a regular expression");
    let numbers = Regex::new(" [0-9.]+").expect("is a regular expression");
    let mut lines = String::new();
    for line in output
        .lines()
        .filter(|line| !line.starts_with("not optimized: "))
    {
        let masked = match line.starts_with("  ") {
            true => numbers
                .replace_all(&times.replace_all(line, " N ms$2"), " N")
                .into_owned(),
            false => line.into(),
        };
        lines += &format!("{masked}\n");
    }
    written("book/generated/11-speed-lines.txt", &lines);
}

#[test]
fn the_server_counts_what_it_served() {
    let server = Server::start(lesson());
    for (kind, count) in [
        ("unary", "1"),
        ("server", "2"),
        ("client", "3"),
        ("bidi", "4"),
    ] {
        let args = [kind, "--count", count];
        let mut client = programs::client(lesson(), &server.address, &args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(0), "{output}");
        assert!(!output.contains("  server   "), "{output}");
    }
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let served =
        "served 1 unary, 2 server streaming, 3 client streaming, 4 bidirectional\n";
    assert!(output.ends_with(served), "{output}");
}

#[test]
fn other_servers() {
    for number in 6..=9 {
        let server = Server::start(Lesson::find(number).expect("is in LESSONS"));
        let messages = ["--messages", "2"];
        let messages = if number < 8 { &[] } else { &messages[..] };
        let number = number.to_string();
        let args = [&["--lesson", &number, "--count", "5"], messages].concat();
        let mut client = programs::client(lesson(), &server.address, &args);
        let Finished { code, output } = run(&mut client);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("  calls    5, "), "{output}");
    }
}

#[test]
fn progress_goes_to_standard_error() {
    let args = ["unary", "--duration", "1.2", "--warm-up", "0"];
    let mut client = programs::command(&lesson().client());
    let output = client.args(args).output().expect("runs");
    let progress = String::from_utf8(output.stderr).expect("prints UTF-8");
    let calls = progress.strip_prefix("  1 s, ");
    let calls = calls.and_then(|rest| rest.split_once(" calls")?.0.parse().ok());
    assert!(calls > Some(0_u64), "{progress}");
    let answers = String::from_utf8(output.stdout).expect("prints UTF-8");
    assert!(!answers.contains(" 1 s, "), "{answers}");
}

#[test]
fn a_wrong_answer_ends_the_client() {
    let Finished { code, output } = client(&["--break", "wrong-answer"]);
    let wrong = "Error: a wrong answer: message 1 of /speed.v1.SpeedService/Unary, 66 bytes, \
                 is 65 bytes, and differs from byte 1 on\n";
    assert_eq!((code, output), (Some(1), wrong.into()));
}

#[test]
fn a_server_that_is_gone_answers_nothing() {
    let Finished { code, output } = client(&["--break", "server-gone"]);
    let gone = "100 calls answered, then the server was killed\n\
                0 of the next 100 answered\nError: the server went away\n";
    assert_eq!((code, output), (Some(1), gone.into()));
}

#[test]
fn errors_are_counted_by_their_status() {
    let Finished { code, output } = client(&["--break", "no-method"]);
    assert_eq!(code, Some(1));
    assert!(output.contains("  errors   UNIMPLEMENTED 10\n"), "{output}");
    assert!(output.ends_with("Error: 10 of 10 calls failed\n"), "{output}");
    let Finished { code, output } =
        client(&["unary", "--count", "1", "--size", "5000000"]);
    assert_eq!(code, Some(1));
    let why =
        "  errors   OUT_OF_RANGE 1\n  such as  Error, decoded message length too large: ";
    assert!(output.contains(why), "{output}");
}

#[test]
fn a_stall_is_shown_in_both_loops() {
    let Finished { code, output } = client(&["--break", "stall"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("closed loop: p50 ") && output.contains("\nopen loop: p50 "));
}

#[test]
fn wrong_arguments() {
    for (args, mistake) in [
        (&["tertiary"][..], "invalid value 'tertiary'"),
        (&["--rate", "5"], "required arguments were not provided"),
        (&["unary", "--lesson", "6"], "cannot be used with"),
        (&["--lesson", "6"], "--server <URI>"),
        (&["--lesson", "5"], "5 is not in 6..=9"),
        (&["unary", "--in-flight", "0"], "it is no number from 1"),
        (&["unary", "--connections", "-1"], "unexpected argument"),
        (&["unary", "--rate", "0"], "it is no number of calls a second"),
        (&["unary", "--duration", "soon"], "it is no number of seconds"),
        (&["unary", "--duration", "1", "--count", "1"], "cannot be used with"),
        (&["unary", "--count", "0"], "it is no number from 1"),
        (&["--lesson", "8", "--size", "3"], "cannot be used with"),
        (&["unary", "--messages", "7"], "a unary call has one message each way"),
        (
            &[
                "--lesson",
                "7",
                "--messages",
                "7",
                "--server",
                "http://127.0.0.1:1",
            ],
            "lessons 6 and 7",
        ),
        (&["client", "--messages", "2147483648"], "is not in 0..=2147483647"),
    ] {
        let Finished { code, output } = client(args);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn the_help_says_that_it_has_a_server_of_its_own() {
    let Finished { code, output } = client(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(output.contains("The server to call [default: one of its own]"), "{output}");
}

#[test]
fn nobody_there() {
    let mut client =
        programs::client(lesson(), "127.0.0.1:1", &["unary", "--count", "1"]);
    let Finished { code, output } = run(&mut client);
    assert_eq!(code, Some(1));
    assert!(
        output.contains("start it with cargo run --bin lesson-11-server"),
        "{output}"
    );
}

/// However many messages a stream has, the server keeps no more of them than the windows
/// allow. Both streams are larger than those; a queue of the difference takes 7 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat() {
    let peak = |messages: &str| {
        let server = Server::start(lesson());
        for kind in ["server", "client", "bidi"] {
            let args = [kind, "--count", "1", "--size", "8", "--messages", messages];
            let mut client = programs::client(lesson(), &server.address, &args);
            let Finished { code, output } = run(&mut client);
            assert_eq!(code, Some(0), "{output}");
        }
        usage(server.id()).expect("is a process").peak
    };
    let (few, many) = (peak("100000"), peak("300000"));
    assert!(many < few + 5 * 1024, "{few} KiB, then {many} KiB");
}
