//! Exercise 10: port `exercise.py`, beside this file, to Rust. Yours to finish.
//!
//! A client must not be able to tell the two apart: the same answers, the same statuses,
//! sent at the same moments. The same check runs against the Python service, where Python is
//! installed.
//!
//! Check it with: cargo test --test lesson-10 -- --ignored --nocapture

use grpc_workbook::notes::proto::demo::demo_server::Demo;
use grpc_workbook::notes::proto::demo::{
    self, Answer, City, Delta, Number, Subject, Sum, Work,
};
use tokio_stream::Empty;
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls.
pub struct Ported;

#[tonic::async_trait]
impl Demo for Ported {
    async fn calculate(
        &self,
        _request: Request<Work>,
    ) -> Result<Response<demo::Result>, Status> {
        Err(Status::unimplemented("exercise 10 is not solved yet"))
    }

    // The type of a stream of answers: choose your own. Lesson 7 has one for answers that
    // are all known, and one for answers that a task sends.
    type GetSubjectsStream = Empty<Result<Subject, Status>>;

    async fn get_subjects(
        &self,
        _request: Request<City>,
    ) -> Result<Response<Self::GetSubjectsStream>, Status> {
        Err(Status::unimplemented("exercise 10 is not solved yet"))
    }

    async fn accumulate(
        &self,
        _request: Request<Streaming<Delta>>,
    ) -> Result<Response<Sum>, Status> {
        Err(Status::unimplemented("exercise 10 is not solved yet"))
    }

    type GuessNumberStream = Empty<Result<Answer, Status>>;

    async fn guess_number(
        &self,
        _request: Request<Streaming<Number>>,
    ) -> Result<Response<Self::GuessNumberStream>, Status> {
        Err(Status::unimplemented("exercise 10 is not solved yet"))
    }
}
