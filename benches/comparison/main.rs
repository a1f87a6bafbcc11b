//! `cargo bench`: the workbook's servers against others, the same work in turns, on this
//! machine. `cargo bench -- --quick` makes one round instead of seven, `-- --only PART` one
//! of the parts, and `OVERWRITE=1 cargo bench` writes the chapter's tables and its plot.

mod bare;
mod causes;
mod delay;
mod plain;
mod plot;
mod servers;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stderr};
use std::process::{Command, Stdio, id};
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use grpc_workbook::notes::proto::demo::{
    Answer, City, Delta, Number, Result as Calculated, Subject, Sum, Work as Task,
    work::Operation,
};
use grpc_workbook::speed::load::{Outcome, Plan, Until, connect, run};
use grpc_workbook::speed::usage::Usage;
use grpc_workbook::speed::work::{Kind, Work};
use grpc_workbook::subjects_by_city::subjects;
use prost::Message;
use prost::bytes::Bytes;
use servers::{PINNED, Server};
use support::overwrite;
use support::peers::Peer;
use support::programs::{self, root};
use tokio::runtime::{Builder, Runtime};

/// How long each measurement takes, and what comes before it. Short ones in many rounds
/// hold out longer against a machine that has other things to do as well.
const MEASURED: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(100);
const ROUNDS: usize = 7;

/// Compares the workbook's servers with others on this machine.
#[derive(Parser)]
#[command(name = "cargo bench --")]
struct Args {
    /// One round in place of seven, and no server is built in several ways
    #[arg(long)]
    quick: bool,
    /// Only one of the parts
    #[arg(long)]
    only: Option<Part>,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
    /// What this program runs itself as: NAME PORT
    #[arg(hide = true)]
    serve: Vec<String>,
}

/// What a comparison makes.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// against the other servers
    Servers,
    /// what it gains
    Gains,
    /// of streams of two lengths
    Memory,
    /// calls in flight
    Plot,
}

fn main() {
    let args = Args::parse();
    match &args.serve[..] {
        [] => compare(args.quick, args.only),
        [name, port] => serve(name, port.parse().expect("is a port")),
        _ => unreachable!("nobody does that"),
    }
}

fn serve(name: &str, port: u16) {
    let runtime = match name {
        "single" => Builder::new_current_thread().enable_all().build(),
        _ => Runtime::new(),
    };
    let runtime = runtime.expect("has threads");
    match name {
        "bare" => runtime.block_on(bare::serve(port)),
        _ => runtime.block_on(plain::serve(name, port)),
    }
}

// --- work

/// The calls of note 004, as its servers take them.
fn notes(number: u8, messages: u32) -> Work {
    let many = messages as usize;
    let bytes = |message: Vec<u8>| Bytes::from(message);
    let (method, request, answers) = match number {
        6 => {
            let op = Operation::Divide.into();
            let task = Task { num1: 100, num2: 20, op };
            let result = Calculated { val: 5 };
            ("Calculate", (task.encode_to_vec(), 1), vec![bytes(result.encode_to_vec())])
        }
        7 => {
            let city = City { name: "beijing".into() };
            let subject =
                |name: &&str| bytes(Subject { name: (*name).into() }.encode_to_vec());
            let subjects = subjects("beijing").expect("is known").iter();
            ("GetSubjects", (city.encode_to_vec(), 1), subjects.map(subject).collect())
        }
        8 => {
            let sum = Sum { val: i32::try_from(messages).expect("is small") };
            (
                "Accumulate",
                (Delta { val: 1 }.encode_to_vec(), many),
                vec![bytes(sum.encode_to_vec())],
            )
        }
        _ => {
            let answer = Answer { val: 5, desc: "bingo".into() };
            (
                "GuessNumber",
                (Number { val: 5 }.encode_to_vec(), many),
                vec![bytes(answer.encode_to_vec()); many],
            )
        }
    };
    Work {
        name: method.into(),
        path: format!("/Demo/{method}").parse().expect("is a path"),
        request: bytes(request.0),
        request_count: request.1,
        responses: answers,
    }
}

/// A server, and what is asked of it.
struct Side<'s> {
    server: &'s Server,
    work: Arc<Work>,
    plan: Plan,
    /// How far away the server is, one way.
    away: Duration,
}

