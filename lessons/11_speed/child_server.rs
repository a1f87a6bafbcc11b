//! A server that the client starts for itself, so that it can be tried in one terminal.
//!
//! The server runs in a child process: what it uses can be measured apart from the load,
//! and it can be killed. `cargo run --bin lesson-11-client` does not build
//! `lesson-11-server`, so the client starts its own executable a second time, with the
//! hidden flag `--serve`. That process runs [`serve`] and makes no calls.

use std::process::{Stdio, exit};
use std::{env, io, thread};

use grpc_workbook::cli::{Failure, Signals};
use grpc_workbook::speed::usage::Usage;
use grpc_workbook::speed::{Speed, proto::speed_service_server::SpeedServiceServer};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tonic::transport::{Server, Uri, server::TcpIncoming};

/// A server in a child process. Dropping it kills the process.
pub struct ChildServer {
    /// The process. It ends when its standard input closes, and `Child` holds the other end.
    child: Child,
    /// Where it listens.
    pub uri: Uri,
}

impl ChildServer {
    /// Starts the process and waits until it listens.
    ///
    /// # Errors
    /// The process could not be started, or ended before it listened.
    pub async fn start() -> Result<ChildServer, Failure> {
        let mut child = Command::new(env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut address).await?;
        }
        if address.is_empty() {
            return Err(Failure::new("the server did not start"));
        }
        Ok(ChildServer { child, uri: format!("http://{}", address.trim_end()).parse()? })
    }

    /// Kills the process, as `kill -9` does, and waits for its end.
    ///
    /// # Errors
    /// The operating system refuses.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// What the process has used so far; `None` where the system does not tell.
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.child.id()?)
    }
}

/// The child's side: serves on a free port, whose address it prints, until its standard
/// input closes. That happens when the client ends, however it ends, so no server is left
/// behind.
///
/// # Errors
/// There is no free port.
pub async fn serve() -> Result<(), Failure> {
    // Ctrl-C on a terminal goes to both processes. The client ends as it sees fit, and the server
    // with it: until then its calls must not fail.
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        loop {
            signals.next().await;
        }
    });
    thread::spawn(|| {
        // The client writes nothing: this returns when the pipe is closed.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        exit(0);
    });
    let any_port = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(any_port)?.with_nodelay(Some(true));
    println!("{}", incoming.local_addr()?);
    Server::builder()
        // As many calls at once as lesson-11-server takes.
        .max_concurrent_streams(1024)
        .add_service(SpeedServiceServer::new(Speed::default()))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
