//! What happens when the `.proto` files of the two sides disagree on the kind of a method: the
//! table of the page that compares the four kinds.

use grpc_workbook::calculator::Calculator;
use grpc_workbook::calculator::proto::calculator_service_server::CalculatorServiceServer;
use grpc_workbook::calculator::proto::{CalculateRequest, CalculateResponse, Operation};
use grpc_workbook::guess_number::GuessNumber;
use grpc_workbook::raw::RawCodec;
use prost::Message;
use prost::bytes::Bytes;
use support::endings::{KillableServer, status_cell};
use support::written;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Request, Status};

use crate::{GuessResponse, guess, serving};

/// A unary method.
const CALCULATE: PathAndQuery =
    PathAndQuery::from_static("/calculator.v1.CalculatorService/Calculate");
/// A bidirectional method.
const GUESS: PathAndQuery =
    PathAndQuery::from_static("/guess_number.v1.GuessNumberService/Guess");

/// Sends these messages and takes one response, as a client of a client-streaming method does.
async fn call(
    routes: Routes,
    path: PathAndQuery,
    messages: Vec<Vec<u8>>,
) -> Result<Bytes, Status> {
    let server = KillableServer::start(routes);
    let mut grpc = Grpc::new(server.channel().await);
    grpc.ready().await.expect("channel should be ready");
    let messages = messages.into_iter().map(Bytes::from);
    let request = Request::new(tokio_stream::iter(messages.collect::<Vec<_>>()));
    let response = grpc.client_streaming(request, path, RawCodec).await;
    response.map(|response| response.into_inner())
}

/// Sends calculations to a method that expects one.
async fn calculate(lefts: &[i32]) -> String {
    let routes = Routes::new(CalculatorServiceServer::new(Calculator));
    let messages = lefts.iter().map(|left| {
        let operation = Operation::Add.into();
        CalculateRequest { left: *left, operation, right: 0 }.encode_to_vec()
    });
    match call(routes, CALCULATE, messages.collect()).await {
        Ok(response) => {
            let response =
                CalculateResponse::decode(response).expect("should be a response");
            assert_eq!(response.result, lefts[0]);
            "a response to the first request, and `OK`".into()
        }
        Err(status) => status_cell(&status),
    }
}

/// Guesses, as if there were one response to all guesses.
async fn guess_once(numbers: &[i32]) -> String {
    let messages = numbers.iter().map(|number| guess(*number).encode_to_vec());
    match call(serving(GuessNumber), GUESS, messages.collect()).await {
        Ok(response) => {
            let response = GuessResponse::decode(response).expect("should be a response");
            assert_eq!(response.number, numbers[0]);
            "the first response, and `OK`; the others are thrown away".into()
        }
        Err(status) => status_cell(&status),
    }
}

#[tokio::test]
async fn mixed_kinds_match_the_page() {
    let mut table = String::from("| what happens | what the client gets |\n|---|---|\n");
    for (what, gets) in [
        ("a unary method gets two requests", calculate(&[1, 2]).await),
        ("a unary method gets no request", calculate(&[]).await),
        ("a client that expects one response gets two", guess_once(&[5, 3]).await),
        ("a client that expects one response gets none", guess_once(&[10]).await),
    ] {
        table += &format!("| {what} | {gets} |\n");
    }
    written("book/generated/four-kinds-mixed.md", &table);
}
