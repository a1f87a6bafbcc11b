//! What the load calls, and what is said about it when that goes wrong.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::speed::load::{CallError, LoadResult};
use grpc_workbook::speed::peer;
use grpc_workbook::speed::usage::Usage;
use tokio::time::timeout;
use tonic::transport::Uri;

use crate::child_server::ChildServer;

/// What is called.
pub struct Target {
    /// Where it listens.
    pub uri: Uri,
    /// The server at `uri`, if it is a child process. It lives as long as the target.
    child: Option<ChildServer>,
}

impl Target {
    /// The server at `uri`.
    pub fn at(uri: Uri) -> Target {
        Target { uri, child: None }
    }

    /// The server at `--server`, or else a new child process.
    ///
    /// # Errors
    /// The child could not be started.
    pub async fn find(server: Option<Uri>) -> Result<Target, Failure> {
        if let Some(uri) = server {
            return Ok(Target::at(uri));
        }
        let child = ChildServer::start().await?;
        Ok(Target { uri: child.uri.clone(), child: Some(child) })
    }

    /// The exercise, which has a server of its own: the learner's.
    ///
    /// # Errors
    /// It was not started.
    pub async fn exercise(
        server: Option<Uri>,
        patience: Duration,
    ) -> Result<Target, Failure> {
        let usual = Uri::from_static("http://127.0.0.1:50061");
        let target = Target::at(server.unwrap_or(usual));
        let connected = timeout(patience, cli::connect_tcp(&target.uri)).await;
        if !matches!(connected, Ok(Ok(_))) {
            // The lesson's server would not do: it does not have the shop.
            return Err(Failure::new(format!(
                "no server at {}: start it with cargo run --release --bin lesson-11-exercise",
                target.place()
            )));
        }
        Ok(target)
    }

    /// What its server has used so far; `None` if it is not ours, or the system does not tell.
    pub fn usage(&self) -> Option<Usage> {
        self.child.as_ref()?.usage()
    }

    /// The end of a load, with an error that names what listens here.
    ///
    /// # Errors
    /// Those of the load.
    pub async fn failure_named(
        &self,
        ended: Result<LoadResult, CallError>,
    ) -> Result<LoadResult, Failure> {
        match ended {
            Ok(result) => Ok(result),
            Err(CallError::WrongResponse(how)) => Err(Failure::new(how)),
            Err(CallError::Status(status)) => Err(status.into()),
            Err(CallError::NotGrpc(how, _)) => {
                let how = peer::what_is_wrong(&self.uri).await.unwrap_or(how);
                Err(Failure::new(format!("what listens at {} {how}", self.place())))
            }
        }
    }

    /// An error if calls failed. If all of them did, it says what is wrong with the server.
    ///
    /// # Errors
    /// Calls failed.
    pub async fn fail_if_calls_failed(&self, result: &LoadResult) -> Result<(), Failure> {
        let (failed, completed) = (result.failed(), result.completed());
        if failed == 0 {
            return Ok(());
        }
        let mut line = format!("{failed} of {completed} calls failed");
        if failed == completed
            && let Some(how) = peer::what_is_wrong(&self.uri).await
        {
            line += &format!(": what listens at {} {how}", self.place());
        }
        Err(Failure::new(line))
    }

    /// Where it listens, as a person writes it.
    fn place(&self) -> String {
        self.uri.to_string().trim_end_matches('/').to_string()
    }
}
