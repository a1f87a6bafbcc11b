//! Note 000: `test.demo`, a method of each kind once more. In Rust its trait is named `Demo`, as
//! note 004's is.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::adapters::Map;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::proto::test::demo_server::Demo;
use super::proto::test::{
    HellojlcReply, HellojlcReq, TestClientRecvStreamRequest,
    TestClientRecvStreamResponse, TestClientSendStreamRequest,
    TestClientSendStreamResponse, TestTwoWayStreamRequest, TestTwoWayStreamResponse,
};
use crate::accumulate::{CallLog, message_unless_cancelled};
use crate::guess_number::echo;
use crate::status::status_line;
use crate::subjects_by_city::{TICK_BUFFER, send_all, ticks};

/// The service.
pub struct MyTest {
    /// How long `TestClientRecvStream` waits before each message. The server's `--interval`.
    pub interval: Duration,
}

#[tonic::async_trait]
impl Demo for MyTest {
    async fn hellojlc(
        &self,
        request: Request<HellojlcReq>,
    ) -> Result<Response<HellojlcReply>, Status> {
        let HellojlcReq { name, age, .. } = request.into_inner();
        let result = format!("my name is {name}, i am {age} years old");
        println!("hellojlc {name:?}, {age} -> {result:?}");
        Ok(Response::new(HellojlcReply { result }))
    }

    // Messages that are made while the call runs come out of a channel.
    type TestClientRecvStreamStream =
        ReceiverStream<Result<TestClientRecvStreamResponse, Status>>;

    async fn test_client_recv_stream(
        &self,
        request: Request<TestClientRecvStreamRequest>,
    ) -> Result<Response<Self::TestClientRecvStreamStream>, Status> {
        let TestClientRecvStreamRequest { data } = request.into_inner();
        let call = format!("TestClientRecvStream {data:?}");
        let ticks = ticks(data)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?;
        // The call goes on after this line: its outcome is a stream.
        println!("{call} -> a message every {:?}", self.interval);
        let messages = ticks.map(|result| TestClientRecvStreamResponse { result });
        let (tx, rx) = mpsc::channel(TICK_BUFFER);
        // The task ends when the client leaves: see lesson 7.
        tokio::spawn(send_all(messages, self.interval, tx));
        Ok(Response::new(ReceiverStream::new(rx)))
    }

    async fn test_client_send_stream(
        &self,
        request: Request<Streaming<TestClientSendStreamRequest>>,
    ) -> Result<Response<TestClientSendStreamResponse>, Status> {
        let mut log = CallLog::new("TestClientSendStream");
        let result = count_messages(request.into_inner()).await;
        log.record(&result, |count| format!("ok, after {count} messages"));
        result?;
        Ok(Response::new(TestClientSendStreamResponse { result: "ok".into() }))
    }

    type TestTwoWayStreamStream = Map<
        Streaming<TestTwoWayStreamRequest>,
        fn(
            Result<TestTwoWayStreamRequest, Status>,
        ) -> Result<TestTwoWayStreamResponse, Status>,
    >;

    async fn test_two_way_stream(
        &self,
        request: Request<Streaming<TestTwoWayStreamRequest>>,
    ) -> Result<Response<Self::TestTwoWayStreamStream>, Status> {
        println!("TestTwoWayStream -> an echo of each message");
        Ok(Response::new(request.into_inner().map(reply)))
    }
}

/// Counts the messages until the client has finished, or until there are eleven: then the
/// note's service answers, whether or not more are coming.
async fn count_messages(
    mut requests: Streaming<TestClientSendStreamRequest>,
) -> Result<u32, Status> {
    let mut count = 0;
    while count < 11 && message_unless_cancelled(&mut requests).await?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The reply to one message. An error is passed on, and ends the call.
fn reply(
    request: Result<TestTwoWayStreamRequest, Status>,
) -> Result<TestTwoWayStreamResponse, Status> {
    let TestTwoWayStreamRequest { data } = request?;
    Ok(TestTwoWayStreamResponse { result: echo(&data) })
}
