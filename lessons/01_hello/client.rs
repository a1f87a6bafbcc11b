//! `lesson-1-client`: asks the server for a greeting, and prints it.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::proto::{HelloRequest, greeter_client::GreeterClient};
use grpc_workbook::raw;
use tonic::transport::{Channel, Uri};

#[derive(clap::Args)]
struct Args {
    /// Who is to be greeted
    #[arg(default_value = "you")]
    name: String,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// call port 1, where nobody listens
    NoServer,
    /// call a port where a web server listens, not a gRPC server
    WrongPort,
    /// call the method by a path that lacks the package
    WrongPath,
    /// send an empty name, which gRPC accepts
    EmptyName,
    /// send a name that is not UTF-8
    NotUtf8,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(1);
    // Two of the faults are a matter of which server the client calls.
    let server = match fault {
        Some(Fault::NoServer) => {
            cli::refuse_server("--break no-server");
            Uri::from_static("http://127.0.0.1:1")
        }
        Some(Fault::WrongPort) => {
            cli::refuse_server("--break wrong-port");
            start_web_server()?
        }
        _ => server,
    };
    // ANCHOR: connect
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut greeter = GreeterClient::new(channel);
    greet(&mut greeter, args.name).await
    // ANCHOR_END: connect
}

// ANCHOR: greet
async fn greet(
    greeter: &mut GreeterClient<Channel>,
    name: String,
) -> Result<(), Failure> {
    let response = greeter.say_hello(HelloRequest { name }).await?;
    println!("{}", response.into_inner().message);
    Ok(())
}
// ANCHOR_END: greet

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let mut greeter = GreeterClient::new(channel.clone());
    match fault {
        // The call is an ordinary one: main connected to the wrong server, or to none.
        Fault::NoServer | Fault::WrongPort => greet(&mut greeter, "you".into()).await,
        Fault::WrongPath => {
            let sent = send(channel, "/Greeter/SayHello", b"\x0a\x03you").await;
            sent.map_err(Failure::provoked)
        }
        Fault::EmptyName => greet(&mut greeter, String::new()).await,
        // c3 begins a character of two bytes, and 28 does not end one.
        Fault::NotUtf8 => {
            send(channel, "/helloworld.Greeter/SayHello", b"\x0a\x02\xc3\x28").await
        }
    }
}

/// Sends bytes of our choice to a path of our choice: a generated client can neither call
/// a path that does not exist nor send a broken message.
async fn send(
    channel: Channel,
    path: &'static str,
    message: &'static [u8],
) -> Result<(), Failure> {
    let response = raw::unary(channel, path, message).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}

/// Starts a server that knows only HTTP/1.1, on a thread, and returns where it listens. It
/// stands in for whatever else may listen on the port.
fn start_web_server() -> Result<Uri, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let uri = format!("http://{}", listener.local_addr()?).parse()?;
    thread::spawn(move || {
        let (mut connection, _) = listener.accept()?;
        // HTTP/2's opening is shorter than this, so by now the call has come.
        connection.read_exact(&mut [0; 128])?;
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        // Reads on to the end: closed with bytes unread, the connection would be reset, and
        // the client might never see the response.
        io::copy(&mut connection, &mut io::sink())
    });
    Ok(uri)
}
