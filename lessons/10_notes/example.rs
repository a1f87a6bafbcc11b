//! Note 002: two services of the package `example`, from two files that both define
//! `request` and `response`. In Rust they are types of two modules.

use tonic::{Request, Response, Status, Streaming};

use super::proto::{stream_test, user_info};
use crate::accumulate::{CallLog, message_unless_cancelled};

/// Greets by name.
pub struct MyUserInfo;

#[tonic::async_trait]
impl user_info::user_info_server::UserInfo for MyUserInfo {
    async fn info(
        &self,
        request: Request<user_info::Request>,
    ) -> Result<Response<user_info::Response>, Status> {
        let user_info::Request { age, name } = request.into_inner();
        let message = format!("Hello, {name}!");
        // A name can be anything, line ends too: {:?} keeps it on one line.
        println!("Info {age}, {name:?} -> {message:?}");
        Ok(Response::new(user_info::Response { message }))
    }
}

/// Reads until the client has finished, or has sent `close`.
pub struct MyStreamTest;

#[tonic::async_trait]
impl stream_test::stream_test_server::StreamTest for MyStreamTest {
    async fn client_stream(
        &self,
        request: Request<Streaming<stream_test::Request>>,
    ) -> Result<Response<stream_test::Response>, Status> {
        let mut log = CallLog::new("ClientStream");
        let result = read_until_close(request.into_inner()).await;
        log.record(&result, |message| message.to_string());
        Ok(Response::new(stream_test::Response { message: result?.into() }))
    }
}

async fn read_until_close(
    mut requests: Streaming<stream_test::Request>,
) -> Result<&'static str, Status> {
    while let Some(stream_test::Request { message }) =
        message_unless_cancelled(&mut requests).await?
    {
        if message == "close" {
            // Returning answers the call. What the client still sends is not read.
            return Ok("close!😢");
        }
    }
    Ok("ok!🐧")
}
