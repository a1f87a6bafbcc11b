//! What a load generator calls: a path, the bytes that it sends and those that must come
//! back. So it can call any server, and compare every answer whole.

use std::iter::repeat_n;

use clap::ValueEnum;
use prost::Message;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;

use super::proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
    ServerStreamRequest, ServerStreamResponse, UnaryRequest, UnaryResponse,
};
use crate::accumulate::proto::{AccumulateRequest, AccumulateResponse};
use crate::calculator::proto::{CalculateRequest, CalculateResponse, Operation};
use crate::guess_number::proto::{GuessRequest, GuessResponse};
use crate::subjects_by_city::proto::{ListSubjectsRequest, ListSubjectsResponse};
use crate::subjects_by_city::subjects;

/// The four kinds of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// one message each way
    Unary,
    /// one message to the server, many back
    Server,
    /// many messages to the server, one back
    Client,
    /// many messages each way
    Bidi,
}

/// One call, as often as wanted.
#[derive(Debug, Clone)]
pub struct Work {
    /// What is called, for people.
    pub name: String,
    pub path: PathAndQuery,
    /// Sent so many times.
    pub request: (Bytes, usize),
    /// What must come back, no more and no less.
    pub answers: Vec<Bytes>,
}

impl Work {
    /// A call of this lesson's service.
    pub fn speed(kind: Kind, size: usize, messages: u32) -> Work {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        let many = messages as usize;
        let (name, method, request, answers) = match kind {
            Kind::Unary => (
                format!("unary, {size} bytes each way"),
                "Unary",
                (UnaryRequest { payload: payload.clone() }.bytes(), 1),
                vec![UnaryResponse { payload }.bytes()],
            ),
            Kind::Server => (
                format!("server streaming, {messages} messages of {size} bytes"),
                "ServerStream",
                (ServerStreamRequest { payload: payload.clone(), messages }.bytes(), 1),
                vec![ServerStreamResponse { payload }.bytes(); many],
            ),
            Kind::Client => (
                format!("client streaming, {messages} messages of {size} bytes"),
                "ClientStream",
                (ClientStreamRequest { payload }.bytes(), many),
                vec![
                    ClientStreamResponse {
                        messages: u64::from(messages),
                        size: u64::from(messages) * size as u64,
                    }
                    .bytes(),
                ],
            ),
            Kind::Bidi => (
                format!("bidirectional, {messages} messages of {size} bytes each way"),
                "BidiStream",
                (BidiStreamRequest { payload: payload.clone() }.bytes(), many),
                vec![BidiStreamResponse { payload }.bytes(); many],
            ),
        };
        Work::new(name, &format!("/speed.v1.SpeedService/{method}"), request, answers)
    }

    /// A call of the service of lesson 6, 7, 8 or 9; there are no others.
    pub fn lesson(number: u8, messages: u32) -> Option<Work> {
        let many = messages as usize;
        let (name, path, request, answers) = match number {
            6 => (
                "Calculate, 100 / 20".into(),
                "/calculator.v1.CalculatorService/Calculate",
                (
                    CalculateRequest {
                        left: 100,
                        operation: Operation::Divide.into(),
                        right: 20,
                    }
                    .bytes(),
                    1,
                ),
                vec![CalculateResponse { result: 5 }.bytes()],
            ),
            7 => {
                let city = "beijing";
                let subjects = subjects(city).ok()?.iter();
                let answer = |subject: &&str| {
                    ListSubjectsResponse { subject: (*subject).into() }.bytes()
                };
                (
                    format!("ListSubjects, {} subjects", subjects.len()),
                    "/subjects_by_city.v1.SubjectsByCityService/ListSubjects",
                    (ListSubjectsRequest { city: city.into() }.bytes(), 1),
                    subjects.map(answer).collect(),
                )
            }
            8 => (
                format!("Accumulate, {messages} deltas"),
                "/accumulate.v1.AccumulateService/Accumulate",
                (AccumulateRequest { delta: 1 }.bytes(), many),
                vec![AccumulateResponse { sum: i32::try_from(messages).ok()? }.bytes()],
            ),
            9 => (
                format!("Guess, {messages} right guesses"),
                "/guess_number.v1.GuessNumberService/Guess",
                (GuessRequest { number: 5 }.bytes(), many),
                vec![GuessResponse { number: 5, verdict: "bingo".into() }.bytes(); many],
            ),
            _ => return None,
        };
        Some(Work::new(name, path, request, answers))
    }

    pub fn new(
        name: String,
        path: &str,
        request: (Bytes, usize),
        answers: Vec<Bytes>,
    ) -> Work {
        let path = path.parse().expect("is the path of a method");
        Work { name, path, request, answers }
    }

    /// How many messages a call has in the direction that has more.
    pub fn messages(&self) -> usize {
        self.request.1.max(self.answers.len())
    }

    /// The messages that a call sends.
    pub fn requests(&self) -> impl Iterator<Item = Bytes> + Send + 'static {
        repeat_n(self.request.0.clone(), self.request.1)
    }
}

trait ToBytes: Message + Sized {
    fn bytes(&self) -> Bytes {
        Bytes::from(self.encode_to_vec())
    }
}

impl<M: Message> ToBytes for M {}