/// What the calls came to, and the server's time on its core. A call that fails makes the
/// measurement worthless: then there is another one.
fn measure(runtime: &Runtime, side: &Side) -> (Outcome, Option<Duration>) {
    for _ in 0..3 {
        let (outcome, cpu) = attempt(runtime, side);
        let Some(error) = &outcome.error else {
            return (outcome, cpu);
        };
        let (work, plan) = (&side.work.name, side.plan);
        eprintln!("once more: {work}, {plan:?}: {:?}: {error:?}", outcome.errors);
    }
    panic!("calls fail");
}

fn attempt(runtime: &Runtime, side: &Side) -> (Outcome, Option<Duration>) {
    let Side { server, work, plan, away } = side;
    let measured = runtime.block_on(async {
        let address = match away.is_zero() {
            true => ([127, 0, 0, 1], server.port).into(),
            false => delay::proxy(server.port, *away).await,
        };
        let uri = format!("http://{address}").parse()?;
        let channels = connect(&uri, plan).await?;
        let warm_up = Plan { until: Until::Passed(WARM_UP), ..*plan };
        run(&channels, work, &warm_up, &Arc::default()).await?;
        let before = server.usage();
        let outcome = run(&channels, work, plan, &Arc::default()).await?;
        let both = before.zip(server.usage());
        Ok::<_, grpc_workbook::cli::Failure>((
            outcome,
            both.map(|(before, after)| after.cpu - before.cpu),
        ))
    });
    measured.unwrap_or_else(|error| panic!("{error:?}"))
}

fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let at = (last * part).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

const ONE: Plan =
    Plan { connections: 1, in_flight: 1, until: Until::Passed(MEASURED), rate: None };

fn compare(quick: bool, only: Option<Part>) {
    let rounds = if quick { 1 } else { ROUNDS };
    let wanted = |part| only.is_none_or(|only| only == part);
    // Now, while there is more than one core to build with.
    programs::build(match only {
        None | Some(Part::Servers) => &[
            "lesson-6-server",
            "lesson-7-server",
            "lesson-8-server",
            "lesson-9-server",
            "lesson-11-server",
        ],
        Some(Part::Gains) => &["lesson-6-server", "lesson-11-server"],
        Some(Part::Memory | Part::Plot) => &["lesson-11-server"],
    });
    if *PINNED {
        let done = Command::new("taskset")
            .args(["-a", "-pc", "1", &id().to_string()])
            .stdout(Stdio::null())
            .status();
        assert!(done.is_ok_and(|status| status.success()), "taskset failed");
    }
    // One thread: with several, the load hands on its calls one by one, which costs more.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("has threads");
    if wanted(Part::Servers) {
        let (tables, spread) = tables(&runtime, rounds);
        let comparison = tables + &machine(rounds, spread);
        done("book/generated/11-speed-comparison.md", &comparison);
    }
    if wanted(Part::Gains) {
        progress("what it gains");
        let gains = causes::table(&runtime, rounds, quick);
        done("book/generated/11-speed-gains.md", &gains);
    }
    if wanted(Part::Memory) {
        progress("memory");
        done("book/generated/11-speed-memory.md", &memory(&runtime));
    }
    if wanted(Part::Plot) {
        progress("the plot");
        let plot = plot::svg(&curves(&runtime, rounds.min(3)));
        progress("");
        let file = match overwrite() {
            true => root().join("book/figures/11-speed-plot.svg"),
            false => env::temp_dir().join("11-speed-plot.svg"),
        };
        fs::write(&file, plot).expect("writes");
        println!("drawn in {}", file.display());
    }
}

/// Shows a table, and keeps it if that is wanted.
fn done(file: &str, table: &str) {
    progress("");
    println!("{table}");
    if overwrite() {
        fs::write(root().join(file), table).expect("writes");
    }
}

/// Says on one line what is being measured.
fn progress(what: &str) {
    let _ = write!(stderr(), "\r{what:40}\r");
}

/// A row of the tables: the same work for each column's server, the lesson's first.
struct Row<'s> {
    name: String,
    in_flight: usize,
    sides: Vec<Option<Side<'s>>>,
    /// Of each round, the lesson's calls a second to each column's.
    speed: Vec<Vec<f64>>,
    /// Of all rounds, each column's time on its core, in seconds, and its calls.
    cpu: Vec<Option<(f64, f64)>>,
}

const COLUMNS: [&str; 4] = ["plain tonic", "bare h2", "Python", "Node"];

