//! How a call can end: servers that misbehave or die, and the chapters' tables of what a
//! client sees then.

use std::fmt::Write;

use grpc_workbook::status::code_name;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedSender;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};

/// A server that can die as a killed process does: without a word to its clients.
pub struct Mortal {
    runtime: Option<Runtime>,
    /// Where it listens, such as `127.0.0.1:40123`.
    pub address: String,
}

impl Mortal {
    /// Serves on a free port, with threads of its own.
    pub fn start(routes: Routes) -> Mortal {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("has threads");
        let _inside = runtime.enter();
        let any = "127.0.0.1:0".parse().expect("is an address");
        let incoming = TcpIncoming::bind(any).expect("listens");
        let incoming = incoming.with_nodelay(Some(true));
        let address = incoming.local_addr().expect("has an address").to_string();
        runtime.spawn(
            Server::builder()
                .add_routes(routes)
                .serve_with_incoming(incoming),
        );
        drop(_inside);
        Mortal { runtime: Some(runtime), address }
    }

    /// A channel to it, of its own connection.
    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::try_from(format!("http://{}", self.address));
        let connected = endpoint.expect("is a URI").connect().await;
        connected.expect("connects")
    }

    /// Ends the server: its tasks are dropped, and with them its connections.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.end();
    }
}

/// Tells when it is dropped: when the future or the stream that holds it is.
pub struct Tell(pub UnboundedSender<&'static str>, pub &'static str);

impl Drop for Tell {
    fn drop(&mut self) {
        // The test may have seen enough.
        let _ = self.0.send(self.1);
    }
}

/// One line of a chapter's table.
pub struct End {
    /// What happens to the call.
    pub when: &'static str,
    /// What tonic's client sees, from a run.
    pub sees: String,
    /// What the specification says; empty if it says the same.
    pub specified: &'static str,
}

/// A status as the tables show it.
pub fn shown(status: &Status) -> String {
    match status.message() {
        "" => format!("`{}`", code_name(status.code())),
        message => format!("`{}`: `{message}`", code_name(status.code())),
    }
}

/// The table, in Markdown.
pub fn table(ends: &[End]) -> String {
    let mut table = String::from(
        "| what happens | what tonic's client sees | in the specification |\n|---|---|---|\n",
    );
    for End { when, sees, specified } in ends {
        let specified = if specified.is_empty() {
            "the same"
        } else {
            specified
        };
        writeln!(table, "| {when} | {sees} | {specified} |").expect("writes to a string");
    }
    table
}
