//! The service of lesson 12: a school that says why it refuses a request.
//!
//! The methods read a request, ask the [`School`], and turn its answer into a message. What the
//! school refuses becomes a status in one place, [`status`].

mod watch;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use std::vec::IntoIter;

use grpc_workbook::status::status_line;
use school::{Course, Enrolment, School, SchoolError, Student};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Iter, iter};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// What build.rs generated from `protos/enrol.proto`.
pub mod proto {
    tonic::include_proto!("enrol.v1");
}

use proto::enrol_service_server::EnrolService;
use proto::{
    CancelRequest, CancelResponse, EnrolRequest, EnrolResponse, GetCourseRequest,
    GetCourseResponse, ListCoursesRequest, ListCoursesResponse, WatchSeatsRequest,
    WatchSeatsResponse,
};

/// The service, in front of any school.
pub struct Enrolments<S> {
    /// Knows the courses, and decides.
    school: S,
    /// The number in the next ticket's id: counted, so that the pages show the same ids each time.
    next_ticket: AtomicU64,
    /// The clock.
    now: fn() -> SystemTime,
    /// Looks at a request to enrol before the school does.
    validate: fn(&EnrolRequest) -> Result<(), Status>,
    /// Cancelled when the server is to stop: ends the calls of `WatchSeats`.
    shutdown: CancellationToken,
    /// Takes each line of the log.
    log: fn(&str),
}

impl<S: School> Enrolments<S> {
    /// A service that reads the system's clock, and that nobody tells when the server stops.
    pub fn new(school: S) -> Enrolments<S> {
        Enrolments {
            school,
            next_ticket: AtomicU64::new(1),
            now: SystemTime::now,
            validate,
            shutdown: CancellationToken::new(),
            log: |line| println!("{line}"),
        }
    }

    /// The same service, whose log goes there.
    pub fn logged_by(self, log: fn(&str)) -> Enrolments<S> {
        Enrolments { log, ..self }
    }

    /// The same service, whose streams end when this is cancelled.
    pub fn stopped_by(self, shutdown: CancellationToken) -> Enrolments<S> {
        Enrolments { shutdown, ..self }
    }

    /// The same service, with another look at requests to enrol: the exercise's.
    pub fn validated_by(
        self,
        validate: fn(&EnrolRequest) -> Result<(), Status>,
    ) -> Enrolments<S> {
        Enrolments { validate, ..self }
    }

    async fn try_enrol(&self, request: EnrolRequest) -> Result<EnrolResponse, Status> {
        (self.validate)(&request)?;
        let EnrolRequest { course_id, student, if_revision } = request;
        let proto::Student { id, email } = student.unwrap_or_default();
        let number = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        let enrolment = Enrolment {
            ticket_id: format!("ticket-{number}"),
            course_id,
            student: Student { id, email },
            if_revision,
            at: (self.now)(),
        };
        let ticket = self.school.enrol(enrolment).await.map_err(status)?;
        let ticket = proto::Ticket {
            id: ticket.id,
            course_id: ticket.course_id,
            student_id: ticket.student.id,
        };
        Ok(EnrolResponse { ticket: Some(ticket) })
    }

    /// Logs a call: how it ended.
    fn log<T>(&self, call: &str, result: &Result<T, Status>) {
        let outcome = result.as_ref().map_or_else(status_line, |_| "OK".into());
        (self.log)(&format!("{call} -> {outcome}"));
    }
}

/// Refuses a request that could not be right, whatever the school looks like.
///
/// # Errors
/// INVALID_ARGUMENT, for the first field that is wrong.
pub fn validate(request: &EnrolRequest) -> Result<(), Status> {
    if request.course_id.is_empty() {
        return Err(Status::invalid_argument("course_id is empty"));
    }
    let id = request.student.as_ref().map_or("", |student| &student.id);
    if id.is_empty() {
        return Err(Status::invalid_argument("student.id is empty"));
    }
    Ok(())
}

/// The status of what a school refuses.
///
/// A function, and not `impl From<SchoolError> for Status`, which Rust allows only in the crate of
/// one of the two.
pub fn status(error: SchoolError) -> Status {
    let text = error.to_string();
    match error {
        SchoolError::NoCourse(_) | SchoolError::NoTicket(_) => Status::not_found(text),
        SchoolError::NotTheirs(_) => Status::permission_denied(text),
        SchoolError::AlreadyEnrolled { .. } | SchoolError::TicketExists(_) => {
            Status::already_exists(text)
        }
        SchoolError::Full(_) | SchoolError::Closed(_) => {
            Status::failed_precondition(text)
        }
        SchoolError::Changed { .. } => Status::aborted(text),
        SchoolError::TooManyCourses => Status::resource_exhausted(text),
        SchoolError::Unreachable(_) => Status::unavailable("try again later"),
        SchoolError::Damaged(_) => Status::internal("internal error"),
    }
}

#[tonic::async_trait]
impl<S: School> EnrolService for Enrolments<S> {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let request = request.into_inner();
        // Not the whole request: the student's address does not belong into a log.
        let call = format!("Enrol {:?}", request.course_id);
        let result = self.try_enrol(request).await;
        self.log(&call, &result);
        Ok(Response::new(result?))
    }

    async fn cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<Response<CancelResponse>, Status> {
        let CancelRequest { ticket_id, student_id } = request.into_inner();
        let result = self.school.cancel(&ticket_id, &student_id).await;
        let result = result.map_err(status);
        self.log(&format!("Cancel {ticket_id:?}"), &result);
        result?;
        Ok(Response::new(CancelResponse {}))
    }

    async fn get_course(
        &self,
        request: Request<GetCourseRequest>,
    ) -> Result<Response<GetCourseResponse>, Status> {
        let GetCourseRequest { course_id } = request.into_inner();
        let result = self.school.course(&course_id).await.map_err(status);
        self.log(&format!("GetCourse {course_id:?}"), &result);
        Ok(Response::new(GetCourseResponse { course: Some(message(result?)) }))
    }

    type ListCoursesStream = Iter<IntoIter<Result<ListCoursesResponse, Status>>>;

    async fn list_courses(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<Self::ListCoursesStream>, Status> {
        let ListCoursesRequest { city } = request.into_inner();
        let result = self.school.courses(&city).await.map_err(status);
        self.log(&format!("ListCourses {city:?}"), &result);
        let mut messages = Vec::new();
        for course in result? {
            messages.push(Ok(ListCoursesResponse { course: Some(message(course)) }));
        }
        Ok(Response::new(iter(messages)))
    }

    type WatchSeatsStream = ReceiverStream<Result<WatchSeatsResponse, Status>>;

    async fn watch_seats(
        &self,
        request: Request<WatchSeatsRequest>,
    ) -> Result<Response<Self::WatchSeatsStream>, Status> {
        let WatchSeatsRequest { course_id } = request.into_inner();
        let result = self.school.watch(&course_id).await.map_err(status);
        self.log(&format!("WatchSeats {course_id:?}"), &result);
        Ok(Response::new(watch::seats(result?, self.shutdown.clone())))
    }
}

/// A course as a message.
fn message(course: Course) -> proto::Course {
    let Course { id, city, title, seats, seats_left, closes_at, revision } = course;
    let closes_at = Some(closes_at.into());
    proto::Course { id, city, title, seats, seats_left, closes_at, revision }
}
