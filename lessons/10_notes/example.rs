//! Note 002: two services of the package `example`, from two files that both define
//! `request` and `response`.

use tonic::{Request, Response, Status, Streaming};

use super::proto::{stream_test, user_info};
use crate::accumulate::message_unless_cancelled;

pub struct MyUserInfo;

#[tonic::async_trait]
impl user_info::user_info_server::UserInfo for MyUserInfo {
    async fn info(
        &self,
        request: Request<user_info::Request>,
    ) -> Result<Response<user_info::Response>, Status> {
        let user_info::Request { age, name } = request.into_inner();
        println!("Info {age}, {name:?}");
        let message = format!("Hello, {name}!");
        Ok(Response::new(user_info::Response { message }))
    }
}

pub struct MyStreamTest;

#[tonic::async_trait]
impl stream_test::stream_test_server::StreamTest for MyStreamTest {
    async fn client_stream(
        &self,
        request: Request<Streaming<stream_test::Request>>,
    ) -> Result<Response<stream_test::Response>, Status> {
        let mut requests = request.into_inner();
        let mut answer = "ok!🐧";
        while let Some(stream_test::Request { message }) =
            message_unless_cancelled(&mut requests).await?
        {
            if message == "close" {
                answer = "close!😢";
                break;
            }
        }
        println!("ClientStream -> {answer}");
        Ok(Response::new(stream_test::Response { message: answer.into() }))
    }
}
