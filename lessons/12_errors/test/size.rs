//! How large the details of a status may be.

use std::sync::Arc;

use lesson_12::proto::EnrolResponse;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use support::endings::{KillableServer, status_cell};
use support::patience::within;
use support::written;
use tokio::sync::Semaphore;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use super::answers::answering;
use super::request;

/// What a call with details of some size came to.
struct Call {
    /// How the call itself ended.
    status: Status,
    /// Whether another call on the same connection went on.
    neighbour_lives: bool,
}

/// Serves details of as many bytes as the header `size` says, once another call is there: one
/// without the header, which is answered when `open` has a permit.
fn server(open: &Arc<Semaphore>) -> KillableServer {
    let open = open.clone();
    let arrived = Arc::new(Semaphore::new(0));
    answering(move |headers| {
        let size = headers.get("size").and_then(|value| value.to_str().ok());
        let size: Option<usize> = size.and_then(|size| size.parse().ok());
        let (open, arrived) = (open.clone(), arrived.clone());
        async move {
            // A semaphore that is dropped means that the test is over.
            let _ = if size.is_some() {
                arrived.acquire().await
            } else {
                arrived.add_permits(1);
                open.acquire().await
            };
            let details = vec![b'x'; size.unwrap_or(1)];
            Status::with_details(Code::NotFound, "no", details.into()).into_http()
        }
    })
}

async fn enrol(
    channel: &Channel,
    size: Option<usize>,
) -> Result<Response<EnrolResponse>, Status> {
    let mut request = Request::new(request("wuhan-java", "s-1"));
    if let Some(size) = size {
        let size = MetadataValue::from(size as u64);
        request.metadata_mut().insert("size", size);
    }
    let mut client = EnrolServiceClient::new(channel.clone());
    within("an answer", client.enrol(request)).await
}

/// Makes a call whose details have this size, while another one is open on the connection.
async fn call(size: usize, limit: Option<u32>) -> Call {
    let open = Arc::new(Semaphore::new(0));
    let server = server(&open);
    let endpoint = Endpoint::try_from(format!("http://{}", server.address));
    let mut endpoint = endpoint.expect("it should be an address");
    if let Some(limit) = limit {
        endpoint = endpoint.http2_max_header_list_size(limit);
    }
    let channel = endpoint.connect().await.expect("it should connect");
    let (with_size, neighbour) = tokio::join!(
        async {
            let result = enrol(&channel, Some(size)).await;
            // From here on, the neighbour gets its answer, if its connection is still there.
            open.add_permits(1);
            result
        },
        enrol(&channel, None),
    );
    let status = with_size.expect_err("it should be refused");
    let neighbour = neighbour.expect_err("it should be refused");
    Call { status, neighbour_lives: neighbour.code() == Code::NotFound }
}

/// The chapter's table.
#[tokio::test]
async fn details_of_many_sizes() {
    let mut table = String::from(
        "| details | what tonic's client sees | other calls on the connection |\n|---|---|---|\n",
    );
    for (size, arrives, neighbour) in [
        (12_000, true, "go on"),
        (12_100, false, "go on"),
        (48_000, false, "go on"),
        (50_000, false, "fail too"),
    ] {
        let Call { status, neighbour_lives } = call(size, None).await;
        assert_eq!(status.details().len() == size, arrives, "{size}: {status:?}");
        assert_eq!(neighbour_lives, neighbour == "go on", "{size}");
        let sees = match arrives {
            true => format!("{}, with all details", status_cell(&status)),
            false => status_cell(&status),
        };
        table += &format!("| {} bytes | {sees} | {neighbour} |\n", thousands(size));
    }
    written("book/generated/12-errors-size.md", &table);
}

/// `12_000` as `12,000`.
fn thousands(n: usize) -> String {
    format!("{},{:03}", n / 1000, n % 1000)
}

/// What the chapter says of the client's limit.
#[tokio::test]
async fn a_client_can_take_more() {
    let Call { status, .. } = call(80_000, Some(128 * 1024)).await;
    assert_eq!((status.code(), status.details().len()), (Code::NotFound, 80_000));
}
