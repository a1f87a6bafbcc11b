//! A stream that computes each message when it is asked for it, without a task, a channel or a box:
//! the chapter shows it.

use std::iter::Map;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};

use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_server::SubjectsByCityService,
};
use support::endings::KillableServer;
use tokio_stream::{Empty, Iter, iter};
use tonic::{Request, Response, Status};

use crate::{Client, request, serving};

/// How many messages were computed.
static COMPUTED: AtomicU32 = AtomicU32::new(0);

struct Million;

#[tonic::async_trait]
impl SubjectsByCityService for Million {
    // ANCHOR: lazy
    // A function has a type that can be named. A closure has none.
    type ListSubjectsStream =
        Iter<Map<RangeInclusive<u32>, fn(u32) -> Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        _request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        // `as` makes a pointer of the function: `map` alone would keep the function's own type.
        let messages = (1..=1_000_000).map(numbered as fn(u32) -> _);
        Ok(Response::new(iter(messages)))
    }
    // ANCHOR_END: lazy

    type TickStream = Empty<Result<TickResponse, Status>>;

    async fn tick(
        &self,
        _request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn numbered(n: u32) -> Result<ListSubjectsResponse, Status> {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    Ok(ListSubjectsResponse { subject: format!("subject {n}") })
}

/// A client that reads three messages has the server compute what its window holds, and no more.
#[tokio::test]
async fn a_lazy_stream_computes_only_what_is_asked_for() {
    let server = KillableServer::start(serving(Million));
    let mut client = Client::new(server.channel().await);
    let response = client.list_subjects(request("")).await;
    let mut subjects = response.expect("call should start").into_inner();
    for n in 1..=3 {
        let message = subjects.message().await.expect("the stream should go on");
        let subject = message.map(|message| message.subject);
        assert_eq!(subject, Some(format!("subject {n}")));
    }
    drop(subjects);
    assert!(COMPUTED.load(Ordering::Relaxed) < 1_000_000);
}
