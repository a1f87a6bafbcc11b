//! What a school promises, on the one in memory.

use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, SystemTime};

use super::MemorySchool;
use crate::{Course, Enrolment, MAX_COURSES, School, SchoolError, Student, Ticket};

/// When the courses of these tests close.
const CLOSING: SystemTime = SystemTime::UNIX_EPOCH;
/// A second before.
fn in_time() -> SystemTime {
    CLOSING - Duration::from_secs(1)
}

/// A school with these courses, each with so many seats, all in one city.
fn school(courses: &[(&str, u32)]) -> MemorySchool {
    let course =
        |&(id, seats): &(&str, u32)| Course::new(id, "wuhan", id, seats, CLOSING);
    MemorySchool::new(courses.iter().map(course))
}

fn student(id: &str) -> Student {
    Student { id: id.into(), email: format!("{id}@example.org") }
}

/// A request in time, whose ticket is named after the student and the course.
fn enrolment(student_id: &str, course_id: &str) -> Enrolment {
    Enrolment {
        ticket_id: format!("{student_id}/{course_id}"),
        course_id: course_id.into(),
        student: student(student_id),
        if_revision: None,
        at: in_time(),
    }
}

/// The answer of a school in memory, which never waits.
#[track_caller]
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a school in memory should answer at once"),
    }
}

/// The error of an enrolment, as text.
fn refused(school: &MemorySchool, enrolment: Enrolment) -> String {
    let error = ready(school.enrol(enrolment)).expect_err("this should be refused");
    error.to_string()
}

/// Free seats and revision of a course.
fn seats(school: &MemorySchool, course: &str) -> (u32, u64) {
    let course = ready(school.course(course)).expect("the course should be there");
    (course.seats_left, course.revision)
}

#[test]
fn a_seat_is_taken_and_given_back() {
    let school = school(&[("python", 2)]);
    assert_eq!(seats(&school, "python"), (2, 1));
    let ticket = ready(school.enrol(enrolment("ada", "python")));
    let expected = Ticket {
        id: "ada/python".into(),
        course_id: "python".into(),
        student: student("ada"),
    };
    assert_eq!(ticket.expect("there should be a seat"), expected);
    assert_eq!(seats(&school, "python"), (1, 2));
    ready(school.cancel("ada/python", "ada")).expect("the ticket should be Ada's");
    assert_eq!(seats(&school, "python"), (2, 3));
    ready(school.enrol(enrolment("ada", "python"))).expect("she should enrol again");
}

#[test]
fn each_refusal_has_its_reason_and_changes_nothing() {
    let school = school(&[("python", 2), ("full", 0)]);
    ready(school.enrol(enrolment("ada", "python"))).expect("there should be a seat");
    let late = Enrolment { at: CLOSING, ..enrolment("bob", "python") };
    let outdated = Enrolment { if_revision: Some(1), ..enrolment("bob", "python") };
    let again = Enrolment { ticket_id: "other".into(), ..enrolment("ada", "python") };
    let taken =
        Enrolment { ticket_id: "ada/python".into(), ..enrolment("bob", "python") };
    for (enrolment, reason) in [
        (enrolment("bob", "nothing"), "there is no course \"nothing\""),
        (enrolment("bob", "full"), "\"full\" has no seat left"),
        (late, "\"python\" takes no more enrolments"),
        (outdated, "\"python\" has revision 2 now"),
        (again, "the student is enrolled in \"python\" already"),
        (taken, "there is a ticket \"ada/python\" already"),
    ] {
        assert_eq!(refused(&school, enrolment), reason);
        assert_eq!((seats(&school, "python"), seats(&school, "full")), ((1, 2), (0, 1)));
    }
}

/// A client that got no answer asks again, and has one seat.
#[test]
fn a_repeated_request_gets_the_same_ticket() {
    let school = school(&[("python", 1)]);
    let first = ready(school.enrol(enrolment("ada", "python")));
    // Late, outdated and full by now: the answer was given already.
    let repeated =
        Enrolment { if_revision: Some(1), at: CLOSING, ..enrolment("ada", "python") };
    let second = ready(school.enrol(repeated));
    assert_eq!(
        first.expect("there should be a seat"),
        second.expect("the ticket is there")
    );
    assert_eq!(seats(&school, "python"), (0, 2));
}

