//! The memory of lesson 11's server, after streams of two lengths.

use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::speed::load::{Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};
use tokio::runtime::Runtime;

use crate::measure::{SEQUENTIAL, Setup, measure};
use crate::servers::Server;

/// A row for each length, a column for each kind of stream.
pub fn table(runtime: &Runtime) -> String {
    let mut table = String::from(
        "| messages in a stream | server streaming | client streaming | bidirectional |\n\
         |---|---|---|---|\n",
    );
    for (name, messages) in [("10,000", 10_000), ("1,000,000", 1_000_000)] {
        table += &format!("| {name} |");
        for kind in [CallKind::Server, CallKind::Client, CallKind::Bidi] {
            table += &format!(" {} |", peak_memory(runtime, kind, messages));
        }
        table += "\n";
    }
    table
}

/// The most memory that a new server takes while it serves one stream of 8-byte messages,
/// after a warm-up with the same.
fn peak_memory(runtime: &Runtime, kind: CallKind, messages: u32) -> String {
    let server = Server::lesson(11);
    let setup = Setup {
        server: &server,
        workload: Arc::new(Workload::speed(kind, 8, messages)),
        plan: Plan { until: Until::Count(1), ..SEQUENTIAL },
        delay: Duration::ZERO,
    };
    measure(runtime, &setup);
    match server.usage() {
        Some(usage) => format!("{:.1} MiB", usage.peak_kib as f64 / 1024.0),
        None => "not measured".into(),
    }
}
