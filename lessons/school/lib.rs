//! A school, without gRPC: its courses, the seats in them, and the students who take one. The
//! lessons of part two put a service in front of it.
//!
//! [`School`] is all that a service knows of it. [`MemorySchool`] keeps it in memory; a database
//! can stand in its place, and so can a school that passes its calls on to another one and adds
//! something to them.
//!
//! Nothing here reads a clock or makes up an id: both come in with the request, so that a test
//! chooses them, and a request that is repeated is recognised by its ticket's id.

mod memory;

use std::error::Error;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

pub use memory::MemorySchool;

/// How many courses one student may take.
pub const MAX_COURSES: usize = 5;

/// A course, as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Such as `wuhan-python`.
    pub id: String,
    /// Where it is taught.
    pub city: String,
    /// What it is called, for people.
    pub title: String,
    /// How many students it takes.
    pub seats: u32,
    /// How many more it takes now.
    pub seats_left: u32,
    /// From then on, nobody can enrol.
    pub closes_at: SystemTime,
    /// Begins with 1 and grows by 1 with every change. A request can depend on the revision that
    /// was read before, with [`Enrolment::if_revision`].
    pub revision: u64,
}

impl Course {
    /// A course that nobody has enrolled in yet.
    pub fn new(
        id: &str,
        city: &str,
        title: &str,
        seats: u32,
        closes_at: SystemTime,
    ) -> Course {
        Course {
            id: id.into(),
            city: city.into(),
            title: title.into(),
            seats,
            seats_left: seats,
            closes_at,
            revision: 1,
        }
    }
}

/// Somebody who takes a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// The number of the student's card: two requests with the same one come from one student.
    pub id: String,
    /// Where the ticket is sent. Personal: no error has it.
    pub email: String,
}

/// A seat that a student has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Given by the request that took the seat.
    pub id: String,
    /// The course.
    pub course_id: String,
    /// Whose seat it is.
    pub student: Student,
}

/// A request for a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The id that the ticket is to have. Repeated with the same id, a request takes no second
    /// seat: its answer is the ticket that there is.
    pub ticket_id: String,
    /// The course.
    pub course_id: String,
    /// Who wants the seat.
    pub student: Student,
    /// Take the seat only if the course still has this [`Course::revision`].
    pub if_revision: Option<u64>,
    /// When this happens.
    pub at: SystemTime,
}

/// What a school can be asked. Its methods are `async` because the answer may come from a database.
///
/// A future that is returned here is `Send`, so that a service can wait for it in a task of a
/// runtime with many threads. An implementation may write `async fn` all the same.
pub trait School: Send + Sync + 'static {
    /// Reads a course.
    ///
    /// # Errors
    /// [`SchoolError::NoCourse`].
    fn course(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Course, SchoolError>> + Send;

    /// The courses of a city, in the order of their ids. A city that the school does not know
    /// has none.
    ///
    /// # Errors
    /// Those of the records behind the school.
    fn courses(
        &self,
        city: &str,
    ) -> impl Future<Output = Result<Vec<Course>, SchoolError>> + Send;

    /// Gives a student a seat. Of several who want the last one at the same time, one gets it.
    ///
    /// # Errors
    /// Why there is no seat. Then nothing has changed.
    fn enrol(
        &self,
        enrolment: Enrolment,
    ) -> impl Future<Output = Result<Ticket, SchoolError>> + Send;

    /// Takes back the ticket with this id, which must be this student's. Its seat is free again.
    ///
    /// # Errors
    /// [`SchoolError::NoTicket`] or [`SchoolError::NotTheirs`].
    fn cancel(
        &self,
        ticket_id: &str,
        student_id: &str,
    ) -> impl Future<Output = Result<(), SchoolError>> + Send;

    /// A course as it is now, and after each change. A reader that is slow misses the changes in
    /// between. What it borrows from the receiver it must give back at once: a change waits for that.
    ///
    /// # Errors
    /// [`SchoolError::NoCourse`].
    fn watch(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<watch::Receiver<Course>, SchoolError>> + Send;
}

/// Why the school says no. The texts are for the people who run it: what a caller may know of
/// them is for the service to decide.
#[derive(Debug, thiserror::Error)]
pub enum SchoolError {
    #[error("there is no course {0:?}")]
    NoCourse(String),
    #[error("there is no ticket {0:?}")]
    NoTicket(String),
    #[error("ticket {0:?} is not this student's")]
    NotTheirs(String),
    #[error("the student is enrolled in {course_id:?} already")]
    AlreadyEnrolled {
        course_id: String,
        ticket_id: String,
    },
    /// Not a repetition: the ticket is for another course, or another student.
    #[error("there is a ticket {0:?} already")]
    TicketExists(String),
    #[error("{0:?} has no seat left")]
    Full(String),
    #[error("{0:?} takes no more enrolments")]
    Closed(String),
    /// The course is not as it was when the student decided.
    #[error("{course_id:?} has revision {revision} now")]
    Changed { course_id: String, revision: u64 },
    #[error("the student takes {MAX_COURSES} courses already")]
    TooManyCourses,
    /// Nobody knows whether the request was carried out; the same one may be made again.
    #[error("the records cannot be reached")]
    Unreachable(#[source] Cause),
    /// A fault of ours, which the same request would meet again.
    #[error("the records are damaged")]
    Damaged(#[source] Cause),
}

/// What went wrong in the records: an error of a database, a file or a network.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The courses that the lessons' servers begin with: one with a single seat, and one that has been
/// closed for years, among them.
pub fn courses() -> Vec<Course> {
    // The first days of 2000 and of 2100.
    let [past, future] = [946_684_800, 4_102_444_800]
        .map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
    vec![
        Course::new("beijing-go", "beijing", "Go for servers", 20, future),
        Course::new("beijing-php", "beijing", "PHP, as it was", 20, past),
        Course::new("beijing-python", "beijing", "Python from the start", 30, future),
        Course::new("shanghai-java", "shanghai", "Java and its machine", 15, future),
        Course::new("shanghai-python", "shanghai", "Python for data", 25, future),
        Course::new("wuhan-c", "wuhan", "C, one to one", 1, future),
        Course::new("wuhan-java", "wuhan", "Java from the start", 2, future),
        Course::new("wuhan-python", "wuhan", "Python from the start", 12, future),
        Course::new("wuhan-testing", "wuhan", "测试", 10, future),
    ]
}
