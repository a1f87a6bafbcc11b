//! What the load generator calls: a path, the bytes to send, and the bytes that must come
//! back. With bytes it can call any server and compare every response whole.

use std::iter::repeat_n;

use clap::ValueEnum;
use prost::Message;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;

use super::proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
    GetTotalRequest, GetTotalResponse, ServerStreamRequest, ServerStreamResponse,
    UnaryRequest, UnaryResponse,
};
use crate::accumulate::proto::{AccumulateRequest, AccumulateResponse};
use crate::calculator::proto::{CalculateRequest, CalculateResponse, Operation};
use crate::guess_number::proto::{GuessRequest, GuessResponse};
use crate::subjects_by_city::proto::{ListSubjectsRequest, ListSubjectsResponse};
use crate::subjects_by_city::subjects;

/// The four kinds of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CallKind {
    /// one message each way
    Unary,
    /// one message to the server, many back
    Server,
    /// many messages to the server, one back
    Client,
    /// many messages each way
    Bidi,
}

/// A call, to be made any number of times.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What is called, for people: the first words of a report.
    pub name: String,
    /// The method: `/package.Service/Method`.
    pub path: PathAndQuery,
    /// The message that the client sends, encoded. All messages of a stream are the same.
    pub request: Bytes,
    /// How many times it is sent in one call.
    pub request_count: usize,
    /// The messages that must come back, encoded, in this order, no more and no fewer.
    pub responses: Vec<Bytes>,
    /// How many times all of `responses` come. A stream may have more messages than fit into
    /// memory, and they are all the same.
    pub times: usize,
}

impl Workload {
    /// A call of this lesson's service, with payloads of `size` bytes. A unary call has one
    /// message each way, whatever `messages` says.
    pub fn speed(kind: CallKind, size: usize, messages: u32) -> Workload {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        let many = messages as usize;
        match kind {
            CallKind::Unary => Workload {
                name: format!("unary, {size} bytes each way"),
                path: PathAndQuery::from_static("/speed.v1.SpeedService/Unary"),
                request: bytes(&UnaryRequest { payload: payload.clone() }),
                request_count: 1,
                responses: vec![bytes(&UnaryResponse { payload })],
                times: 1,
            },
            CallKind::Server => Workload {
                name: format!("server streaming, {messages} messages of {size} bytes"),
                path: PathAndQuery::from_static("/speed.v1.SpeedService/ServerStream"),
                request: bytes(&ServerStreamRequest {
                    payload: payload.clone(),
                    messages,
                }),
                request_count: 1,
                responses: vec![bytes(&ServerStreamResponse { payload })],
                times: many,
            },
            CallKind::Client => Workload {
                name: format!("client streaming, {messages} messages of {size} bytes"),
                path: PathAndQuery::from_static("/speed.v1.SpeedService/ClientStream"),
                request: bytes(&ClientStreamRequest { payload }),
                request_count: many,
                responses: vec![bytes(&ClientStreamResponse {
                    messages: u64::from(messages),
                    size: u64::from(messages) * size as u64,
                })],
                times: 1,
            },
            CallKind::Bidi => Workload {
                name: format!(
                    "bidirectional, {messages} messages of {size} bytes each way"
                ),
                path: PathAndQuery::from_static("/speed.v1.SpeedService/BidiStream"),
                request: bytes(&BidiStreamRequest { payload: payload.clone() }),
                request_count: many,
                responses: vec![bytes(&BidiStreamResponse { payload })],
                times: many,
            },
        }
    }

    /// A call of the service of lesson 6, 7, 8 or 9. `None` for any other number. Lessons 6
    /// and 7 have a fixed number of messages, whatever `messages` says.
    pub fn lesson(number: u8, messages: u32) -> Option<Workload> {
        match number {
            6 => Some(calculate()),
            7 => list_subjects(),
            8 => accumulate(messages),
            9 => Some(guess(messages)),
            _ => None,
        }
    }

    /// A call of the exercise's service.
    pub fn exercise() -> Workload {
        Workload {
            name: "GetTotal, 3 x tea".into(),
            path: PathAndQuery::from_static("/speed.v1.ShopService/GetTotal"),
            request: bytes(&GetTotalRequest { article: "tea".into(), count: 3 }),
            request_count: 1,
            responses: vec![bytes(&GetTotalResponse { total: 750 })],
            times: 1,
        }
    }

    /// The method's name, without its service's.
    pub fn method(&self) -> &str {
        let path = self.path.path();
        path.rsplit_once('/')
            .map_or(path, |(_service, method)| method)
    }

    /// How many messages a call has in the direction that has more.
    pub fn messages(&self) -> usize {
        self.request_count.max(self.response_count())
    }

    /// The messages that must come back, one after the other.
    pub fn expected(&self) -> impl Iterator<Item = &Bytes> {
        repeat_n(&self.responses, self.times).flatten()
    }

    /// How many messages must come back.
    pub fn response_count(&self) -> usize {
        self.responses.len() * self.times
    }

    /// The messages that a call sends.
    pub fn requests(&self) -> impl Iterator<Item = Bytes> + Send + 'static {
        repeat_n(self.request.clone(), self.request_count)
    }
}

fn calculate() -> Workload {
    Workload {
        name: "Calculate, 100 / 20".into(),
        path: PathAndQuery::from_static("/calculator.v1.CalculatorService/Calculate"),
        request: bytes(&CalculateRequest {
            left: 100,
            operation: Operation::Divide.into(),
            right: 20,
        }),
        request_count: 1,
        responses: vec![bytes(&CalculateResponse { result: 5 })],
        times: 1,
    }
}

fn list_subjects() -> Option<Workload> {
    let city = "beijing";
    let subjects = subjects(city).ok()?;
    let mut responses = Vec::new();
    for subject in subjects {
        responses.push(bytes(&ListSubjectsResponse { subject: subject.to_string() }));
    }
    Some(Workload {
        name: format!("ListSubjects, {} subjects", subjects.len()),
        path: PathAndQuery::from_static(
            "/subjects_by_city.v1.SubjectsByCityService/ListSubjects",
        ),
        request: bytes(&ListSubjectsRequest { city: city.into() }),
        request_count: 1,
        responses,
        times: 1,
    })
}

/// `None` if so many deltas do not add up to an int32.
fn accumulate(messages: u32) -> Option<Workload> {
    let sum = i32::try_from(messages).ok()?;
    Some(Workload {
        name: format!("Accumulate, {messages} deltas"),
        path: PathAndQuery::from_static("/accumulate.v1.AccumulateService/Accumulate"),
        request: bytes(&AccumulateRequest { delta: 1 }),
        request_count: messages as usize,
        responses: vec![bytes(&AccumulateResponse { sum })],
        times: 1,
    })
}

fn guess(messages: u32) -> Workload {
    let response = GuessResponse { number: 5, verdict: "bingo".into() };
    Workload {
        name: format!("Guess, {messages} right guesses"),
        path: PathAndQuery::from_static("/guess_number.v1.GuessNumberService/Guess"),
        request: bytes(&GuessRequest { number: 5 }),
        request_count: messages as usize,
        responses: vec![bytes(&response)],
        times: messages as usize,
    }
}

fn bytes(message: &impl Message) -> Bytes {
    Bytes::from(message.encode_to_vec())
}
