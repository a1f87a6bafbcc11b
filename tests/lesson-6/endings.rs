//! How a unary call can end: one function for each row of the chapter's table, which plays the
//! ending and tells what tonic's client saw.

use std::error::Error;
use std::future::pending;
use std::time::Duration;

use grpc_workbook::calculator::proto::{
    CalculateRequest, CalculateResponse, Operation,
    calculator_service_client::CalculatorServiceClient,
    calculator_service_server::CalculatorService,
};
use grpc_workbook::raw::RawCodec;
use prost::bytes::Bytes;
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::written;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::{request, serving};

type Client = CalculatorServiceClient<Channel>;

/// A calculator that misbehaves: the operation says how. The channel gets "begun" when a call
/// that hangs has begun, and "dropped" when tonic has dropped a method's future.
struct FaultyService(UnboundedSender<&'static str>);

/// What each operation makes of its call.
const FAIL: Operation = Operation::Add;
const PANIC: Operation = Operation::Subtract;
const HANG: Operation = Operation::Multiply;
const SUCCEED: Operation = Operation::Divide;

#[tonic::async_trait]
impl CalculatorService for FaultyService {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let _dropped = NotifyOnDrop(self.0.clone(), "dropped");
        match request.into_inner().operation() {
            FAIL => Err(Status::invalid_argument("cannot divide by 0")),
            PANIC => panic!("as the chapter's table wants it"),
            HANG => {
                self.0.send("begun").expect("the test should be waiting");
                pending().await
            }
            SUCCEED => Ok(Response::new(CalculateResponse { result: 1 })),
        }
    }
}

/// A faulty service on a server, and a connection to it.
struct Setup {
    server: KillableServer,
    client: Client,
    /// What the service reports: see [`FaultyService`].
    reports: UnboundedReceiver<&'static str>,
}

impl Setup {
    async fn new() -> Setup {
        let (tx, reports) = unbounded_channel();
        let server = KillableServer::start(serving(FaultyService(tx)));
        let client = Client::new(server.channel().await);
        Setup { server, client, reports }
    }
}

fn call(operation: Operation) -> CalculateRequest {
    request(1, operation, 0)
}

/// Makes a call that must fail.
async fn error_of(
    client: &mut Client,
    request: impl tonic::IntoRequest<CalculateRequest>,
) -> Status {
    let response = client.calculate(request).await;
    response.expect_err("the call should fail")
}

#[tokio::test]
async fn call_endings_match_the_chapter() {
    let endings = [
        method_returns_an_error().await,
        method_panics().await,
        client_drops_its_call().await,
        deadline_passes().await,
        response_is_too_large().await,
        request_is_too_large().await,
        server_dies().await,
    ];
    written("book/generated/06-calculator-ends.md", &table(&endings));
}

async fn method_returns_an_error() -> Ending {
    let Setup { server: _server, mut client, .. } = Setup::new().await;
    let status = error_of(&mut client, call(FAIL)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.source().is_none(), "the server sent it");
    Ending {
        when: "the method returns an error",
        sees: status_cell(&status),
        specified: "",
    }
}

async fn method_panics() -> Ending {
    let Setup { server: _server, mut client, .. } = Setup::new().await;
    let status = error_of(&mut client, call(PANIC)).await;
    // No server sent it, and the same request may be repeated only if that does no harm.
    assert!(status.source().is_some());
    // The panic ended that call only: the connection serves the next one.
    let next = client.calculate(call(SUCCEED)).await;
    assert!(next.is_ok(), "{next:?}");
    Ending {
        when: "the method panics",
        sees: status_cell(&status),
        specified: "`UNKNOWN`",
    }
}

async fn client_drops_its_call() -> Ending {
    let Setup { server: _server, mut client, mut reports } = Setup::new().await;
    let task = tokio::spawn(async move { client.calculate(call(HANG)).await.map(drop) });
    assert_eq!(reports.recv().await, Some("begun"));
    task.abort();
    assert_eq!(reports.recv().await, Some("dropped"));
    Ending {
        when: "the client drops its call",
        sees: "nothing, it no longer waits; the server drops the method's future".into(),
        specified: "`CANCELLED`, on both sides",
    }
}

async fn deadline_passes() -> Ending {
    // The server reports that the call has begun, so `reports` has to live.
    let Setup { server: _server, mut client, reports: _reports } = Setup::new().await;
    let mut request = Request::new(call(HANG));
    request.set_timeout(Duration::from_millis(1));
    let status = error_of(&mut client, request).await;
    Ending {
        when: "the deadline passes",
        sees: status_cell(&status),
        specified: "`DEADLINE_EXCEEDED`",
    }
}

async fn response_is_too_large() -> Ending {
    let Setup { server: _server, client, .. } = Setup::new().await;
    let mut limited = client.max_decoding_message_size(1);
    let status = error_of(&mut limited, call(SUCCEED)).await;
    Ending {
        when: "the answer is larger than the client allows, here 1 byte",
        sees: status_cell(&status),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn request_is_too_large() -> Ending {
    let Setup { server, .. } = Setup::new().await;
    let large = Bytes::from(vec![0; 4 * 1024 * 1024 + 1]);
    let mut grpc = Grpc::new(server.channel().await);
    grpc.ready().await.expect("the connection should be ready");
    let path = PathAndQuery::from_static("/calculator.v1.CalculatorService/Calculate");
    let response = grpc.unary(Request::new(large), path, RawCodec).await;
    let status = response.expect_err("the server should refuse the request");
    Ending {
        when: "the request is larger than the server allows, 4 MiB",
        sees: status_cell(&status),
        specified: "`RESOURCE_EXHAUSTED`",
    }
}

async fn server_dies() -> Ending {
    let Setup { server, mut client, mut reports } = Setup::new().await;
    let task = tokio::spawn(async move { error_of(&mut client, call(HANG)).await });
    assert_eq!(reports.recv().await, Some("begun"));
    server.kill();
    let status = task.await.expect("the call's task should not panic");
    assert!(status.source().is_some());
    Ending {
        when: "the server dies",
        sees: status_cell(&status),
        specified: "`UNAVAILABLE`",
    }
}

/// The notes' server has ten threads, and so ten calls at once: the eleventh waits. Here a
/// call is a task.
#[tokio::test]
async fn a_thousand_open_calls_do_not_hold_up_another() {
    let Setup { server: _server, client, mut reports } = Setup::new().await;
    let mut open = Vec::new();
    for _ in 0..1000 {
        let mut client = client.clone();
        open.push(tokio::spawn(
            async move { client.calculate(call(HANG)).await.map(drop) },
        ));
    }
    for _ in &open {
        assert_eq!(reports.recv().await, Some("begun"));
    }
    let another = error_of(&mut client.clone(), call(FAIL)).await;
    assert_eq!(another.code(), Code::InvalidArgument);
    assert_eq!(reports.recv().await, Some("dropped"));
    // A client that leaves its calls leaves nothing behind at the server, a thousand times.
    for task in &open {
        task.abort();
    }
    for _ in &open {
        assert_eq!(reports.recv().await, Some("dropped"));
    }
}
