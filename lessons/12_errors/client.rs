//! `lesson-12-client`: asks for seats, and acts on what the school answers.

use std::any::Any;
use std::error::Error;
use std::panic;

use clap::{Subcommand, ValueEnum};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::{code_name, one_line, status_line};
use lesson_12::advice::{NextStep, next_step};
use lesson_12::guard::guard;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{
    CancelRequest, Course, EnrolRequest, GetCourseRequest, ListCoursesRequest, Student,
    Ticket, WatchSeatsRequest,
};
use tokio::time::sleep;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

type Client = EnrolServiceClient<Channel>;

/// How often a call is made before the client gives up.
const ATTEMPTS: u32 = 3;

#[derive(clap::Args)]
struct Args {
    // Without one, the chapter's script is played.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask for a seat
    Enrol {
        /// The course's id, such as wuhan-python
        #[arg(value_parser = cli::text)]
        course: String,
        /// The student's id, such as s-1
        #[arg(value_parser = cli::text)]
        student: String,
        /// Only if the course has this revision
        #[arg(long, value_name = "N")]
        if_revision: Option<u64>,
    },
    /// List the courses of a city
    List {
        /// The city, in small letters
        #[arg(value_parser = cli::text)]
        city: String,
    },
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// get a page of HTML from a proxy
    ProxyHtml,
    /// get nothing but an HTTP status from a proxy
    ProxyEmpty,
    /// get what `?` makes of an io::Error
    IoError,
    /// get more details than fit into headers
    DetailsTooLong,
    /// get the error after the first message of a stream
    LateError,
    /// get details that are not base64
    NotBase64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(12);
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut client = Client::new(channel);
    match args.command {
        Some(Command::Enrol { course, student, if_revision }) => {
            let request = EnrolRequest { if_revision, ..request(&course, &student) };
            let response = client.enrol(request).await.inspect_err(advise)?;
            println!("{}", response.into_inner().ticket.unwrap_or_default().id);
            Ok(())
        }
        Some(Command::List { city }) => list(&mut client, city).await,
        None => script(&mut client).await,
    }
}

fn request(course_id: &str, student_id: &str) -> EnrolRequest {
    let email = match student_id {
        "" => String::new(),
        id => format!("{id}@example.org"),
    };
    let student = Student { id: student_id.into(), email };
    EnrolRequest {
        course_id: course_id.into(),
        student: Some(student),
        if_revision: None,
    }
}

async fn list(client: &mut Client, city: String) -> Result<(), Failure> {
    let response = client.list_courses(ListCoursesRequest { city }).await?;
    let mut courses = response.into_inner();
    while let Some(message) = courses.message().await? {
        let course = message.course.unwrap_or_default();
        println!("{}: {} of {} seats left", course.id, course.seats_left, course.seats);
    }
    Ok(())
}

// ANCHOR: script
/// Meets each refusal once, and gives all seats back at the end. Anything else ends the script:
/// the next call may fare no better.
async fn script(client: &mut Client) -> Result<(), Failure> {
    let first = enrol(client, request("wuhan-c", "s-1")).await?;
    let mut tickets = vec![first.clone()];
    for (course, student, meant) in [
        ("wuhan-c", "s-1", Code::AlreadyExists),
        ("wuhan-c", "s-2", Code::FailedPrecondition),
        ("wuhan-cooking", "s-2", Code::NotFound),
    ] {
        refused(meant, enrol(client, request(course, student)).await)?;
    }
    // While s-3 looks at the course, s-2 takes a seat.
    let if_revision = Some(read(client, "wuhan-java").await?.revision);
    tickets.push(enrol(client, request("wuhan-java", "s-2")).await?);
    let outdated = EnrolRequest { if_revision, ..request("wuhan-java", "s-3") };
    tickets.push(enrol(client, outdated).await?);
    for course in [
        "beijing-go",
        "beijing-python",
        "shanghai-java",
        "shanghai-python",
    ] {
        tickets.push(enrol(client, request(course, "s-2")).await?);
    }
    let one_more = enrol(client, request("wuhan-testing", "s-2")).await;
    refused(Code::ResourceExhausted, one_more)?;
    tickets.push(enrol(client, request("fault-once", "s-1")).await?);
    let damaged = enrol(client, request("fault-damaged", "s-1")).await;
    refused(Code::Internal, damaged)?;

    let mut with_token = Request::new(cancel_request(&first.id, "s-1"));
    let token = MetadataValue::from_static("Bearer of-yesterday");
    with_token.metadata_mut().insert("authorization", token);
    for (request, meant) in [
        (Request::new(cancel_request(&first.id, "s-2")), Code::PermissionDenied),
        (Request::new(cancel_request("", "")), Code::InvalidArgument),
        (with_token, Code::Unauthenticated),
    ] {
        refused(meant, cancel(client, request).await)?;
    }
    for ticket in &tickets {
        let request = cancel_request(&ticket.id, &ticket.student_id);
        client.cancel(request).await?;
    }
    Ok(())
}
// ANCHOR_END: script

