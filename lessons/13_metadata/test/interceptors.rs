//! Interceptors: what they see, in which order, and how long their state lives.

use std::sync::{Arc, Mutex, PoisonError};

use lesson_13::proto::NotifyRequest;
use lesson_13::proto::notify_service_client::NotifyServiceClient;
use lesson_13::proto::notify_service_server::NotifyServiceServer;
use lesson_13::{Notifier, notifier};
use support::patience::within;
use tonic::service::{InterceptorLayer, LayerExt, Routes};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, GrpcMethod, Request, Status};

use crate::check::{Remembering, Told, channel_to};

/// What was seen, one line after the other.
type Seen = Arc<Mutex<Vec<String>>>;

fn see(seen: &Seen, line: impl Into<String>) {
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(line.into());
}

fn lines(seen: &Seen) -> Vec<String> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What is behind the interceptors: nobody asks what it was told.
fn service() -> Remembering {
    Remembering(Told::default())
}

async fn call(client: &mut Notifier) {
    let response = within("the call", client.notify(NotifyRequest::default())).await;
    response.expect("it should end well");
}

/// Predict: a server's interceptor counts in its closure. What do three calls see?
#[tokio::test]
async fn a_counter_in_a_closure_begins_again_with_each_request() {
    let seen = Seen::default();
    let log = seen.clone();
    let mut count = 0;
    let counting = move |request: Request<()>| {
        count += 1;
        see(&log, format!("call {count}"));
        Ok(request)
    };
    let service = NotifyServiceServer::with_interceptor(service(), counting);
    let mut client = Notifier::new(channel_to(Routes::new(service)));
    for _ in 0..3 {
        call(&mut client).await;
    }
    assert_eq!(lines(&seen), ["call 1", "call 1", "call 1"]);
}

/// At a client, the state lives as long as this client: a clone goes on from a copy.
#[tokio::test]
async fn a_clone_of_a_client_counts_in_a_copy() {
    let seen = Seen::default();
    let log = seen.clone();
    let mut count = 0;
    let counting = move |request: Request<()>| {
        count += 1;
        see(&log, format!("call {count}"));
        Ok(request)
    };
    let channel = channel_to(Routes::new(NotifyServiceServer::new(service())));
    let mut client = NotifyServiceClient::with_interceptor(channel, counting);
    for _ in 0..2 {
        client
            .notify(NotifyRequest::default())
            .await
            .expect("it should end well");
    }
    let mut clone = client.clone();
    for client in [&mut clone, &mut client] {
        client
            .notify(NotifyRequest::default())
            .await
            .expect("it should end well");
    }
    assert_eq!(lines(&seen), ["call 1", "call 2", "call 3", "call 3"]);
}

/// Layers run from the first to the last, then the service's own interceptor, then the method.
#[tokio::test]
async fn the_outermost_comes_first() {
    let seen = Seen::default();
    let named = |name: &'static str| {
        let seen = seen.clone();
        move |request: Request<()>| {
            see(&seen, name);
            Ok(request)
        }
    };
    let service =
        NotifyServiceServer::with_interceptor(service(), named("the service's"));
    let service = InterceptorLayer::new(named("around the service")).named_layer(service);
    let any = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any).expect("a port should be free");
    let address = incoming.local_addr().expect("should have an address");
    let server = Server::builder()
        .layer(InterceptorLayer::new(named("first layer")))
        .layer(InterceptorLayer::new(named("second layer")))
        .add_service(service)
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let channel = endpoint.expect("should be a URI").connect_lazy();
    call(&mut Notifier::new(channel)).await;
    let order = [
        "first layer",
        "second layer",
        "around the service",
        "the service's",
    ];
    assert_eq!(lines(&seen), order);
}

/// What an interceptor can know of a call, besides the metadata.
#[tokio::test]
async fn what_interceptors_see() {
    let seen = Seen::default();
    let looking = |place: &'static str| {
        let seen = seen.clone();
        move |mut request: Request<()>| {
            let peer = request.remote_addr().is_some();
            let method = request.extensions().get::<GrpcMethod<'_>>();
            let method = method.map(|method| method.method().to_string());
            let extension = request.extensions().get::<u8>().copied();
            see(&seen, format!("{place}: {peer} {method:?} {extension:?}"));
            request.extensions_mut().insert(7_u8);
            Ok(request)
        }
    };
    let served = NotifyServiceServer::with_interceptor(service(), looking("server"));
    let channel = channel_to(Routes::new(served));
    let mut client = NotifyServiceClient::with_interceptor(channel, looking("client"));
    let mut request = Request::new(NotifyRequest::default());
    request.extensions_mut().insert(1_u8);
    client.notify(request).await.expect("it should end well");
    // In one process, without a connection: no address, and the client's extensions arrive.
    let served = NotifyServiceServer::with_interceptor(service(), looking("in process"));
    let mut client = NotifyServiceClient::new(served);
    let mut request = Request::new(NotifyRequest::default());
    request.extensions_mut().insert(1_u8);
    client.notify(request).await.expect("it should end well");
    assert_eq!(
        lines(&seen),
        [
            "client: false Some(\"Notify\") Some(1)",
            "server: true None None",
            "in process: false Some(\"Notify\") Some(1)",
        ]
    );
}

/// A call that an interceptor refuses never gets to the method, at a client not even to the wire.
#[tokio::test]
async fn an_interceptor_refuses() {
    let channel = channel_to(Routes::new(notifier::service()));
    let mut client = Notifier::new(channel);
    let status = within("the call", client.notify(NotifyRequest::default())).await;
    let status = status.expect_err("a call without an id should be refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "x-request-id is missing, or is no id");

    let refusing = |_: Request<()>| Err::<Request<()>, _>(Status::cancelled("not now"));
    let endpoint = Endpoint::from_static("http://127.0.0.1:1");
    // Nobody listens there, and nobody has to.
    let channel = endpoint.connect_lazy();
    let mut client = NotifyServiceClient::with_interceptor(channel, refusing);
    let status = within("the call", client.notify(NotifyRequest::default())).await;
    let status = status.expect_err("the interceptor should refuse");
    assert_eq!((status.code(), status.message()), (Code::Cancelled, "not now"));
}
