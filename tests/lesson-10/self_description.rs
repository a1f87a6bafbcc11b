//! What the server tells about itself, by reflection and health.

use grpc_workbook::notes::SERVICES;
use grpc_workbook::notes::reflection::LIBRARY_SERVICES;
use support::patience::within;
use support::programs::Server;
use tokio_stream::iter;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::LESSON;

#[tokio::test]
async fn reflection_lists_all_services() {
    let server = Server::start(LESSON);
    let list = MessageRequest::ListServices(String::new());
    let responses = reflect(&server, vec![list]).await;
    let [MessageResponse::ListServicesResponse(list)] = &responses[..] else {
        panic!("response should be a list: {responses:?}");
    };
    let names: Vec<&str> = list.service.iter().map(|row| &*row.name).collect();
    assert_eq!(names, [SERVICES, LIBRARY_SERVICES].concat());
    // Each has a file.
    for name in names {
        let question = MessageRequest::FileContainingSymbol(name.into());
        let response = reflect(&server, vec![question]).await;
        let [MessageResponse::FileDescriptorResponse(_)] = &response[..] else {
            panic!("{name} should have a file: {response:?}");
        };
    }
}

/// `example.request` is defined in two files. Reflection has both files, and gives one of them
/// for the name.
#[tokio::test]
async fn reflection_knows_one_file_for_a_name_defined_twice() {
    let server = Server::start(LESSON);
    let names = ["example.UserInfo", "example.StreamTest", "example.request"];
    let requests = names.map(|name| MessageRequest::FileContainingSymbol(name.into()));
    let mut files = Vec::new();
    for response in reflect(&server, requests.into()).await {
        let MessageResponse::FileDescriptorResponse(file) = response else {
            panic!("response should be a file: {response:?}");
        };
        files.push(file.file_descriptor_proto);
    }
    assert_ne!(files[0], files[1]);
    assert!(files[2] == files[0] || files[2] == files[1]);
}

/// Sends these requests in one call, and returns a response for each.
async fn reflect(server: &Server, requests: Vec<MessageRequest>) -> Vec<MessageResponse> {
    let count = requests.len();
    let mut client = ServerReflectionClient::new(server.channel().await)
        .send_compressed(CompressionEncoding::Gzip);
    let requests = requests.into_iter().map(|request| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    });
    let responses = client.server_reflection_info(iter(requests)).await;
    let mut stream: Streaming<ServerReflectionResponse> =
        responses.expect("call should start").into_inner();
    let mut responses = Vec::new();
    for _ in 0..count {
        let response = stream.message().await.expect("call should go on");
        let response = response.expect("every request should get a response");
        let message = response.message_response;
        responses.push(message.expect("response should have a message"));
    }
    responses
}

#[tokio::test]
async fn health_reports_that_every_service_serves() {
    let server = Server::start(LESSON);
    // Its requests are compressed, as a client in Python may have them.
    let mut client = HealthClient::new(server.channel().await)
        .send_compressed(CompressionEncoding::Gzip);
    // The empty name is the server as a whole.
    for service in [""].iter().chain(SERVICES) {
        let request = HealthCheckRequest { service: service.to_string() };
        let response = client.check(request).await;
        let response = response.expect("service should be known").into_inner();
        assert_eq!(response.status(), ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "Nope".into() };
    let status = client.check(request).await;
    let status = status.expect_err("service should be unknown");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "unknown service: Nope");
}

/// A server that is told to stop says so to those who watch it, and ends their streams: it need
/// not cut them off.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_sees_not_serving_and_does_not_hold_the_shutdown() {
    let mut server = Server::start(LESSON);
    let mut client = HealthClient::new(server.channel().await);
    let mut watches = Vec::new();
    for service in ["", "Demo", "Nope"] {
        let request = HealthCheckRequest { service: service.into() };
        let watch = client.watch(request).await.expect("call should start");
        watches.push(watch.into_inner());
    }
    let mut unknown = watches.pop().expect("there should be a third");
    for watch in &mut watches {
        assert_eq!(next_state(watch).await, Some(ServingStatus::Serving));
    }
    assert_eq!(next_state(&mut unknown).await, Some(ServingStatus::ServiceUnknown));
    server.signal();
    for watch in &mut watches {
        assert_eq!(next_state(watch).await, Some(ServingStatus::NotServing));
        assert_eq!(next_state(watch).await, None);
    }
    // The service is as unknown as before: there is nothing new to say.
    assert_eq!(next_state(&mut unknown).await, None);
    // 1 would say that connections had to be cut off.
    assert_eq!(server.finish().code, Some(0));
}

/// The next state that a Watch reports; `None` at its end with OK.
async fn next_state(watch: &mut Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    let message = within("a state", watch.message()).await;
    let message = message.expect("the watch should not fail");
    message.map(|message| message.status())
}
