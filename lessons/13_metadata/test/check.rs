//! The check of the exercise: a school whose `Enrol` is the answer's, and a notifier that tells what
//! it was told.

use std::sync::{Arc, Mutex, PoisonError};

use grpc_workbook::status::code_name;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_12::proto::{EnrolRequest, EnrolResponse, Student};
use lesson_13::proto::notify_service_server::{NotifyService, NotifyServiceServer};
use lesson_13::proto::{NotifyRequest, NotifyResponse};
use lesson_13::{Notifier, OwnEnrol, REQUEST_ID, Service};
use support::checks::{Checks, Outcome, Verdict};
use support::exercise::Breakable;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::{Interceptor, Routes};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};

/// What the notifier was told: the id of the ticket, and the rest in words.
pub type Told = Arc<Mutex<Vec<(String, String)>>>;

/// An answer that is served, with its notifier.
pub struct Served {
    routes: Routes,
    told: Told,
}

impl Breakable for Served {
    fn panicking(self) -> Served {
        Served { routes: self.routes.panicking(), told: self.told }
    }

    fn hanging(self) -> Served {
        Served { routes: self.routes.hanging(), told: self.told }
    }
}

/// A notifier that remembers. It fails for a student who has no address.
pub struct Remembering(pub Told);

#[tonic::async_trait]
impl NotifyService for Remembering {
    async fn notify(
        &self,
        request: Request<NotifyRequest>,
    ) -> Result<Response<NotifyResponse>, Status> {
        let id = text_of(request.metadata());
        let NotifyRequest { ticket_id, email } = request.into_inner();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push((ticket_id, format!("to {email} with {id}")));
        if email.starts_with("nobody") {
            return Err(Status::unavailable("nobody reads this"));
        }
        Ok(Response::new(NotifyResponse {}))
    }
}

/// The values of the key, as text.
pub fn text_of(metadata: &MetadataMap) -> String {
    let values: Vec<String> = metadata
        .get_all(REQUEST_ID)
        .iter()
        .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())
        .collect();
    if values.is_empty() {
        "no id".into()
    } else {
        values.join(" and ")
    }
}

/// Serves routes on a free port for as long as the test runs. Returns a channel, which connects with
/// its first call, and HOST:PORT.
pub fn serve(routes: Routes) -> (Channel, String) {
    let any = "127.0.0.1:0".parse().expect("should be an address");
    let incoming = TcpIncoming::bind(any).expect("a port should be free");
    let address = incoming.local_addr().expect("should have an address");
    let server = Server::builder().add_routes(routes);
    tokio::spawn(server.serve_with_incoming(incoming));
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let channel = endpoint.expect("should be a URI").connect_lazy();
    (channel, address.to_string())
}

/// The channel of [`serve`].
pub fn channel_to(routes: Routes) -> Channel {
    serve(routes).0
}

/// A server of an answer.
pub fn serving<F, R>(
    identify: impl Interceptor + Clone + Send + Sync + 'static,
    enrol: F,
) -> Served
where
    F: Fn(Service, Notifier, Request<EnrolRequest>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response<EnrolResponse>, Status>> + Send + 'static,
{
    let told = Told::default();
    let notifier = NotifyServiceServer::new(Remembering(told.clone()));
    let notifier = Notifier::new(channel_to(Routes::new(notifier)));
    let service = OwnEnrol::new(notifier, enrol);
    let service = EnrolServiceServer::with_interceptor(service, identify);
    Served { routes: Routes::new(service), told }
}

/// A request to enrol.
pub fn enrolment(course: &str, student: &str) -> EnrolRequest {
    let email = format!("{student}@example.org");
    EnrolRequest {
        course_id: course.into(),
        student: Some(Student { id: student.into(), email }),
        if_revision: None,
    }
}

/// Enrols with and without an id, with success and without.
pub async fn check(served: Served) -> Verdict {
    let Served { routes, told } = served;
    let client = EnrolServiceClient::new(routes);
    let mut checks = Checks::default();
    let (longest, too_long) = ("x".repeat(32), "x".repeat(33));
    let again = |id| format!("ALREADY_EXISTS with {id}; nobody is told");
    // For the report.
    let short = |text: &str| {
        let text = text.replace(&"x".repeat(33), "33 times x");
        text.replace(&"x".repeat(32), "32 times x")
    };
    for (ids, student, expected) in [
        (&["mine"][..], "s-1", with("mine", "to s-1@example.org")),
        (&["mine"], "s-1", again("mine")),
        (&[], "s-2", with("r-1", "to s-2@example.org")),
        (&[], "s-2", again("r-2")),
        (&[""], "s-2", again("r-3")),
        (&["two words"], "s-2", again("r-4")),
        (&["é"], "s-2", again("r-5")),
        (&[&longest], "s-2", again("32 times x")),
        (&[&too_long], "s-2", again("r-6")),
        (&["mine", "yours"], "s-2", again("r-7")),
        (&["last"], "nobody", with("last", "to nobody@example.org")),
    ] {
        let mut request = Request::new(enrolment("wuhan-python", student));
        for id in ids {
            let id = MetadataValue::try_from(*id).expect("it should be a value");
            request.metadata_mut().append(REQUEST_ID, id);
        }
        let response = outcome(client.clone(), request, told.clone());
        let response = async move { response.await.map(|text: String| short(&text)) };
        let ids = short(&format!("{ids:?}"));
        let call = format!("{student} enrols with {ids}");
        checks.call(call, response, Ok(expected)).await;
    }
    checks.verdict()
}

/// Makes the call. Returns how it ended, with which id, and what the notifier was told.
async fn outcome(
    mut client: EnrolServiceClient<Routes>,
    request: Request<EnrolRequest>,
    told: Told,
) -> Outcome<String> {
    let (code, metadata, ticket) = match client.enrol(request).await {
        Ok(response) => {
            let ticket = response.get_ref().ticket.clone().unwrap_or_default();
            (Code::Ok, response.metadata().clone(), ticket.id)
        }
        Err(status) => (status.code(), status.metadata().clone(), String::new()),
    };
    let mut lines = Vec::new();
    for (id, words) in told
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        let what = if id == ticket {
            "the ticket"
        } else if ticket.is_empty() {
            // The call failed, so its answer has no ticket to compare with.
            "a ticket"
        } else {
            "another ticket"
        };
        lines.push(format!("{what} {words}"));
    }
    if lines.is_empty() {
        lines.push("nobody is told".into());
    }
    let (code, id, told) = (code_name(code), text_of(&metadata), lines.join(", "));
    Ok(format!("{code} with {id}; {told}"))
}

/// A call that ends well: this id is beside the answer, and beside what the notifier is told.
fn with(id: &str, told: &str) -> String {
    format!("OK with {id}; the ticket {told} with {id}")
}
