//! Well-known types: the definitions that come with every compiler of `.proto` files.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prost::Message;
use prost_types::{Any, FieldMask, Timestamp};
use support::checks::outcome;
use tonic::{Request, Response, Status};

/// What tests/build.rs generated from `lessons/04_map_oneof/well_known.proto`.
mod proto {
    tonic::include_proto!("04_map_oneof/well_known.proto/well_known.v1");
}

use proto::visit_service_client::VisitServiceClient;
use proto::visit_service_server::{VisitService, VisitServiceServer};
use proto::{UpdateVisitRequest, Visit};

// ANCHOR: make
/// A visit that starts now.
fn visit() -> Result<Visit, Box<dyn Error>> {
    let christmas: Timestamp = "2026-12-24T18:00:00Z".parse()?;
    Ok(Visit {
        starts_at: Some(SystemTime::now().into()),
        length: Some(Duration::from_secs(90 * 60).try_into()?),
        guests: Some(0),
        details: Some(Any::from_msg(&christmas)?),
    })
}

/// When a visit ends, if it says so.
fn end(visit: &Visit) -> Option<SystemTime> {
    // Anything can arrive: a time that SystemTime cannot hold, a length below zero.
    let starts_at: SystemTime = visit.starts_at?.try_into().ok()?;
    let length: Duration = visit.length?.try_into().ok()?;
    starts_at.checked_add(length)
}
// ANCHOR_END: make

/// A service with one visit.
#[derive(Default)]
struct Visits {
    /// The visit as it is now.
    visit: Mutex<Visit>,
}

#[tonic::async_trait]
impl VisitService for Visits {
    // ANCHOR: update
    async fn update_visit(
        &self,
        request: Request<UpdateVisitRequest>,
    ) -> Result<Response<()>, Status> {
        let UpdateVisitRequest { visit, update_mask } = request.into_inner();
        let new = visit.unwrap_or_default();
        let mut visit = self.visit.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = visit.clone();
        for path in update_mask.unwrap_or_default().paths {
            match path.as_str() {
                "starts_at" => changed.starts_at = new.starts_at,
                "length" => changed.length = new.length,
                "guests" => changed.guests = new.guests,
                other => {
                    let what = format!("update_mask: no field {other:?} to change");
                    return Err(Status::invalid_argument(what));
                }
            }
        }
        *visit = changed;
        Ok(Response::new(()))
    }
    // ANCHOR_END: update
}

/// In Rust, each has a type of its own or the standard library's.
#[test]
fn well_known_types_become_types_of_rust() {
    let before = SystemTime::now();
    let mut visit = visit().expect("the visit should be in range");
    let visit_end = end(&visit).expect("the visit should have an end");
    assert!(visit_end >= before + Duration::from_secs(90 * 60));

    let details = visit.details.take().expect("the visit should have details");
    assert_eq!(details.type_url, "type.googleapis.com/google.protobuf.Timestamp");
    let christmas = details
        .to_msg::<Timestamp>()
        .expect("it should be a Timestamp");
    assert_eq!(christmas.to_string(), "2026-12-24T18:00:00Z");
    // Another type than the one inside is an error.
    assert!(details.to_msg::<prost_types::Duration>().is_err());

    // A length below zero, and an end that no SystemTime has.
    let negative = prost_types::Duration { seconds: -1, nanos: 0 };
    assert_eq!(end(&Visit { length: Some(negative), ..visit.clone() }), None);
    let never = Timestamp { seconds: i64::MAX, nanos: 0 };
    assert_eq!(end(&Visit { starts_at: Some(never), ..visit }), None);
}

/// On the wire they are messages like any other.
#[test]
fn well_known_types_are_messages_on_the_wire() {
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    for (visit, bytes) in [
        // Field 1, a message: its field 1 is the seconds, 2 the nanoseconds.
        (
            Visit { starts_at: at(1, 2), ..Visit::default() },
            &b"\x0a\x04\x08\x01\x10\x02"[..],
        ),
        (Visit { starts_at: at(0, 0), ..Visit::default() }, b"\x0a\x00"),
        // A wrapper: a message whose field 1 is the number. So 0 is not the same as nothing.
        (Visit { guests: Some(3), ..Visit::default() }, b"\x1a\x02\x08\x03"),
        (Visit { guests: Some(0), ..Visit::default() }, b"\x1a\x00"),
        (Visit::default(), b""),
    ] {
        assert_eq!(visit.encode_to_vec(), bytes);
        assert_eq!(Visit::decode(bytes), Ok(visit));
    }
    assert_eq!(().encode_to_vec(), b"");
}

/// The mask says what changes. A field that it names and the message does not set is cleared.
#[tokio::test]
async fn a_field_mask_says_what_changes() {
    let visits = Arc::new(Visits::default());
    let server = VisitServiceServer::from_arc(visits.clone());
    let mut client = VisitServiceClient::new(server);
    let starts_at = Some(Timestamp { seconds: 1, nanos: 0 });
    let both = Visit { starts_at, guests: Some(3), ..Visit::default() };
    for (visit, paths, result) in [
        (both, &["starts_at", "guests"][..], Ok((starts_at, Some(3)))),
        (Visit::default(), &[], Ok((starts_at, Some(3)))),
        (Visit::default(), &["guests"], Ok((starts_at, None))),
        (
            Visit::default(),
            &["starts_at", "colour"],
            Err("INVALID_ARGUMENT: update_mask: no field \"colour\" to change"),
        ),
    ] {
        let paths = paths.iter().map(ToString::to_string).collect();
        let request = UpdateVisitRequest {
            visit: Some(visit),
            update_mask: Some(FieldMask { paths }),
        };
        let response = outcome(client.update_visit(request).await);
        let now = visits.visit.lock().expect("no call should panic").clone();
        let response = response.map(|()| (now.starts_at, now.guests));
        assert_eq!(response, result.map_err(str::to_string));
        assert_eq!(now.starts_at, starts_at);
    }
}
