//! How a client goes on after a call that broke off: it knows what was answered, and sends the
//! rest again.

use grpc_workbook::guess_number::proto::guess_number_service_server::GuessNumberService;
use grpc_workbook::guess_number::{GuessNumber, echo};
use support::endings::KillableServer;
use tokio_stream::{Iter, iter};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::{Client, EchoRequest, EchoResponse, GuessRequest, message, serving};

// ANCHOR: resume
/// Has all messages answered, in as many calls as that takes.
async fn echo_all(
    client: &mut Client,
    messages: &[EchoRequest],
) -> Result<Vec<EchoResponse>, Status> {
    let mut answered = Vec::new();
    loop {
        let before = answered.len();
        // The server may have seen more than it answered, and then sees it twice.
        let rest = messages[before..].to_vec();
        match echo_rest(client, rest, &mut answered).await {
            Ok(()) => return Ok(answered),
            // Another call, but only if this one got somewhere: otherwise it would never end.
            Err(status)
                if status.code() == Code::Unavailable && answered.len() > before => {}
            Err(status) => return Err(status),
        }
    }
}

async fn echo_rest(
    client: &mut Client,
    rest: Vec<EchoRequest>,
    answered: &mut Vec<EchoResponse>,
) -> Result<(), Status> {
    let mut responses = client.echo(iter(rest)).await?.into_inner();
    while let Some(response) = responses.message().await? {
        answered.push(response);
    }
    Ok(())
}
// ANCHOR_END: resume

/// Answers three messages of a call, and then is not there any more.
struct Unsteady;

#[tonic::async_trait]
impl GuessNumberService for Unsteady {
    type EchoStream = Iter<std::vec::IntoIter<Result<EchoResponse, Status>>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let mut messages = request.into_inner();
        let mut responses = Vec::new();
        while let Some(EchoRequest { data }) = messages.message().await? {
            if responses.len() == 3 {
                responses.push(Err(Status::unavailable("back in a moment")));
                break;
            }
            responses.push(Ok(EchoResponse { data: echo(&data) }));
        }
        Ok(Response::new(iter(responses)))
    }

    type GuessStream = <GuessNumber as GuessNumberService>::GuessStream;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        GuessNumber.guess(request).await
    }
}

#[tokio::test]
async fn a_client_resumes_where_the_answers_ended() {
    let server = KillableServer::start(serving(Unsteady));
    let mut client = Client::new(server.channel().await);
    let messages: Vec<_> = (0..10).map(|n: i32| message(n.to_string())).collect();
    let answered = echo_all(&mut client, &messages).await;
    let answered = answered.expect("every message should be answered");
    let texts: Vec<_> = answered.into_iter().map(|response| response.data).collect();
    let expected: Vec<_> = (0..10).map(|n: i32| echo(&n.to_string())).collect();
    assert_eq!(texts, expected);
}
