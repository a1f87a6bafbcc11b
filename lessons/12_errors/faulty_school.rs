//! A school whose records fail on request, for the chapter's script and `--break`: the ids of three
//! courses say how.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

use school::{Course, Enrolment, MemorySchool, School, SchoolError, Ticket};
use tokio::sync::watch;

/// A school in memory, and courses whose records fail.
pub struct FaultySchool {
    /// Answers whatever has no fault.
    school: MemorySchool,
    /// The students whose last request for `fault-once` was refused.
    refused: Mutex<HashSet<String>>,
}

impl FaultySchool {
    /// The courses of all lessons, and the three with faults.
    pub fn new() -> FaultySchool {
        let mut courses = school::courses();
        if let Some(course) = courses.first() {
            let Course { closes_at, .. } = *course;
            for id in ["fault-once", "fault-damaged", "fault-watch"] {
                courses.push(Course::new(id, "nowhere", "for --break", 20, closes_at));
            }
        }
        let school = MemorySchool::new(courses);
        FaultySchool { school, refused: Mutex::default() }
    }

    /// Whether to refuse this student: each first of two requests.
    fn refuses(&self, student_id: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.remove(student_id) {
            return false;
        }
        // What a reader plays with, and not what an attacker sends.
        refused.len() < 1000
            && student_id.len() < 100
            && refused.insert(student_id.into())
    }
}

impl School for FaultySchool {
    async fn enrol(&self, enrolment: Enrolment) -> Result<Ticket, SchoolError> {
        match &*enrolment.course_id {
            "fault-once" if self.refuses(&enrolment.student.id) => {
                let text = "10.0.3.7:5432: refused";
                let cause = io::Error::new(ErrorKind::ConnectionRefused, text);
                Err(SchoolError::Unreachable(cause.into()))
            }
            "fault-damaged" => {
                let cause = "row 17 of seats: -1 left";
                Err(SchoolError::Damaged(cause.into()))
            }
            _ => self.school.enrol(enrolment).await,
        }
    }

    async fn watch(&self, id: &str) -> Result<watch::Receiver<Course>, SchoolError> {
        if id == "fault-watch" {
            // The sender is dropped here: the course is reported once, and never again.
            let (_, receiver) = watch::channel(self.school.course(id).await?);
            return Ok(receiver);
        }
        self.school.watch(id).await
    }

    async fn course(&self, id: &str) -> Result<Course, SchoolError> {
        self.school.course(id).await
    }

    async fn courses(&self, city: &str) -> Result<Vec<Course>, SchoolError> {
        self.school.courses(city).await
    }

    async fn cancel(&self, ticket_id: &str, student_id: &str) -> Result<(), SchoolError> {
        self.school.cancel(ticket_id, student_id).await
    }
}
