//! The school in memory: for tests, and for every lesson before there is a database.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::{Course, Enrolment, MAX_COURSES, School, SchoolError, Ticket};

/// A school whose courses and tickets are lost when it is dropped.
pub struct MemorySchool {
    /// Held while a request is looked at and carried out, so that nothing changes in between, and
    /// never across an `.await`: it is a lock of the standard library, which keeps its thread.
    register: Mutex<Register>,
}

/// What the lock protects. A method that refuses a request does so before it changes anything, so
/// a panic leaves nothing half done.
struct Register {
    /// By the course's id, in whose order `courses` lists them. The sender holds the course, and
    /// hands each change to those who watch it.
    courses: BTreeMap<String, watch::Sender<Course>>,
    /// By the ticket's id.
    tickets: BTreeMap<String, Ticket>,
}

impl MemorySchool {
    /// A school with these courses, and without students.
    pub fn new(courses: impl IntoIterator<Item = Course>) -> MemorySchool {
        let mut by_id = BTreeMap::new();
        for course in courses {
            by_id.insert(course.id.clone(), watch::Sender::new(course));
        }
        let register = Register { courses: by_id, tickets: BTreeMap::new() };
        MemorySchool { register: Mutex::new(register) }
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        // A panic of another thread is no reason to refuse this one: see `Register`.
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl School for MemorySchool {
    async fn course(&self, id: &str) -> Result<Course, SchoolError> {
        let register = self.register();
        Ok(register.course(id)?.borrow().clone())
    }

    async fn courses(&self, city: &str) -> Result<Vec<Course>, SchoolError> {
        let register = self.register();
        let courses = register.courses.values().map(|course| course.borrow());
        let in_the_city = courses.filter(|course| course.city == city);
        Ok(in_the_city.map(|course| course.clone()).collect())
    }

    async fn enrol(&self, enrolment: Enrolment) -> Result<Ticket, SchoolError> {
        self.register().enrol(enrolment)
    }

    async fn cancel(&self, ticket_id: &str, student_id: &str) -> Result<(), SchoolError> {
        self.register().cancel(ticket_id, student_id)
    }

    async fn watch(&self, id: &str) -> Result<watch::Receiver<Course>, SchoolError> {
        Ok(self.register().course(id)?.subscribe())
    }
}

impl Register {
    fn course(&self, id: &str) -> Result<&watch::Sender<Course>, SchoolError> {
        let course = self.courses.get(id);
        course.ok_or_else(|| SchoolError::NoCourse(id.into()))
    }

    fn enrol(&mut self, enrolment: Enrolment) -> Result<Ticket, SchoolError> {
        if let Some(ticket) = self.tickets.get(&enrolment.ticket_id) {
            return repeated(ticket, enrolment);
        }
        self.may_enrol(&enrolment)?;
        let Enrolment { ticket_id, course_id, student, .. } = enrolment;
        self.course(&course_id)?.send_modify(|course| {
            course.seats_left -= 1;
            course.revision += 1;
        });
        let ticket = Ticket { id: ticket_id.clone(), course_id, student };
        self.tickets.insert(ticket_id, ticket.clone());
        Ok(ticket)
    }

    /// Whether there is a seat for this student. What no repetition can change is looked at first.
    fn may_enrol(&self, enrolment: &Enrolment) -> Result<(), SchoolError> {
        let course_id = &enrolment.course_id;
        let course = self.course(course_id)?.borrow();
        let of_student = |ticket: &&Ticket| ticket.student.id == enrolment.student.id;
        let theirs: Vec<&Ticket> = self.tickets.values().filter(of_student).collect();
        if let Some(ticket) = theirs.iter().find(|ticket| ticket.course_id == *course_id)
        {
            let (course_id, ticket_id) = (course_id.clone(), ticket.id.clone());
            return Err(SchoolError::AlreadyEnrolled { course_id, ticket_id });
        }
        if enrolment.at >= course.closes_at {
            return Err(SchoolError::Closed(course_id.clone()));
        }
        if theirs.len() >= MAX_COURSES {
            return Err(SchoolError::TooManyCourses);
        }
        let revision = course.revision;
        if enrolment.if_revision.is_some_and(|seen| seen != revision) {
            return Err(SchoolError::Changed { course_id: course_id.clone(), revision });
        }
        if course.seats_left == 0 {
            return Err(SchoolError::Full(course_id.clone()));
        }
        Ok(())
    }

    fn cancel(&mut self, ticket_id: &str, student_id: &str) -> Result<(), SchoolError> {
        let Some(ticket) = self.tickets.get(ticket_id) else {
            return Err(SchoolError::NoTicket(ticket_id.into()));
        };
        if ticket.student.id != student_id {
            return Err(SchoolError::NotTheirs(ticket_id.into()));
        }
        self.course(&ticket.course_id)?.send_modify(|course| {
            course.seats_left += 1;
            course.revision += 1;
        });
        self.tickets.remove(ticket_id);
        Ok(())
    }
}

/// The answer to a request whose ticket there is already.
fn repeated(ticket: &Ticket, enrolment: Enrolment) -> Result<Ticket, SchoolError> {
    let is_same = ticket.course_id == enrolment.course_id
        && ticket.student.id == enrolment.student.id;
    if is_same {
        Ok(ticket.clone())
    } else {
        Err(SchoolError::TicketExists(enrolment.ticket_id))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
