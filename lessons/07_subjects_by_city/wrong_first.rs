//! Exercise 7, a wrong answer: an unknown city ends the call before anything is sent.

use std::collections::HashSet;
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
        let mut sent = HashSet::new();
        let mut messages = Vec::new();
        for city in request.city.split(',') {
            match subjects(city) {
                Ok(subjects) => {
                    for subject in subjects {
                        // False if the subject was in the set before.
                        if sent.insert(*subject) {
                            let subject = subject.to_string();
                            messages.push(Ok(ListSubjectsResponse { subject }));
                        }
                    }
                }
                // Wrong: there is no stream then, and the messages so far are lost.
                Err(status) => return Err(status),
            }
        }
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
