//! `cargo run -- tap`: shows what crosses the wire between any client and any server.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use grpc_workbook::cli::{self, Failure, Signals};
use grpc_workbook::tap::proxy::tap;
use grpc_workbook::tap::svg::Drawn;
use grpc_workbook::tap::viewer::{Row, Viewer};
use tokio::net::lookup_host;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::View;
use crate::wire::{MAX_WAITING, check_svg, write_svg};

/// How often the viewer learns that time has passed: see [`Viewer::tick`].
const TICK: Duration = Duration::from_secs(1);

// The `///` of a flag is its help text.
#[derive(clap::Args)]
pub struct TapArgs {
    /// Where to listen for clients; port 0 takes any free port
    #[arg(long, value_name = "HOST:PORT", value_parser = cli::host_and_port)]
    listen: String,
    /// The server to pass them on to
    #[arg(long, value_name = "HOST:PORT", value_parser = server)]
    to: String,
    #[command(flatten)]
    view: View,
    /// Draw the wire into an SVG file, at the end
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Shows each connection's events as they come, until a signal comes or nobody reads the lines.
///
/// # Errors
/// It cannot listen there, or cannot write the drawing.
pub async fn show_tap(args: TapArgs, mut signals: Signals) -> Result<(), Failure> {
    let TapArgs { listen, to, view, svg } = args;
    if let Some(file) = &svg {
        check_svg(file)?;
    }
    let listener = cli::bind(&listen, "--listen").await?;
    let address = listener.local_addr()?;
    if is_the_tap(&to, address).await {
        return Err(Failure::new(format!(
            "--to {to} is where the tap listens: give it the server's address"
        )));
    }
    println!("tap to {to} listening on {address}");

    let (events_tx, mut events_rx) = mpsc::channel(MAX_WAITING);
    tokio::spawn(tap(listener, to.clone(), events_tx));
    let mut viewer = Viewer::new(view.frames, view.hex);
    let mut output = Output { drawn: svg.as_ref().map(|_| Drawn::default()) };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let rows = tokio::select! {
            // Also when the wire is never silent.
            biased;
            () = signals.next() => break,
            _ = ticks.tick() => viewer.tick(),
            Some(tapped) = events_rx.recv() => {
                let mut rows = viewer.push(&tapped);
                // All that has come, to print it at once. This program has one thread: meanwhile no
                // bytes are forwarded, so what is still to be shown does not grow.
                while let Ok(tapped) = events_rx.try_recv() {
                    rows.extend(viewer.push(&tapped));
                }
                rows
            }
        };
        if output.show(rows).is_err() {
            break;
        }
    }
    // An error means that nobody reads any more. The drawing is written all the same.
    let _ = output.show(viewer.finish());
    if let (Some(file), Some(drawn)) = (svg, output.drawn) {
        write_svg(&file, &format!("The wire to {to}"), &drawn)?;
    }
    Ok(())
}

/// Where the rows go.
struct Output {
    /// The drawing, if one is wanted.
    drawn: Option<Drawn>,
}

impl Output {
    /// Prints rows, all at once.
    fn show(&mut self, rows: Vec<Row>) -> io::Result<()> {
        let mut lines = String::new();
        for row in &rows {
            lines += &row.line(true);
            lines.push('\n');
        }
        if let Some(drawn) = &mut self.drawn {
            drawn.add(&rows);
        }
        // `print!` would end the process if nobody reads, before the drawing is written.
        io::stdout().write_all(lines.as_bytes())
    }
}

/// Whether `server` is the address that the tap itself listens on. It would pass each connection
/// on to itself, without an end.
async fn is_the_tap(server: &str, tap: SocketAddr) -> bool {
    // A name that is not known now may be known later.
    let Ok(addresses) = lookup_host(server).await else {
        return false;
    };
    let mut addresses = addresses;
    addresses.any(|address| {
        let is_everywhere = tap.ip().is_unspecified() && address.ip().is_loopback();
        address.port() == tap.port()
            && (address.ip() == tap.ip()
                || address.ip().is_unspecified()
                || is_everywhere)
    })
}

/// Checks that a text is the address of a server, HOST:PORT. People paste URIs.
fn server(text: &str) -> Result<String, String> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return Err(match scheme {
            "https" => format!(
                "it is not HOST:PORT: leave out https://, as in {rest}; the tap forwards TLS, but cannot read it"
            ),
            _ => format!("it is not HOST:PORT: leave out {scheme}://, as in {rest}"),
        });
    }
    let server = cli::host_and_port(text)?;
    if server.ends_with(":0") {
        return Err("no server listens on port 0".into());
    }
    Ok(server)
}
