//! `lesson-10-server`: serves all that the notes defined, with health and reflection, on
//! 127.0.0.1:50060.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
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
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown, Args { pace }) = cli::listen_with(10).await?;
    let pace = Duration::from_millis(pace);

    // Two ends: `health` sets what `health_service` answers. A service that is not set is
    // unknown, which is not the same as not serving.
    let (health, health_service) = tonic_health::server::health_reporter();
    for service in SERVICES {
        health
            .set_service_status(*service, ServingStatus::Serving)
            .await;
    }

    // Python's servers read compressed requests by default. In tonic each service that should
    // read them needs to be told.
    let gzip = CompressionEncoding::Gzip;
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(GreeterServer::new(MyGreeter).accept_compressed(gzip))
        .add_service(TestServer::new(MyTest { pace }).accept_compressed(gzip))
        .add_service(UserInfoServer::new(MyUserInfo).accept_compressed(gzip))
        .add_service(StreamTestServer::new(MyStreamTest).accept_compressed(gzip))
        .add_service(DemoServer::new(MyDemo).accept_compressed(gzip))
        .add_service(health_service)
        // Two versions of one service: some tools still ask for v1alpha.
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
