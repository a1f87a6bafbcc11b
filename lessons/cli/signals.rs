//! The signals that ask a program to stop.

use std::io;

/// The signals that ask a process to stop: SIGINT (Ctrl-C) and, on Unix, SIGTERM.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Starts to catch the signals: they no longer end the process.
    ///
    /// # Errors
    /// The operating system refuses.
    #[cfg(unix)]
    pub fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Starts to catch Ctrl-C: it no longer ends the process.
    ///
    /// # Errors
    /// The operating system refuses.
    #[cfg(windows)]
    pub fn new() -> io::Result<Signals> {
        Ok(Signals { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next signal, or returns at once if one has arrived since the last wait.
    pub async fn next(&mut self) {
        self.next_code().await;
    }

    /// [`Signals::next`], for a program that ends in its own way: returns the exit code that a
    /// shell gives to a program which the signal ended, 130 for Ctrl-C and 143 for SIGTERM.
    pub async fn next_code(&mut self) -> i32 {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => return 143,
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
        130
    }
}