/// Goes on if the service refused a call with the code that the script means.
///
/// # Errors
/// The call succeeded, or failed in another way: with another code, below gRPC, or at something
/// that does not speak gRPC, for which tonic makes up a code.
fn refused<T>(meant: Code, ended: Result<T, Status>) -> Result<(), Failure> {
    match ended {
        Ok(_) => {
            let meant = code_name(meant);
            let line = format!("a call succeeded that should have ended with {meant}");
            Err(Failure::wrong_server(&line))
        }
        Err(status)
            if status.code() == meant
                && status.source().is_none()
                && !cli::is_not_of_grpc(&status) =>
        {
            Ok(())
        }
        Err(status) => Err(status.into()),
    }
}

// ANCHOR: enrol
/// Asks for a seat, and acts on a refusal as far as a program can. Returns a refusal that only
/// people can act on, and the last one if it gives up.
async fn enrol(client: &mut Client, mut request: EnrolRequest) -> Result<Ticket, Status> {
    let mut attempt = 1;
    loop {
        let student = request.student.as_ref().map_or("", |student| &student.id);
        println!("Enrol {student} in {}", request.course_id);
        let status = match client.enrol(request.clone()).await {
            Ok(response) => {
                let ticket = response.into_inner().ticket.unwrap_or_default();
                println!("  {}", ticket.id);
                return Ok(ticket);
            }
            // Something below gRPC failed: nobody has refused anything.
            Err(status) if status.source().is_some() => return Err(status),
            Err(status) => status,
        };
        println!("  {}", status_line(&status));
        advise(&status);
        match next_step(&status) {
            NextStep::TryAgain(delay) if attempt < ATTEMPTS => sleep(delay).await,
            NextStep::ReadAgain(at_least) if attempt < ATTEMPTS => {
                let course = read(client, &request.course_id).await?;
                // The decision, made again: while there is a seat, it is worth asking.
                if course.seats_left == 0 || course.revision < at_least {
                    return Err(status);
                }
                request.if_revision = Some(course.revision);
            }
            // The rest is for people.
            _ => return Err(status),
        }
        attempt += 1;
    }
}
// ANCHOR_END: enrol

fn cancel_request(ticket_id: &str, student_id: &str) -> CancelRequest {
    CancelRequest { ticket_id: ticket_id.into(), student_id: student_id.into() }
}

/// Gives a seat back, and prints why the service refuses to take it.
async fn cancel(
    client: &mut Client,
    request: Request<CancelRequest>,
) -> Result<(), Status> {
    let CancelRequest { ticket_id, student_id } = request.get_ref();
    println!("Cancel {ticket_id:?} of {student_id:?}");
    let ended = client.cancel(request).await;
    ended.map(drop).inspect_err(|status| {
        println!("  {}", status_line(status));
        advise(status);
    })
}

/// Reads a course, and prints what it has.
async fn read(client: &mut Client, course_id: &str) -> Result<Course, Status> {
    let request = GetCourseRequest { course_id: course_id.into() };
    let response = client.get_course(request).await?;
    let course = response.into_inner().course.unwrap_or_default();
    let Course { revision, seats_left, .. } = course;
    println!("{course_id}: revision {revision}, seats left: {seats_left}");
    Ok(course)
}

