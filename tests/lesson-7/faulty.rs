//! Services whose streams end badly: the faults that the chapter's table of endings needs.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use grpc_workbook::raw::RawCodec;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_server::{
        SubjectsByCityService, SubjectsByCityServiceServer,
    },
};
use grpc_workbook::subjects_by_city::subjects;
use prost::Message;
use prost::bytes::Bytes;
use support::endings::{KillableServer, NotifyOnDrop};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, Sender, UnboundedReceiver, UnboundedSender};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{StreamExt, iter, once};
use tonic::body::Body;
use tonic::codec::EncodeBody;
use tonic::codegen::Service;
use tonic::codegen::http::{self, HeaderValue};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::{BoxedStream, Client, EndedStream, read, request};

/// How many messages the city "tiny" has: more than a client keeps that does not read them.
pub const TINY_MESSAGES: usize = 20_000;

/// Sends what the city says, and then does what it says. For a real city it answers as the
/// lesson does.
pub struct FaultyService {
    /// Gets "dropped" when tonic has dropped a call's future or its stream.
    reports: UnboundedSender<&'static str>,
    /// What comes second in a stream waits for a permit, so that the test can read what comes
    /// first.
    permits: Arc<Semaphore>,
}

/// A message of the stream.
fn message(subject: &str) -> Result<ListSubjectsResponse, Status> {
    Ok(ListSubjectsResponse { subject: subject.into() })
}

