//! Exercise 7: the subjects of several cities, in one stream. Yours to finish.
//!
//! - `city` names one city or several, with commas between: `wuhan,shanghai`.
//! - Send the subjects of the first city in their order, then those of the second, and so
//!   on. Leave out what was sent already, so that nothing is sent twice.
//! - An unknown city ends the call with NOT_FOUND and `unknown city: NAME`. The subjects of
//!   the cities before it are sent first; the cities after it are ignored.
//!
//! Check it with: cargo test --test lesson-7 -- --ignored --nocapture

use std::vec::IntoIter;

use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_server::SubjectsByCityService,
};
use tokio_stream::{Empty, Iter};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct Cities;

#[tonic::async_trait]
impl SubjectsByCityService for Cities {
    type ListSubjectsStream = Iter<IntoIter<Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        _request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        // You may call the lesson's function, grpc_workbook::subjects_by_city::subjects.
        // `tokio_stream::iter` makes a stream from a list.
        Err(Status::unimplemented("exercise 7 is not solved yet"))
    }

    // Not part of the exercise.
    type TickStream = Empty<Result<TickResponse, Status>>;

    async fn tick(
        &self,
        _request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        Err(Status::unimplemented("exercise 7 has no clock"))
    }
}
