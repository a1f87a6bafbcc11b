//! Exercise 7, a wrong answer: the subjects are sorted.

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
                // The error is the last item of the stream. With `?`, there would be no
                // stream, and the messages before it would be lost.
                Err(status) => {
                    messages.push(Err(status));
                    break;
                }
            }
        }
        // Wrong: the subjects are to come in the order of the cities.
        messages.sort_by_key(|item| match item {
            Ok(ListSubjectsResponse { subject }) => (0, subject.clone()),
            Err(_) => (1, String::new()),
        });
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
