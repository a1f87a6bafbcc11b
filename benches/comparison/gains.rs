//! What makes it fast, or does not: each thing with it and without.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::speed::load::Plan;
use grpc_workbook::speed::workload::{CallKind, Workload};
use tokio::runtime::Runtime;

use crate::encoding;
use crate::measure::{CoreTime, SEQUENTIAL, Setup, measure, median, ratio_cell};
use crate::servers::{Own, Server, build};
use crate::stock_tonic::Variant;

/// A row of the table: the same work with something and without it.
struct Case {
    /// What one side has and the other lacks, and the call that is made.
    name: &'static str,
    with: Side,
    without: Side,
    /// How many calls `without` do the work of one call `with`.
    calls_without: f64,
    /// What it costs to have it.
    cost: &'static str,
}

/// One of the two sides of a case.
#[derive(Clone, Copy)]
struct Side {
    server: ServerKind,
    call: Call,
    plan: Plan,
    /// How long a byte takes from one side to the other.
    delay: Duration,
}

/// A server with something or without it. Each is started once, for all cases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ServerKind {
    /// Lesson 11's.
    Lesson,
    /// Lesson 11's, not optimized.
    DebugBuild,
    /// Lesson 11's, each crate optimized for itself.
    CratesApart,
    /// Stock tonic, as it is or with one thing changed.
    Stock(Variant),
    /// Stock tonic with jemalloc in place of the system's allocator.
    Jemalloc,
    /// Lesson 6's, whose lines go nowhere.
    LinesToNowhere,
    /// Lesson 6's, whose lines go through a pipe.
    LinesToPipe,
}

/// What is called.
#[derive(Clone, Copy)]
enum Call {
    /// One message of 64 bytes each way.
    Unary,
    /// Lesson 6's.
    Calculate,
    /// This many messages of `size` bytes from the server.
    Download { messages: u32, size: usize },
    /// 64 messages of 64 KiB to the server.
    Upload,
}

use Call::{Calculate, Unary, Upload};
use ServerKind::{
    CratesApart, DebugBuild, Jemalloc, Lesson, LinesToNowhere, LinesToPipe, Stock,
};

const STOCK: ServerKind = Stock(Variant::Unchanged);
const ONE_MESSAGE: Call = Call::Download { messages: 1, size: 64 };
const THOUSAND_MESSAGES: Call = Call::Download { messages: 1000, size: 64 };
/// As many bytes as [`THOUSAND_MESSAGES`].
const TEN_MESSAGES: Call = Call::Download { messages: 10, size: 6400 };
/// 64 calls in flight, on one connection and on four.
const MANY: Plan = Plan { in_flight: 64, ..SEQUENTIAL };
const SPREAD: Plan = Plan { in_flight: 16, connections: 4, ..SEQUENTIAL };

/// A side whose server is on this machine.
const fn near(server: ServerKind, call: Call, plan: Plan) -> Side {
    Side { server, call, plan, delay: Duration::ZERO }
}

/// A side whose server is 40 ms away, there and back: one upload at a time.
const fn far(server: ServerKind) -> Side {
    let delay = Duration::from_millis(20);
    Side { server, call: Upload, plan: SEQUENTIAL, delay }
}

/// How many of the cases the chapter shows at once. The rest it folds.
const UNFOLDED: usize = 10;

