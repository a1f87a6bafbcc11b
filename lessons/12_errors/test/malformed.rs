//! Details that are not what they should be: the client keeps the code, the message and its head.

use std::time::Duration;

use grpc_workbook::status::code_name;
use lesson_12::advice::{NextStep, next_step};
use lesson_12::guard::guard;
use lesson_12::proto::WatchSeatsRequest;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::{EnrolError, course_changed};
use prost::Message;
use prost_types::Any;
use school::SchoolError;
use support::endings::KillableServer;
use support::patience::within;
use tonic::body::Body;
use tonic::codegen::http::Response;
use tonic::{Code, Status};
use tonic_types::{StatusExt, pb};

use super::answers::{answering, with_raw_details};
use super::request;

/// Values of the header that are not base64, or only nearly.
const NOT_BASE64: [&[u8]; 10] = [
    b"this is not base64",
    b"=",
    b"A",
    b"AAAAA",
    b"AA=A",
    b"AA-_",
    b"AAAA,AAAA",
    b"{}",
    b"\xe8\xaf\xbe",
    b"AAAA\tAAAA",
];

/// Values that are base64, with and without padding, of something or of nothing.
const BASE64: [&[u8]; 5] = [b"", b"AA", b"AA==", b"/+8", b"CAUSAm5v"];

fn answering_with(details: &'static [u8]) -> KillableServer {
    answering(move |_| async move { with_raw_details(Status::not_found("no"), details) })
}

#[tokio::test]
async fn a_guarded_client_takes_any_header() {
    for details in NOT_BASE64.into_iter().chain(BASE64) {
        let server = answering_with(details);
        let mut client = EnrolServiceClient::new(guard(server.channel().await));
        for _ in 0..2 {
            let call = client.enrol(request("wuhan-java", "s-1"));
            let result = within("an answer", call).await;
            let status = result.expect_err("it should be refused");
            let what = String::from_utf8_lossy(details);
            assert_eq!(
                (status.code(), status.message()),
                (Code::NotFound, "no"),
                "{what}"
            );
            let is_bad = NOT_BASE64.contains(&details);
            assert_eq!(
                status.details().is_empty(),
                is_bad || details.is_empty(),
                "{what}"
            );
            assert_eq!(next_step(&status), NextStep::Choose, "{what}");
        }
    }
}

/// tonic's own client panics: in the task of the call, and nowhere else.
#[tokio::test]
async fn tonic_alone_panics() {
    for details in NOT_BASE64 {
        let server = answering_with(details);
        let client = EnrolServiceClient::new(server.channel().await);
        let what = String::from_utf8_lossy(details).into_owned();
        for _ in 0..2 {
            let mut client = client.clone();
            let call = tokio::spawn(async move {
                client.enrol(request("wuhan-java", "s-1")).await.map(drop)
            });
            let result = within("the task's end", call).await;
            let error = result.expect_err(&format!("tonic should panic: {what}"));
            assert!(error.is_panic(), "{what}");
        }
    }
    for details in BASE64 {
        let server = answering_with(details);
        let mut client = EnrolServiceClient::new(server.channel().await);
        let call = client.enrol(request("wuhan-java", "s-1"));
        let result = within("an answer", call).await;
        assert_eq!(result.expect_err("it should be refused").code(), Code::NotFound);
    }
}

/// The status of a stream comes in its trailers, which the guard looks at too.
#[tokio::test]
async fn a_guarded_stream_takes_any_trailer() {
    for details in NOT_BASE64 {
        let server = answering(move |_| async move {
            let status = with_raw_details(Status::aborted("late"), details);
            let message = b"\0\0\0\0\x02\x08\x07";
            let body = LateStatus { message: Some(message), trailers: status };
            let mut response = Response::new(Body::new(body));
            let grpc = "application/grpc".parse().expect("it should be a value");
            response.headers_mut().insert("content-type", grpc);
            response
        });
        let mut client = EnrolServiceClient::new(guard(server.channel().await));
        let call = client.watch_seats(WatchSeatsRequest::default());
        let response = within("the headers", call).await;
        let mut seats = response.expect("the call should start").into_inner();
        let first = within("a message", seats.message()).await;
        let first = first
            .expect("it should come")
            .map(|message| message.seats_left);
        assert_eq!(first, Some(7));
        let end = within("the end", seats.message()).await;
        let status = end.expect_err("it should end with a status");
        assert_eq!((status.code(), status.message()), (Code::Aborted, "late"));
        // The status comes once. What follows looks like a good end.
        let after = within("the end again", seats.message()).await;
        assert_eq!(after.expect("it should not come again"), None);
    }
}

/// A message, and then the headers of a response as trailers.
struct LateStatus {
    message: Option<&'static [u8]>,
    trailers: Response<Body>,
}

impl hyper::body::Body for LateStatus {
    type Data = tonic::codegen::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Status>>> {
        use hyper::body::Frame;
        let frame = match self.message.take() {
            Some(message) => Some(Frame::data(Self::Data::from_static(message))),
            None if self.trailers.headers().is_empty() => None,
            None => {
                let mut trailers = std::mem::take(self.trailers.headers_mut());
                trailers.remove("content-type");
                Some(Frame::trailers(trailers))
            }
        };
        std::task::Poll::Ready(frame.map(Ok))
    }
}

