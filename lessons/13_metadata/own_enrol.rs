//! What serves an answer to the exercise: lesson 12's service, whose `Enrol` is the learner's.

use std::sync::Arc;

use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolService;
use lesson_12::proto::{
    CancelRequest, CancelResponse, EnrolRequest, EnrolResponse, GetCourseRequest,
    GetCourseResponse, ListCoursesRequest, WatchSeatsRequest,
};
use school::MemorySchool;
use tonic::{Request, Response, Status};

use crate::Notifier;
use crate::id::{RequestId, with_id};

/// Lesson 12's service on a school in memory.
pub type Service = Arc<Enrolments<MemorySchool>>;

/// Lesson 12's service with another `Enrol`.
pub struct OwnEnrol<F> {
    /// Answers everything else, and what `enrol` asks.
    service: Service,
    /// For `enrol`.
    notifier: Notifier,
    /// Answers `Enrol`: an async function that takes these two and the request.
    enrol: F,
}

impl<F> OwnEnrol<F> {
    /// The service on a new school.
    pub fn new(notifier: Notifier, enrol: F) -> OwnEnrol<F> {
        let school = MemorySchool::new(school::courses());
        let service = Arc::new(Enrolments::new(school));
        OwnEnrol { service, notifier, enrol }
    }
}

#[tonic::async_trait]
impl<F, R> EnrolService for OwnEnrol<F>
where
    F: Fn(Service, Notifier, Request<EnrolRequest>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response<EnrolResponse>, Status>> + Send + 'static,
{
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let id = request.extensions().get::<RequestId>().cloned();
        let response = (self.enrol)(self.service.clone(), self.notifier.clone(), request);
        match id {
            Some(id) => with_id(id, response).await,
            None => response.await,
        }
    }

    async fn cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<Response<CancelResponse>, Status> {
        self.service.cancel(request).await
    }

    async fn get_course(
        &self,
        request: Request<GetCourseRequest>,
    ) -> Result<Response<GetCourseResponse>, Status> {
        self.service.get_course(request).await
    }

    type ListCoursesStream =
        <Enrolments<MemorySchool> as EnrolService>::ListCoursesStream;

    async fn list_courses(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<Self::ListCoursesStream>, Status> {
        self.service.list_courses(request).await
    }

    type WatchSeatsStream = <Enrolments<MemorySchool> as EnrolService>::WatchSeatsStream;

    async fn watch_seats(
        &self,
        request: Request<WatchSeatsRequest>,
    ) -> Result<Response<Self::WatchSeatsStream>, Status> {
        self.service.watch_seats(request).await
    }
}
