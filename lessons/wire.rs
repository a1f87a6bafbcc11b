//! What the player shows of a lesson's wire: lines under those of the programs, and a drawing.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::pin::pin;

use grpc_workbook::cli::{Failure, without_os_code};
use grpc_workbook::tap::fold::{fold_calls, several_connections};
use grpc_workbook::tap::proxy::{TappedEvent, tap};
use grpc_workbook::tap::svg::{Drawn, MAX_ROWS};
use grpc_workbook::tap::trace::EventKind;
use grpc_workbook::tap::viewer::{Row, Viewer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// How many events a tap may be ahead of what shows them: then its connections wait.
pub const MAX_WAITING: usize = 256;

/// How many rows are kept while a lesson plays. Those of like calls are left out at the end, so few
/// of them are shown.
const MAX_KEPT: usize = 50_000;

/// What crosses the wire of a lesson that is played.
pub struct Wire {
    /// Makes rows of what the tap sees.
    viewer: Viewer,
    /// What the tap saw so far, at most [`MAX_KEPT`].
    rows: Vec<Row>,
    /// The client has ended, even if the tap sees that later.
    client_has_ended: bool,
    /// From the tap.
    events_rx: mpsc::Receiver<TappedEvent>,
}

impl Wire {
    /// Starts a tap to `server`. Returns what it will see, and the address of the tap.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn tap_to(server: &str, viewer: Viewer) -> Result<(Wire, String), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (events_tx, events_rx) = mpsc::channel(MAX_WAITING);
        tokio::spawn(tap(listener, server.to_string(), events_tx));
        let wire = Wire { viewer, rows: Vec::new(), client_has_ended: false, events_rx };
        Ok((wire, address))
    }

    /// Does `work`, and records what crosses the wire in the meantime.
    pub async fn record_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // First what has crossed the wire already.
                biased;
                Some(tapped) = self.events_rx.recv() => self.record(tapped),
                done = &mut work => return done,
            }
        }
    }

    /// The client has ended: a GOAWAY that comes now says nothing about the server.
    pub fn client_has_ended(&mut self) {
        self.client_has_ended = true;
    }

    fn record(&mut self, mut tapped: TappedEvent) {
        if let EventKind::GoAway { after_client_closed, .. } = &mut tapped.event.kind {
            *after_client_closed |= self.client_has_ended;
        }
        let rows = self.viewer.push(&tapped);
        self.keep(rows);
    }

    fn keep(&mut self, mut rows: Vec<Row>) {
        rows.truncate(MAX_KEPT - self.rows.len());
        self.rows.append(&mut rows);
    }

    /// Prints a line for each row that is shown. Returns these rows.
    pub fn show(mut self) -> Drawn {
        let rows = self.viewer.finish();
        self.keep(rows);
        let mut drawn = Drawn::default();
        drawn.add(&fold_calls(&self.rows));
        let rows = drawn.rows();
        let several = several_connections(rows);
        println!();
        println!("on the wire:");
        for row in rows {
            println!("  {}", row.line(several));
        }
        if drawn.left_out() > 0 {
            println!("  ... {} more lines are not shown", drawn.left_out());
        } else if self.rows.len() == MAX_KEPT {
            println!("  ... what came after the first {MAX_KEPT} lines is not shown");
        }
        drawn
    }
}

/// Checks that a drawing can be written to `file`, and leaves everything as it was.
///
/// # Errors
/// It cannot, for a reason that shows only now or one that shows at once: no such folder, or no
/// permission.
pub fn check_svg(file: &Path) -> Result<(), Failure> {
    let is_new = match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => false,
        // A pipe would wait here for somebody who reads it.
        Ok(_) => return Ok(()),
        Err(_) => true,
    };
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.map_err(|error| cannot_write(file, &error))?;
    if is_new {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// Writes a drawing to `file`.
///
/// # Errors
/// It cannot be written there.
pub fn write_svg(file: &Path, title: &str, drawn: &Drawn) -> Result<(), Failure> {
    let drawing = drawn.draw("wire", title);
    fs::write(file, drawing).map_err(|error| cannot_write(file, &error))?;
    match drawn.left_out() {
        0 => println!("drawn in {}", file.display()),
        more => println!(
            "drawn in {}, without the last {more} lines: it has room for {MAX_ROWS}",
            file.display()
        ),
    }
    Ok(())
}

fn cannot_write(file: &Path, error: &io::Error) -> Failure {
    let why = without_os_code(error);
    Failure::new(format!("cannot write {}: {why}", file.display()))
}