#[test]
fn a_student_takes_only_so_many_courses() {
    let ids = ["1", "2", "3", "4", "5", "6"];
    let school = school(&ids.map(|id| (id, 1)));
    for id in &ids[..MAX_COURSES] {
        ready(school.enrol(enrolment("ada", id))).expect("she may take five");
    }
    let reason = refused(&school, enrolment("ada", "6"));
    assert_eq!(reason, "the student takes 5 courses already");
    ready(school.cancel("ada/1", "ada")).expect("the ticket should be Ada's");
    ready(school.enrol(enrolment("ada", "6"))).expect("she has four by now");
}

#[test]
fn nobody_cancels_for_somebody_else() {
    let school = school(&[("python", 1)]);
    ready(school.enrol(enrolment("ada", "python"))).expect("there should be a seat");
    let error = ready(school.cancel("ada/python", "bob"));
    assert!(matches!(error, Err(SchoolError::NotTheirs(_))), "{error:?}");
    let error = ready(school.cancel("bob/python", "bob"));
    assert!(matches!(error, Err(SchoolError::NoTicket(_))), "{error:?}");
    assert_eq!(seats(&school, "python"), (0, 2));
}

#[test]
fn a_city_has_its_courses_in_order() {
    let course = |id, city| Course::new(id, city, id, 1, CLOSING);
    let courses = [
        course("b", "wuhan"),
        course("c", "beijing"),
        course("a", "wuhan"),
    ];
    let school = MemorySchool::new(courses);
    let ids = |city| {
        let courses = ready(school.courses(city)).expect("it should answer");
        let ids: Vec<String> = courses.into_iter().map(|course| course.id).collect();
        ids.join(" ")
    };
    assert_eq!((&*ids("wuhan"), &*ids("beijing"), &*ids("rome")), ("a b", "c", ""));
}

#[test]
fn who_watches_sees_the_newest_number_of_seats() {
    let school = school(&[("python", 3)]);
    let mut watched = ready(school.watch("python")).expect("the course should be there");
    assert_eq!(watched.borrow_and_update().seats_left, 3);
    for id in ["ada", "bob"] {
        ready(school.enrol(enrolment(id, "python"))).expect("there should be a seat");
    }
    ready(watched.changed()).expect("the school should be there");
    assert_eq!(watched.borrow_and_update().seats_left, 1);
    drop(school);
    ready(watched.changed()).expect_err("the school should be gone");
}

/// Two students want the last seat at the same moment, a thousand times.
#[test]
fn one_seat_goes_to_one_student() {
    let both = Barrier::new(2);
    for _ in 0..1000 {
        let school = school(&[("python", 1)]);
        let wants = |id: &str| {
            both.wait();
            ready(school.enrol(enrolment(id, "python")))
        };
        let results = thread::scope(|scope| {
            let ada = scope.spawn(|| wants("ada"));
            [wants("bob"), ada.join().expect("the thread should end")]
        });
        let (got_it, refused): (Vec<_>, Vec<_>) = results.iter().partition(|r| r.is_ok());
        assert_eq!(got_it.len(), 1, "{results:?}");
        assert!(matches!(refused[..], [Err(SchoolError::Full(_))]), "{results:?}");
        assert_eq!(seats(&school, "python"), (0, 2));
    }
}

/// A request and its repetition arrive together: both get the one ticket.
#[test]
fn one_ticket_is_given_once_to_two_at_once() {
    let both = Barrier::new(2);
    for _ in 0..1000 {
        let school = school(&[("python", 2)]);
        let wants = || {
            both.wait();
            ready(school.enrol(enrolment("ada", "python")))
        };
        let [one, other] = thread::scope(|scope| {
            let thread = scope.spawn(wants);
            [wants(), thread.join().expect("the thread should end")]
        });
        assert_eq!(one.expect("a ticket"), other.expect("the same ticket"));
        assert_eq!(seats(&school, "python"), (1, 2));
    }
}