#[tonic::async_trait]
impl SubjectsByCityService for FaultyService {
    type ListSubjectsStream = BoxedStream<ListSubjectsResponse>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let dropped = NotifyOnDrop(self.reports.clone(), "dropped");
        let permits = self.permits.clone();
        let stream: Self::ListSubjectsStream = match &*request.into_inner().city {
            "method panics" => panic!("as the chapter's table wants it"),
            "never answers" => pending().await,
            "error in the middle" => Box::pin(iter([
                message("python"),
                Err(Status::data_loss("no more of it")),
                message("go"),
            ])),
            "stream panics" => first_then(async move {
                permit(&permits).await;
                panic!("as the chapter's table wants it")
            }),
            "task panics" => fed_by_a_task_that_panics(permits),
            "task panics, and is watched" => fed_by_a_task_that_is_watched(permits),
            "goes on" => first_then(async move {
                let _dropped = dropped;
                permit(&permits).await;
                message("go")
            }),
            "tiny" => tiny_messages(dropped),
            "large" => Box::pin(iter([message("python"), message("产品经理")])),
            "large, later" => first_then(async move {
                permit(&permits).await;
                message("产品经理")
            }),
            city => {
                let subjects = subjects(city)?;
                Box::pin(iter(subjects.iter().map(|subject| message(subject))))
            }
        };
        Ok(Response::new(stream))
    }

    type TickStream = BoxedStream<TickResponse>;

    async fn tick(
        &self,
        _request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// Waits for a permit and uses it up.
async fn permit(permits: &Semaphore) {
    let permit = permits.acquire().await;
    permit.expect("the semaphore should be open").forget();
}

/// A stream of two messages: "python" at once, and the other one when the future is ready.
fn first_then(
    second: impl Future<Output = Result<ListSubjectsResponse, Status>> + Send + 'static,
) -> BoxedStream<ListSubjectsResponse> {
    let mut second = Some(second);
    let second = once(()).then(move |()| {
        second
            .take()
            .expect("the stream should be asked for one item")
    });
    Box::pin(iter([message("python")]).chain(second))
}

fn fed_by_a_task_that_panics(
    permits: Arc<Semaphore>,
) -> BoxedStream<ListSubjectsResponse> {
    let (tx, rx) = mpsc::channel(1);
    tokio::spawn(send_one_and_panic(permits, tx));
    Box::pin(ReceiverStream::new(rx))
}

async fn send_one_and_panic(
    permits: Arc<Semaphore>,
    tx: Sender<Result<ListSubjectsResponse, Status>>,
) {
    let _ = tx.send(message("python")).await;
    permit(&permits).await;
    panic!("as the chapter's table wants it");
}

fn fed_by_a_task_that_is_watched(
    permits: Arc<Semaphore>,
) -> BoxedStream<ListSubjectsResponse> {
    let (tx, rx) = mpsc::channel(1);
    // ANCHOR: watched
    // As long as this sender lives, the stream does not end.
    let last_tx = tx.clone();
    let task = tokio::spawn(send_one_and_panic(permits, tx));
    tokio::spawn(async move {
        // A JoinHandle is a future: an error says that the task panicked or was aborted.
        if task.await.is_err() {
            let status = Status::internal("the subjects could not be read to the end");
            // An error here means that the client has left.
            let _ = last_tx.send(Err(status)).await;
        }
    });
    // ANCHOR_END: watched
    Box::pin(ReceiverStream::new(rx))
}

fn tiny_messages(dropped: NotifyOnDrop) -> BoxedStream<ListSubjectsResponse> {
    Box::pin(iter(0..TINY_MESSAGES).then(move |_| {
        // Names it, so that the closure owns it: it is dropped with the stream.
        let _dropped = &dropped;
        // Not ready at once: what came before is sent, in a frame of its own.
        async {
            tokio::task::yield_now().await;
            message("x")
        }
    }))
}

/// A faulty service on a server, and a connection to it.
pub struct Setup {
    pub server: KillableServer,
    pub client: Client,
    /// What the service reports: see [`FaultyService`].
    pub reports: UnboundedReceiver<&'static str>,
    /// Lets streams send what comes second.
    pub permits: Arc<Semaphore>,
}

impl Setup {
    pub async fn new() -> Setup {
        Setup::with(|service| service).await
    }

    /// A setup whose server is configured, such as with a limit.
    pub async fn with(
        configure: impl FnOnce(
            SubjectsByCityServiceServer<FaultyService>,
        ) -> SubjectsByCityServiceServer<FaultyService>,
    ) -> Setup {
        let (tx, reports) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(0));
        let service = FaultyService { reports: tx, permits: permits.clone() };
        let service = configure(SubjectsByCityServiceServer::new(service));
        let server = KillableServer::start(Routes::new(service));
        let client = Client::new(server.channel().await);
        Setup { server, client, reports, permits }
    }

    /// Calls `ListSubjects` and reads the stream to its end.
    pub async fn list(
        &mut self,
        request: impl tonic::IntoRequest<ListSubjectsRequest>,
    ) -> EndedStream {
        read(self.client.list_subjects(request).await).await
    }

    /// Calls `ListSubjects` and reads the first message, "python".
    pub async fn begin(&mut self, city: &str) -> Streaming<ListSubjectsResponse> {
        let response = self.client.list_subjects(request(city)).await;
        let mut stream = response.expect("call should start").into_inner();
        let first = stream.message().await.expect("a message should arrive");
        assert_eq!(first.map(|message| message.subject).as_deref(), Some("python"));
        stream
    }

    /// [`begin`](Setup::begin), then lets the service send what comes second, and reads the
    /// stream to its end.
    pub async fn list_in_two_steps(&mut self, city: &str) -> EndedStream {
        let stream = self.begin(city).await;
        self.permits.add_permits(1);
        read_rest(stream).await
    }
}

/// Reads what is left of a stream whose first message, "python", was read.
pub async fn read_rest(stream: Streaming<ListSubjectsResponse>) -> EndedStream {
    let mut seen = read(Ok(Response::new(stream))).await;
    seen.messages.insert(0, "python".into());
    seen
}

/// A server that sends one message and leaves out the status.
#[derive(Clone)]
pub struct Truncating;

impl NamedService for Truncating {
    const NAME: &'static str = "subjects_by_city.v1.SubjectsByCityService";
}

impl Service<http::Request<Body>> for Truncating {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        let message = ListSubjectsResponse { subject: "python".into() };
        let messages = iter([Ok(Bytes::from(message.encode_to_vec()))]);
        // A client's body has messages and no trailers.
        let body = EncodeBody::new_client(RawCodec, messages, None, None);
        let mut response = http::Response::new(Body::new(body));
        let content_type = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", content_type);
        ready(Ok(response))
    }
}
