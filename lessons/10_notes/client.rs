//! `lesson-10-client`: calls every method of the notes, on a server in any language.

use std::error::Error;
use std::time::Duration;

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
use tokio::time::timeout;
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
    let services = match args.services[..] {
        [] => Service::value_variants(),
        ref services => services,
    };
    let Ok(ended) = timeout(PATIENCE, call(&channel, services)).await else {
        return Err(Failure::new(format!(
            "the server has not answered all calls within {PATIENCE:?}"
        )));
    };
    ended
}

/// How long all calls together may take. A server that accepts them and never answers would
/// hang the client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls all methods of these services. A call that fails is printed, and the next one made.
///
/// # Errors
/// The connection failed; or calls failed, at the end, that were not meant to.
async fn call(channel: &Channel, services: &[Service]) -> Result<(), Failure> {
    let mut log = Log::default();
    for service in services {
        // A clone is another handle to the same connection.
        let channel = channel.clone();
        match service {
            Service::Test => test(&mut TestClient::new(channel), &mut log).await?,
            Service::Greeter => {
                greeter(&mut GreeterClient::new(channel), &mut log).await?
            }
            Service::UserInfo => {
                user_info(&mut UserInfoClient::new(channel), &mut log).await?
            }
            Service::StreamTest => {
                stream_test(&mut StreamTestClient::new(channel), &mut log).await?
            }
            Service::Demo => demo(&mut DemoClient::new(channel), &mut log).await?,
        }
    }
    log.finish()
}

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    match fault {
        // No server has these paths.
        Fault::Package => send(channel, "/test.Demo/Calculate", b"")
            .await
            .map_err(Failure::provoked),
        Fault::Spelling => send(channel, "/Demo/calculate", b"")
            .await
            .map_err(Failure::provoked),
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

/// Prints how each call ended, and counts those that were not meant to fail.
#[derive(Default)]
struct Log {
    /// Of how many calls the outcome was printed.
    calls: u32,
    /// How many of them failed, with another code than the call was meant to end with.
    failed: u32,
    /// Whether the server said of each of these that it has no such method.
    is_all_unimplemented: bool,
}

impl Log {
    /// Prints the outcome of a call with one response: `text` of its message, or the status.
    /// `meant` is the code that the call should end with.
    ///
    /// # Errors
    /// Something below gRPC failed, or no server of gRPC answers. The next calls would fare no
    /// better.
    fn response<T>(
        &mut self,
        call: &str,
        meant: Code,
        result: Result<Response<T>, Status>,
        text: impl Fn(T) -> String,
    ) -> Result<(), Failure> {
        self.calls += 1;
        match result {
            Ok(response) => println!("{call}: {}", text(response.into_inner())),
            Err(status) => self.error(call, meant, status)?,
        }
        Ok(())
    }

    /// Prints the messages of a call with a stream of them, and the status if it fails. After
    /// `most` messages it leaves the call.
    ///
    /// # Errors
    /// Those of [`response`](Log::response).
    async fn stream<T>(
        &mut self,
        call: &str,
        meant: Code,
        result: Result<Response<Streaming<T>>, Status>,
        most: usize,
        text: impl Fn(T) -> String,
    ) -> Result<(), Failure> {
        self.calls += 1;
        let mut messages = match result {
            Ok(response) => response.into_inner(),
            Err(status) => return self.error(call, meant, status),
        };
        for _ in 0..most {
            match messages.message().await {
                Ok(Some(message)) => println!("{call}: {}", text(message)),
                Ok(None) => return Ok(()),
                Err(status) => return self.error(call, meant, status),
            }
        }
        // Dropping `messages` here cancels a call that has not ended.
        Ok(())
    }

    fn error(&mut self, call: &str, meant: Code, status: Status) -> Result<(), Failure> {
        println!("{call}: {}", status_line(&status));
        if status.source().is_some() || cli::is_not_of_grpc(&status) {
            return Err(status.into());
        }
        if status.code() != meant {
            let is_unimplemented = status.code() == Code::Unimplemented;
            self.is_all_unimplemented =
                is_unimplemented && (self.failed == 0 || self.is_all_unimplemented);
            self.failed += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        let Log { calls, failed, is_all_unimplemented } = self;
        let line = format!("{failed} of {calls} calls failed that should have succeeded");
        match failed {
            0 => Ok(()),
            _ if is_all_unimplemented => Err(Failure::wrong_server(&line)),
            _ => Err(Failure::new(line)),
        }
    }
}

/// For calls that end on their own: all their messages.
const ALL: usize = usize::MAX;

// ANCHOR: demo
async fn demo(client: &mut DemoClient<Channel>, log: &mut Log) -> Result<(), Failure> {
    use Operation::{Add, Divide};
    for (num1, op, num2, meant) in [
        (100, Divide, 20, Code::Ok),
        (-7, Divide, 2, Code::Ok),
        (100, Divide, 0, Code::InvalidArgument),
        (i32::MAX, Add, 1, Code::OutOfRange),
    ] {
        let call = format!("Calculate {num1} {} {num2}", op.as_str_name());
        let work = Work { num1, num2, op: op.into() };
        let result = client.calculate(work).await;
        log.response(&call, meant, result, |result| result.val.to_string())?;
    }
    for (name, meant) in [("wuhan", Code::Ok), ("东京", Code::NotFound)] {
        let call = format!("GetSubjects {name:?}");
        let city = City { name: name.into() };
        let subjects = client.get_subjects(city).await;
        log.stream(&call, meant, subjects, ALL, |subject| subject.name)
            .await?;
    }
    for (numbers, meant) in [
        (vec![5, -10, 0, 1], Code::Ok),
        (vec![], Code::Ok),
        (vec![i32::MAX, 1, -1], Code::Ok),
        (vec![i32::MAX, 1], Code::OutOfRange),
    ] {
        let call = format!("Accumulate {numbers:?}");
        let deltas = numbers.into_iter().map(|val| Delta { val });
        let sum = client.accumulate(iter(deltas)).await;
        log.response(&call, meant, sum, |sum| sum.val.to_string())?;
    }
    for numbers in [vec![5, 19, 3, 3], vec![10, -1]] {
        let call = format!("GuessNumber {numbers:?}");
        let guesses = numbers.into_iter().map(|val| Number { val });
        let answers = client.guess_number(iter(guesses)).await;
        let text = |Answer { desc, val }| format!("{desc} {val}");
        log.stream(&call, Code::Ok, answers, ALL, text).await?;
    }
    Ok(())
}
// ANCHOR_END: demo

async fn test(client: &mut TestClient<Channel>, log: &mut Log) -> Result<(), Failure> {
    let request = HellojlcReq { name: "jlc".into(), age: 23, ..Default::default() };
    let reply = client.hellojlc(request).await;
    log.response("hellojlc \"jlc\", 23", Code::Ok, reply, |reply| reply.result)?;

    // The first of these streams never ends, so the client leaves after three messages.
    for (data, most, meant) in [("jlc", 3, Code::Ok), ("close", ALL, Code::Cancelled)] {
        let call = format!("TestClientRecvStream {data:?}");
        let request = TestClientRecvStreamRequest { data: data.into() };
        let ticks = client.test_client_recv_stream(request).await;
        log.stream(&call, meant, ticks, most, |tick| tick.result)
            .await?;
    }
    for count in [5, 1000] {
        let call = format!("TestClientSendStream {count} messages");
        let requests =
            (0..count).map(|n: i32| TestClientSendStreamRequest { data: n.to_string() });
        let response = client.test_client_send_stream(iter(requests)).await;
        log.response(&call, Code::Ok, response, |response| response.result)?;
    }
    let requests = ["1", "2"].map(|data| TestTwoWayStreamRequest { data: data.into() });
    let echoes = client.test_two_way_stream(iter(requests)).await;
    log.stream("TestTwoWayStream", Code::Ok, echoes, ALL, |echo| echo.result)
        .await
}

async fn greeter(
    client: &mut GreeterClient<Channel>,
    log: &mut Log,
) -> Result<(), Failure> {
    let request = HelloRequest { name: "you".into() };
    let reply = client.say_hello(request).await;
    log.response("SayHello \"you\"", Code::Ok, reply, |reply| reply.message)
}

async fn user_info(
    client: &mut UserInfoClient<Channel>,
    log: &mut Log,
) -> Result<(), Failure> {
    let request = user_info::Request { age: 18, name: "daoji".into() };
    let response = client.info(request).await;
    log.response("Info 18, \"daoji\"", Code::Ok, response, |response| response.message)
}

async fn stream_test(
    client: &mut StreamTestClient<Channel>,
    log: &mut Log,
) -> Result<(), Failure> {
    for words in [vec!["a", "b"], vec!["a", "close", "b"], vec![]] {
        let call = format!("ClientStream {words:?}");
        let requests = words
            .into_iter()
            .map(|word| stream_test::Request { message: word.into() });
        let response = client.client_stream(iter(requests)).await;
        log.response(&call, Code::Ok, response, |response| response.message)?;
    }
    Ok(())
}
