//! `lesson-10-client`: calls every method of the notes, on a server in any language.

use std::error::Error;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::proto::{HelloRequest, greeter_client::GreeterClient};
use grpc_workbook::notes::proto::demo::{
    Answer, City, Delta, Number, Work, demo_client::DemoClient, work::Operation,
};
use grpc_workbook::notes::proto::stream_test::stream_test_client::StreamTestClient;
use grpc_workbook::notes::proto::test::{
    HellojlcReq, TestClientRecvStreamRequest, TestClientSendStreamRequest,
    TestTwoWayStreamRequest, demo_client::DemoClient as TestClient,
};
use grpc_workbook::notes::proto::user_info::user_info_client::UserInfoClient;
use grpc_workbook::notes::proto::{stream_test, user_info};
use grpc_workbook::raw;
use grpc_workbook::status::status_line;
use tokio_stream::iter;
use tonic::transport::Channel;
use tonic::{Code, Response, Status, Streaming};

#[derive(clap::Args)]
struct Args {
    /// Which services to call; without a name, all
    services: Vec<Service>,
}

/// The services of the notes, in their order.
#[derive(Clone, Copy, ValueEnum)]
enum Service {
    /// note 000: test.demo
    Test,
    /// note 001: helloworld.Greeter
    Greeter,
    /// note 002: example.UserInfo
    UserInfo,
    /// note 002: example.StreamTest
    StreamTest,
    /// note 004: Demo, without a package
    Demo,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// call Demo by a path with a package, which it does not have
    Package,
    /// call a method with another spelling
    Spelling,
    /// send UserInfo the request of StreamTest, which has the same name
    SameName,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(10);
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    if args.services.is_empty() {
        call(&channel, Service::value_variants()).await
    } else {
        call(&channel, &args.services).await
    }
}

/// Calls all methods of these services. A call that fails is printed, and the next one made. If
/// one failed that was not meant to, the program fails at the end.
async fn call(channel: &Channel, services: &[Service]) -> Result<(), Failure> {
    let report = &mut Report::default();
    for service in services {
        // A clone is another handle to the same connection.
        let channel = channel.clone();
        match service {
            Service::Test => test(&mut TestClient::new(channel), report).await?,
            Service::Greeter => greeter(&mut GreeterClient::new(channel), report).await?,
            Service::UserInfo => {
                user_info(&mut UserInfoClient::new(channel), report).await?;
            }
            Service::StreamTest => {
                stream_test(&mut StreamTestClient::new(channel), report).await?;
            }
            Service::Demo => demo(&mut DemoClient::new(channel), report).await?,
        }
    }
    match report.failure.take() {
        Some(status) => Err(status.into()),
        None => Ok(()),
    }
}

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    match fault {
        Fault::Package => send(channel, "/test.Demo/Calculate", b"").await,
        Fault::Spelling => send(channel, "/Demo/calculate", b"").await,
        // Field 1, a string of 5 bytes. In UserInfo's request, field 1 is an int32.
        Fault::SameName => {
            send(channel, "/example.UserInfo/Info", b"\x0a\x05daoji").await
        }
    }
}

/// Sends bytes of our choice to a path of our choice: a generated client does neither.
async fn send(
    channel: Channel,
    path: &'static str,
    message: &'static [u8],
) -> Result<(), Failure> {
    let response = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}

/// Prints what calls come to, and keeps what was not meant.
#[derive(Default)]
struct Report {
    /// The first status that the client did not want.
    failure: Option<Status>,
}

impl Report {
    /// Prints the outcome of a call with one response: `text` of its message, or the status. The
    /// call is meant to end with the code `meant`.
    fn response<T>(
        &mut self,
        call: &str,
        meant: Code,
        result: Result<Response<T>, Status>,
        text: impl Fn(T) -> String,
    ) -> Result<(), Failure> {
        match result {
            Ok(response) => println!("{call}: {}", text(response.into_inner())),
            Err(status) => self.failed(call, meant, status)?,
        }
        Ok(())
    }

    /// Prints the messages of a call with a stream of them, and the status if it fails. After
    /// `most` messages it leaves the call.
    async fn stream<T>(
        &mut self,
        call: &str,
        meant: Code,
        result: Result<Response<Streaming<T>>, Status>,
        most: usize,
        text: impl Fn(T) -> String,
    ) -> Result<(), Failure> {
        let mut messages = match result {
            Ok(response) => response.into_inner(),
            Err(status) => return self.failed(call, meant, status),
        };
        for _ in 0..most {
            match messages.message().await {
                Ok(Some(message)) => println!("{call}: {}", text(message)),
                Ok(None) => break,
                Err(status) => return self.failed(call, meant, status),
            }
        }
        // Dropping `messages` here cancels a call that has not ended.
        Ok(())
    }

    fn failed(&mut self, call: &str, meant: Code, status: Status) -> Result<(), Failure> {
        // A status with a source comes from no server: something failed below gRPC, and the
        // calls after this one would fail too.
        if status.source().is_some() {
            return Err(status.into());
        }
        println!("{call}: {}", status_line(&status));
        if status.code() != meant && self.failure.is_none() {
            self.failure = Some(status);
        }
        Ok(())
    }
}