/// The two tables: calls a second, and time on the server's core for a call.
/// Also how far the rounds lie apart: the half of what lies between their quartiles, in
/// parts of the median, for the cell in the middle of all cells.
fn tables(runtime: &Runtime, rounds: usize) -> (String, f64) {
    let lessons = [6, 7, 8, 9, 11].map(|number| (number, Server::lesson(number)));
    let (plain, bare) = (Server::own("plain"), Server::own("bare"));
    let (python, node) = (Server::python(), Server::node());

    let mut rows = Vec::new();
    for (number, lesson) in &lessons {
        // The notes' services have other names than ours, and the same answers.
        let mut works = Vec::new();
        if *number == 11 {
            for kind in Kind::value_variants() {
                for (size, messages) in [(64, 1000), (64 * 1024, 16)] {
                    let work = Arc::new(Work::speed(*kind, size, messages));
                    works.push((work.clone(), work));
                }
            }
        } else {
            let work = Work::lesson(*number, 1000).expect("is one of the four");
            works.push((Arc::new(work), Arc::new(notes(*number, 1000))));
        }
        for (work, foreign) in works {
            for in_flight in [1, 64] {
                let plan = Plan { in_flight, ..ONE };
                let side = |server, work: &Arc<Work>| {
                    let (work, away) = (Arc::clone(work), Duration::ZERO);
                    Some(Side { server, work, plan, away })
                };
                let sides = vec![
                    side(lesson, &work),
                    side(&plain, &work),
                    side(&bare, &work),
                    python.as_ref().and_then(|python| side(python, &foreign)),
                    node.as_ref().and_then(|node| side(node, &foreign)),
                ];
                rows.push(Row {
                    name: format!("lesson {number}: {}", work.name),
                    in_flight,
                    speed: vec![Vec::new(); sides.len()],
                    cpu: vec![None; sides.len()],
                    sides,
                });
            }
        }
    }

    for round in 1..=rounds {
        let all = rows.len();
        for (n, row) in (1..).zip(&mut rows) {
            progress(&format!("round {round} of {rounds}, row {n} of {all}"));
            // Each round begins with another server, so that none always follows the same.
            let mut measured: Vec<_> = row.sides.iter().enumerate().collect();
            let begin = round % measured.len();
            measured.rotate_left(begin);
            let mut measured: Vec<_> = measured
                .into_iter()
                .filter_map(|(column, side)| {
                    Some((column, measure(runtime, side.as_ref()?)))
                })
                .collect();
            measured.sort_by_key(|(column, _)| *column);
            let own = measured[0].1.0.per_second();
            for (column, (outcome, cpu)) in measured {
                row.speed[column].push(own / outcome.per_second());
                if let Some(cpu) = cpu {
                    let (seconds, calls) = row.cpu[column].get_or_insert_default();
                    *seconds += cpu.as_secs_f64();
                    *calls += outcome.succeeded() as f64;
                }
            }
        }
    }
    let table = |title: &str, cell: &dyn Fn(&Row, usize) -> Option<f64>| {
        let mut table = format!("**{title}**\n\n| call | in flight |");
        for column in COLUMNS {
            write!(table, " {column} |").expect("writes to a string");
        }
        table += "\n|---|---|---|---|---|---|\n";
        for row in &rows {
            write!(table, "| {} | {} |", row.name, row.in_flight)
                .expect("writes to a string");
            for column in 1..row.sides.len() {
                let cell = cell(row, column).map_or("not measured".into(), shown);
                write!(table, " {cell} |").expect("writes to a string");
            }
            table += "\n";
        }
        table + "\n"
    };
    let speed = table(
        "Calls a second: the lesson's server, divided by the other",
        &|row, column| {
            let ratios = &row.speed[column];
            (!ratios.is_empty()).then(|| median(ratios.clone()))
        },
    );
    let cpu = table(
        "Time on the server's core for a call: the other, divided by the lesson's server",
        &|row, column| {
            let [own, other] = [0, column].map(|column| {
                let (seconds, calls) = row.cpu[column]?;
                (seconds > 0.0).then_some(seconds / calls)
            });
            Some(other? / own?)
        },
    );
    let cells = rows.iter().flat_map(|row| &row.speed[1..]);
    let spread = cells.filter(|ratios| !ratios.is_empty()).map(|ratios| {
        let [low, middle, high] =
            [0.25, 0.5, 0.75].map(|part| quantile(ratios.clone(), part));
        (high - low) / 2.0 / middle
    });
    (speed + &cpu, median(spread.collect()))
}

fn shown(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.0}"),
    }
}

