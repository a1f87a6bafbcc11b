//! `lesson-6-client`: has the server calculate.

use clap::ValueEnum;
use grpc_workbook::calculator::proto::{
    CalculateRequest, Operation, calculator_service_client::CalculatorServiceClient,
};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::status::status_line;
use tonic::transport::{Channel, Uri};

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
    let int32 = |left, operation: Operation, right| CalculateRequest {
        left,
        operation: operation.into(),
        right,
    };
    match fault {
        None => match (args.left, args.operator, args.right) {
            (Some(left), Some(operator), Some(right)) => {
                calculate(server, int32(left, operator, right)).await
            }
            _ => script(server).await,
        },
        Some(Fault::DivideByZero) => {
            calculate(server, int32(1, Operation::Divide, 0)).await
        }
        Some(Fault::UnknownOperation) => {
            let request = CalculateRequest { left: 1, operation: 99, right: 2 };
            calculate(server, request).await
        }
        Some(Fault::DoesNotFit) => {
            calculate(server, int32(i32::MAX, Operation::Add, 1)).await
        }
        // Field 1 with wire type 2, a length, where a varint belongs.
        Some(Fault::NotAMessage) => send(server, b"\x0a\xff").await,
        Some(Fault::TooLarge) => send(server, &[0; 4 * 1024 * 1024 + 1]).await,
    }
}

// ANCHOR: calculate
async fn calculate(server: Uri, request: CalculateRequest) -> Result<(), Failure> {
    let mut calculator = connect(&server).await?;
    let response = calculator.calculate(request).await?;
    println!("{}", response.into_inner().result);
    Ok(())
}
// ANCHOR_END: calculate

type Calculator = CalculatorServiceClient<Channel>;

async fn connect(server: &Uri) -> Result<Calculator, Failure> {
    Ok(Calculator::new(cli::connect(server).await?))
}

// ANCHOR: script
async fn script(server: Uri) -> Result<(), Failure> {
    let mut calculator = connect(&server).await?;
    for (operation, sign, right) in [
        (Operation::Add, "+", 20),
        (Operation::Subtract, "-", 20),
        (Operation::Multiply, "*", 20),
        (Operation::Divide, "/", 20),
        (Operation::Divide, "/", 0),
    ] {
        let operation = operation.into();
        let request = CalculateRequest { left: 100, operation, right };
        match calculator.calculate(request).await {
            Ok(response) => {
                println!("100 {sign} {right} = {}", response.into_inner().result);
            }
            // An error is an answer too: the connection is fine, and the next call works.
            Err(status) => println!("100 {sign} {right}: {}", status_line(&status)),
        }
    }
    Ok(())
}
// ANCHOR_END: script

fn operator(sign: &str) -> Result<Operation, &'static str> {
    match sign {
        "+" => Ok(Operation::Add),
        "-" => Ok(Operation::Subtract),
        "*" | "x" => Ok(Operation::Multiply),
        "/" => Ok(Operation::Divide),
        _ => Err("it is none of + - * x /"),
    }
}

/// Sends bytes of our choice: a generated client encodes messages only.
async fn send(server: Uri, message: &'static [u8]) -> Result<(), Failure> {
    let channel = cli::connect(&server).await?;
    let path = "/calculator.v1.CalculatorService/Calculate";
    let answer = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", answer.into_inner());
    Ok(())
}
