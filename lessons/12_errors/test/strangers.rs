//! The client's script at servers that answer otherwise than the lesson's: it ends with one line
//! and code 1, wherever that happens.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use grpc_workbook::status::code_name;
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use school::{Course, MemorySchool};
use support::endings::KillableServer;
use support::programs::{self, Finished, Server, run};
use tonic::service::Routes;
use tonic::{Code, Status};

use super::answers::answering;
use super::{LESSON, enrolments, served, wrong_quota};

/// The name of the lesson's server, at the end of the line.
const OWN: &str = "; lesson 12's server is cargo run --bin lesson-12-server";

/// Plays the script. Its last line is the only error, and has these words.
fn script_fails(address: &str, words: &str, what: &str) {
    let Finished { code, output } = run(&mut programs::client(LESSON, address, &[]));
    assert_eq!(code, Some(1), "{what}: {output}");
    let errors = output.lines().filter(|line| line.starts_with("Error: "));
    assert_eq!(errors.count(), 1, "{what}: {output}");
    let last = output.lines().last().unwrap_or_default();
    assert!(last.starts_with("Error: "), "{what}: {output}");
    assert!(last.contains(words), "{what}: {words:?} is not in {output}");
}

/// Whatever the code, the first call is meant to succeed.
#[test]
fn a_server_that_refuses_everything() {
    thread::scope(|threads| {
        for number in 1..=16 {
            threads.spawn(move || {
                let code = Code::from_i32(number);
                let server = answering(move |_| async move {
                    Status::new(code, "not today").into_http()
                });
                let name = code_name(code);
                let words = format!("the call ended with {name} ({number}): not today");
                script_fails(&server.address, &words, name);
            });
        }
    });
}

/// OK, and no message.
#[test]
fn a_server_that_answers_nothing() {
    let server = answering(|_| async { Status::ok("").into_http() });
    script_fails(&server.address, "INTERNAL (13): Missing response message", "nothing");
}

/// A refusal in the place of another one, and none where one is meant.
#[test]
fn a_school_that_decides_otherwise() {
    let other = served(enrolments().refused_by(wrong_quota::refuse));
    let server = KillableServer::start(other);
    let words = "the call ended with RESOURCE_EXHAUSTED (8)";
    script_fails(&server.address, words, "another code for a full course");

    let school = |courses| {
        let service = Enrolments::new(MemorySchool::new(courses));
        KillableServer::start(Routes::new(EnrolServiceServer::new(service)))
    };
    let server = school(school::courses());
    let words = "the call ended with NOT_FOUND (5): there is no course \"fault-once\"";
    script_fails(&server.address, words, "a school without faults");

    let large = |course: Course| Course { seats: 100, seats_left: 100, ..course };
    let server = school(school::courses().into_iter().map(large).collect());
    let words =
        format!("a call succeeded that should have ended with FAILED_PRECONDITION{OWN}");
    script_fails(&server.address, &words, "a larger school");
}

#[test]
fn a_seat_that_is_taken_already() {
    let server = Server::start(LESSON);
    let args = ["enrol", "wuhan-c", "s-1"];
    let Finished { code, output } =
        run(&mut programs::client(LESSON, &server.address, &args));
    assert_eq!(code, Some(0), "{output}");
    let words = "the call ended with ALREADY_EXISTS (6)";
    script_fails(&server.address, words, "an earlier seat");
}

/// Forwards one connection, and `limit` bytes of what the server says. Then nobody listens.
fn cut_after(server: &str, limit: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port should be found");
    let address = listener
        .local_addr()
        .expect("a listener should have an address");
    let server = TcpStream::connect(server).expect("the server should listen");
    thread::spawn(move || -> io::Result<()> {
        let (client, _) = listener.accept()?;
        drop(listener);
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut to));
        io::copy(&mut server.take(limit), &mut &client)?;
        (&client).flush()?;
        client.shutdown(Shutdown::Both)
    });
    address.to_string()
}

/// A connection that breaks anywhere in the script.
#[test]
fn a_server_that_goes_away_in_mid_script() {
    // The whole script takes more bytes of the server's than the last of these.
    for limit in [0, 9, 50, 100, 200, 300, 500, 700, 1000, 1300, 1600, 1900] {
        // A new one each time, in which no seat is taken.
        let server = KillableServer::start(served(enrolments()));
        let what = format!("after {limit} bytes");
        script_fails(&cut_after(&server.address, limit), OWN, &what);
    }
}
