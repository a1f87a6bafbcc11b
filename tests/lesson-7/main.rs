//! Lesson 7: the exercise, what the service answers, what a slow reader holds up, how a stream
//! can end, and the programs.

#[path = "../../lessons/07_subjects_by_city/exercise.rs"]
mod exercise;
#[path = "../../lessons/07_subjects_by_city/solution.rs"]
mod solution;
#[path = "../../lessons/07_subjects_by_city/wrong_first.rs"]
mod wrong_first;
#[path = "../../lessons/07_subjects_by_city/wrong_last.rs"]
mod wrong_last;
#[path = "../../lessons/07_subjects_by_city/wrong_ok.rs"]
mod wrong_ok;
#[path = "../../lessons/07_subjects_by_city/wrong_order.rs"]
mod wrong_order;
#[path = "../../lessons/07_subjects_by_city/wrong_twice.rs"]
mod wrong_twice;

mod backpressure;
mod check;
mod endings;
mod faulty;
mod lazy;
mod programs;
mod service;
mod shutdown;

use std::fmt::Display;
use std::pin::Pin;

use grpc_workbook::Lesson;
use grpc_workbook::http2::frames::{Frame, FrameError, Header};
use grpc_workbook::http2::record::Recording;
use grpc_workbook::subjects_by_city::SubjectsByCity;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse,
    subjects_by_city_service_client::SubjectsByCityServiceClient,
    subjects_by_city_service_server::{
        SubjectsByCityService, SubjectsByCityServiceServer,
    },
};
use support::endings::KillableServer;
use support::{excerpt, generated, lesson, written};
use tokio_stream::Stream;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status, Streaming};

use check::check;

const LESSON: &Lesson = lesson(7);

/// The flow-control window that the lesson's client grants to a stream, in bytes.
const WINDOW: u32 = 65_535;

type Client = SubjectsByCityServiceClient<Channel>;

/// The response stream of a test's service, whatever its type.
type BoxedStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn request(city: &str) -> ListSubjectsRequest {
    ListSubjectsRequest { city: city.into() }
}

fn serving(service: impl SubjectsByCityService) -> Routes {
    Routes::new(SubjectsByCityServiceServer::new(service))
}

/// A client with the same window as the lesson's.
async fn connect(address: impl Display) -> Client {
    let endpoint = Endpoint::try_from(format!("http://{address}"))
        .expect("the address should make a URI");
    let channel = endpoint.initial_stream_window_size(WINDOW).connect().await;
    Client::new(channel.expect("the server should accept a connection"))
}

/// Such a client, and what crosses its connection.
async fn connect_recorded(server: &KillableServer) -> (Client, Recording) {
    let recording = Recording::of(server.address.clone())
        .await
        .expect("the recording should find a port");
    (connect(recording.address).await, recording)
}

/// The lengths of the DATA frames among those that one side sent.
fn data_lengths(frames: &[(Header, Result<Frame, FrameError>)]) -> Vec<u32> {
    frames
        .iter()
        .filter(|(_, frame)| matches!(frame, Ok(Frame::Data { .. })))
        .map(|(header, _)| header.length)
        .collect()
}

/// What a client has seen of a stream when it has ended.
#[derive(Debug)]
struct EndedStream {
    /// The subjects that arrived.
    messages: Vec<String>,
    /// The error that ended the stream; `None` if its status is OK.
    error: Option<Status>,
}

/// Reads a response to its end.
async fn read(
    response: Result<Response<Streaming<ListSubjectsResponse>>, Status>,
) -> EndedStream {
    let mut messages = Vec::new();
    let mut stream = match response {
        Ok(response) => response.into_inner(),
        Err(status) => return EndedStream { messages, error: Some(status) },
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) => messages.push(message.subject),
            Ok(None) => return EndedStream { messages, error: None },
            Err(status) => return EndedStream { messages, error: Some(status) },
        }
    }
}

support::exercise! {
    files: "lessons/07_subjects_by_city/exercise.rs",
    serve: |answer| serving(answer::Cities),
    check: check,
    own: serving(SubjectsByCity::default()),
    wrong: [
        wrong_first => "book/generated/07-subjects-by-city-report.txt",
        wrong_last,
        wrong_ok,
        wrong_order,
        wrong_twice,
    ],
}

/// The chapter's excerpts of the generated code: one method of the trait, and how the client's is
/// declared.
#[test]
fn excerpts_match_the_generated_code() {
    let code = generated("subjects_by_city.v1.rs");
    let excerpt = |from, to| excerpt(&code, from, to);
    written(
        "book/generated/07-subjects-by-city-trait.rs",
        &excerpt(
            "/// Server streaming response type for the ListSubjects",
            "\n        >;",
        ),
    );
    written(
        "book/generated/07-subjects-by-city-client.rs",
        &excerpt("pub async fn list_subjects(", "\n        >"),
    );
}
