//! A server in a process of its own: started, watched and stopped by a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::{mem, thread};

use grpc_workbook::Lesson;
use tonic::transport::{Channel, Endpoint};

use super::{Finished, command, spawn};
use crate::patience::{PATIENCE, Watchdog};

/// A running server, on a port of its own. Dropping it kills the process.
pub struct Server {
    /// The process. Killed and waited for on drop, so that no test leaves one behind.
    child: Child,
    /// The lines that the server prints, from the thread that reads its pipe.
    lines: Receiver<String>,
    /// The lines taken from `lines` so far, each with its line end.
    output: String,
    /// Where it listens, such as `127.0.0.1:40123`.
    pub address: String,
}

impl Server {
    /// Starts the server of a lesson on a free port, and waits until it listens.
    ///
    /// # Panics
    /// If it ends without saying where it listens.
    pub fn start(lesson: &Lesson) -> Server {
        Server::from(command(&lesson.server()).args(["--addr", "127.0.0.1:0"]))
    }

    /// Starts a server that prints what it is `listening on`, and waits until it does.
    ///
    /// # Panics
    /// If it ends without that.
    pub fn from(command: &mut Command) -> Server {
        let (child, output) = spawn(command);
        let (tx, lines) = mpsc::channel();
        // A thread reads all the time: the server would block once the pipe is full.
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let line = line.expect("the server should print UTF-8") + "\n";
                if tx.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server =
            Server { child, lines, output: String::new(), address: String::new() };
        let line = server.wait_for(" listening on ");
        let (_, address) = line.split_once(" listening on ").unwrap_or_default();
        server.address = address.trim_end().to_string();
        server
    }

    /// Waits until the server prints a line that contains `text`, and returns that line.
    ///
    /// # Panics
    /// If it ends without one, or does not print one in time.
    pub fn wait_for(&mut self, text: &str) -> String {
        let what = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.output += &line;
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break "the server ended",
                Err(RecvTimeoutError::Timeout) => break "the server went on",
            }
        };
        panic!("{what} without a line with {text:?}; it printed: {}", self.output);
    }

    /// Opens a connection to the server.
    ///
    /// # Panics
    /// If the server refuses it.
    pub async fn channel(&self) -> Channel {
        Endpoint::try_from(format!("http://{}", self.address))
            .expect("should be a URI")
            .connect()
            .await
            .expect("the server should accept a connection")
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to stop, with SIGTERM.
    #[cfg(unix)]
    pub fn signal(&mut self) {
        self.send(rustix::process::Signal::TERM);
    }

    /// Asks the server to stop, with SIGINT, as Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&mut self) {
        self.send(rustix::process::Signal::INT);
    }

    #[cfg(unix)]
    fn send(&mut self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process};
        kill_process(Pid::from_child(&self.child), signal)
            .expect("the server should still be a child of this test");
    }

    /// Kills the server: Windows has no signal that asks it to stop.
    #[cfg(windows)]
    pub fn signal(&mut self) {
        self.child.kill().expect("the server should be killed");
    }

    /// Waits until the server has ended by itself or by a signal.
    ///
    /// # Panics
    /// If it does not end in time.
    pub fn finish(mut self) -> Finished {
        let watchdog = Watchdog::new(&self.child, "the server's end");
        self.output.extend(self.lines.iter());
        let status = self.child.wait().expect("the server should end");
        watchdog.done();
        Finished { code: status.code(), output: mem::take(&mut self.output) }
    }

    /// Asks the server to stop and waits until it has ended.
    pub fn stop(mut self) -> Finished {
        self.signal();
        self.finish()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it has ended already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
