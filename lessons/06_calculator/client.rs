//! `lesson-6-client`: has the server calculate.

use std::error::Error;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::calculator::proto::{
    CalculateRequest, Operation, calculator_service_client::CalculatorServiceClient,
};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::status::status_line;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

type Client = CalculatorServiceClient<Channel>;

/// The calculation to do: either all three are given, or none.
#[derive(clap::Args)]
struct Args {
    /// What to calculate, as in 7 / 2; without it, the chapter's script is played
    #[arg(allow_negative_numbers = true, requires = "right")]
    left: Option<i32>,
    /// One of + - * / and x, which is * without the shell's interest in it
    #[arg(value_parser = operator)]
    operator: Option<Operation>,
    /// Any int32, as LEFT
    #[arg(allow_negative_numbers = true)]
    right: Option<i32>,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// divide by zero
    DivideByZero,
    /// ask for an operation that the .proto does not have
    UnknownOperation,
    /// ask for a result that does not fit an int32
    DoesNotFit,
    /// send bytes that are not a message
    NotAMessage,
    /// send a message of more than 4 MiB
    TooLarge,
    /// give a slow call a deadline of half a second
    Deadline,
    /// make a call while a slow one is open, and leave the slow one
    Leave,
    /// have the method panic
    Panic,
    /// have the server's process end in mid-call
    Die,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(6);
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut client = Client::new(channel);
    match (args.left, args.operator, args.right) {
        (Some(left), Some(operator), Some(right)) => {
            calculate(&mut client, request(left, operator, right)).await
        }
        _ => script(&mut client).await,
    }
}

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    /// Far more than any of these calls takes, on a busy machine too.
    const LIMIT: Duration = Duration::from_secs(30);

    let mut client = Client::new(channel.clone());
    let (request, limit) = match fault {
        Fault::DivideByZero => (Request::new(request(1, Operation::Divide, 0)), LIMIT),
        Fault::UnknownOperation => {
            let request = CalculateRequest { left: 1, operation: 99, right: 2 };
            (Request::new(request), LIMIT)
        }
        Fault::DoesNotFit => (Request::new(request(i32::MAX, Operation::Add, 1)), LIMIT),
        // Field 1 with wire type 2, a length, where a varint belongs.
        Fault::NotAMessage => return send(channel, b"\x0a\xff").await,
        Fault::TooLarge => return send(channel, &[0; 4 * 1024 * 1024 + 1]).await,
        Fault::Deadline => (faulty("slow"), Duration::from_millis(500)),
        Fault::Leave => return leave(&mut client).await,
        Fault::Panic => (faulty("panic"), LIMIT),
        Fault::Die => (faulty("die"), LIMIT),
    };
    let ended = calculate_within(&mut client, request, limit).await;
    if matches!(fault, Fault::Deadline) {
        // The server's timer started later. It should end its call, and print that, before
        // somebody starts the next client.
        sleep(Duration::from_millis(200)).await;
    }
    ended
}

fn request(left: i32, operation: Operation, right: i32) -> CalculateRequest {
    CalculateRequest { left, operation: operation.into(), right }
}

// ANCHOR: calculate
/// Has one calculation done, and gives up at an error.
async fn calculate(
    client: &mut Client,
    request: CalculateRequest,
) -> Result<(), Failure> {
    let response = client.calculate(request).await?;
    println!("{}", response.into_inner().result);
    Ok(())
}
// ANCHOR_END: calculate

// ANCHOR: script
/// Has several calculations done, one after the other, even if one is refused.
async fn script(client: &mut Client) -> Result<(), Failure> {
    for (operation, sign, right) in [
        (Operation::Add, "+", 20),
        (Operation::Subtract, "-", 20),
        (Operation::Multiply, "*", 20),
        (Operation::Divide, "/", 20),
        (Operation::Divide, "/", 0),
    ] {
        match client.calculate(request(100, operation, right)).await {
            Ok(response) => {
                println!("100 {sign} {right} = {}", response.into_inner().result);
            }
            // An error ends this call only. The connection is fine, and the next call works.
            Err(status) if status.code() == Code::InvalidArgument => {
                println!("100 {sign} {right}: {}", status_line(&status));
            }
            // Nothing else is meant to happen here, and the next call may fare no better.
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
}
// ANCHOR_END: script

// ANCHOR: faulty
/// A request with a header of our own, in which it asks the lesson's server for a fault.
fn faulty(fault: &'static str) -> Request<CalculateRequest> {
    let mut request = Request::new(request(7, Operation::Divide, 2));
    let fault = MetadataValue::from_static(fault);
    request.metadata_mut().insert("fault", fault);
    request
}
// ANCHOR_END: faulty

// ANCHOR: deadline
/// Makes a call that has until `limit` to end. If it fails, says what is known of it.
async fn calculate_within(
    client: &mut Client,
    mut request: Request<CalculateRequest>,
    limit: Duration,
) -> Result<(), Failure> {
    request.set_timeout(limit);
    let started = Instant::now();
    match client.calculate(request).await {
        Ok(response) => println!("{}", response.into_inner().result),
        Err(status) => {
            let late = started.elapsed() >= limit;
            println!("{}", what_is_known(&status, late));
            return Err(status.into());
        }
    }
    Ok(())
}

/// What the client knows of a call that failed, and whether it may repeat it.
fn what_is_known(status: &Status, late: bool) -> &'static str {
    match (status.code(), status.source()) {
        // The deadline. tonic says CANCELLED, and it does so for other things too.
        (Code::Cancelled | Code::DeadlineExceeded, _) if late => {
            "late: it may have run, or still run"
        }
        // tonic made this status, because something below gRPC failed.
        (_, Some(_cause)) => {
            "no status came: it may have run; repeat it only if that does no harm"
        }
        (Code::Unavailable, None) => "refused for now: try again later",
        (Code::InvalidArgument | Code::OutOfRange, None) => {
            "refused: the same request would be refused again"
        }
        // Such as INTERNAL: the method may have failed halfway.
        (_, None) => "another error: it may have run; read its message",
    }
}
// ANCHOR_END: deadline

// ANCHOR: leave
/// Makes a call while a slow one is open, and leaves the slow one.
async fn leave(client: &mut Client) -> Result<(), Failure> {
    let mut clone = client.clone();
    // In a box, a future can be waited for again, and dropped before the function ends.
    let mut slow = Box::pin(clone.calculate(faulty("slow")));
    match timeout(Duration::from_millis(500), &mut slow).await {
        Err(_) => println!("the slow call is still open"),
        // It has ended: with an error, if this is not the lesson's server.
        Ok(ended) => drop(ended?),
    }
    calculate(client, request(100, Operation::Add, 20)).await?;
    drop(slow);
    println!("left the slow call");
    // A background task sends RST_STREAM. If the process ended now, that task might not run
    // any more, and the server would see a broken connection instead.
    sleep(Duration::from_millis(100)).await;
    Ok(())
}
// ANCHOR_END: leave

/// Reads an operator of the command line.
fn operator(sign: &str) -> Result<Operation, &'static str> {
    match sign {
        "+" => Ok(Operation::Add),
        "-" => Ok(Operation::Subtract),
        "*" | "x" => Ok(Operation::Multiply),
        "/" => Ok(Operation::Divide),
        _ => Err("it is not one of + - * x /"),
    }
}

/// Sends bytes of our choice, where a generated client sends only messages that it encoded.
async fn send(channel: Channel, message: &'static [u8]) -> Result<(), Failure> {
    let path = "/calculator.v1.CalculatorService/Calculate";
    let response = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}
