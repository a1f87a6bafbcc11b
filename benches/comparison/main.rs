//! `cargo bench`: the workbook's servers against others, the same work in turns, on this
//! machine. `cargo bench -- --quick` makes one round instead of seven, `-- --only PART` one
//! of the parts, and `OVERWRITE=1 cargo bench` writes the chapter's tables and its plot.
//!
//! Each part has a file: `others.rs`, `gains.rs`, `memory.rs`, `tap.rs`, `curves.rs`
//! with `plot.rs`.
//! `measure.rs` measures one server, `servers.rs` starts them. Two servers belong to no lesson:
//! `stock_tonic.rs` and `bare.rs`. This program starts itself again to be one of them.

mod bare;
mod curves;
mod delay;
mod encoding;
mod gains;
mod machine;
mod measure;
mod memory;
mod notes;
mod others;
mod plot;
mod reports;
mod servers;
mod stock_tonic;
mod tap;

use std::io::{Write, stderr};
use std::process::{Command, Stdio, id};
use std::{env, fs};

use clap::{Parser, ValueEnum};
use others::Comparison;
use servers::PINNED;
use stock_tonic::Variant;
use support::overwrite;
use support::programs::{self, root};
use tokio::runtime::{Builder, Runtime};

/// How often everything is measured.
const ROUNDS: usize = 7;

/// Compares the workbook's servers with others on this machine.
#[derive(Parser)]
#[command(name = "cargo bench --")]
struct Args {
    /// Make one round instead of seven, and leave out the rows for which a server is built in another way
    #[arg(long)]
    quick: bool,
    /// Measure only this part
    #[arg(long)]
    only: Option<Part>,
    /// Ignored: cargo passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Be a server: how this program starts those that no lesson has
    #[command(subcommand)]
    serve: Option<Serve>,
}

/// The servers that no lesson has, each on a port of 127.0.0.1.
#[derive(clap::Subcommand)]
enum Serve {
    /// bare.rs
    #[command(hide = true)]
    BareH2 { port: u16 },
    /// stock_tonic.rs
    #[command(hide = true)]
    Stock { variant: Variant, port: u16 },
}

/// A part of the comparison.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// The lessons' servers against others: two tables
    Servers,
    /// What each setting gains: a table
    Gains,
    /// How much memory a server takes for streams of two lengths: a table
    Memory,
    /// What lesson 5's tap costs: a table of chapter 5
    Tap,
    /// Calls a second and latency against calls in flight: a plot
    Plot,
    /// What the load generator reports, of lesson 11's server and of the exercise's
    Reports,
}

fn main() {
    let args = Args::parse();
    match args.serve {
        None => compare(args.quick, args.only),
        Some(Serve::BareH2 { port }) => {
            let runtime = Runtime::new().expect("the runtime should get its threads");
            runtime.block_on(bare::serve(port));
        }
        Some(Serve::Stock { variant, port }) => {
            let runtime = match variant {
                Variant::SingleThread => {
                    Builder::new_current_thread().enable_all().build()
                }
                _ => Runtime::new(),
            };
            let runtime = runtime.expect("the runtime should get its threads");
            runtime.block_on(stock_tonic::serve(variant, port));
        }
    }
}

fn compare(quick: bool, only: Option<Part>) {
    let rounds = if quick { 1 } else { ROUNDS };
    // Now, while there is more than one core to build with.
    build_lessons(only);
    let wanted = |part| only.is_none_or(|only| only == part);
    // Also now: the programs get both cores, as a reader's do.
    if wanted(Part::Reports) {
        progress("reports");
        let reports = reports::measure(if quick { "1" } else { "10" });
        finish_table("book/generated/11-speed-baseline.txt", &reports.baseline);
        finish_table("book/generated/11-speed-slow.txt", &reports.slow);
    }
    if *PINNED {
        move_to_core_1();
    }
    // One thread: with several, the load hands on its calls one by one, which costs more.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the runtime should start");
    if wanted(Part::Servers) {
        let Comparison { unfolded, folded, spread } = others::compare(&runtime, rounds);
        let unfolded = unfolded + &machine::description(rounds, spread);
        finish_table("book/generated/11-speed-comparison.md", &unfolded);
        finish_table("book/generated/11-speed-comparison-more.md", &folded);
    }
    if wanted(Part::Gains) {
        progress("what it gains");
        let [unfolded, folded] = gains::tables(&runtime, rounds, quick);
        finish_table("book/generated/11-speed-gains.md", &unfolded);
        finish_table("book/generated/11-speed-gains-more.md", &folded);
    }
    if wanted(Part::Memory) {
        progress("memory");
        finish_table("book/generated/11-speed-memory.md", &memory::table(&runtime));
    }
    if wanted(Part::Tap) {
        let cost = tap::tables(&runtime, rounds, quick);
        finish_table("book/generated/05-http2-tap-cost.md", &cost);
    }
    if wanted(Part::Plot) {
        progress("the plot");
        let plot = plot::svg(&curves::measure_all(&runtime, rounds.min(3)));
        finish_plot("book/figures/11-speed-plot.svg", &plot);
    }
}

/// Builds the lessons' servers that a part needs; without a part, all of them.
fn build_lessons(only: Option<Part>) {
    programs::build(match only {
        None => &[
            "lesson-6-server",
            "lesson-7-server",
            "lesson-8-server",
            "lesson-9-server",
            "lesson-11-*",
            "grpc-workbook",
        ],
        Some(Part::Servers) => &[
            "lesson-6-server",
            "lesson-7-server",
            "lesson-8-server",
            "lesson-9-server",
            "lesson-11-server",
        ],
        Some(Part::Gains) => &["lesson-6-server", "lesson-11-server"],
        Some(Part::Tap) => &["lesson-11-server", "grpc-workbook"],
        Some(Part::Memory | Part::Plot) => &["lesson-11-server"],
        Some(Part::Reports) => &["lesson-11-client", "lesson-11-exercise"],
    });
}

/// Ties this process, the load, to core 1. The servers get core 0.
fn move_to_core_1() {
    let status = Command::new("taskset")
        .args(["-a", "-pc", "1", &id().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "taskset failed");
}

/// Shows a table or a report, and writes it to `file` if that is wanted.
fn finish_table(file: &str, table: &str) {
    progress("");
    println!("{table}");
    if overwrite() {
        fs::write(root().join(file), table).expect("the table should be written");
    }
}

/// Writes the plot to `file` if that is wanted, or else where it harms nothing.
fn finish_plot(file: &str, plot: &str) {
    progress("");
    let path = if overwrite() {
        root().join(file)
    } else {
        env::temp_dir().join("11-speed-plot.svg")
    };
    fs::write(&path, plot).expect("the plot should be written");
    println!("drawn in {}", path.display());
}

/// Says on one line what is being measured.
fn progress(what: &str) {
    let _ = write!(stderr(), "\r{what:40}\r");
}
