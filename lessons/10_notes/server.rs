//! `lesson-10-server`: serves all that the notes defined on 127.0.0.1:50060.

use std::time::Duration;

use grpc_workbook::cli;
use grpc_workbook::hello::{MyGreeter, proto::greeter_server::GreeterServer};
use grpc_workbook::notes::demo::MyDemo;
use grpc_workbook::notes::example::{MyStreamTest, MyUserInfo};
use grpc_workbook::notes::proto::{
    demo::demo_server::DemoServer, stream_test::stream_test_server::StreamTestServer,
    test::demo_server::DemoServer as TestServer,
    user_info::user_info_server::UserInfoServer,
};
use grpc_workbook::notes::{SERVICES, reflection, test::MyTest};
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic_health::ServingStatus;

#[derive(clap::Args)]
struct Args {
    /// How long TestClientRecvStream waits before each message
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000)]
    pace: u64,
}

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (incoming, stop, Args { pace }) = cli::listen_with(10).await?;
    let pace = Duration::from_millis(pace);

    let (health, health_service) = tonic_health::server::health_reporter();
    for service in SERVICES {
        health
            .set_service_status(*service, ServingStatus::Serving)
            .await;
    }

    // Python's servers read compressed requests unasked. In tonic each service is told to.
    let gzip = CompressionEncoding::Gzip;
    Server::builder()
        // tonic allows any number of open calls on a connection: each takes memory.
        .max_concurrent_streams(1000)
        // tonic waits for ever for a client whose machine is gone. This asks each minute.
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(GreeterServer::new(MyGreeter).accept_compressed(gzip))
        .add_service(TestServer::new(MyTest { pace }).accept_compressed(gzip))
        .add_service(UserInfoServer::new(MyUserInfo).accept_compressed(gzip))
        .add_service(StreamTestServer::new(MyStreamTest).accept_compressed(gzip))
        .add_service(DemoServer::new(MyDemo).accept_compressed(gzip))
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
