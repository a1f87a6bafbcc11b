//! Health, as health.proto specifies it. tonic-health's own service ends a Watch of a service
//! that it does not know; this one keeps the call open.

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::SERVICES;

/// The state of each service that is known, by its full name. The empty name stands for the
/// server as a whole.
pub type States = HashMap<String, ServingStatus>;

/// All services of the notes, and the server as a whole, in the same state.
pub fn all(state: ServingStatus) -> States {
    let mut states = States::from([(String::new(), state)]);
    for &service in SERVICES {
        states.insert(service.into(), state);
    }
    states
}

/// The service.
pub struct MyHealth {
    /// What to answer. `main` has the sending half: it changes the states, and ends each Watch by
    /// dropping that half.
    pub states: watch::Receiver<States>,
}

// ANCHOR: health
#[tonic::async_trait]
impl Health for MyHealth {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        match self.states.borrow().get(&service) {
            Some(&state) => Ok(Response::new(response(state))),
            None => Err(Status::not_found(format!("unknown service: {service}"))),
        }
    }

    type WatchStream = ReceiverStream<Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let service = request.into_inner().service;
        let (tx, rx) = mpsc::channel(1);
        tokio::spawn(report(service, self.states.clone(), tx));
        Ok(Response::new(ReceiverStream::new(rx)))
    }
}

/// Sends the state of a service: now, and whenever it has changed.
async fn report(
    service: String,
    mut states: watch::Receiver<States>,
    tx: mpsc::Sender<Result<HealthCheckResponse, Status>>,
) {
    let mut sent = None;
    loop {
        let state = states.borrow_and_update().get(&service).copied();
        let state = state.unwrap_or(ServingStatus::ServiceUnknown);
        // Another service's state changes the map, too.
        if sent != Some(state) {
            sent = Some(state);
            if tx.send(Ok(response(state))).await.is_err() {
                return;
            }
        }
        tokio::select! {
            // An error says that the server stops: returning ends the stream, with OK.
            changed = states.changed() => if changed.is_err() { return },
            // The client has left.
            () = tx.closed() => return,
        }
    }
}
// ANCHOR_END: health

fn response(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: state.into() }
}
