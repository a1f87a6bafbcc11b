//! What makes it fast, or does not: each thing with it and without.

use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grpc_workbook::speed::load::Plan;
use grpc_workbook::speed::work::{Kind, Work};
use prost::Message;
use tokio::runtime::Runtime;

use crate::servers::{Server, build};
use crate::{ONE, Side, measure, median, shown};

/// The table. In a quick comparison nothing is built for it.
pub fn table(runtime: &Runtime, rounds: usize, quick: bool) -> String {
    let built = |settings: &[(&str, &str)], args: &[&str]| {
        (!quick).then(|| Server::built(&build(settings, args)))
    };
    let debug = built(&[], &[]);
    let separate = built(
        &[
            // As cargo does by itself.
            ("CARGO_PROFILE_RELEASE_LTO", "false"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ],
        &["--release"],
    );
    let lesson = Server::lesson(11);
    let plain = Server::own("plain");
    let delayed = Server::own("delayed");
    let pausing = Server::own("pausing");
    let single = Server::own("single");
    let [small, large, adaptive] =
        ["small-window", "large-window", "adaptive-window"].map(Server::own);
    let jemalloc = Server::with_jemalloc("plain");
    let (nowhere, piped) = (Server::lesson(6), Server::piped(6));

    let unary = Arc::new(Work::speed(Kind::Unary, 64, 1));
    let calculate = Arc::new(Work::lesson(6, 1).expect("is one of the four"));
    let stream = |size, messages| Arc::new(Work::speed(Kind::Server, size, messages));
    let (single_items, thousand, hundreds) =
        (stream(64, 1), stream(64, 1000), stream(6400, 10));
    let upload = Arc::new(Work::speed(Kind::Client, 64 * 1024, 64));

    let many = Plan { in_flight: 64, ..ONE };
    let spread = Plan { in_flight: 16, connections: 4, ..ONE };
    let here = Duration::ZERO;
    let away = Duration::from_millis(20);
    let side = |server, work: &Arc<Work>, plan, away| {
        Some(Side { server, work: Arc::clone(work), plan, away })
    };
    // With, without, how much more is done in a call of the first, and what it costs.
    let rows = [
        (
            "`--release`, not a debug build: unary, 64 in flight",
            side(&lesson, &unary, many, here),
            debug
                .as_ref()
                .and_then(|server| side(server, &unary, many, here)),
            1.0,
            "a longer build",
        ),
        (
            "optimized across crates, not each for itself: unary, 64 in flight",
            side(&lesson, &unary, many, here),
            separate
                .as_ref()
                .and_then(|server| side(server, &unary, many, here)),
            1.0,
            "two lines in `Cargo.toml` and a slow link; the workbook has them",
        ),
        (
            "nodelay at the server: unary, 1 in flight",
            side(&plain, &unary, ONE, here),
            side(&delayed, &unary, ONE, here),
            1.0,
            "one call, `with_nodelay`; the lessons have it",
        ),
        (
            "nodelay at the server: 1,000 messages in a stream, 1 in flight",
            side(&plain, &thousand, ONE, here),
            side(&delayed, &thousand, ONE, here),
            1.0,
            "the same",
        ),
        (
            "64 calls in flight, not 1: unary",
            side(&plain, &unary, many, here),
            side(&plain, &unary, ONE, here),
            1.0,
            "a client that does not wait for each answer",
        ),
        (
            "4 connections with 16 calls each, not 1 with 64: unary",
            side(&plain, &unary, spread, here),
            side(&plain, &unary, many, here),
            1.0,
            "connections to look after",
        ),
        (
            "the runtime of one thread, not that of many, on one core: unary, 64 in flight",
            side(&single, &unary, many, here),
            side(&plain, &unary, many, here),
            1.0,
            "one word; but other cores are not used, and what blocks, blocks all calls",
        ),
        (
            "jemalloc, not the system's allocator: unary, 64 in flight",
            jemalloc
                .as_ref()
                .and_then(|server| side(server, &unary, many, here)),
            side(&plain, &unary, many, here),
            1.0,
            "a crate, and a C compiler to build it",
        ),
        (
            "1,000 messages in one call, not in 1,000 calls, 1 in flight",
            side(&plain, &thousand, ONE, here),
            side(&plain, &single_items, ONE, here),
            1000.0,
            "a stream",
        ),
        (
            "1,000 items in 10 messages, not in 1,000, in one call, 1 in flight",
            side(&plain, &hundreds, ONE, here),
            side(&plain, &thousand, ONE, here),
            1.0,
            "a `repeated` field, and somebody who gathers",
        ),
        (
            "a stream that pauses when its task has had its share, not after 32 messages: \
             1,000 messages in a stream, 64 in flight",
            side(&plain, &thousand, many, here),
            side(&pausing, &thousand, many, here),
            1.0,
            "a feature of tokio-stream, `rt`; the lessons have it",
        ),
        (
            "tonic's windows of 1 MiB, not HTTP/2's of 64 KiB: 4 MiB to a server, 40 ms there and back",
            side(&plain, &upload, ONE, away),
            side(&small, &upload, ONE, away),
            1.0,
            "nothing: tonic sets them",
        ),
        (
            "windows of 16 MiB, not 1 MiB: 4 MiB to a server, 40 ms there and back",
            side(&large, &upload, ONE, away),
            side(&plain, &upload, ONE, away),
            1.0,
            "two calls, and up to 16 MiB of memory for a connection",
        ),
        (
            "windows of 16 MiB, not 1 MiB: 4 MiB to a server on this machine",
            side(&large, &upload, ONE, here),
            side(&plain, &upload, ONE, here),
            1.0,
            "the same",
        ),
        (
            "windows that adapt, not 1 MiB: 4 MiB to a server, 40 ms there and back",
            side(&adaptive, &upload, ONE, away),
            side(&plain, &upload, ONE, away),
            1.0,
            "one call, `http2_adaptive_window`",
        ),
        (
            "a line for each call to nowhere, not through a pipe: lesson 6, 64 in flight",
            side(&nowhere, &calculate, many, here),
            side(&piped, &calculate, many, here),
            1.0,
            "nobody reads the lines",
        ),
    ];
    // Of each row, each round's calls a second with to those without, and of all rounds the
    // time on the server's core for a call, with and without.
    let mut gains = vec![(Vec::new(), [(0.0, 0.0); 2]); rows.len()];
    for _ in 0..rounds {
        for ((_, with, without, more, _), (ratios, cpu)) in rows.iter().zip(&mut gains) {
            let (Some(with), Some(without)) = (with, without) else {
                continue;
            };
            let measured = [with, without].map(|side| measure(runtime, side));
            for ((outcome, used), (seconds, calls)) in measured.iter().zip(cpu) {
                *seconds += used.map_or(0.0, |used| used.as_secs_f64());
                *calls += outcome.succeeded() as f64;
            }
            let [with, without] = measured.map(|(outcome, _)| outcome.per_second());
            ratios.push(with * more / without);
        }
    }
    let mut table = String::from(
        "| with | calls a second, with ÷ without | time on the core, without ÷ with | what it costs |\n\
         |---|---|---|---|\n",
    );
    let mut line = |name: &str, ratios: Vec<f64>, cpu: Option<f64>, cost: &str| {
        let gain = match ratios.is_empty() {
            true => "not measured".into(),
            false => shown(median(ratios)),
        };
        let cpu = cpu.map_or("not measured".into(), shown);
        writeln!(table, "| {name} | {gain} | {cpu} | {cost} |")
            .expect("writes to a string");
    };
    for ((name, _, _, more, cost), (ratios, cpu)) in rows.into_iter().zip(gains) {
        let [with, without] = cpu.map(|(seconds, calls)| seconds / calls);
        // Hundredths of a second are all that the system tells.
        let enough = cpu.iter().all(|(seconds, _)| *seconds >= 0.1);
        line(name, ratios, enough.then(|| without * more / with), cost);
    }
    let flat: Vec<_> = (0..rounds)
        .map(|_| round_trips::<ByName>() / round_trips::<Flat>())
        .collect();
    line(
        "eight numbers as eight fields, not as a map: encode and decode",
        flat.clone(),
        Some(median(flat)),
        "names that are fixed",
    );
    table
}

/// How long it takes to write and read a message, in no unit.
fn round_trips<M: Message + Default + Eight>() -> f64 {
    let message = M::eight();
    let begun = Instant::now();
    for _ in 0..100_000 {
        let bytes = black_box(&message).encode_to_vec();
        black_box(M::decode(black_box(&bytes[..])).expect("is a message"));
    }
    begun.elapsed().as_secs_f64()
}

trait Eight {
    fn eight() -> Self;
}

#[derive(Clone, PartialEq, Message)]
struct Flat {
    #[prost(double, tag = "1")]
    first: f64,
    #[prost(double, tag = "2")]
    second: f64,
    #[prost(double, tag = "3")]
    third: f64,
    #[prost(double, tag = "4")]
    fourth: f64,
    #[prost(double, tag = "5")]
    fifth: f64,
    #[prost(double, tag = "6")]
    sixth: f64,
    #[prost(double, tag = "7")]
    seventh: f64,
    #[prost(double, tag = "8")]
    eighth: f64,
}

impl Eight for Flat {
    fn eight() -> Flat {
        Flat {
            first: 1.0,
            second: 2.0,
            third: 3.0,
            fourth: 4.0,
            fifth: 5.0,
            sixth: 6.0,
            seventh: 7.0,
            eighth: 8.0,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct ByName {
    #[prost(map = "string, double", tag = "1")]
    values: HashMap<String, f64>,
}

impl Eight for ByName {
    fn eight() -> ByName {
        let names = [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
        ];
        let values = (1..)
            .zip(names)
            .map(|(n, name)| (name.into(), f64::from(n)));
        ByName { values: values.collect() }
    }
}
