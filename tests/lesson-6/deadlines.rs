//! What a call that nobody waits for takes with it: a call to a second server, but not a task.

use std::future::pending;
use std::time::Duration;

use grpc_workbook::calculator::proto::{
    CalculateRequest, CalculateResponse, Operation,
    calculator_service_client::CalculatorServiceClient,
    calculator_service_server::CalculatorService,
};
use support::endings::{KillableServer, NotifyOnDrop};
use support::patience::within;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::{request, serving};

/// The first server: it hands each request on.
struct Forwarder(CalculatorServiceClient<Channel>);

#[tonic::async_trait]
impl CalculatorService for Forwarder {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        assert!(request.metadata().contains_key("grpc-timeout"));
        self.0.clone().calculate(request.into_inner()).await
    }
}

/// The second server: it never answers, and reports what becomes of a call.
struct Silent(UnboundedSender<&'static str>);

#[tonic::async_trait]
impl CalculatorService for Silent {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let _dropped = NotifyOnDrop(self.0.clone(), "dropped");
        let has_deadline = request.metadata().contains_key("grpc-timeout");
        let report = if has_deadline {
            "has a deadline"
        } else {
            "has no deadline"
        };
        self.0.send(report).expect("the test should be waiting");
        pending().await
    }
}

/// The header is not handed on. But when the time is up, the first server drops its method, with
/// it the call inside, and so the second server drops its own.
#[tokio::test]
async fn a_second_server_gets_no_deadline_but_is_told_when_it_has_passed() {
    let (tx, mut reports) = unbounded_channel();
    let second = KillableServer::start(serving(Silent(tx)));
    let onward = CalculatorServiceClient::new(second.channel().await);
    let first = KillableServer::start(serving(Forwarder(onward)));
    let mut client = CalculatorServiceClient::new(first.channel().await);
    let mut limited = Request::new(request(7, Operation::Divide, 2));
    // Long enough for the call to arrive at the second server, on a busy machine too.
    limited.set_timeout(Duration::from_secs(2));
    let call = tokio::spawn(async move { client.calculate(limited).await.map(drop) });
    let report = within("the second call", reports.recv()).await;
    assert_eq!(report, Some("has no deadline"));
    let report = within("the end of the second call", reports.recv()).await;
    assert_eq!(report, Some("dropped"));
    let ended = call.await.expect("the call's task should not panic");
    assert_eq!(ended.map_err(|status| status.code()), Err(Code::Cancelled));
}

/// Has its work done by a task of its own, and waits for that.
struct Spawning {
    /// What becomes of the call: "begun", "dropped", "done".
    reports: UnboundedSender<&'static str>,
    /// Turns true when the work may go on.
    proceed: watch::Receiver<bool>,
}

#[tonic::async_trait]
impl CalculatorService for Spawning {
    async fn calculate(
        &self,
        _request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let _dropped = NotifyOnDrop(self.reports.clone(), "dropped");
        let reports = self.reports.clone();
        let mut proceed = self.proceed.clone();
        let work = tokio::spawn(async move {
            reports.send("begun").expect("the test should be waiting");
            let proceed = proceed.wait_for(|proceed| *proceed).await;
            proceed.expect("the test should let the work go on");
            reports.send("done").expect("the test should be waiting");
        });
        work.await.expect("the work should not panic");
        Ok(Response::new(CalculateResponse { result: 0 }))
    }
}

#[tokio::test]
async fn a_task_runs_on_when_its_call_is_dropped() {
    let (reports_tx, mut reports) = unbounded_channel();
    let (proceed_tx, proceed) = watch::channel(false);
    let server =
        KillableServer::start(serving(Spawning { reports: reports_tx, proceed }));
    let mut client = CalculatorServiceClient::new(server.channel().await);
    let call =
        tokio::spawn(
            async move { client.calculate(request(7, Operation::Divide, 2)).await },
        );
    assert_eq!(within("the task", reports.recv()).await, Some("begun"));
    call.abort();
    assert_eq!(within("the end of the call", reports.recv()).await, Some("dropped"));
    proceed_tx.send_replace(true);
    assert_eq!(within("the end of the work", reports.recv()).await, Some("done"));
}
