//! Faults on request, for the chapter's `--break`: a call whose header `fault` names one takes
//! too long, panics, or ends the server. A server for tests may have such a switch, so that
//! clients can be tried against it. A server for customers must not.

use std::process::exit;
use std::time::Duration;

use grpc_workbook::calculator::{
    Calculator,
    proto::{
        CalculateRequest, CalculateResponse, calculator_service_server::CalculatorService,
    },
};
use tokio::time::sleep;
use tonic::{Request, Response, Status};

/// Plays the fault that a request asks for, then has the lesson's calculator answer it.
pub struct FaultInjector {
    /// Answers every call that its fault does not end.
    pub calculator: Calculator,
}

#[tonic::async_trait]
impl CalculatorService for FaultInjector {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let fault = request.metadata().get("fault");
        match fault.and_then(|value| value.to_str().ok()) {
            Some("slow") => wait().await,
            Some("panic") => panic!("the client asked for a panic"),
            Some("die") => {
                println!("Calculate with the fault die -> the server's process ends");
                // The connection is idle by then, apart from this call.
                sleep(Duration::from_millis(100)).await;
                exit(1);
            }
            // Without a fault, or with one that this server does not know.
            _ => {}
        }
        self.calculator.calculate(request).await
    }
}

// ANCHOR: slow
/// Waits for five seconds, as a method may that asks a database.
async fn wait() {
    println!("Calculate with the fault slow -> waits");
    let mut log = WaitLog { finished: false };
    sleep(Duration::from_secs(5)).await;
    log.finished = true;
}

/// Logs how the wait ended.
struct WaitLog {
    /// Whether the line behind the `.await` was reached.
    finished: bool,
}

impl Drop for WaitLog {
    fn drop(&mut self) {
        // Dropped early: the client left, or its time is up, and tonic dropped the method.
        let outcome = if self.finished {
            "waited"
        } else {
            "was dropped at its .await"
        };
        println!("Calculate with the fault slow -> {outcome}");
    }
}
// ANCHOR_END: slow
