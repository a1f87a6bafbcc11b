//! The service of lesson 13: lesson 12's, and beside each message an id that says which request it
//! belongs to.

use grpc_workbook::status::status_line;
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolService;
use lesson_12::proto::{
    CancelRequest, CancelResponse, EnrolRequest, EnrolResponse, GetCourseRequest,
    GetCourseResponse, ListCoursesRequest, WatchSeatsRequest,
};
use school::School;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Response, Status};

/// The key of a request's id.
pub const REQUEST_ID: &str = "x-request-id";

/// What a request's id comes to: the metadata of a request go in, those of the response come out.
pub type Identify = fn(&MetadataMap) -> MetadataMap;

/// Lesson 12's service, each answer of which to `Enrol` has the metadata that `identify` makes.
pub struct Identified<S> {
    enrolments: Enrolments<S>,
    identify: Identify,
}

impl<S: School> Identified<S> {
    /// A service around lesson 12's. `identify` is the lesson's own, or the exercise's.
    pub fn new(enrolments: Enrolments<S>, identify: Identify) -> Identified<S> {
        Identified { enrolments, identify }
    }
}

/// Echoes the id of a request that has one.
pub fn identify(request: &MetadataMap) -> MetadataMap {
    let mut response = MetadataMap::new();
    if let Some(id) = request.get(REQUEST_ID) {
        response.insert(REQUEST_ID, MetadataValue::clone(id));
    }
    response
}

#[tonic::async_trait]
impl<S: School> EnrolService for Identified<S> {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let metadata = (self.identify)(request.metadata());
        let id = metadata.get(REQUEST_ID).cloned();
        let result = self.enrolments.enrol(request).await;
        let outcome = result.as_ref().map_or_else(status_line, |_| "OK".into());
        println!("request {id:?} -> {outcome}");
        match result {
            Ok(mut response) => {
                *response.metadata_mut() = metadata;
                Ok(response)
            }
            Err(mut status) => {
                *status.metadata_mut() = metadata;
                Err(status)
            }
        }
    }

    async fn cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<Response<CancelResponse>, Status> {
        self.enrolments.cancel(request).await
    }

    async fn get_course(
        &self,
        request: Request<GetCourseRequest>,
    ) -> Result<Response<GetCourseResponse>, Status> {
        self.enrolments.get_course(request).await
    }

    type ListCoursesStream = <Enrolments<S> as EnrolService>::ListCoursesStream;

    async fn list_courses(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<Self::ListCoursesStream>, Status> {
        self.enrolments.list_courses(request).await
    }

    type WatchSeatsStream = <Enrolments<S> as EnrolService>::WatchSeatsStream;

    async fn watch_seats(
        &self,
        request: Request<WatchSeatsRequest>,
    ) -> Result<Response<Self::WatchSeatsStream>, Status> {
        self.enrolments.watch_seats(request).await
    }
}
