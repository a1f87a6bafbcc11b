//! Lesson 10: the exercise, what the notes' services answer, and what the server tells about
//! itself.

#[path = "../lessons/10_notes/exercise.rs"]
mod exercise;
#[path = "../lessons/10_notes/solution.rs"]
mod solution;
#[path = "../lessons/10_notes/wrong_bytes.rs"]
mod wrong_bytes;
#[path = "../lessons/10_notes/wrong_first.rs"]
mod wrong_first;
#[path = "../lessons/10_notes/wrong_largest.rs"]
mod wrong_largest;
#[path = "../lessons/10_notes/wrong_shared.rs"]
mod wrong_shared;
#[path = "../lessons/10_notes/wrong_waits.rs"]
mod wrong_waits;

use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::notes::SERVICES;
use grpc_workbook::notes::demo::MyDemo;
use grpc_workbook::notes::proto::demo::{
    self, City, Delta, Number, Work, demo_client::DemoClient, demo_server::Demo,
    demo_server::DemoServer,
};
use grpc_workbook::notes::proto::test::TestClientRecvStreamRequest;
use grpc_workbook::notes::proto::test::demo_client::DemoClient as TestClient;
use grpc_workbook::raw::{self, RawCodec};
use grpc_workbook::status::code_name;
use grpc_workbook::status::status_line;
use prost::Message;
use support::checks::{Checks, Outcome, outcome};
use support::peers::{EVERYTHING, Peer};
use support::programs::{self, Finished, Server, run};
use support::written;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{StreamExt, iter, pending};
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Bytes, StdError};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

fn lesson() -> &'static Lesson {
    Lesson::find(10).expect("is in LESSONS")
}

// --- the exercise

/// The check, for a service in Rust and for the one in Python. `patience` ends when an answer
/// that is not there yet will not come any more.
async fn check<S>(
    mut client: DemoClient<S>,
    patience: impl AsyncFn(),
) -> Result<String, String>
where
    S: GrpcService<Body, Error: Into<StdError>> + Clone,
    S::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <S::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let fails = |line: &str| Err(line.to_string());
    let mut checks = Checks::default();

    for (num1, num2, expected) in [
        (3, 10, Ok(7)),
        (10, -3, Ok(13)),
        (-1, i32::MAX, fails("OUT_OF_RANGE: too far: 2147483648")),
        (0, i32::MAX, Ok(i32::MAX)),
        (i32::MIN, i32::MAX, fails("OUT_OF_RANGE: too far: 4294967295")),
    ] {
        let distance = outcome(client.calculate(Work { num1, num2, op: 0 }).await);
        checks.expect(
            format!("Calculate {num1}, {num2}"),
            distance.map(|result| result.val),
            expected,
        );
    }

    let spaces = "INVALID_ARGUMENT: a name has no spaces";
    for (name, letters, end) in [
        ("abc", vec!["a", "b", "c"], Ok(())),
        ("产品", vec!["产", "品"], Ok(())),
        ("", vec![], Ok(())),
        ("a b", vec!["a"], Err(spaces.to_string())),
        (" b", vec![], Err(spaces.to_string())),
    ] {
        let mut sent = Vec::new();
        let end_of_call = match client.get_subjects(City { name: name.into() }).await {
            Err(status) => Err(status_line(&status)),
            Ok(answer) => {
                let mut answers = answer.into_inner();
                loop {
                    match answers.message().await {
                        Ok(Some(subject)) => sent.push(subject.name),
                        Ok(None) => break Ok(()),
                        Err(status) => break Err(status_line(&status)),
                    }
                }
            }
        };
        let letters: Vec<String> = letters.into_iter().map(str::to_string).collect();
        checks.expect(
            format!("GetSubjects {name:?}"),
            Ok((sent, end_of_call)),
            Ok((letters, end)),
        );
    }

    for (numbers, expected) in [
        (vec![3, 9, 4], Ok(9)),
        (vec![-5, -3, -7], Ok(-3)),
        (vec![i32::MIN], Ok(i32::MIN)),
        (vec![3, 0, 9], Ok(3)),
        (vec![], fails("FAILED_PRECONDITION: no number")),
        (vec![0, 5], fails("FAILED_PRECONDITION: no number")),
    ] {
        let deltas = iter(numbers.clone()).map(|val| Delta { val });
        let largest = outcome(client.accumulate(deltas).await);
        checks.expect(
            format!("Accumulate {numbers:?}"),
            largest.map(|sum| sum.val),
            expected,
        );
    }
    // The client goes on, as far as it is concerned, and gets its answer all the same.
    let deltas = iter([4, 8, 0]).chain(pending()).map(|val| Delta { val });
    let largest: Outcome<i32> = tokio::select! {
        answer = client.accumulate(deltas) => outcome(answer).map(|sum| sum.val),
        () = patience() => Err("no answer, though a 0 has come".into()),
    };
    checks.expect("Accumulate [4, 8, 0, and so on".into(), largest, Ok(8));

    // Twice: what one call has counted is nothing to the next.
    for _ in 0..2 {
        let (numbers, stream) = mpsc::unbounded_channel();
        let guesses = UnboundedReceiverStream::new(stream).map(|val| Number { val });
        let mut answers = Vec::new();
        let talk = async {
            // Before the call is awaited: a server may send nothing, not even headers,
            // before it has heard something.
            let _ = numbers.send(7);
            let mut stream = client.guess_number(guesses).await?.into_inner();
            // One at a time: the next number is sent after the answer to the last.
            for next in [Some(-1), Some(7), Some(7), None] {
                let Some(answer) = stream.message().await? else {
                    break;
                };
                answers.push(format!("{}: {}", answer.val, answer.desc));
                // It fails if the call has ended; then there is no answer either.
                let _ = next.map(|number| numbers.send(number));
            }
            drop(numbers);
            Ok(stream.message().await?.map(|answer| answer.desc))
        };
        let end: Outcome<Option<String>> = tokio::select! {
            end = talk => end.map_err(|status| status_line(&status)),
            () = patience() => Err("no answer to a number that was sent".into()),
        };
        let expected = ["7: 1 times", "-1: 1 times", "7: 2 times", "7: 3 times"];
        checks.expect(
            "GuessNumber 7, -1, 7, 7, each after the last answer".into(),
            end.map(|end| (answers, end)),
            Ok((expected.map(str::to_string).to_vec(), None)),
        );
    }
    checks.verdict()
}

