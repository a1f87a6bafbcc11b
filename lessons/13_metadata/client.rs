//! `lesson-13-client`: enrols twice, with an id beside each request.

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::status_line;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{EnrolRequest, Student};
use lesson_13::REQUEST_ID;
use tonic::Request;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;

type Client = EnrolServiceClient<Channel>;

/// The script takes no arguments.
#[derive(clap::Args)]
struct Args {}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// send an id that is not ASCII
    NotAscii,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args: Args {} } =
        cli::parse_client::<Args, Fault>(13);
    let mut client = Client::new(cli::connect(&server).await?);
    match fault {
        Some(Fault::NotAscii) => enrol(&mut client, "s-1", "é").await,
        None => {
            enrol(&mut client, "s-1", "first").await?;
            enrol(&mut client, "s-1", "second").await
        }
    }
}

/// Enrols, and prints how the call ended and which id came back.
async fn enrol(client: &mut Client, student: &str, id: &str) -> Result<(), Failure> {
    let student = Student { id: student.into(), email: format!("{student}@example.org") };
    let mut request = Request::new(EnrolRequest {
        course_id: "wuhan-python".into(),
        student: Some(student),
        if_revision: None,
    });
    let value = MetadataValue::try_from(id)?;
    request.metadata_mut().insert(REQUEST_ID, value);
    match client.enrol(request).await {
        Ok(response) => println!("{:?}: OK", id_of(response.metadata())),
        Err(status) => {
            println!("{:?}: {}", id_of(status.metadata()), status_line(&status));
        }
    }
    Ok(())
}

/// The request's id, as it came back.
fn id_of(metadata: &MetadataMap) -> &str {
    let id = metadata.get(REQUEST_ID);
    id.and_then(|id| id.to_str().ok()).unwrap_or("no id")
}
