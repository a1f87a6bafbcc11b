//! Unary calls with 1 to 1,024 in flight: what the chapter's plot shows.

use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::speed::load::Plan;
use grpc_workbook::speed::workload::{CallKind, Workload};
use tokio::runtime::Runtime;

use crate::measure::{SEQUENTIAL, Setup, measure, median};
use crate::plot::{Curve, Point};
use crate::servers::{Own, Server};

/// A curve for each server that is here.
pub fn measure_all(runtime: &Runtime, rounds: usize) -> Vec<Curve> {
    let servers = [
        ("lesson 11", Some(Server::lesson(11))),
        ("bare h2", Some(Server::this_program(Own::BareH2))),
        ("Python", Server::python()),
        ("Node", Server::node()),
    ];
    let mut curves = Vec::new();
    for (name, server) in &servers {
        if let Some(server) = server {
            let points = (0..=10).map(|n| point(runtime, rounds, server, 1 << n));
            curves.push(Curve { name, points: points.collect() });
        }
    }
    curves
}

/// The medians of some rounds.
fn point(runtime: &Runtime, rounds: usize, server: &Server, in_flight: usize) -> Point {
    let setup = Setup {
        server,
        workload: Arc::new(Workload::speed(CallKind::Unary, 64, 1)),
        plan: Plan { in_flight, ..SEQUENTIAL },
        delay: Duration::ZERO,
    };
    let (mut speeds, mut p50s, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let result = measure(runtime, &setup).result;
        speeds.push(result.per_second());
        p50s.push(result.latency.percentile(50_000).as_secs_f64());
        p99s.push(result.latency.percentile(99_000).as_secs_f64());
    }
    Point {
        in_flight,
        per_second: median(&speeds),
        p50: median(&p50s),
        p99: median(&p99s),
    }
}
