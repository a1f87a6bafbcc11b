//! `lesson-13-client --break`: metadata that cannot be sent, or should not be.

use std::panic::{self, UnwindSafe};
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::cli::Failure;
use grpc_workbook::status::status_line;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{GetCourseRequest, WatchSeatsRequest};
use lesson_13::REQUEST_ID;
use tokio::time::timeout;
use tonic::Request;
use tonic::codegen::http::{HeaderMap, HeaderValue};
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::Channel;

type Client = EnrolServiceClient<Channel>;

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
pub enum Fault {
    /// write a key with capital letters
    UpperCase,
    /// put text under a key that ends in -bin
    AsciiBin,
    /// send ids that the server does not keep
    OddIds,
    /// send a length of the message that is wrong
    ContentLength,
    /// send 20,000 bytes of metadata
    TooLarge,
    /// send 100,000 bytes, while another call runs
    FarTooLarge,
}

/// Plays a failure.
pub async fn play(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let mut client = Client::new(channel);
    match fault {
        Fault::UpperCase => upper_case(),
        Fault::AsciiBin => ascii_bin(&mut client).await,
        Fault::OddIds => odd_ids(&mut client).await,
        Fault::ContentLength => print_id(&mut client, ("content-length", "3")).await,
        Fault::TooLarge => print_id(&mut client, ("x-note", &large(20_000))).await,
        Fault::FarTooLarge => far_too_large(&mut client).await,
    }
}

/// A request for a course, with this metadata beside it.
fn request(pairs: &[(&'static str, &str)]) -> Result<Request<GetCourseRequest>, Failure> {
    let mut request = Request::new(GetCourseRequest { course_id: "wuhan-c".into() });
    for (key, value) in pairs {
        let value = MetadataValue::try_from(*value)?;
        request.metadata_mut().append(*key, value);
    }
    Ok(request)
}

/// Reads a course, with this metadata beside the request. Returns the id beside the answer.
async fn get_course(
    client: &mut Client,
    pairs: &[(&'static str, &str)],
) -> Result<String, Failure> {
    let response = client.get_course(request(pairs)?).await?;
    let id = response.metadata().get(REQUEST_ID);
    let id = id.and_then(|id| id.to_str().ok());
    Ok(id.unwrap_or("none").into())
}

/// Makes a call that should fail. A server that has other limits may answer it.
async fn print_id(
    client: &mut Client,
    pair: (&'static str, &str),
) -> Result<(), Failure> {
    let id = get_course(client, &[pair]).await?;
    println!("OK, and the id is {id}");
    Ok(())
}

/// So many bytes of text.
fn large(length: usize) -> String {
    "x".repeat(length)
}

fn upper_case() -> Result<(), Failure> {
    let key: MetadataKey<Ascii> = "X-Request-Id".parse()?;
    println!("\"X-Request-Id\".parse() is the key {key}");
    let panic = panic_of(|| {
        let mut metadata = MetadataMap::new();
        metadata.insert("X-Request-Id", MetadataValue::from_static("first"));
    });
    println!("insert(\"X-Request-Id\", ..) panics: {panic}");
    Ok(())
}

async fn ascii_bin(client: &mut Client) -> Result<(), Failure> {
    let panic = panic_of(|| {
        let mut metadata = MetadataMap::new();
        metadata.insert("x-note-bin", MetadataValue::from_static("hello"));
    });
    println!("insert(\"x-note-bin\", ..) panics: {panic}");
    // Headers of HTTP/2 have no such rule, so another client may send this.
    let mut headers = HeaderMap::new();
    headers.insert("x-note-bin", HeaderValue::from_static("not base64!"));
    let metadata = MetadataMap::from_headers(headers);
    if let Some(value) = metadata.get_bin("x-note-bin") {
        match value.to_bytes() {
            Ok(bytes) => println!("to_bytes() gives {bytes:?}"),
            Err(error) => println!("to_bytes() fails: {error}"),
        }
    }
    let mut request = Request::new(GetCourseRequest { course_id: "wuhan-c".into() });
    *request.metadata_mut() = metadata;
    client.get_course(request).await?;
    println!("a call with it ends with OK: nobody has read the value");
    Ok(())
}

/// The message with which this panics. Only to show it: a program corrects what panics.
fn panic_of(panics: impl FnOnce() + UnwindSafe) -> String {
    let report = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(panics);
    panic::set_hook(report);
    let payload = result.err();
    let message = payload
        .as_ref()
        .and_then(|payload| payload.downcast_ref::<&str>());
    message.copied().unwrap_or("it does not").into()
}

async fn odd_ids(client: &mut Client) -> Result<(), Failure> {
    let long = large(33);
    for ids in [
        &["first"][..],
        &["first", "second"],
        &["two words"],
        &["é"],
        &[&long],
    ] {
        let pairs: Vec<_> = ids.iter().map(|id| (REQUEST_ID, *id)).collect();
        let id = get_course(client, &pairs).await?;
        println!("{ids:?}: OK, and the id is {id}");
    }
    Ok(())
}

// ANCHOR: far_too_large
async fn far_too_large(client: &mut Client) -> Result<(), Failure> {
    // Another call on the same connection: a clone of a client shares it.
    let watch = WatchSeatsRequest { course_id: "wuhan-c".into() };
    let mut seats = client.clone().watch_seats(watch).await?.into_inner();
    if let Some(message) = seats.message().await? {
        println!("the neighbour: seats left: {}", message.seats_left);
    }
    let request = request(&[("x-note", &large(100_000))])?;
    match client.get_course(request).await {
        Ok(_) => println!("this call: OK"),
        Err(status) => println!("this call: {}", status_line(&status)),
    }
    // A server with a higher limit leaves the connection alone, and the neighbour goes on.
    match timeout(Duration::from_secs(5), seats.message()).await {
        Ok(Err(status)) => println!("the neighbour: {}", status_line(&status)),
        Ok(Ok(_)) | Err(_) => println!("the neighbour goes on"),
    }
    Ok(())
}
// ANCHOR_END: far_too_large
