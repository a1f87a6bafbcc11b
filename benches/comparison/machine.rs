//! The line below the tables: the machine, the versions of what was measured, and the method.

use std::process::Command;
use std::{env, fs};

use support::peers::Peer;
use support::programs::root;

use crate::measure::{MEASURED, WARM_UP};
use crate::servers::PINNED;

/// `spread` is how far the rounds lie apart, in parts of the median.
pub fn description(rounds: usize, spread: f64) -> String {
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
    let rust = output(Command::new("rustc").arg("--version"));
    format!(
        "Measured on {}, {}, {}; {}, {}, {}, {}; the servers in turns, {round}, \
         {} ms each after {} ms to warm up; {place}; one connection where nothing else is said; \
         the servers' lines to nowhere.\n",
        processor(),
        env::consts::OS,
        env::consts::ARCH,
        rust.unwrap_or_default(),
        crates(),
        python().unwrap_or("no Python".into()),
        node().unwrap_or("no Node".into()),
        MEASURED.as_millis(),
        WARM_UP.as_millis(),
    )
}

/// The line below the table of the tap.
pub fn of_the_tap(rounds: usize) -> String {
    let place = if *PINNED {
        "server and tap on one core, the load on another"
    } else {
        "server, tap and load wherever the system put them"
    };
    let rounds = if rounds == 1 {
        "one round".into()
    } else {
        format!("the median of {rounds} rounds")
    };
    let programs = if cfg!(debug_assertions) {
        "programs that are not optimized"
    } else {
        "optimized programs"
    };
    format!(
        "Measured with `cargo bench -- --only tap` on {}; {}; {rounds}, {} ms each after {} ms to warm \
         up; {place}; one connection; {programs}; the tap's lines to nowhere.\n",
        processor(),
        crates(),
        MEASURED.as_millis(),
        WARM_UP.as_millis(),
    )
}

/// A line with the processor, and one with the versions of Rust and of the crates that matter.
pub fn machine_and_versions() -> String {
    let rust = output(Command::new("rustc").arg("--version"));
    format!("{}\n{}, {}", processor(), rust.unwrap_or_default(), crates())
}

/// What a program prints; `None` if it cannot be run.
fn output(program: &mut Command) -> Option<String> {
    let output = program.output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}

/// The processor's name and its cores, as Linux tells them.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = info.matches("processor\t").count();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|name| name.trim_start_matches([' ', '\t', ':']));
    format!("{}, {cores} cores", name.unwrap_or("an unknown processor"))
}

/// The crates that matter, with their versions in Cargo.lock.
fn crates() -> String {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let version = |name: &str| {
        let from = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split(&from).nth(1)?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    let crates = ["tonic", "h2", "tokio"].into_iter().filter_map(version);
    crates.collect::<Vec<_>>().join(", ")
}

/// The versions of Python and of its grpcio; `None` if they are not installed.
fn python() -> Option<String> {
    let peer = Peer::find("python").filter(|peer| peer.is_installed())?;
    let code = "import sys; sys.path[:0] = ['tests/peers/python/packages']; import grpc, platform; \
                print('Python', platform.python_version() + ', grpcio', grpc.__version__)";
    output(peer.command().args(["-c", code]))
}

/// The versions of Node and of its grpc-js; `None` if they are not installed.
fn node() -> Option<String> {
    let peer = Peer::find("node").filter(|peer| peer.is_installed())?;
    let code = "console.log(`Node ${process.versions.node}, \
                grpc-js ${require('./tests/peers/node/node_modules/@grpc/grpc-js/package').version}`)";
    output(peer.command().args(["-e", code]))
}