/// The memory of lesson 11's server, after streams of two lengths.
fn memory(runtime: &Runtime) -> String {
    let mut table = String::from(
        "| messages in a stream | server streaming | client streaming | bidirectional |\n\
         |---|---|---|---|\n",
    );
    for (name, messages) in [("10,000", 10_000), ("1,000,000", 1_000_000)] {
        let peak = |kind| {
            let server = Server::lesson(11);
            let side = Side {
                server: &server,
                work: Arc::new(Work::speed(kind, 8, messages)),
                plan: Plan { until: Until::Count(1), ..ONE },
                away: Duration::ZERO,
            };
            measure(runtime, &side);
            let mib = |usage: Usage| format!("{:.1} MiB", usage.peak_kib as f64 / 1024.0);
            server.usage().map_or("not measured".into(), mib)
        };
        let [server, client, bidi] = [Kind::Server, Kind::Client, Kind::Bidi].map(peak);
        writeln!(table, "| {name} | {server} | {client} | {bidi} |")
            .expect("writes to a string");
    }
    table
}

/// Unary calls with 1 to 1,024 in flight: calls a second, and the median and p99 latency.
fn curves(runtime: &Runtime, rounds: usize) -> Vec<plot::Curve> {
    let servers = [
        ("lesson 11", Some(Server::lesson(11))),
        ("bare h2", Some(Server::own("bare"))),
        ("Python", Server::python()),
        ("Node", Server::node()),
    ];
    let work = Arc::new(Work::speed(Kind::Unary, 64, 1));
    let curve = |name, server: &Server| {
        let points = (0..=10).map(|doubling| {
            let in_flight = 1 << doubling;
            let mut speeds = Vec::new();
            let mut medians = Vec::new();
            let mut tails = Vec::new();
            for _ in 0..rounds {
                let plan = Plan { in_flight, ..ONE };
                let (work, away) = (work.clone(), Duration::ZERO);
                let (outcome, _) = measure(runtime, &Side { server, work, plan, away });
                speeds.push(outcome.per_second());
                medians.push(outcome.latency.percentile(50_000).as_secs_f64());
                tails.push(outcome.latency.percentile(99_000).as_secs_f64());
            }
            plot::Point {
                in_flight,
                per_second: median(speeds),
                p50: median(medians),
                p99: median(tails),
            }
        });
        plot::Curve { name, points: points.collect() }
    };
    let here = servers
        .iter()
        .filter_map(|(name, server)| Some((name, server.as_ref()?)));
    here.map(|(name, server)| curve(name, server)).collect()
}

/// On what, with what, how.
fn machine(rounds: usize, spread: f64) -> String {
    let first_line = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = cpu.matches("processor\t").count();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu
        .map_or("an unknown processor", |name| name.trim_start_matches([' ', '\t', ':']));
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let version = |name: &str| {
        let from = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split(&from).nth(1)?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    let crates: Vec<_> = ["tonic", "h2", "tokio"]
        .into_iter()
        .filter_map(version)
        .collect();
    let rust = first_line("rustc", &["--version"]).unwrap_or_default();
    let python = Peer::find("python").filter(|peer| peer.is_here()).and_then(|peer| {
        let code = "import sys; sys.path[:0] = ['tests/peers/python/packages']; import grpc, platform; \
                    print('Python', platform.python_version() + ', grpcio', grpc.__version__)";
        let output = peer.command().args(["-c", code]).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
    });
    let python = python.unwrap_or("no Python".into());
    let node = Peer::find("node").filter(|peer| peer.is_here()).and_then(|peer| {
        let code = "console.log(`Node ${process.versions.node}, \
                    grpc-js ${require('./tests/peers/node/node_modules/@grpc/grpc-js/package').version}`)";
        let output = peer.command().args(["-e", code]).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
    });
    let node = node.unwrap_or("no Node".into());
    let place = if *PINNED {
        "server and load on a core of their own"
    } else {
        "server and load wherever the system put them"
    };
    let round = if rounds == 1 {
        "one round".into()
    } else {
        let spread = spread * 100.0;
        format!("{rounds} rounds, half of which lie within {spread:.0} % of the median")
    };
    format!(
        "Measured on {cpu}, {cores} cores, {}, {}; {rust}, {}, {python}, {node}; the servers in turns, {round}, \
         {} ms each after {} ms to warm up; {place}; one connection where nothing else is said; \
         the servers' lines to nowhere.\n",
        env::consts::OS,
        env::consts::ARCH,
        crates.join(", "),
        MEASURED.as_millis(),
        WARM_UP.as_millis(),
    )
}
