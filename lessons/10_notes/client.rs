//! `lesson-10-client`: calls every method of the notes, on a server in any language.

use clap::ValueEnum;
use grpc_workbook::hello::proto::{HelloRequest, greeter_client::GreeterClient};
use grpc_workbook::notes::proto::demo::{
    City, Delta, Number, Work, demo_client::DemoClient, work::Operation,
};
use grpc_workbook::notes::proto::stream_test::stream_test_client::StreamTestClient;
use grpc_workbook::notes::proto::test::{
    HellojlcReq, TestClientRecvStreamRequest, TestClientSendStreamRequest,
    TestTwoWayStreamRequest, demo_client::DemoClient as TestClient,
};
use grpc_workbook::notes::proto::user_info::user_info_client::UserInfoClient;
use grpc_workbook::notes::proto::{stream_test, user_info};
use grpc_workbook::{cli, raw, status};
use tokio_stream::iter;
use tonic::transport::Channel;
use tonic::{Response, Status, Streaming};

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
enum Break {
    /// call Demo by a path with a package, which it does not have
    Package,
    /// call a method with another spelling
    Spelling,
    /// send UserInfo the request of StreamTest, which has the same name
    SameName,
}

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Break>(10);
    let channel = cli::connect(&server).await?;
    match fault {
        None if args.services.is_empty() => {
            call(channel, Service::value_variants()).await
        }
        None => call(channel, &args.services).await,
        Some(Break::Package) => send(channel, "/test.Demo/Calculate", b"").await,
        Some(Break::Spelling) => send(channel, "/Demo/calculate", b"").await,
        Some(Break::SameName) => same_name(channel).await,
    }
}

async fn call(channel: Channel, services: &[Service]) -> Result<(), cli::Failure> {
    for service in services {
        let channel = channel.clone();
        match service {
            Service::Test => test(TestClient::new(channel)).await,
            Service::Greeter => greeter(GreeterClient::new(channel)).await,
            Service::UserInfo => user_info(UserInfoClient::new(channel)).await,
            Service::StreamTest => stream_test(StreamTestClient::new(channel)).await,
            Service::Demo => demo(DemoClient::new(channel)).await,
        }
    }
    Ok(())
}

/// Prints what a call with one answer came to.
fn show<A>(call: &str, answer: Result<Response<A>, Status>, text: impl Fn(A) -> String) {
    match answer {
        Ok(answer) => println!("{call}: {}", text(answer.into_inner())),
        Err(status) => failed(call, &status),
    }
}

/// Prints what a call with several answers came to, at most `most` of them.
async fn show_all<A>(
    call: &str,
    answers: Result<Response<Streaming<A>>, Status>,
    most: usize,
    text: impl Fn(A) -> String,
) {
    let mut answers = match answers {
        Ok(answers) => answers.into_inner(),
        Err(status) => return failed(call, &status),
    };
    for _ in 0..most {
        match answers.message().await {
            Ok(Some(answer)) => println!("{call}: {}", text(answer)),
            Ok(None) => return,
            Err(status) => return failed(call, &status),
        }
    }
    // Dropped here, which is how a client leaves a call that has not ended.
}

fn failed(call: &str, status: &Status) {
    let code = status::code_name(status.code());
    println!("{call}: {code}: {}", status::one_line(status.message()));
}

// ANCHOR: demo
async fn demo(mut client: DemoClient<Channel>) {
    use Operation::{Add, Divide};
    for (num1, op, num2) in [
        (100, Divide, 20),
        (-7, Divide, 2),
        (100, Divide, 0),
        (2147483647, Add, 1),
    ] {
        let call = format!("Calculate {num1} {} {num2}", op.as_str_name());
        let work = Work { num1, num2, op: op.into() };
        show(&call, client.calculate(work).await, |result| result.val.to_string());
    }
    for name in ["wuhan", "东京"] {
        let city = City { name: name.into() };
        let call = format!("GetSubjects {name:?}");
        show_all(&call, client.get_subjects(city).await, usize::MAX, |s| s.name).await;
    }
    for numbers in [
        vec![5, -10, 0, 1],
        vec![],
        vec![2147483647, 1, -1],
        vec![2147483647, 1],
    ] {
        let call = format!("Accumulate {numbers:?}");
        let deltas = numbers.into_iter().map(|val| Delta { val });
        show(&call, client.accumulate(iter(deltas)).await, |sum| sum.val.to_string());
    }
    for numbers in [vec![5, 19, 3, 3], vec![10, -1]] {
        let call = format!("GuessNumber {numbers:?}");
        let guesses = numbers.into_iter().map(|val| Number { val });
        let answers = client.guess_number(iter(guesses)).await;
        show_all(&call, answers, usize::MAX, |a| format!("{} {}", a.desc, a.val)).await;
    }
}
// ANCHOR_END: demo

async fn test(mut client: TestClient<Channel>) {
    let request = HellojlcReq { name: "jlc".into(), age: 23, ..Default::default() };
    show("hellojlc \"jlc\", 23", client.hellojlc(request).await, |reply| reply.result);

    for (data, most) in [("jlc", 3), ("close", usize::MAX)] {
        let request = TestClientRecvStreamRequest { data: data.into() };
        let call = format!("TestClientRecvStream {data:?}");
        let ticks = client.test_client_recv_stream(request).await;
        show_all(&call, ticks, most, |tick| tick.result).await;
    }
    for count in [5, 1000] {
        let data = |n: i32| TestClientSendStreamRequest { data: n.to_string() };
        let answer = client
            .test_client_send_stream(iter((0..count).map(data)))
            .await;
        show(&format!("TestClientSendStream {count} messages"), answer, |a| a.result);
    }
    let requests = ["1", "2"].map(|data| TestTwoWayStreamRequest { data: data.into() });
    let answers = client.test_two_way_stream(iter(requests)).await;
    show_all("TestTwoWayStream", answers, usize::MAX, |answer| answer.result).await;
}

async fn greeter(mut client: GreeterClient<Channel>) {
    let request = HelloRequest { name: "you".into() };
    show("SayHello \"you\"", client.say_hello(request).await, |reply| reply.message);
}

async fn user_info(mut client: UserInfoClient<Channel>) {
    let request = user_info::Request { age: 18, name: "daoji".into() };
    show("Info 18, \"daoji\"", client.info(request).await, |response| response.message);
}

async fn stream_test(mut client: StreamTestClient<Channel>) {
    for words in [vec!["a", "b"], vec!["a", "close", "b"], vec![]] {
        let call = format!("ClientStream {words:?}");
        let requests = words
            .into_iter()
            .map(|word| stream_test::Request { message: word.into() });
        show(&call, client.client_stream(iter(requests)).await, |answer| answer.message);
    }
}

/// Field 1 is a string in one `example.request` and an int32 in the other.
async fn same_name(channel: Channel) -> Result<(), cli::Failure> {
    send(channel, "/example.UserInfo/Info", b"\x0a\x05daoji").await
}

async fn send(
    channel: Channel,
    path: &'static str,
    message: &'static [u8],
) -> Result<(), cli::Failure> {
    let answer = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", answer.into_inner());
    Ok(())
}
