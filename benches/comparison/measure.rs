//! Measures one server with one workload, and computes medians and ratios of several
//! measurements.

use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::cli::Failure;
use grpc_workbook::speed::load::{CallError, LoadResult, Plan, Until, connect, run};
use grpc_workbook::speed::workload::Workload;
use tokio::runtime::Runtime;

use crate::delay;
use crate::servers::Server;

/// How long each measurement takes. Short ones in many rounds hold out longer against a
/// machine that has other things to do as well.
pub const MEASURED: Duration = Duration::from_millis(300);
/// How long calls are made before each measurement, and do not count.
pub const WARM_UP: Duration = Duration::from_millis(100);

/// One call after the other.
///
/// A stream of a million messages takes its time.
pub const SEQUENTIAL: Plan = Plan {
    timeout: Duration::from_secs(300),
    ..Plan::sequential(Until::Passed(MEASURED))
};

/// A server, and what is asked of it.
#[derive(Clone)]
pub struct Setup<'s> {
    pub server: &'s Server,
    pub workload: Arc<Workload>,
    pub plan: Plan,
    /// How long a byte takes to the server, and as long back. If it is not zero, a proxy in
    /// this process delays all bytes.
    pub delay: Duration,
}

/// What was measured.
pub struct Measured {
    /// The calls that were made. All of them succeeded.
    pub result: LoadResult,
    /// The server's time on its core; `None` where the system does not tell.
    pub cpu: Option<Duration>,
}

/// Measures a server. A call that fails makes the measurement worthless: then it is
/// repeated.
///
/// # Panics
/// Calls fail three times, or a response is wrong.
pub fn measure(runtime: &Runtime, setup: &Setup) -> Measured {
    for _ in 0..3 {
        let measured = runtime.block_on(attempt(setup));
        let measured = measured.unwrap_or_else(|error| panic!("{error:?}"));
        let LoadResult { error: Some(error), errors, .. } = &measured.result else {
            return measured;
        };
        let (workload, plan) = (&setup.workload.name, setup.plan);
        eprintln!("once more: {workload}, {plan:?}: {errors:?}: {error:?}");
    }
    panic!("calls fail");
}

async fn attempt(setup: &Setup<'_>) -> Result<Measured, Failure> {
    let Setup { server, workload, plan, delay } = setup;
    let address = if delay.is_zero() {
        ([127, 0, 0, 1], server.port).into()
    } else {
        delay::proxy(server.port, *delay).await
    };
    let uri = format!("http://{address}").parse()?;
    let channels = connect(&uri, plan).await?;
    let warm_up = Plan { until: Until::Passed(WARM_UP), ..*plan };
    run(&channels, workload, &warm_up)
        .await
        .map_err(worthless)?;
    let before = server.usage();
    let result = run(&channels, workload, plan).await.map_err(worthless)?;
    let both = before.zip(server.usage());
    Ok(Measured { result, cpu: both.map(|(before, after)| after.cpu - before.cpu) })
}

/// The failure of a measurement that a response has shown to be worth nothing.
fn worthless(error: CallError) -> Failure {
    Failure::new(format!("{error:?}"))
}

/// A server's time on its core, added up over several measurements.
#[derive(Debug, Default, Clone, Copy)]
pub struct CoreTime {
    /// Zero where the system does not tell.
    pub seconds: f64,
    /// The calls that were made in this time.
    calls: f64,
}

impl CoreTime {
    pub fn add(&mut self, measured: &Measured) {
        if let Some(cpu) = measured.cpu {
            self.seconds += cpu.as_secs_f64();
            self.calls += measured.result.succeeded() as f64;
        }
    }

    /// Seconds for a call; `None` if no time was measured.
    pub fn per_call(&self) -> Option<f64> {
        (self.seconds > 0.0).then_some(self.seconds / self.calls)
    }
}

/// The value in the middle; NaN of no values.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this part of all values lies, from 0 to 1; NaN of no values.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let index = (last * part).round() as usize;
    values.get(index).copied().unwrap_or(f64::NAN)
}

/// A cell of a table: a ratio with the digits that mean something.
pub fn ratio_cell(ratio: Option<f64>) -> String {
    match ratio {
        None => "not measured".into(),
        Some(ratio) if ratio < 10.0 => format!("{ratio:.2}"),
        Some(ratio) => format!("{ratio:.0}"),
    }
}
