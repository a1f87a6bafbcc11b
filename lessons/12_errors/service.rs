//! The service of lesson 12: a school that says why it refuses a request.
//!
//! The methods read a request, ask the [`School`], and turn its answer into a message. What is
//! refused is an [`EnrolError`], which becomes a status in one place, `errors.rs`.

pub mod advice;
mod errors;
pub mod guard;
mod watch;

use std::error::Error;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use std::vec::IntoIter;

use grpc_workbook::status::{one_line, status_line};
use school::{Course, Enrolment, School, SchoolError, Student};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Iter, iter};
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use errors::shortened;
pub use errors::{DOMAIN, EnrolError, course_changed};

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
    /// Makes the status of a request to enrol that the school refuses.
    refuse: fn(SchoolError) -> Status,
    /// Cancelled when the server is to stop: ends the calls of `WatchSeats`.
    shutdown: CancellationToken,
}

impl<S: School> Enrolments<S> {
    /// A service that reads the system's clock, and that nobody tells when the server stops.
    pub fn new(school: S) -> Enrolments<S> {
        Enrolments {
            school,
            next_ticket: AtomicU64::new(1),
            now: SystemTime::now,
            validate,
            refuse: refused,
            shutdown: CancellationToken::new(),
        }
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

    /// The same service, with other statuses for requests to enrol that the school refuses: the
    /// exercise's.
    pub fn refused_by(self, refuse: fn(SchoolError) -> Status) -> Enrolments<S> {
        Enrolments { refuse, ..self }
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
        let ticket = self.school.enrol(enrolment).await.map_err(self.refuse)?;
        let ticket = proto::Ticket {
            id: ticket.id,
            course_id: ticket.course_id,
            student_id: ticket.student.id,
        };
        Ok(EnrolResponse { ticket: Some(ticket) })
    }

    // ANCHOR: try_cancel
    async fn try_cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<CancelResponse, EnrolError> {
        check_token(request.metadata())?;
        let request = request.into_inner();
        validate_cancel(&request)?;
        let CancelRequest { ticket_id, student_id } = request;
        // The school's error becomes an EnrolError.
        self.school.cancel(&ticket_id, &student_id).await?;
        Ok(CancelResponse {})
    }
    // ANCHOR_END: try_cancel
}

// ANCHOR: validate
/// Refuses a request that could not be right, whatever the school looks like. The exercise does it
/// better: a caller hears of one field at a time here, and a program has only the text.
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
// ANCHOR_END: validate

// ANCHOR: cancel_checks
/// Refuses a request to cancel that could not be right, and names all that is wrong with it.
fn validate_cancel(request: &CancelRequest) -> Result<(), EnrolError> {
    let fields = [
        ("ticket_id", &request.ticket_id),
        ("student_id", &request.student_id),
    ];
    let empty = fields.into_iter().filter(|(_, value)| value.is_empty());
    let violations: Vec<_> = empty
        .map(|(field, _)| (field, "must not be empty"))
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(EnrolError::Invalid(violations))
    }
}

/// Refuses a call with a token. Lesson 14 gives tokens out; until then, none is valid, and a call
/// without one is let through.
fn check_token(metadata: &MetadataMap) -> Result<(), EnrolError> {
    match metadata.get("authorization") {
        Some(_) => Err(EnrolError::InvalidToken),
        None => Ok(()),
    }
}
// ANCHOR_END: cancel_checks

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
        log(&call, &result);
        Ok(Response::new(result?))
    }

    async fn cancel(
        &self,
        request: Request<CancelRequest>,
    ) -> Result<Response<CancelResponse>, Status> {
        let call = format!("Cancel {:?}", request.get_ref().ticket_id);
        let result = self.try_cancel(request).await.map_err(Status::from);
        log(&call, &result);
        Ok(Response::new(result?))
    }

    async fn get_course(
        &self,
        request: Request<GetCourseRequest>,
    ) -> Result<Response<GetCourseResponse>, Status> {
        let GetCourseRequest { course_id } = request.into_inner();
        let result = self.school.course(&course_id).await.map_err(refused);
        log(&format!("GetCourse {course_id:?}"), &result);
        Ok(Response::new(GetCourseResponse { course: Some(message(result?)) }))
    }

    type ListCoursesStream = Iter<IntoIter<Result<ListCoursesResponse, Status>>>;

    async fn list_courses(
        &self,
        request: Request<ListCoursesRequest>,
    ) -> Result<Response<Self::ListCoursesStream>, Status> {
        let ListCoursesRequest { city } = request.into_inner();
        let result = self.school.courses(&city).await.map_err(refused);
        log(&format!("ListCourses {city:?}"), &result);
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
        let result = self.school.watch(&course_id).await.map_err(refused);
        let call = format!("WatchSeats {course_id:?}");
        log(&call, &result);
        Ok(Response::new(watch::seats(call, result?, self.shutdown.clone())))
    }
}

/// A course as a message.
fn message(course: Course) -> proto::Course {
    let Course { id, city, title, seats, seats_left, closes_at, revision } = course;
    let closes_at = Some(closes_at.into());
    proto::Course { id, city, title, seats, seats_left, closes_at, revision }
}

/// The status of what the school refuses.
fn refused(error: SchoolError) -> Status {
    EnrolError::from(error).into()
}

// ANCHOR: log
/// Prints the line of a call: how it ended, and what a client does not hear of: the causes.
fn log<T>(call: &str, result: &Result<T, Status>) {
    let call = shortened(call);
    match result {
        Ok(_) => print_line(&format!("{call} -> OK")),
        Err(status) => print_line(&format!("{call} -> {}", with_causes(status))),
    }
}

/// A status and its sources on one line, each as long as it says something new.
fn with_causes(status: &Status) -> String {
    let mut line = status_line(status);
    let mut source = status.source();
    while let Some(error) = source {
        let text = one_line(&shortened(&error.to_string()));
        if !line.contains(&text) {
            line += &format!(" <- {text}");
        }
        source = error.source();
    }
    line
}
// ANCHOR_END: log

/// Where the lines of the log go, if not to standard output.
static LOG: OnceLock<fn(&str)> = OnceLock::new();

/// From now on, each line of the log goes there: lesson 13 adds something to it. Only the first
/// call in a process counts.
pub fn log_to(print: fn(&str)) {
    let _ = LOG.set(print);
}

fn print_line(line: &str) {
    match LOG.get() {
        Some(print) => print(line),
        None => println!("{line}"),
    }
}
