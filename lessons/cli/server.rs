//! The flags of a lesson's server, how it listens, and how it shuts down.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::process::exit;
use std::thread;
use std::time::Duration;

use clap::{Args, Parser};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;

use super::errors::{Failure, without_os_code};
use super::flags::{host_and_port, lesson, parse};
use super::signals::Signals;
use crate::Lesson;
use crate::accept::accept;

/// How long a server that was told to stop waits for open calls before it cuts them off.
pub const GRACE: Duration = Duration::from_secs(3);

#[derive(Parser)]
struct ServerFlags<A: Args> {
    #[command(flatten)]
    args: A,
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    addr: String,
}

/// The arguments of a server that has none of its own.
#[derive(Args)]
struct NoArgs {}

/// Reads the flags of lesson `number`'s server, listens, and says so on standard output:
/// `lesson-1-server listening on 127.0.0.1:50051`.
///
/// Returns the connections to serve, and the server's [`Shutdown`].
///
/// # Errors
/// The address is in use, or is not an address of this machine. Wrong flags end the process with
/// code 2.
pub async fn listen(number: u8) -> Result<(Incoming, Shutdown), Failure> {
    let (incoming, shutdown, NoArgs {}) = listen_with(number).await?;
    Ok((incoming, shutdown))
}

/// [`listen`], for a server with arguments of its own, `A`, which it returns too.
///
/// # Errors
/// Those of [`listen`].
pub async fn listen_with<A: Args>(
    number: u8,
) -> Result<(Incoming, Shutdown, A), Failure> {
    let lesson = lesson(number);
    let about = format!("The server of {lesson}");
    listen_as(&lesson.server(), &about, lesson).await
}

/// [`listen`], for the learner's answer to the exercise of lesson `number`: `lesson-1-exercise`.
///
/// # Errors
/// Those of [`listen`].
pub async fn listen_exercise(number: u8) -> Result<(Incoming, Shutdown), Failure> {
    let lesson = lesson(number);
    let about = format!("Your answer to the exercise of {lesson}");
    let (incoming, shutdown, NoArgs {}) =
        listen_as(&lesson.exercise(), &about, lesson).await?;
    Ok((incoming, shutdown))
}

/// Listens as `program`, in the place of a lesson's server.
async fn listen_as<A: Args>(
    program: &str,
    about: &str,
    lesson: &Lesson,
) -> Result<(Incoming, Shutdown, A), Failure> {
    let usual = format!("127.0.0.1:{}", lesson.port());
    let ServerFlags { args, addr } = parse(program, about, |command| {
        command.mut_arg("addr", |arg| arg.required(false).default_value(usual))
    });
    let listener = bind(&addr, "--addr").await?;
    // Caught from here on: a signal may arrive as soon as the line below is printed.
    let signals = Signals::new()?;
    println!("{program} listening on {}", listener.local_addr()?);
    let shutdown = Shutdown {
        program: program.to_string(),
        signals,
        requested: watch::Sender::new(false),
    };
    Ok((accept_until(shutdown.requested(), listener), shutdown, args))
}

/// The connections of a server, in the form that tonic takes.
pub type Incoming = ReceiverStream<io::Result<TcpStream>>;

