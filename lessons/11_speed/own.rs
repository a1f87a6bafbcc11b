//! A server of our own: a process that this program starts, watches, and ends.

use std::env;
use std::fs;
use std::io::{Read, stdin};
use std::process::{Stdio, exit};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tonic::transport::{Server, Uri};

use super::{Speed, proto::speed_service_server::SpeedServiceServer};
use crate::cli::{self, Failure};

/// The main of `lesson-11-server`.
///
/// # Errors
/// Those of `cli::listen`.
pub async fn serve() -> Result<(), Failure> {
    let (incoming, stop) = cli::listen(11).await?;
    let speed = Speed::default();
    let served = Arc::clone(&speed.served);
    Server::builder()
        // Both as in lesson 6, and as many calls as its chapter's plot has in flight.
        .max_concurrent_streams(1024)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(SpeedServiceServer::new(speed))
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    println!("served {served}");
    Ok(())
}

/// Set in the environment of a client that is to be a server. So there is a server without
/// another program to build.
const SERVE: &str = "LESSON_11_SERVE";

/// Whether this process was started by [`Own::start`]: then it has to [`serve`].
pub fn is_own() -> bool {
    let is_own = env::var_os(SERVE).is_some();
    if is_own {
        // When the client is gone, however it went, our standard input ends.
        thread::spawn(|| {
            let _ = stdin().read_to_end(&mut Vec::new());
            exit(0);
        });
    }
    is_own
}

/// A server in a process of its own. Dropped, it is killed.
pub struct Own {
    child: Child,
    pub uri: Uri,
}

impl Own {
    /// Starts this program again, as a server on a free port.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start() -> Result<Own, Failure> {
        let program = env::current_exe()?;
        let mut child = Command::new(program)
            .args(["--addr", "127.0.0.1:0"])
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut first = String::new();
        if let Some(output) = child.stdout.as_mut() {
            BufReader::new(output).read_line(&mut first).await?;
        }
        let address = first.trim_end().split_once(" listening on ");
        let (_, address) =
            address.ok_or_else(|| Failure::new("the server did not start"))?;
        Ok(Own { child, uri: format!("http://{address}").parse()? })
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    /// The operating system refuses.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    pub fn usage(&self) -> Option<Usage> {
        usage(self.child.id()?)
    }
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Time on a processor, of all threads.
    pub cpu: Duration,
    /// The most memory that it had at any time, in KiB.
    pub peak: u64,
}

/// What a process has used so far; None where there is no /proc.
pub fn usage(process: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field, the program's name, is in brackets and can contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    // Fields 14 and 15: in the program and in the kernel for it, in hundredths of a second.
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak = peak.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Usage { cpu: Duration::from_millis(ticks * 10), peak })
}
