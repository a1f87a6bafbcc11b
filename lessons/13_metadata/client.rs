//! `lesson-13-client`: calls the school, and shows what travels beside the messages.

mod fault;

use clap::Subcommand;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::{one_line, status_line};
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{EnrolRequest, ListCoursesRequest, Student};
use lesson_13::{ACCEPT_LANGUAGE, REQUEST_ID};
use tonic::metadata::{Ascii, KeyAndValueRef, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use fault::Fault;

#[derive(clap::Args)]
struct Args {
    /// The request's id; without it, the server makes one
    #[arg(long, global = true, value_parser = value)]
    id: Option<MetadataValue<Ascii>>,
    /// What the user reads, such as zh or "zh-CN, en;q=0.8"
    #[arg(long, global = true, default_value = "en", value_parser = value)]
    language: MetadataValue<Ascii>,
    // Without one, the client plays the script.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Enrol a student in a course
    Enrol {
        /// Such as wuhan-python
        course: String,
        /// Such as s-1
        student: String,
    },
    /// List the courses of a city
    List {
        /// Such as wuhan
        city: String,
    },
}

/// For clap: what may stand in metadata.
fn value(text: &str) -> Result<MetadataValue<Ascii>, &'static str> {
    let value = MetadataValue::try_from(text);
    value.map_err(|_| "a value has no line ends and no other control characters")
}

// ANCHOR: speaking
/// The client's interceptor: puts the user's language beside each request.
#[derive(Clone)]
struct Speaking(MetadataValue<Ascii>);

impl Interceptor for Speaking {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let Speaking(language) = self;
        request
            .metadata_mut()
            .insert(ACCEPT_LANGUAGE, language.clone());
        Ok(request)
    }
}

type Client = EnrolServiceClient<InterceptedService<Channel, Speaking>>;
// ANCHOR_END: speaking

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(13);
    let Args { id, language, command } = args;
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return fault::play(channel, fault).await;
    }
    let mut client = EnrolServiceClient::with_interceptor(channel, Speaking(language));
    match command {
        Some(Command::Enrol { course, student }) => {
            let enrolled = enrol(&mut client, &course, &student, id).await;
            Ok(enrolled.inspect_err(print_beside)?)
        }
        Some(Command::List { city }) => list(&mut client, city, id).await,
        None => script(&mut client).await,
    }
}

/// Enrols a student twice. The second call is refused, and when the script runs again, so is the
/// first.
async fn script(client: &mut Client) -> Result<(), Failure> {
    for id in [Some(MetadataValue::from_static("first")), None] {
        match enrol(client, "wuhan-python", "s-1", id).await {
            Ok(()) => {}
            Err(status) if status.code() == Code::AlreadyExists => {
                println!("{}", status_line(&status));
                print_beside(&status);
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
}

// ANCHOR: enrol
async fn enrol(
    client: &mut Client,
    course: &str,
    student: &str,
    id: Option<MetadataValue<Ascii>>,
) -> Result<(), Status> {
    let email = format!("{student}@example.org");
    let mut request = Request::new(EnrolRequest {
        course_id: course.into(),
        student: Some(Student { id: student.into(), email }),
        if_revision: None,
    });
    if let Some(id) = id {
        request.metadata_mut().insert(REQUEST_ID, id);
    }
    let response = client.enrol(request).await?;
    let ticket = response.get_ref().ticket.clone().unwrap_or_default();
    println!("{}", ticket.id);
    print_metadata("beside it", response.metadata());
    Ok(())
}

/// Prints what came with a status, but for its code and message.
fn print_beside(status: &Status) {
    if let Some(text) = status.get_details_localized_message() {
        println!("  for the user ({}): {}", text.locale, text.message);
    }
    print_metadata("beside it", status.metadata());
}
// ANCHOR_END: enrol

// ANCHOR: list
async fn list(
    client: &mut Client,
    city: String,
    id: Option<MetadataValue<Ascii>>,
) -> Result<(), Failure> {
    let mut request = Request::new(ListCoursesRequest { city });
    if let Some(id) = id {
        request.metadata_mut().insert(REQUEST_ID, id);
    }
    let (headers, mut courses, _extensions) =
        client.list_courses(request).await?.into_parts();
    print_metadata("before", &headers);
    while let Some(message) = courses.message().await? {
        println!("{}", message.course.unwrap_or_default().id);
    }
    if let Some(trailers) = courses.trailers().await? {
        print_metadata("after", &trailers);
    }
    Ok(())
}
// ANCHOR_END: list

/// Prints what travelled beside a message, in the order of the alphabet, for the keys come in any
/// order. `date`, which HTTP adds, is left out: it is new each time.
fn print_metadata(place: &str, metadata: &MetadataMap) {
    let mut lines = Vec::new();
    for entry in metadata.iter() {
        lines.push(match entry {
            KeyAndValueRef::Ascii(key, _) if key == "date" => continue,
            KeyAndValueRef::Ascii(key, value) => {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                one_line(&format!("{key}: {value}"))
            }
            KeyAndValueRef::Binary(key, value) => {
                let bytes = value.to_bytes().unwrap_or_default();
                format!("{key}: {} bytes", bytes.len())
            }
        });
    }
    lines.sort_unstable();
    for line in lines {
        println!("  {place}: {line}");
    }
}
