//! A chat, to show three things that the lesson's service does not need: calls that share
//! something, a limit for clients that say nothing, and a stream that ends when the server shuts
//! down. No program serves it; the lesson's test plays it.

use std::time::Duration;

use grpc_workbook::guess_number::{GuessNumber, proto};
use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, EchoResponse, GuessRequest};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

// ANCHOR: service
/// A chat: what a client says, all clients hear.
#[derive(Clone)]
pub struct Chat {
    /// Takes what is said in any call, to hand a copy to each call.
    pub said: broadcast::Sender<String>,
    /// Turns true when the server shuts down.
    pub shutdown: watch::Receiver<bool>,
    /// How long a client may say nothing.
    pub patience: Duration,
}

#[tonic::async_trait]
impl GuessNumberService for Chat {
    type EchoStream = ReceiverStream<Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let messages = request.into_inner();
        // Subscribed before the client gets its headers: from then on it misses nothing.
        let heard = self.said.subscribe();
        let Chat { said, mut shutdown, patience } = self.clone();
        let (tx, rx) = mpsc::channel(1);
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = talk(messages, said, heard, &tx, patience) => ended,
                // An error says that the server is gone already.
                _ = shutdown.wait_for(|requested| *requested) => {
                    Err(Status::unavailable("the server is shutting down"))
                }
            };
            if let Err(status) = ended {
                // An error here says that the client has left.
                let _ = tx.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(rx)))
    }
    // ANCHOR_END: service

    type GuessStream = <GuessNumber as GuessNumberService>::GuessStream;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        GuessNumber.guess(request).await
    }
}

// ANCHOR: talk
/// One call: passes on what its client says, and sends it what anybody says.
///
/// # Errors
/// DEADLINE_EXCEEDED if the client says nothing for `patience`, RESOURCE_EXHAUSTED if it
/// reads so slowly that the broadcast channel had to drop messages, or what the client's
/// stream ended with.
async fn talk(
    mut messages: Streaming<EchoRequest>,
    said: broadcast::Sender<String>,
    mut heard: broadcast::Receiver<String>,
    tx: &mpsc::Sender<Result<EchoResponse, Status>>,
    patience: Duration,
) -> Result<(), Status> {
    let mut silent_until = Instant::now() + patience;
    loop {
        let data = tokio::select! {
            message = messages.message() => match message? {
                Some(EchoRequest { data }) => {
                    silent_until = Instant::now() + patience;
                    // An error would say that nobody listens, but this call does.
                    let _ = said.send(data);
                    continue;
                }
                None => return Ok(()),
            },
            data = heard.recv() => {
                data.map_err(|_| Status::resource_exhausted("too slow for this chat"))?
            }
            () = sleep_until(silent_until) => {
                return Err(Status::deadline_exceeded("silent for too long"));
            }
        };
        if tx.send(Ok(EchoResponse { data })).await.is_err() {
            return Ok(());
        }
    }
}
// ANCHOR_END: talk