/// Prints what to do about a refusal.
fn advise(status: &Status) {
    let advice = match next_step(status) {
        NextStep::Mend(fields) => {
            let mut texts = Vec::new();
            for (field, description) in fields {
                texts.push(format!("{field} {description}"));
            }
            format!("mend: {}", texts.join(", "))
        }
        NextStep::SignIn => "sign in, and call again with the new token".into(),
        NextStep::Choose => "choose another one".into(),
        NextStep::Nothing => "nothing to do, the seat is there".into(),
        NextStep::WaitForSeat(text) => {
            let text = text.unwrap_or("the course is full".into());
            format!("wait for a seat; the student reads: {text}")
        }
        NextStep::GiveBack(text) => format!("give something back first: {text}"),
        NextStep::ReadAgain(revision) => {
            format!("read the course again, with revision {revision} or later")
        }
        NextStep::TryAgain(delay) => format!("try again in {} ms", delay.as_millis()),
        NextStep::GiveUp => "give up, and tell somebody".into(),
    };
    println!("  -> {}", one_line(&advice));
}

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let name = match fault {
        Fault::ProxyHtml => return proxy_html(channel).await,
        Fault::ProxyEmpty => "proxy-empty",
        Fault::IoError => "io-error",
        Fault::DetailsTooLong => "details-too-long",
        Fault::LateError => return late_error(&mut Client::new(channel)).await,
        Fault::NotBase64 => return not_base64(channel).await,
    };
    let mut client = Client::new(channel);
    let response = client.enrol(faulty(name)).await.map_err(provoked)?;
    println!("{}", response.into_inner().ticket.unwrap_or_default().id);
    Ok(())
}

/// How a call with a fault failed. Where a proxy answers, as it was asked to, this is no sign of a
/// wrong server.
fn provoked(status: Status) -> Failure {
    let is_proxy = cli::is_not_of_grpc(&status);
    let failure = Failure::from(status);
    if is_proxy {
        failure.provoked()
    } else {
        failure
    }
}

/// A request that the lesson's server answers with a fault.
fn faulty(fault: &'static str) -> Request<EnrolRequest> {
    let mut request = Request::new(request("wuhan-python", "s-1"));
    let fault = MetadataValue::from_static(fault);
    request.metadata_mut().insert("fault", fault);
    request
}

// ANCHOR: proxy_html
async fn proxy_html(channel: Channel) -> Result<(), Failure> {
    let mut client = Client::new(channel.clone());
    if let Err(status) = client.enrol(faulty("proxy-html")).await {
        println!("tonic alone: {}", status_line(&status));
    }
    // The same channel, and each response looked at before tonic does.
    let mut guarded = EnrolServiceClient::new(guard(channel));
    let ended = guarded.enrol(faulty("proxy-html")).await;
    ended.map(drop).map_err(provoked)
}
// ANCHOR_END: proxy_html

// ANCHOR: late_error
async fn late_error(client: &mut Client) -> Result<(), Failure> {
    let request = WatchSeatsRequest { course_id: "fault-watch".into() };
    let mut seats = client.watch_seats(request).await?.into_inner();
    loop {
        match seats.message().await {
            Ok(Some(message)) => println!("{} seats left", message.seats_left),
            Ok(None) => return Ok(()),
            // The same decision as for a call that fails at once.
            Err(status) => {
                advise(&status);
                return Err(status.into());
            }
        }
    }
}
// ANCHOR_END: late_error

// ANCHOR: not_base64
async fn not_base64(channel: Channel) -> Result<(), Failure> {
    // Rust's own lines about a panic name a file of tonic; we print the text ourselves.
    panic::set_hook(Box::new(|_| {}));
    let mut client = Client::new(channel.clone());
    // A panic ends the task in which the call is made, so the call gets one of its own.
    let call = tokio::spawn(async move { client.enrol(faulty("not-base64")).await });
    if let Err(error) = call.await
        && let Ok(panic) = error.try_into_panic()
    {
        println!("the task of the call panicked: {}", panic_text(&*panic));
    }
    let mut guarded = EnrolServiceClient::new(guard(channel));
    guarded.enrol(faulty("not-base64")).await?;
    Ok(())
}
// ANCHOR_END: not_base64

/// The text of a panic, without what follows in its later lines.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    let text = formatted.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a text")
}