/// For calls that end on their own: all their messages.
const ALL: usize = usize::MAX;

// ANCHOR: demo
async fn demo(
    client: &mut DemoClient<Channel>,
    report: &mut Report,
) -> Result<(), Failure> {
    use Code::{InvalidArgument, NotFound, OutOfRange};
    use Operation::{Add, Divide};
    for (num1, op, num2, meant) in [
        (100, Divide, 20, Code::Ok),
        (-7, Divide, 2, Code::Ok),
        (100, Divide, 0, InvalidArgument),
        (i32::MAX, Add, 1, OutOfRange),
    ] {
        let call = format!("Calculate {num1} {} {num2}", op.as_str_name());
        let work = Work { num1, num2, op: op.into() };
        let result = client.calculate(work).await;
        report.response(&call, meant, result, |result| result.val.to_string())?;
    }
    for (name, meant) in [("wuhan", Code::Ok), ("东京", NotFound)] {
        let call = format!("GetSubjects {name:?}");
        let city = City { name: name.into() };
        let subjects = client.get_subjects(city).await;
        report
            .stream(&call, meant, subjects, ALL, |subject| subject.name)
            .await?;
    }
    for (numbers, meant) in [
        (vec![5, -10, 0, 1], Code::Ok),
        (vec![], Code::Ok),
        (vec![i32::MAX, 1, -1], Code::Ok),
        (vec![i32::MAX, 1], OutOfRange),
    ] {
        let call = format!("Accumulate {numbers:?}");
        let deltas = numbers.into_iter().map(|val| Delta { val });
        let sum = client.accumulate(iter(deltas)).await;
        report.response(&call, meant, sum, |sum| sum.val.to_string())?;
    }
    for numbers in [vec![5, 19, 3, 3], vec![10, -1]] {
        let call = format!("GuessNumber {numbers:?}");
        let guesses = numbers.into_iter().map(|val| Number { val });
        let answers = client.guess_number(iter(guesses)).await;
        report
            .stream(&call, Code::Ok, answers, ALL, |Answer { desc, val }| {
                format!("{desc} {val}")
            })
            .await?;
    }
    Ok(())
}
// ANCHOR_END: demo

async fn test(
    client: &mut TestClient<Channel>,
    report: &mut Report,
) -> Result<(), Failure> {
    let request = HellojlcReq { name: "jlc".into(), age: 23, ..Default::default() };
    let reply = client.hellojlc(request).await;
    report.response("hellojlc \"jlc\", 23", Code::Ok, reply, |reply| reply.result)?;

    // The first of these streams never ends, so the client leaves after three messages.
    for (data, meant, most) in [("jlc", Code::Ok, 3), ("close", Code::Cancelled, ALL)] {
        let call = format!("TestClientRecvStream {data:?}");
        let request = TestClientRecvStreamRequest { data: data.into() };
        let ticks = client.test_client_recv_stream(request).await;
        report
            .stream(&call, meant, ticks, most, |tick| tick.result)
            .await?;
    }
    for count in [5, 1000] {
        let call = format!("TestClientSendStream {count} messages");
        let requests =
            (0..count).map(|n: i32| TestClientSendStreamRequest { data: n.to_string() });
        let response = client.test_client_send_stream(iter(requests)).await;
        report.response(&call, Code::Ok, response, |response| response.result)?;
    }
    let requests = ["1", "2"].map(|data| TestTwoWayStreamRequest { data: data.into() });
    let echoes = client.test_two_way_stream(iter(requests)).await;
    report
        .stream("TestTwoWayStream", Code::Ok, echoes, ALL, |echo| echo.result)
        .await?;
    Ok(())
}

async fn greeter(
    client: &mut GreeterClient<Channel>,
    report: &mut Report,
) -> Result<(), Failure> {
    let request = HelloRequest { name: "you".into() };
    let reply = client.say_hello(request).await;
    report.response("SayHello \"you\"", Code::Ok, reply, |reply| reply.message)?;
    Ok(())
}

async fn user_info(
    client: &mut UserInfoClient<Channel>,
    report: &mut Report,
) -> Result<(), Failure> {
    let request = user_info::Request { age: 18, name: "daoji".into() };
    let response = client.info(request).await;
    report.response("Info 18, \"daoji\"", Code::Ok, response, |response| {
        response.message
    })?;
    Ok(())
}

async fn stream_test(
    client: &mut StreamTestClient<Channel>,
    report: &mut Report,
) -> Result<(), Failure> {
    for words in [vec!["a", "b"], vec!["a", "close", "b"], vec![]] {
        let call = format!("ClientStream {words:?}");
        let requests = words
            .into_iter()
            .map(|word| stream_test::Request { message: word.into() });
        let response = client.client_stream(iter(requests)).await;
        report.response(&call, Code::Ok, response, |response| response.message)?;
    }
    Ok(())
}
