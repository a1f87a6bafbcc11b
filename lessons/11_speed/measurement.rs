//! A measurement: warms up, makes the calls of a plan, and reports, also when a signal ends it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grpc_workbook::cli::Failure;
use grpc_workbook::speed::load::{self, Load, LoadResult, Plan, Until};
use grpc_workbook::speed::usage::Usage;
use grpc_workbook::speed::workload::Workload;
use tokio::task::JoinSet;

use crate::report;
use crate::target::Target;

/// A measurement that is being made.
struct Measurement {
    /// What is called. Keeps our own server alive until its line of the report.
    target: Arc<Target>,
    /// The call, for the report.
    workload: Arc<Workload>,
    /// How many and when, for the report.
    plan: Plan,
    /// What the server had used when the measurement began.
    used_before: Option<Usage>,
    /// Has the results.
    load: Arc<Load>,
}

impl Measurement {
    fn report(&self, result: &LoadResult) {
        report::result(result, &self.workload, &self.plan);
        if let (Some(before), Some(after)) = (self.used_before, self.target.usage()) {
            report::server_usage(before, after);
        }
    }
}

/// The measurement that is being made, for a report when the program is stopped. `None` before
/// the first, and between two of them.
#[derive(Default)]
pub struct Current(Mutex<Option<Measurement>>);

impl Current {
    /// Takes the measurement out, or puts one in.
    fn replace(&self, measurement: Option<Measurement>) -> Option<Measurement> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, measurement)
    }

    /// Reports what has been measured up to now.
    pub fn report(&self) {
        report::clear_progress();
        match self.replace(None) {
            Some(measurement) => {
                let result = measurement.load.so_far();
                report::stopped(&result);
                measurement.report(&result);
            }
            None => eprintln!("stopped while nothing was being measured"),
        }
    }
}

/// Makes calls for `warm_up`, which do not count, then those of the plan, and prints how long
/// they took. The first calls take longer: nothing is in a cache, and the connections'
/// windows are still small.
///
/// # Errors
/// A call failed, a response was wrong, or what listens at the target is no gRPC server.
pub async fn measure(
    target: &Arc<Target>,
    workload: Workload,
    plan: &Plan,
    warm_up: Duration,
    current: &Current,
) -> Result<(), Failure> {
    let workload = Arc::new(workload);
    let channels = load::connect(&target.uri, plan).await?;
    if !warm_up.is_zero() {
        // Without a rate. A server that cannot keep up with it would still be behind when
        // the measurement begins.
        let plan = Plan { until: Until::Passed(warm_up), rate: None, ..*plan };
        let result = load::run(&channels, &workload, &plan).await;
        let result = target.failure_named(result).await?;
        if result.succeeded() == 0 && result.errors.contains_key("DEADLINE_EXCEEDED") {
            // It would wait for each call once more, and measure nothing either.
            println!("  warm-up  no call was answered, so nothing was measured");
            report::result(&result, &workload, &plan);
            return target.fail_if_calls_failed(&result).await;
        }
    }
    let used_before = target.usage();
    let load = Load::new(&workload, plan);
    current.replace(Some(Measurement {
        target: Arc::clone(target),
        workload,
        plan: *plan,
        used_before,
        load: Arc::clone(&load),
    }));
    // A set, so that the task ends with this function, also if a signal ends it.
    let mut progress = JoinSet::new();
    progress.spawn(report::progress(Arc::clone(&load)));
    let result = load.run(&channels).await;
    progress.shutdown().await;
    report::clear_progress();
    let measurement = current.replace(None);
    let result = target.failure_named(result).await?;
    if let Some(measurement) = measurement {
        measurement.report(&result);
    }
    target.fail_if_calls_failed(&result).await
}