const CASES: [Case; 16] = [
    Case {
        name: "`--release`, not a debug build: unary, 64 in flight",
        with: near(Lesson, Unary, MANY),
        without: near(DebugBuild, Unary, MANY),
        calls_without: 1.0,
        cost: "a longer build",
    },
    Case {
        name: "optimized across crates, not each for itself: unary, 64 in flight",
        with: near(Lesson, Unary, MANY),
        without: near(CratesApart, Unary, MANY),
        calls_without: 1.0,
        cost: "two lines in `Cargo.toml` and a slow link; the workbook has them",
    },
    Case {
        name: "64 calls in flight, not 1: unary",
        with: near(STOCK, Unary, MANY),
        without: near(STOCK, Unary, SEQUENTIAL),
        calls_without: 1.0,
        cost: "a client that does not wait for each answer",
    },
    Case {
        name: "nodelay at the server: 1,000 messages in a stream, 1 in flight",
        with: near(STOCK, THOUSAND_MESSAGES, SEQUENTIAL),
        without: near(Stock(Variant::Delayed), THOUSAND_MESSAGES, SEQUENTIAL),
        calls_without: 1.0,
        cost: "one call, `with_nodelay`; the lessons have it",
    },
    Case {
        name: "1,000 messages in one call, not in 1,000 calls, 1 in flight",
        with: near(STOCK, THOUSAND_MESSAGES, SEQUENTIAL),
        without: near(STOCK, ONE_MESSAGE, SEQUENTIAL),
        calls_without: 1000.0,
        cost: "a stream",
    },
    Case {
        name: "1,000 items in 10 messages, not in 1,000, in one call, 1 in flight",
        with: near(STOCK, TEN_MESSAGES, SEQUENTIAL),
        without: near(STOCK, THOUSAND_MESSAGES, SEQUENTIAL),
        calls_without: 1.0,
        cost: "a `repeated` field, and code that gathers",
    },
    Case {
        name: "a stream that pauses when its task has had its share, not after 32 messages: \
               1,000 messages in a stream, 64 in flight",
        with: near(STOCK, THOUSAND_MESSAGES, MANY),
        without: near(Stock(Variant::Pausing), THOUSAND_MESSAGES, MANY),
        calls_without: 1.0,
        cost: "a feature of tokio-stream, `rt`; the lessons have it",
    },
    Case {
        name: "tonic's windows of 1 MiB, not HTTP/2's of 64 KiB: 4 MiB to a server, 40 ms there and back",
        with: far(STOCK),
        without: far(Stock(Variant::SmallWindow)),
        calls_without: 1.0,
        cost: "nothing: tonic sets them",
    },
    Case {
        name: "the runtime of one thread, not that of many, on one core: unary, 64 in flight",
        with: near(Stock(Variant::SingleThread), Unary, MANY),
        without: near(STOCK, Unary, MANY),
        calls_without: 1.0,
        cost: "other cores are not used, and one call that blocks stops all others",
    },
    Case {
        name: "4 connections with 16 calls each, not 1 with 64: unary",
        with: near(STOCK, Unary, SPREAD),
        without: near(STOCK, Unary, MANY),
        calls_without: 1.0,
        cost: "more connections to look after",
    },
    Case {
        name: "nodelay at the server: unary, 1 in flight",
        with: near(STOCK, Unary, SEQUENTIAL),
        without: near(Stock(Variant::Delayed), Unary, SEQUENTIAL),
        calls_without: 1.0,
        cost: "one call, `with_nodelay`; the lessons have it",
    },
    Case {
        name: "jemalloc, not the system's allocator: unary, 64 in flight",
        with: near(Jemalloc, Unary, MANY),
        without: near(STOCK, Unary, MANY),
        calls_without: 1.0,
        cost: "a crate, and a C compiler to build it",
    },
    Case {
        name: "windows of 16 MiB, not 1 MiB: 4 MiB to a server, 40 ms there and back",
        with: far(Stock(Variant::LargeWindow)),
        without: far(STOCK),
        calls_without: 1.0,
        cost: "two calls, and up to 16 MiB of memory for a connection",
    },
    Case {
        name: "windows of 16 MiB, not 1 MiB: 4 MiB to a server on this machine",
        with: near(Stock(Variant::LargeWindow), Upload, SEQUENTIAL),
        without: near(STOCK, Upload, SEQUENTIAL),
        calls_without: 1.0,
        cost: "the same",
    },
    Case {
        name: "windows that adapt, not 1 MiB: 4 MiB to a server, 40 ms there and back",
        with: far(Stock(Variant::AdaptiveWindow)),
        without: far(STOCK),
        calls_without: 1.0,
        cost: "one call, `http2_adaptive_window`",
    },
    Case {
        name: "a line for each call to nowhere, not through a pipe: lesson 6, 64 in flight",
        with: near(LinesToNowhere, Calculate, MANY),
        without: near(LinesToPipe, Calculate, MANY),
        calls_without: 1.0,
        cost: "nobody reads the lines",
    },
];

/// The servers of all cases. `None` for those that are not here.
type Servers = BTreeMap<ServerKind, Option<Server>>;

/// What the rounds of a case have found.
#[derive(Default)]
struct Gain {
    /// Of each round, the calls a second with it, divided by those without.
    ratios: Vec<f64>,
    /// Of all rounds.
    core_time_with: CoreTime,
    core_time_without: CoreTime,
}

