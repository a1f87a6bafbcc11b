//! Exercise 7, a wrong answer: subjects of two cities are sent twice.

use std::vec::IntoIter;

use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_server::SubjectsByCityService,
};
use grpc_workbook::subjects_by_city::subjects;
use tokio_stream::{Empty, Iter, iter};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct Cities;

#[tonic::async_trait]
impl SubjectsByCityService for Cities {
    type ListSubjectsStream = Iter<IntoIter<Result<ListSubjectsResponse, Status>>>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let request = request.into_inner();
        let mut all: Vec<&str> = Vec::new();
        let mut end = None;
        for city in request.city.split(',') {
            match subjects(city) {
                Ok(subjects) => all.extend(subjects),
                Err(status) => {
                    end = Some(Err(status));
                    break;
                }
            }
        }
        // Wrong: removes a repeated subject only where it directly follows itself.
        all.dedup();
        let mut messages = Vec::new();
        for subject in all {
            messages.push(Ok(ListSubjectsResponse { subject: subject.to_string() }));
        }
        messages.extend(end);
        Ok(Response::new(iter(messages)))
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
