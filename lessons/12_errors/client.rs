//! `lesson-12-client`: asks for seats, and acts on what the school answers.

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::status_line;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use lesson_12::proto::{EnrolRequest, Student};
use tonic::transport::Channel;

type Client = EnrolServiceClient<Channel>;

/// The script takes no arguments.
#[derive(clap::Args)]
struct Args {}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// enrol in a course that there is not
    NoCourse,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args: Args {} } =
        cli::parse_client::<Args, Fault>(12);
    let mut client = Client::new(cli::connect(&server).await?);
    match fault {
        Some(Fault::NoCourse) => {
            let response = client.enrol(request("wuhan-cooking", "s-1")).await?;
            println!("{:?}", response.into_inner());
            Ok(())
        }
        None => script(&mut client).await,
    }
}

/// Two students want the only seat of a course, one after the other.
async fn script(client: &mut Client) -> Result<(), Failure> {
    for student_id in ["s-1", "s-2"] {
        match client.enrol(request("wuhan-c", student_id)).await {
            Ok(response) => {
                let ticket = response.into_inner().ticket.unwrap_or_default();
                println!("{student_id}: {} for {}", ticket.id, ticket.course_id);
            }
            Err(status) => println!("{student_id}: {}", status_line(&status)),
        }
    }
    Ok(())
}

fn request(course_id: &str, student_id: &str) -> EnrolRequest {
    let email = format!("{student_id}@example.org");
    let student = Student { id: student_id.into(), email };
    EnrolRequest {
        course_id: course_id.into(),
        student: Some(student),
        if_revision: None,
    }
}