/// The table, its first rows and the rest. In a quick comparison nothing is built for it.
pub fn tables(runtime: &Runtime, rounds: usize, quick: bool) -> [String; 2] {
    let servers = start_servers(quick);
    let mut gains: Vec<Gain> = CASES.iter().map(|_| Gain::default()).collect();
    for _ in 0..rounds {
        for (case, gain) in CASES.iter().zip(&mut gains) {
            gain.measure(runtime, case, &servers);
        }
    }
    let mut rows = Vec::new();
    for (case, gain) in CASES.iter().zip(&gains) {
        let core_time = gain.core_time(case.calls_without);
        rows.push(row(case.name, gain.speed(), core_time, case.cost));
    }
    let (unfolded, folded) = rows.split_at(UNFOLDED);
    let folded = folded.concat() + &encoding_rows(rounds);
    [
        HEAD.to_string() + &unfolded.concat(),
        HEAD.to_string() + &folded,
    ]
}

const HEAD: &str = "\
| with | calls a second, with ÷ without: more is better | time on the core, without ÷ with: more is better | what it costs |
|---|---|---|---|
";

/// The rows without a server. All that they measure is time on a core, so both columns agree.
fn encoding_rows(rounds: usize) -> String {
    let (mut maps, mut vecs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        maps.push(encoding::map_against_fields());
        vecs.push(encoding::vec_against_bytes());
    }
    let (map, vec) = (Some(median(&maps)), Some(median(&vecs)));
    let maps = "eight numbers as eight fields, not as a map: encode and decode";
    let vecs = "`bytes` as `Bytes`, not as `Vec<u8>`: encode and decode 64 KiB";
    row(vecs, vec, vec, "one line in `build.rs`, `.bytes(\".\")`")
        + &row(maps, map, map, "names that are fixed")
}

fn row(name: &str, speed: Option<f64>, core_time: Option<f64>, cost: &str) -> String {
    let (speed, core_time) = (ratio_cell(speed), ratio_cell(core_time));
    format!("| {name} | {speed} | {core_time} | {cost} |\n")
}

fn start_servers(quick: bool) -> Servers {
    let mut servers = Servers::new();
    for case in &CASES {
        for kind in [case.with.server, case.without.server] {
            servers.entry(kind).or_insert_with(|| kind.start(quick));
        }
    }
    servers
}

impl ServerKind {
    fn start(self, quick: bool) -> Option<Server> {
        match self {
            Lesson => Some(Server::lesson(11)),
            DebugBuild | CratesApart if quick => None,
            DebugBuild => Some(Server::built(&build(&[], &[]))),
            CratesApart => {
                // As cargo does by itself.
                let settings = [
                    ("CARGO_PROFILE_RELEASE_LTO", "false"),
                    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
                ];
                Some(Server::built(&build(&settings, &["--release"])))
            }
            Stock(variant) => Some(Server::this_program(Own::Stock(variant))),
            Jemalloc => Server::with_jemalloc(Own::Stock(Variant::Unchanged)),
            LinesToNowhere => Some(Server::lesson(6)),
            LinesToPipe => Some(Server::piped(6)),
        }
    }
}

impl Call {
    fn workload(self) -> Workload {
        match self {
            Unary => Workload::speed(CallKind::Unary, 64, 1),
            Calculate => Workload::lesson(6, 1).expect("the load should know lesson 6"),
            Call::Download { messages, size } => {
                Workload::speed(CallKind::Server, size, messages)
            }
            Upload => Workload::speed(CallKind::Client, 64 * 1024, 64),
        }
    }
}

impl Side {
    /// `None` if the server is not here.
    fn setup(self, servers: &Servers) -> Option<Setup<'_>> {
        let Side { server, call, plan, delay } = self;
        let server = servers[&server].as_ref()?;
        Some(Setup { server, workload: Arc::new(call.workload()), plan, delay })
    }
}

impl Gain {
    /// Measures both sides of a case once, if both are here.
    fn measure(&mut self, runtime: &Runtime, case: &Case, servers: &Servers) {
        let setups = case.with.setup(servers).zip(case.without.setup(servers));
        if let Some((with, without)) = setups {
            let (with, without) = (measure(runtime, &with), measure(runtime, &without));
            self.core_time_with.add(&with);
            self.core_time_without.add(&without);
            let (with, without) = (with.result.per_second(), without.result.per_second());
            self.ratios.push(with * case.calls_without / without);
        }
    }

    /// How many times as much work is done a second.
    fn speed(&self) -> Option<f64> {
        (!self.ratios.is_empty()).then(|| median(&self.ratios))
    }

    /// How many times as long the server would work without it.
    fn core_time(&self, calls_without: f64) -> Option<f64> {
        let (with, without) = (&self.core_time_with, &self.core_time_without);
        // The system counts in hundredths of a second: less than ten of them say little.
        if with.seconds < 0.1 || without.seconds < 0.1 {
            return None;
        }
        Some(without.per_call()? * calls_without / with.per_call()?)
    }
}
