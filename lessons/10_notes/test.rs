//! Note 000: `demo`, a method of each kind once more.

use std::time::Duration;

use tokio::sync::mpsc::channel;
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
use crate::accumulate::message_unless_cancelled;
use crate::guess_number::echo;
use crate::subjects_by_city::{TICK_BUFFER, send_all, ticks};

pub struct MyTest {
    /// How long `TestClientRecvStream` waits before each message.
    pub pace: Duration,
}

#[tonic::async_trait]
impl Demo for MyTest {
    async fn hellojlc(
        &self,
        request: Request<HellojlcReq>,
    ) -> Result<Response<HellojlcReply>, Status> {
        let HellojlcReq { name, age, .. } = request.into_inner();
        println!("hellojlc {name:?}, {age}");
        let result = format!("my name is {name}, i am {age} years old");
        Ok(Response::new(HellojlcReply { result }))
    }

    type TestClientRecvStreamStream =
        ReceiverStream<Result<TestClientRecvStreamResponse, Status>>;

    async fn test_client_recv_stream(
        &self,
        request: Request<TestClientRecvStreamRequest>,
    ) -> Result<Response<Self::TestClientRecvStreamStream>, Status> {
        let TestClientRecvStreamRequest { data } = request.into_inner();
        println!("TestClientRecvStream {data:?}");
        let messages = ticks(data)?.map(|result| TestClientRecvStreamResponse { result });
        let (sender, receiver) = channel(TICK_BUFFER);
        // It ends when the client leaves: see lesson 7.
        tokio::spawn(send_all(messages, self.pace, sender));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn test_client_send_stream(
        &self,
        request: Request<Streaming<TestClientSendStreamRequest>>,
    ) -> Result<Response<TestClientSendStreamResponse>, Status> {
        let mut requests = request.into_inner();
        let mut messages = 0;
        // Eleven are enough: the answer does not wait for the client's end.
        while messages < 11 && message_unless_cancelled(&mut requests).await?.is_some() {
            messages += 1;
        }
        println!("TestClientSendStream -> ok, after {messages} messages");
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
        println!("TestTwoWayStream");
        Ok(Response::new(request.into_inner().map(answer)))
    }
}

fn answer(
    request: Result<TestTwoWayStreamRequest, Status>,
) -> Result<TestTwoWayStreamResponse, Status> {
    let TestTwoWayStreamRequest { data } = request?;
    Ok(TestTwoWayStreamResponse { result: echo(&data) })
}
