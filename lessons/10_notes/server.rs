//! `lesson-10-server`: serves all that the notes defined, with health and reflection, on
//! 127.0.0.1:50060.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::{MyGreeter, proto::greeter_server::GreeterServer};
use grpc_workbook::notes::demo::MyDemo;
use grpc_workbook::notes::example::{MyStreamTest, MyUserInfo};
use grpc_workbook::notes::health::{MyHealth, all};
use grpc_workbook::notes::proto::{
    demo::demo_server::DemoServer, stream_test::stream_test_server::StreamTestServer,
    test::demo_server::DemoServer as TestServer,
    user_info::user_info_server::UserInfoServer,
};
use grpc_workbook::notes::reflection::reflection;
use grpc_workbook::notes::test::MyTest;
use tokio::sync::watch;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::{v1, v1alpha};

#[derive(clap::Args)]
struct Args {
    /// How long TestClientRecvStream waits before each message
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    interval: u64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown, Args { interval }) = cli::listen_with(10).await?;
    let interval = Duration::from_millis(interval);

    // ANCHOR: health
    // `states` sets what the health service answers, which reads `known`.
    let (states, known) = watch::channel(all(ServingStatus::Serving));
    let requested = shutdown.requested();
    let stop = async move {
        requested.await;
        // Tells all who watch that nothing takes calls any more.
        states.send_replace(all(ServingStatus::NotServing));
        // Ends each Watch, behind this last state. The shutdown waits for open calls, and a
        // Watch would otherwise stay open as long as its client likes.
        drop(states);
    };
    // ANCHOR_END: health

    // ANCHOR: router
    // Python's servers read compressed requests by default. In tonic each service that should
    // read them needs to be told.
    let gzip = CompressionEncoding::Gzip;
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(GreeterServer::new(MyGreeter).accept_compressed(gzip))
        .add_service(TestServer::new(MyTest { interval }).accept_compressed(gzip))
        .add_service(UserInfoServer::new(MyUserInfo).accept_compressed(gzip))
        .add_service(StreamTestServer::new(MyStreamTest).accept_compressed(gzip))
        .add_service(DemoServer::new(MyDemo).accept_compressed(gzip))
        .add_service(
            HealthServer::new(MyHealth { states: known }).accept_compressed(gzip),
        )
        // Two versions of one service: some tools still ask for v1alpha.
        .add_service(
            v1::ServerReflectionServer::new(reflection()?).accept_compressed(gzip),
        )
        .add_service(
            v1alpha::ServerReflectionServer::new(reflection()?).accept_compressed(gzip),
        )
        .serve_with_incoming_shutdown(incoming, stop);
    shutdown.run(server).await
    // ANCHOR_END: router
}
