//! `cargo bench`: the workbook's servers against others, the same work in turns, on this
//! machine. `cargo bench -- --quick` makes one round instead of seven, `-- --only PART` one
//! of the parts, and `OVERWRITE=1 cargo bench` writes the chapter's tables and its plot.
//!
//! Each part has a file: `others.rs`, `gains.rs`, `memory.rs`, `curves.rs` with `plot.rs`.
//! `measure.rs` measures one server, `servers.rs` starts them. Those that no lesson has are
//! this program again, with a name and a port: `stock_tonic.rs` and `bare.rs`.

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
mod servers;
mod stock_tonic;

use std::io::{Write, stderr};
use std::process::{Command, Stdio, id};
use std::{env, fs};

use clap::{Parser, ValueEnum};
use servers::PINNED;
use support::overwrite;
use support::programs::{self, root};
use tokio::runtime::{Builder, Runtime};

/// How often everything is measured.
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
        [name, port] => serve(name, port.parse().expect("the port should be a number")),
        _ => unreachable!("only servers.rs passes these arguments"),
    }
}

/// Runs one of the servers that no lesson has.
fn serve(name: &str, port: u16) {
    let runtime = match name {
        "single" => Builder::new_current_thread().enable_all().build(),
        _ => Runtime::new(),
    };
    let runtime = runtime.expect("the runtime should get its threads");
    match name {
        "bare" => runtime.block_on(bare::serve(port)),
        _ => runtime.block_on(stock_tonic::serve(name, port)),
    }
}

fn compare(quick: bool, only: Option<Part>) {
    let rounds = if quick { 1 } else { ROUNDS };
    // Now, while there is more than one core to build with.
    build_lessons(only);
    if *PINNED {
        move_to_core_1();
    }
    // One thread: with several, the load hands on its calls one by one, which costs more.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the runtime should start");
    let wanted = |part| only.is_none_or(|only| only == part);
    if wanted(Part::Servers) {
        let (tables, spread) = others::tables(&runtime, rounds);
        let tables = tables + &machine::description(rounds, spread);
        finish_table("book/generated/11-speed-comparison.md", &tables);
    }
    if wanted(Part::Gains) {
        progress("what it gains");
        let table = gains::table(&runtime, rounds, quick);
        finish_table("book/generated/11-speed-gains.md", &table);
    }
    if wanted(Part::Memory) {
        progress("memory");
        finish_table("book/generated/11-speed-memory.md", &memory::table(&runtime));
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
}

/// Ties this process, the load, to core 1. The servers get core 0.
fn move_to_core_1() {
    let status = Command::new("taskset")
        .args(["-a", "-pc", "1", &id().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "taskset failed");
}

/// Shows a table, and writes it to `file` if that is wanted.
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
