//! `lesson-6-client`: has the server calculate.

use clap::ValueEnum;
use grpc_workbook::calculator::proto::{
    CalculateRequest, Operation, calculator_service_client::CalculatorServiceClient,
};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::status::status_line;
use tonic::transport::Channel;

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
    /// ask for a result that is no int32
    DoesNotFit,
    /// send bytes that are no message
    NotAMessage,
    /// send a message of more than 4 MiB
    TooLarge,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(6);
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
    let mut client = Client::new(channel.clone());
    match fault {
        Fault::DivideByZero => {
            calculate(&mut client, request(1, Operation::Divide, 0)).await
        }
        Fault::UnknownOperation => {
            let request = CalculateRequest { left: 1, operation: 99, right: 2 };
            calculate(&mut client, request).await
        }
        Fault::DoesNotFit => {
            calculate(&mut client, request(i32::MAX, Operation::Add, 1)).await
        }
        // Field 1 with wire type 2, a length, where a varint belongs.
        Fault::NotAMessage => send(channel, b"\x0a\xff").await,
        Fault::TooLarge => send(channel, &[0; 4 * 1024 * 1024 + 1]).await,
    }
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
/// Has several calculations done, one after the other, whether or not one fails.
async fn script(client: &mut Client) -> Result<(), Failure> {
    for (operation, sign, right) in [
        (Operation::Add, "+", 20),
        (Operation::Subtract, "-", 20),
        (Operation::Multiply, "*", 20),
        (Operation::Divide, "/", 20),
        (Operation::Divide, "/", 0),
    ] {
        let operation = operation.into();
        let request = CalculateRequest { left: 100, operation, right };
        match client.calculate(request).await {
            Ok(response) => {
                println!("100 {sign} {right} = {}", response.into_inner().result);
            }
            // An error ends this call only. The connection is fine, and the next call works.
            Err(status) => println!("100 {sign} {right}: {}", status_line(&status)),
        }
    }
    Ok(())
}
// ANCHOR_END: script

/// Reads an operator of the command line.
fn operator(sign: &str) -> Result<Operation, &'static str> {
    match sign {
        "+" => Ok(Operation::Add),
        "-" => Ok(Operation::Subtract),
        "*" | "x" => Ok(Operation::Multiply),
        "/" => Ok(Operation::Divide),
        _ => Err("it is none of + - * x /"),
    }
}

/// Sends bytes of our choice, where a generated client sends only messages that it encoded.
async fn send(channel: Channel, message: &'static [u8]) -> Result<(), Failure> {
    let path = "/calculator.v1.CalculatorService/Calculate";
    let response = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}
