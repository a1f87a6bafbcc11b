//! The lessons' servers against others that do the same work: the chapter's two tables.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::speed::load::Plan;
use grpc_workbook::speed::workload::{CallKind, Workload};
use tokio::runtime::Runtime;

use crate::measure::{
    CoreTime, SEQUENTIAL, Setup, measure, median, quantile, ratio_cell,
};
use crate::servers::{Own, Server};
use crate::stock_tonic::Variant;
use crate::{notes, progress};

/// What the lesson's server is compared with, in the order of the tables' columns.
const COLUMNS: [&str; 4] = ["stock tonic", "bare h2", "Python", "Node"];

/// The servers of [`COLUMNS`], each with the services of all lessons.
struct Others {
    stock_tonic: Server,
    bare: Server,
    /// `None` if its packages are not installed.
    python: Option<Server>,
    /// `None` if its packages are not installed.
    node: Option<Server>,
}

/// A row of both tables: the same call to the lesson's server and to each of [`COLUMNS`].
/// The lists have the lesson's server first.
struct Row<'s> {
    name: String,
    in_flight: usize,
    /// Whether the chapter shows the row at once. The rest it folds.
    unfolded: bool,
    /// `None` for a server that is not here.
    setups: Vec<Option<Setup<'s>>>,
    /// The lesson's calls a second, divided by this server's: a ratio for each round.
    ratios: Vec<Vec<f64>>,
    /// Of all rounds.
    core_times: Vec<CoreTime>,
}

/// What the comparison has found.
pub struct Comparison {
    /// A table of calls a second, with the rows that the chapter shows at once.
    pub unfolded: String,
    /// Two tables with all rows: calls a second, and time on the server's core for a call.
    pub folded: String,
    /// How far the rounds lie apart: see [`spread`].
    pub spread: f64,
}

/// Measures all rows in each round.
pub fn compare(runtime: &Runtime, rounds: usize) -> Comparison {
    let lessons = [6, 7, 8, 9, 11].map(|number| (number, Server::lesson(number)));
    let others = Others {
        stock_tonic: Server::this_program(Own::Stock(Variant::Unchanged)),
        bare: Server::this_program(Own::BareH2),
        python: Server::python(),
        node: Server::node(),
    };
    let mut rows = Vec::new();
    for (number, server) in &lessons {
        rows.extend(rows_of_lesson(*number, server, &others));
    }
    let all = rows.len();
    for round in 1..=rounds {
        for (n, row) in (1..).zip(&mut rows) {
            progress(&format!("round {round} of {rounds}, row {n} of {all}"));
            row.measure(runtime, round);
        }
    }
    const SPEED: &str = "Calls a second, the lesson's server ÷ the other: more than 1 is better for the lesson";
    const CORE_TIME: &str = "Time on the server's core for a call, the other ÷ the lesson's \
        server: more than 1 is better for the lesson";
    let some: Vec<&Row> = rows.iter().filter(|row| row.unfolded).collect();
    let all: Vec<&Row> = rows.iter().collect();
    Comparison {
        unfolded: table(SPEED, &some, |row, column| row.speed_gain(column)),
        folded: table(SPEED, &all, |row, column| row.speed_gain(column))
            + &table(CORE_TIME, &all, |row, column| row.core_time_gain(column)),
        spread: spread(&rows),
    }
}

