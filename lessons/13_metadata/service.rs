//! The service of lesson 13: lesson 12's, and what travels beside its messages. Each request has an
//! id, which is in every line of the log, in every answer, and in the call of a second service; and
//! the caller's language picks the text that a person reads.

mod id;
mod language;
pub mod notifier;
mod own_enrol;
mod trailers;

use std::time::Duration;

use grpc_workbook::status::status_line;
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolService;
use lesson_12::proto::{
    CancelRequest, CancelResponse, EnrolRequest, EnrolResponse, GetCourseRequest,
    GetCourseResponse, ListCoursesRequest, ListCoursesResponse, WatchSeatsRequest,
};
use school::School;
use tokio_stream::{StreamExt, once};
use tonic::codegen::BoxStream;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

/// What build.rs generated from `protos/notify.proto`.
pub mod proto {
    tonic::include_proto!("notify.v1");
}

pub use id::{REQUEST_ID, RequestId, RequestIds, echoed, log, with_id};
pub use language::{ACCEPT_LANGUAGE, Language, localized, read_language};
pub use own_enrol::{OwnEnrol, Service};
pub use trailers::{Trailers, add_trailers};

use proto::NotifyRequest;
use proto::notify_service_client::NotifyServiceClient;

/// A client of the second service.
pub type Notifier = NotifyServiceClient<Channel>;

/// The trailer of `Enrol`: whether the student was told, `yes` or `no`.
pub const NOTIFIED: &str = "x-notified";
/// The trailer of `ListCourses`: how many there were.
pub const COURSES: &str = "x-courses";

/// Lesson 12's service, with an id for each request.
pub struct Identified<S> {
    /// Does the work, and does not know of ids.
    enrolments: Enrolments<S>,
    /// For requests that come without one.
    ids: RequestIds,
    /// Cloned for each call, which shares the connection.
    notifier: Notifier,
}

impl<S: School> Identified<S> {
    /// A service around lesson 12's, which tells students about their tickets.
    pub fn new(enrolments: Enrolments<S>, notifier: Notifier) -> Identified<S> {
        Identified { enrolments, ids: RequestIds::new(), notifier }
    }

    // ANCHOR: identified
    /// Runs a method with the request's id before each line of the log, and puts the id beside what
    /// it returns.
    async fn identified<T, R, F>(
        &self,
        request: Request<T>,
        method: impl FnOnce(RequestId, Request<T>) -> F,
    ) -> Result<Response<R>, Status>
    where
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let id = self.ids.take_or_make(request.metadata());
        // From the interceptor. A server without it speaks English.
        let language: Language = request.extensions().get().copied().unwrap_or_default();
        let result = with_id(id.clone(), method(id.clone(), request)).await;
        echoed(&id, result.map_err(|status| localized(&status, language)))
    }
    // ANCHOR_END: identified

    // ANCHOR: enrol
    async fn enrol_and_notify(
        &self,
        id: RequestId,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let student = request.get_ref().student.clone().unwrap_or_default();
        let mut response = self.enrolments.enrol(request).await?;
        let ticket = response.get_ref().ticket.clone().unwrap_or_default();

        let message = NotifyRequest { ticket_id: ticket.id, email: student.email };
        let mut call = Request::new(message);
        // Nothing is handed on by itself: a call has only the metadata that is put into it.
        id.insert_into(call.metadata_mut());
        call.set_timeout(Duration::from_secs(10));
        let notified = match self.notifier.clone().notify(call).await {
            Ok(_) => "yes",
            Err(status) => {
                // The seat is taken: the call that took it must not fail.
                log(&format!("Notify -> {}", status_line(&status)));
                "no"
            }
        };
        let mut trailers = MetadataMap::new();
        trailers.insert(NOTIFIED, MetadataValue::from_static(notified));
        response.extensions_mut().insert(Trailers(trailers));
        Ok(response)
    }
    // ANCHOR_END: enrol

    // ANCHOR: list
    async fn list_and_count(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<BoxStream<ListCoursesResponse>>, Status> {
        let courses = self.enrolments.list_courses(request).await?.into_inner();
        let mut count: u32 = 0;
        // An item for each course, and one more.
        let items = courses.map(Some).chain(once(None));
        let messages = items.map(move |item| {
            if let Some(course) = item {
                count += 1;
                return course;
            }
            let mut trailers = MetadataMap::new();
            trailers.insert(COURSES, MetadataValue::from(count));
            // An "error" with the code OK: tonic ends the stream well, with these trailers.
            Err(Status::with_metadata(Code::Ok, "", trailers))
        });
        Ok(Response::new(Box::pin(messages)))
    }
    // ANCHOR_END: list
}

#[tonic::async_trait]
impl<S: School> EnrolService for Identified<S> {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        self.identified(request, |id, request| self.enrol_and_notify(id, request))
            .await
    }

    async fn cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<Response<CancelResponse>, Status> {
        self.identified(request, |_id, request| self.enrolments.cancel(request))
            .await
    }

    async fn get_course(
        &self,
        request: Request<GetCourseRequest>,
    ) -> Result<Response<GetCourseResponse>, Status> {
        self.identified(request, |_id, request| self.enrolments.get_course(request))
            .await
    }

    type ListCoursesStream = BoxStream<ListCoursesResponse>;

    async fn list_courses(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<Self::ListCoursesStream>, Status> {
        self.identified(request, |_id, request| self.list_and_count(request))
            .await
    }

    type WatchSeatsStream = <Enrolments<S> as EnrolService>::WatchSeatsStream;

    async fn watch_seats(
        &self,
        request: Request<WatchSeatsRequest>,
    ) -> Result<Response<Self::WatchSeatsStream>, Status> {
        self.identified(request, |_id, request| self.enrolments.watch_seats(request))
            .await
    }
}
