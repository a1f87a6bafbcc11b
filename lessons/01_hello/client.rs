//! `lesson-1-client`: asks for a greeting.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::proto::{HelloRequest, greeter_client::GreeterClient};
use grpc_workbook::raw;
use tonic::transport::Uri;

#[derive(clap::Args)]
struct Args {
    /// Who is to be greeted
    #[arg(default_value = "you")]
    name: String,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// call a port where nobody listens
    NoServer,
    /// call a port where something listens that is no gRPC server
    WrongPort,
    /// call the method by a path that lacks the package
    WrongPath,
    /// send an empty name, which is no error
    EmptyName,
    /// send a name that is not UTF-8
    NotUtf8,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(1);
    match fault {
        None => greet(server, args.name).await,
        Some(Fault::NoServer) => {
            greet(Uri::from_static("http://127.0.0.1:1"), args.name).await
        }
        Some(Fault::WrongPort) => greet(some_other_server()?, args.name).await,
        Some(Fault::WrongPath) => send(server, "/Greeter/SayHello", b"\x0a\x03you").await,
        Some(Fault::EmptyName) => greet(server, String::new()).await,
        Some(Fault::NotUtf8) => {
            send(server, "/helloworld.Greeter/SayHello", b"\x0a\x02\xc3\x28").await
        }
    }
}

// ANCHOR: greet
async fn greet(server: Uri, name: String) -> Result<(), Failure> {
    let channel = cli::connect(&server).await?;
    let mut greeter = GreeterClient::new(channel);

    let response = greeter.say_hello(HelloRequest { name }).await?;
    println!("{}", response.into_inner().message);
    Ok(())
}
// ANCHOR_END: greet

/// Sends bytes of our choice: a generated client can neither call a path that does not
/// exist nor send a broken message.
async fn send(
    server: Uri,
    path: &'static str,
    message: &'static [u8],
) -> Result<(), Failure> {
    let channel = cli::connect(&server).await?;
    let answer = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", answer.into_inner());
    Ok(())
}

/// Stands in for whatever else may have the port: a web server that knows only HTTP/1.1.
fn some_other_server() -> Result<Uri, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let uri = format!("http://{}", listener.local_addr()?).parse()?;
    thread::spawn(move || {
        let (mut connection, _) = listener.accept()?;
        // The call has come when there is more than HTTP/2's opening, which is shorter.
        connection.read_exact(&mut [0; 128])?;
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        io::copy(&mut connection, &mut io::sink())
    });
    Ok(uri)
}