/// A row for each call of a lesson, with 1 and with 64 in flight.
fn rows_of_lesson<'s>(
    number: u8,
    lesson: &'s Server,
    others: &'s Others,
) -> Vec<Row<'s>> {
    let mut rows = Vec::new();
    for (workload, foreign) in calls_of_lesson(number) {
        for in_flight in [1, 64] {
            let plan = Plan { in_flight, ..SEQUENTIAL };
            let setup = |server, workload: &Arc<Workload>| {
                let (workload, delay) = (Arc::clone(workload), Duration::ZERO);
                Setup { server, workload, plan, delay }
            };
            let setups = vec![
                Some(setup(lesson, &workload)),
                Some(setup(&others.stock_tonic, &workload)),
                Some(setup(&others.bare, &workload)),
                others.python.as_ref().map(|python| setup(python, &foreign)),
                others.node.as_ref().map(|node| setup(node, &foreign)),
            ];
            rows.push(Row {
                name: format!("lesson {number}: {}", workload.name),
                in_flight,
                unfolded: in_flight > 1 && workload.request.len() < 1000,
                ratios: vec![Vec::new(); setups.len()],
                core_times: vec![CoreTime::default(); setups.len()],
                setups,
            });
        }
    }
    rows
}

/// The calls of a lesson, each as Rust's servers take it and as those of the notes do.
fn calls_of_lesson(number: u8) -> Vec<(Arc<Workload>, Arc<Workload>)> {
    if number != 11 {
        let workload = Workload::lesson(number, 1000);
        let workload = workload.expect("the load should know the lesson");
        return vec![(Arc::new(workload), Arc::new(notes::workload(number, 1000)))];
    }
    let mut calls = Vec::new();
    for kind in CallKind::value_variants() {
        for (size, messages) in [(64, 1000), (64 * 1024, 16)] {
            let workload = Arc::new(Workload::speed(*kind, size, messages));
            calls.push((Arc::clone(&workload), workload));
        }
    }
    calls
}

impl Row<'_> {
    /// Measures each server once. A round begins with another server than the one before, so
    /// that no server always follows the same.
    fn measure(&mut self, runtime: &Runtime, round: usize) {
        let columns = self.setups.len();
        let mut speeds = vec![None; columns];
        for turn in 0..columns {
            let column = (round + turn) % columns;
            if let Some(setup) = &self.setups[column] {
                let measured = measure(runtime, setup);
                speeds[column] = Some(measured.result.per_second());
                self.core_times[column].add(&measured);
            }
        }
        let lesson = speeds[0].expect("the lesson's server is always there");
        for (ratios, speed) in self.ratios.iter_mut().zip(speeds) {
            ratios.extend(speed.map(|speed| lesson / speed));
        }
    }

    /// How many times as many calls a second the lesson's server took, in the round in the
    /// middle.
    fn speed_gain(&self, column: usize) -> Option<f64> {
        let ratios = &self.ratios[column];
        (!ratios.is_empty()).then(|| median(ratios))
    }

    /// How many times as much time on its core the other server needed for a call.
    fn core_time_gain(&self, column: usize) -> Option<f64> {
        let other = self.core_times[column].per_call()?;
        Some(other / self.core_times[0].per_call()?)
    }
}

/// A table with a row for each of `rows`, and a column for each of [`COLUMNS`].
fn table(
    title: &str,
    rows: &[&Row],
    gain: impl Fn(&Row, usize) -> Option<f64>,
) -> String {
    let mut table = format!("**{title}**\n\n| call | in flight |");
    for column in COLUMNS {
        table += &format!(" {column} |");
    }
    table += "\n|---|---|---|---|---|---|\n";
    for row in rows {
        table += &format!("| {} | {} |", row.name, row.in_flight);
        for column in 1..row.setups.len() {
            table += &format!(" {} |", ratio_cell(gain(row, column)));
        }
        table += "\n";
    }
    table + "\n"
}

/// How far the rounds lie apart: half of what lies between the quartiles of a cell's rounds,
/// in parts of their median, of the cell in the middle of all cells.
fn spread(rows: &[Row]) -> f64 {
    let mut spreads = Vec::new();
    for ratios in rows.iter().flat_map(|row| &row.ratios[1..]) {
        if !ratios.is_empty() {
            let (low, high) = (quantile(ratios, 0.25), quantile(ratios, 0.75));
            spreads.push((high - low) / 2.0 / median(ratios));
        }
    }
    median(&spreads)
}