/// Accepts connections in a task of its own, until the server must stop. Then the port is closed.
fn accept_until(
    stop: impl Future<Output = ()> + Send + 'static,
    listener: TcpListener,
) -> Incoming {
    // Without nodelay the kernel holds small frames back until earlier ones are acknowledged,
    // which costs 40 ms a call. `Server::tcp_nodelay` has no effect on a listener that the server
    // did not open itself, so the setting is made here.
    let mut incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    // tonic takes connections at once: there is no need to hold many.
    let (tx, rx) = mpsc::channel(16);
    tokio::spawn(async move {
        let accept_all = async {
            while let Some(connection) = accept(&mut incoming).await {
                // An error says that the server has ended.
                if tx.send(Ok(connection)).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = accept_all => {}
            () = stop => {}
        }
        drop(incoming);
        // If the stream of connections ended, tonic would shut down at once. When it does is for
        // the server to say, which may have something to do first.
        tx.closed().await;
    });
    ReceiverStream::new(rx)
}

/// How a server ends: at SIGINT (Ctrl-C) or SIGTERM it takes no new calls, open ones have [`GRACE`]
/// to finish, and what is left then is cut off. A second signal cuts the grace short.
pub struct Shutdown {
    /// For what it prints.
    program: String,
    /// Ctrl-C and SIGTERM.
    signals: Signals,
    /// Turns true at the first signal.
    requested: watch::Sender<bool>,
}

impl Shutdown {
    /// Completes at the first signal: for `serve_with_incoming_shutdown`.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut requested = self.requested.subscribe();
        async move {
            // An error says that `Shutdown` is gone. Then nobody is left to wait for the server.
            let _ = requested.wait_for(|requested| *requested).await;
        }
    }

    /// Runs a server to its end, and bounds how long it takes to shut down: tonic by itself waits
    /// for open calls without a limit.
    ///
    /// # Errors
    /// The server failed, or connections had to be cut off: of calls that went on, or of clients that
    /// did not answer when the server asked them to close.
    pub async fn run<E>(
        mut self,
        server: impl Future<Output = Result<(), E>>,
    ) -> Result<(), Failure>
    where
        Failure: From<E>,
    {
        let mut server = pin!(server);
        tokio::select! {
            served = &mut server => return Ok(served?),
            () = self.signals.next() => {}
        }
        println!("{} stopping", self.program);
        self.requested.send_replace(true);
        tokio::select! {
            served = &mut server => return Ok(served?),
            () = tokio::time::sleep(GRACE) => {}
            () = self.signals.next() => {}
        }
        exit_even_if_a_call_blocks();
        let line =
            format!("{} cut off the connections that were still open", self.program);
        Err(Failure::new(line))
    }
}

/// When `main` returns, tokio drops the calls that are left, where they wait. A call that never
/// waits, because it blocks its thread, would keep the process running.
fn exit_even_if_a_call_blocks() {
    thread::spawn(|| {
        // Much longer than tokio takes to drop the other calls, on a busy machine too.
        thread::sleep(Duration::from_secs(5));
        eprintln!("Error: a call blocks its thread: the process ends without it");
        exit(1);
    });
}

/// Opens a port. `flag` is the one that says which, for the messages of its errors.
///
/// # Errors
/// The address is in use, or is not an address of this machine.
pub async fn bind(addr: &str, flag: &str) -> Result<TcpListener, Failure> {
    let listener = listen_on(addr).await;
    listener.map_err(|error| Failure::new(cannot_listen(addr, flag, &error)))
}

/// How many connections the kernel holds for a server until it accepts them. `TcpListener::bind`
/// asks for 128, which a crowd exceeds: a client that finds no room tries again after a second.
const BACKLOG: u32 = 1024;

/// What `TcpListener::bind` does, with a longer queue.
async fn listen_on(addr: &str) -> io::Result<TcpListener> {
    let mut result = Err(ErrorKind::AddrNotAvailable.into());
    for addr in lookup_host(addr).await? {
        let socket = if addr.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // On Windows this would let two servers have one port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        result = socket.bind(addr).and_then(|()| socket.listen(BACKLOG));
        if result.is_ok() {
            break;
        }
    }
    result
}

fn cannot_listen(addr: &str, flag: &str, error: &io::Error) -> String {
    let remedy = format!("choose another address with {flag} HOST:PORT");
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{addr} is in use: stop the program that listens there, or take a free port with {flag} 127.0.0.1:0"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("{addr} is not an address of this machine: {remedy}")
        }
        ErrorKind::PermissionDenied => format!(
            "not allowed to listen on {addr}: take a port above 1023 with {flag} HOST:PORT"
        ),
        _ => format!("cannot listen on {addr}, {}: {remedy}", without_os_code(error)),
    }
}