/// A status with details cut short after each byte, and with each byte changed.
#[test]
fn any_bytes_lead_to_a_next_step() {
    let changed = SchoolError::Changed { course_id: "c".into(), revision: 300 };
    for error in [
        changed,
        SchoolError::Full("c".into()),
        SchoolError::Unreachable("x".into()),
    ] {
        let whole = Status::from(EnrolError::from(error));
        let (code, bytes) = (whole.code(), whole.details());
        let mut broken = Vec::new();
        for at in 0..bytes.len() {
            broken.push(bytes[..at].to_vec());
            for byte in [0, 0x7f, 0x80, 0xff, bytes[at] ^ 1] {
                let mut bytes = bytes.to_vec();
                bytes[at] = byte;
                broken.push(bytes);
            }
        }
        for bytes in broken {
            let status = Status::with_details(code, "broken", bytes.clone().into());
            // What can be said without details is the least that must come of it.
            let next = next_step(&status);
            let fits = match code {
                Code::Aborted => matches!(next, NextStep::ReadAgain(_)),
                Code::Unavailable => matches!(next, NextStep::TryAgain(_)),
                _ => matches!(next, NextStep::WaitForSeat(_) | NextStep::GiveUp),
            };
            assert!(fits, "{}: {next:?} of {bytes:02x?}", code_name(code));
        }
    }
}

/// A status with these details.
fn with(code: Code, details: Vec<Any>) -> Status {
    let inner = pb::Status { code: code as i32, message: "no".into(), details };
    Status::with_details(code, "no", inner.encode_to_vec().into())
}

fn google<M: Message>(name: &str, message: &M) -> Any {
    let type_url = format!("type.googleapis.com/google.rpc.{name}");
    Any { type_url, value: message.encode_to_vec() }
}

/// The delays that a server can ask for, and how long we wait.
#[test]
fn no_delay_is_longer_than_ours() {
    for (seconds, nanos, waits) in [
        (0, 0, 0),
        (0, 1_000_000, 1),
        (1, 0, 1000),
        (3, 0, 2000),
        (i64::MAX, 0, 2000),
        (i64::MAX, i32::MAX, 2000),
        // Against the rules: as if it were 0.
        (-5, 0, 0),
        (i64::MIN, i32::MIN, 0),
        (0, -1, 0),
    ] {
        let delay = prost_types::Duration { seconds, nanos };
        let info = pb::RetryInfo { retry_delay: Some(delay) };
        let status = with(Code::Unavailable, vec![google("RetryInfo", &info)]);
        let expected = NextStep::TryAgain(Duration::from_millis(waits));
        assert_eq!(next_step(&status), expected, "{seconds} s {nanos} ns");
    }
    let info = pb::RetryInfo { retry_delay: None };
    let status = with(Code::Unavailable, vec![google("RetryInfo", &info)]);
    assert_eq!(next_step(&status), NextStep::TryAgain(Duration::from_millis(500)));
}

/// Details that nobody here knows, twice the same, under other names, and of another domain.
#[test]
fn unknown_details_are_skipped() {
    let reason = |domain: &str| pb::ErrorInfo {
        reason: "COURSE_FULL".into(),
        domain: domain.into(),
        ..Default::default()
    };
    let unknown = Any { type_url: "type.googleapis.com/a.B".into(), value: vec![0xff] };
    let nameless = Any { type_url: String::new(), value: Vec::new() };
    let ours = google("ErrorInfo", &reason("school.example"));
    let theirs = google("ErrorInfo", &reason("other.example"));
    let full = NextStep::WaitForSeat(None);
    for (details, expected) in [
        (vec![unknown.clone(), ours.clone()], full.clone()),
        (vec![nameless, ours.clone(), unknown.clone()], full.clone()),
        (vec![ours.clone(), ours], full),
        (vec![theirs], NextStep::GiveUp),
        (vec![unknown], NextStep::GiveUp),
        (Vec::new(), NextStep::GiveUp),
    ] {
        let status = with(Code::FailedPrecondition, details);
        assert_eq!(next_step(&status), expected, "{:?}", status.get_error_details());
    }
}

/// One detail that cannot be decoded. `get_error_details` then returns nothing, which loses the
/// others. Reading one kind at a time, as the client does, loses only this one.
#[test]
fn one_corrupt_detail_among_others() {
    let delay = prost_types::Duration { seconds: 1, nanos: 0 };
    let retry = google("RetryInfo", &pb::RetryInfo { retry_delay: Some(delay) });
    let name = "type.googleapis.com/google.rpc.ErrorInfo";
    let corrupt = Any { type_url: name.into(), value: vec![0x0a, 0xff] };
    for details in [vec![retry.clone(), corrupt.clone()], vec![corrupt, retry]] {
        let status = with(Code::Unavailable, details);
        status.check_error_details().expect_err("it should say so");
        assert!(status.get_error_details().retry_info().is_none());
        let one_second = NextStep::TryAgain(Duration::from_secs(1));
        assert_eq!(next_step(&status), one_second);
    }
    // Text is no google.rpc.Status.
    let status =
        Status::with_details(Code::Aborted, "no", b"no such course".to_vec().into());
    status.check_error_details().expect_err("it should say so");
    assert_eq!(course_changed(&status), None);
}