/// Checks a service in this process. Nothing in it waits for anything but other tasks: after
/// so many turns of each, what has not come never will.
async fn check_own(demo: impl Demo) -> Result<String, String> {
    let client = DemoClient::new(Routes::new(DemoServer::new(demo)));
    check(client, async || {
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check_own(exercise::Ported).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/10_notes/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check_own(solution::Ported).await.expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    check_own(MyDemo)
        .await
        .expect_err("the lesson's own service");
    check_own(wrong_first::Ported)
        .await
        .expect_err("wrong_first");
    check_own(wrong_largest::Ported)
        .await
        .expect_err("wrong_largest");
    check_own(wrong_shared::Ported::default())
        .await
        .expect_err("wrong_shared");
    check_own(wrong_waits::Ported)
        .await
        .expect_err("wrong_waits");
    let report = check_own(wrong_bytes::Ported)
        .await
        .expect_err("wrong_bytes");
    written("book/generated/10-notes-report.txt", &report);
}

/// What is to be ported answers as the check wants it.
#[tokio::test]
async fn the_check_accepts_the_original() {
    let Some(python) = Peer::is_ready("python") else {
        return;
    };
    let mut command = python.command();
    command.args(["tests/peers/python/server.py", "exercise", "--port", "0"]);
    let server = Server::from(&mut command);
    let client = DemoClient::new(channel(&server).await);
    let patience = async || tokio::time::sleep(Duration::from_secs(30)).await;
    check(client, patience).await.expect("is right");
}

// --- what the services answer

/// What a client sees, in any language, of the services that are called by the notes' names.
/// Other tests hold Python's and Node's clients and servers against it.
#[test]
fn the_client_calls_everything() {
    let server = Server::from(programs::command("lesson-10-server").args([
        "--addr",
        "127.0.0.1:0",
        "--pace",
        "1",
    ]));
    let says =
        |args: &[&str]| run(&mut programs::client(lesson(), &server.address, args));
    assert_eq!(says(&[]), finished(0, EVERYTHING));
    assert_eq!(says(&["greeter"]), finished(0, "SayHello \"you\": Hello, you!\n"));
    let unknown = "Error: the call ended with UNIMPLEMENTED (12), without a message\n";
    assert_eq!(says(&["--break", "package"]), finished(1, unknown));
    assert_eq!(says(&["--break", "spelling"]), finished(1, unknown));
    let Finished { code, output } = says(&["--break", "same-name"]);
    assert_eq!(code, Some(1));
    let wrong = "INTERNAL (13): failed to decode Protobuf message: Request.age: \
                 invalid wire type: LengthDelimited (expected Varint)\n";
    assert!(output.ends_with(wrong), "{output}");
    assert_eq!(server.stop().code, Some(0));
}

fn finished(code: i32, output: &str) -> Finished {
    Finished { code: Some(code), output: output.into() }
}

async fn channel(server: &Server) -> Channel {
    let endpoint = Endpoint::try_from(format!("http://{}", server.address));
    endpoint
        .expect("is a URI")
        .connect()
        .await
        .expect("connects")
}

/// Calls `Calculate` as if it were a client streaming method, with these messages.
async fn calculate_with(channel: Channel, messages: &[Work]) -> Outcome<i32> {
    let messages: Vec<Bytes> = messages
        .iter()
        .map(|work| work.encode_to_vec().into())
        .collect();
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("is ready");
    let path = PathAndQuery::from_static("/Demo/Calculate");
    let answer = grpc.client_streaming(Request::new(iter(messages)), path, RawCodec);
    let answer = outcome(answer.await)?;
    Ok(demo::Result::decode(answer).expect("is a message").val)
}

/// What this server answers otherwise than the notes' does: the call, the answer of grpcio
/// 1.85.1, and why it is so.
const DIFFERENT: [(&str, &str, &str); 6] = [
    ("a path that is not there", "UNIMPLEMENTED: Method not found!", ""),
    (
        "`Calculate`, with no message at all",
        "UNIMPLEMENTED: \"b''\" requires exactly one request message.",
        ", as the specification says",
    ),
    (
        "`UserInfo/Info`, with a string in field 1, which is an int32",
        "Hello, !",
        ": a field of the wrong type counts as an unknown one",
    ),
    (
        "a message of 4 MiB and a byte",
        "RESOURCE_EXHAUSTED: SERVER: Received message larger than max (4194305 vs. 4194304)",
        ", as the specification says",
    ),
    ("`grpc-encoding: deflate`", "120", ": it knows gzip and deflate"),
    (
        "`TestClientRecvStream`, with a deadline that passes after the first answer",
        "DEADLINE_EXCEEDED",
        "",
    ),
];

/// What a server answers to the calls of [`DIFFERENT`].
async fn answers(address: &str) -> [String; 6] {
    let channel = Endpoint::try_from(format!("http://{address}")).expect("is a URI");
    let channel = channel.connect().await.expect("connects");
    let send = |path, request: Request<Bytes>| {
        let mut grpc = Grpc::new(channel.clone());
        async move {
            grpc.ready().await.expect("is ready");
            let answer = grpc.unary(request, PathAndQuery::from_static(path), RawCodec);
            outcome(answer.await)
        }
    };
    let (Ok(nope) | Err(nope)) = send("/Demo/Nope", Request::new(Bytes::new()))
        .await
        .map(|answer| format!("{answer:?}"));
    let (Ok(none) | Err(none)) = calculate_with(channel.clone(), &[])
        .await
        .map(|val| val.to_string());
    let string = Request::new(Bytes::from_static(b"\x0a\x05daoji"));
    let (Ok(other) | Err(other)) = send("/example.UserInfo/Info", string)
        .await
        .map(|answer| String::from_utf8_lossy(&answer[2..]).into_owned());
    let large = Request::new(Bytes::from(vec![0; 4 * 1024 * 1024 + 1]));
    let (Ok(large) | Err(large)) = send("/Demo/Calculate", large)
        .await
        .map(|answer| format!("{answer:?}"));
    let work = Work { num1: 100, num2: 20, op: 0 };
    let mut deflate = Request::new(Bytes::from(work.encode_to_vec()));
    let encoding = "deflate".parse().expect("is a value");
    deflate.metadata_mut().insert("grpc-encoding", encoding);
    let (Ok(deflate) | Err(deflate)) =
        send("/Demo/Calculate", deflate).await.map(|answer| {
            demo::Result::decode(answer)
                .expect("is a message")
                .val
                .to_string()
        });

    let mut client = TestClient::new(channel.clone());
    let mut late = Request::new(TestClientRecvStreamRequest { data: "jlc".into() });
    late.set_timeout(Duration::from_secs(1));
    let ticks = client.test_client_recv_stream(late).await;
    let mut ticks = ticks.expect("begins").into_inner();
    // With 20 ms between two answers the hundredth is past the deadline.
    let mut late = String::from("goes on");
    for _ in 0..100 {
        if let Err(status) = ticks.message().await {
            late = code_name(status.code()).into();
            break;
        }
    }
    [nope, none, other, large, deflate, late]
}

/// Where this server does not answer as the notes' does.
#[tokio::test]
async fn differences() {
    let mut command = programs::command("lesson-10-server");
    let server = Server::from(command.args(["--addr", "127.0.0.1:0", "--pace", "20"]));
    let channel = channel(&server).await;
    let mut client = DemoClient::new(channel.clone());
    let work = |num1, num2| Work { num1, num2, op: 0 };
    let send = |path, bytes| raw::unary(channel.clone(), path, bytes);

    // What both do is not in the table.
    assert_eq!(outcome(client.calculate(Work::default()).await).map(|a| a.val), Ok(0));
    let mut compressed = client.clone().send_compressed(CompressionEncoding::Gzip);
    let answer = outcome(compressed.calculate(work(100, 20)).await);
    assert_eq!(answer.map(|answer| answer.val), Ok(120));
    let long = send("/Demo/Calculate", b"\x08\x85\x80\x80\x80\x10").await;
    assert_eq!(long.expect("is an answer").into_inner(), &b"\x08\x05"[..]);
    for path in [
        "/Demo/Nope",
        "/Demos/Calculate",
        "/demo/Calculate",
        "/test.Demo/Calculate",
        "/Demo",
    ] {
        let answer = send(path, b"").await;
        assert_eq!(answer.expect_err("an error").code(), Code::Unimplemented, "{path}");
    }
    let broken = send("/Demo/Calculate", b"\x0a\xff").await;
    assert_eq!(broken.expect_err("an error").code(), Code::Internal);

    // A second message where one is wanted is left out.
    let two = calculate_with(channel.clone(), &[work(1, 2), work(3, 4)]).await;
    assert_eq!(two, Ok(3));

    let mut table = String::from(
        "| the call | Python (grpcio) answers | this server answers |\n|---|---|---|\n",
    );
    let ours = answers(&server.address).await;
    if let Some(python) = Peer::is_ready("python") {
        let mut command = python.command();
        let services = ["demo", "test", "user-info", "--port", "0", "--pace", "0.02"];
        let server =
            Server::from(command.arg("tests/peers/python/server.py").args(services));
        let answers = answers(&server.address).await;
        assert_eq!(answers, DIFFERENT.map(|(_, answer, _)| answer));
    }
    for ((call, python, why), ours) in DIFFERENT.iter().zip(ours) {
        table += &format!("| {call} | `{python}`{why} | `` {ours} `` |\n");
    }
    written("book/generated/10-notes-differences.md", &table);
}

// --- what the server tells about itself

#[tokio::test]
async fn reflection_knows_all_services() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let server = Server::start(lesson());
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let ask = |message| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let questions = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol("example.UserInfo".into()),
        MessageRequest::FileContainingSymbol("example.StreamTest".into()),
        MessageRequest::FileContainingSymbol("example.request".into()),
    ];
    let answers = client
        .server_reflection_info(iter(questions.map(ask)))
        .await;
    let mut answers = answers.expect("answers").into_inner();
    let mut next = async || {
        let answer = answers
            .message()
            .await
            .expect("is no error")
            .expect("is there");
        answer.message_response.expect("is set")
    };
    let MessageResponse::ListServicesResponse(list) = next().await else {
        panic!("no list")
    };
    let mut names: Vec<String> = list.service.into_iter().map(|row| row.name).collect();
    names.retain(|name| !name.starts_with("grpc."));
    names.sort();
    assert_eq!(names, SERVICES);
    // One name, two definitions: reflection keeps the one that came last, or first.
    let mut files = Vec::new();
    for _ in 0..3 {
        let MessageResponse::FileDescriptorResponse(file) = next().await else {
            panic!("no file")
        };
        files.push(file.file_descriptor_proto);
    }
    assert_ne!(files[0], files[1]);
    assert!(files[2] == files[0] || files[2] == files[1]);
}

#[tokio::test]
async fn health_knows_all_services() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;

    let server = Server::start(lesson());
    let mut client = HealthClient::new(channel(&server).await);
    for service in [""].iter().chain(SERVICES) {
        let request = HealthCheckRequest { service: service.to_string() };
        let answer = client.check(request).await.expect("is known").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "Nope".into() };
    let answer = client.check(request).await.expect_err("is unknown");
    assert_eq!(answer.code(), Code::NotFound);
}
