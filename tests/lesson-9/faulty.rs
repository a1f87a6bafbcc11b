//! A service whose conversations go wrong as their messages ask for.

use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
    guess_number_service_server::GuessNumberService,
};
use support::endings::{KillableServer, NotifyOnDrop};
use tokio::sync::mpsc::{
    self, Sender, UnboundedReceiver, UnboundedSender, unbounded_channel,
};
use tokio_stream::adapters::FilterMap;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use crate::serving;

/// What a [`FaultyService`] tells the test.
pub type Reports = UnboundedReceiver<&'static str>;

/// Serves a [`FaultyService`].
pub fn faulty_server() -> (KillableServer, Reports) {
    let (tx, rx) = unbounded_channel();
    (KillableServer::start(serving(FaultyService(tx))), rx)
}

/// Waits until the server sends this report.
pub async fn until(reports: &mut Reports, report: &str) {
    while reports
        .recv()
        .await
        .expect("the server should send a report")
        != report
    {}
}

/// Conversations that go wrong. The test hears through the channel what the server does.
struct FaultyService(UnboundedSender<&'static str>);

/// A guess that makes the server's stream end with an error; so do the other constants, each
/// in its way. Any other number is right.
pub const ERROR: i32 = -1;
/// A guess that makes the server's task panic.
pub const PANIC: i32 = -2;
/// A guess that makes the server's stream end with OK.
pub const END: i32 = -3;
/// A guess that makes the server's stream end with an error once the client has finished.
pub const ERROR_AT_THE_END: i32 = -4;

fn no_more() -> Status {
    Status::aborted("no more")
}

#[tonic::async_trait]
impl GuessNumberService for FaultyService {
    /// With a task, as the lesson's Echo.
    type GuessStream = ReceiverStream<Result<GuessResponse, Status>>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        let (tx, rx) = mpsc::channel(1);
        tokio::spawn(respond_to_guesses(request.into_inner(), tx, self.0.clone()));
        Ok(Response::new(ReceiverStream::new(rx)))
    }

    /// Without a task, as the lesson's Guess.
    type EchoStream = FilterMap<Streaming<EchoRequest>, Respond>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let _over = NotifyOnDrop(self.0.clone(), "method over");
        let mut messages = request.into_inner();
        let _ = self.0.send("begun");
        let Some(first) = messages.message().await? else {
            let _ = self.0.send("no first message");
            return Err(no_more());
        };
        match first.data.as_str() {
            "error" => Err(no_more()),
            "panic" => panic!("as it was asked"),
            _ => Ok(Response::new(messages.filter_map(respond))),
        }
    }
}

async fn respond_to_guesses(
    mut guesses: Streaming<GuessRequest>,
    tx: Sender<Result<GuessResponse, Status>>,
    reports: UnboundedSender<&'static str>,
) {
    let _over = NotifyOnDrop(reports.clone(), "over");
    let mut error_at_the_end = false;
    loop {
        let response = match guesses.message().await {
            Ok(Some(GuessRequest { number: END })) => break,
            Ok(Some(GuessRequest { number: PANIC })) => panic!("as it was asked"),
            Ok(Some(GuessRequest { number: ERROR })) => Err(no_more()),
            Ok(Some(GuessRequest { number: ERROR_AT_THE_END })) => {
                error_at_the_end = true;
                continue;
            }
            Ok(Some(GuessRequest { number })) => {
                Ok(GuessResponse { number, verdict: "bingo".into() })
            }
            Ok(None) => {
                let _ = reports.send("no more guesses");
                if !error_at_the_end {
                    break;
                }
                Err(no_more())
            }
            Err(status) => {
                let _ = reports.send("broken");
                Err(status)
            }
        };
        let is_last = response.is_err();
        let sent = tx.send(response).await;
        let _ = reports.send("answered");
        if is_last || sent.is_err() {
            break;
        }
    }
}

type Respond = fn(Result<EchoRequest, Status>) -> Option<Result<EchoResponse, Status>>;

fn respond(message: Result<EchoRequest, Status>) -> Option<Result<EchoResponse, Status>> {
    let response = message.map(|EchoRequest { data }| {
        assert!(data != "panic", "as it was asked");
        EchoResponse { data }
    });
    Some(response)
}
