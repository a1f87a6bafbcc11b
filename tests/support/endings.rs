//! How a call can end: servers that misbehave or die, and the chapters' tables of what a
//! client sees then.

use grpc_workbook::status::code_name;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedSender;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};

/// A server in this process that a test can kill: its connections close at once, without a
/// GOAWAY, as if its process had been killed. Dropping it kills it too.
pub struct KillableServer {
    /// Runs the server and its connections, and nothing of the test. `None` once killed.
    runtime: Option<Runtime>,
    /// Where it listens, such as `127.0.0.1:40123`.
    pub address: String,
}

impl KillableServer {
    /// Serves on a free port, with a thread of its own.
    pub fn start(routes: Routes) -> KillableServer {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("the runtime should start its thread");
        // The listener registers with the runtime that is entered while it is made.
        let incoming = {
            let _guard = runtime.enter();
            let any_port = "127.0.0.1:0".parse().expect("should be an address");
            TcpIncoming::bind(any_port).expect("a free port should be found")
        };
        let address = incoming
            .local_addr()
            .expect("a listener should have an address")
            .to_string();
        runtime.spawn(
            Server::builder()
                .add_routes(routes)
                .serve_with_incoming(incoming.with_nodelay(Some(true))),
        );
        KillableServer { runtime: Some(runtime), address }
    }

    /// Opens a connection to the server.
    pub async fn channel(&self) -> Channel {
        Endpoint::try_from(format!("http://{}", self.address))
            .expect("should be a URI")
            .connect()
            .await
            .expect("the server should accept a connection")
    }

    /// Kills the server: its tasks are dropped, and their connections with them.
    pub fn kill(mut self) {
        self.shutdown_runtime();
    }

    fn shutdown_runtime(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not by dropping it: that waits for the tasks, and is not allowed in async code.
            runtime.shutdown_background();
        }
    }
}

impl Drop for KillableServer {
    fn drop(&mut self) {
        self.shutdown_runtime();
    }
}

/// Sends a note when it is dropped. A method or a stream of a service keeps one, so that a
/// test learns when tonic dropped that method's future or that stream.
///
/// The first field is the test's channel, the second the note.
pub struct NotifyOnDrop(pub UnboundedSender<&'static str>, pub &'static str);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        // The test may be over, and its receiver gone.
        let _ = self.0.send(self.1);
    }
}

/// One way a call can end: a row of a chapter's table.
pub struct Ending {
    /// What happens to the call.
    pub when: &'static str,
    /// What tonic's client sees, from a run.
    pub sees: String,
    /// What the specification says; empty if it says the same.
    pub specified: &'static str,
}

/// A status as a cell of the table shows it: `` `CODE` `` or `` `CODE`: `message` ``.
pub fn status_cell(status: &Status) -> String {
    let code = code_name(status.code());
    match status.message() {
        "" => format!("`{code}`"),
        // A code span with a backtick in it stands between two of them.
        message if message.contains('`') => format!("`{code}`: ``{message}``"),
        message => format!("`{code}`: `{message}`"),
    }
}

/// The endings as a table in Markdown.
pub fn table(endings: &[Ending]) -> String {
    let mut table = String::from(
        "| what happens | what tonic's client sees | in the specification |\n|---|---|---|\n",
    );
    for Ending { when, sees, specified } in endings {
        let specified = match *specified {
            "" => "the same",
            other => other,
        };
        table += &format!("| {when} | {sees} | {specified} |\n");
    }
    table
}
