//! The lessons of the workbook: [`LESSONS`] lists them, and there is one module for each.
//!
//! A lesson's module is its `service.rs`, the code that its chapter teaches. Its two
//! programs, `server.rs` and `client.rs`, are binaries of this package; what their
//! `main`s share is in [`cli`]. That is part one: a lesson of part two is a package of its own, in
//! its folder, and `service.rs` is its library.
use std::fmt::{self, Display};

pub mod accept;
pub mod cargo;
pub mod cli;
pub mod explain;
pub mod raw;
pub mod status;
pub mod tap;

#[path = "01_hello/service.rs"]
pub mod hello;
#[path = "02_types/service.rs"]
pub mod types;
#[path = "03_fields/service.rs"]
pub mod fields;
#[path = "04_map_oneof/service.rs"]
pub mod map_oneof;
#[path = "05_http2/service.rs"]
pub mod http2;
#[path = "06_calculator/service.rs"]
pub mod calculator;
#[path = "07_subjects_by_city/service.rs"]
pub mod subjects_by_city;
#[path = "08_accumulate/service.rs"]
pub mod accumulate;
#[path = "09_guess_number/service.rs"]
pub mod guess_number;
#[path = "10_notes/service.rs"]
pub mod notes;
#[path = "11_speed/service.rs"]
pub mod speed;

/// The folder into which `build.rs` has put the generated code.
pub const OUT_DIR: &str = env!("OUT_DIR");

/// The two parts of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Lessons 1 to 11: modules of this package.
    One,
    /// Lessons 12 and later: each a package.
    Two,
}

/// `Part one: gRPC itself`, its heading in the book and in `cargo run -- --list`.
impl Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Part::One => "Part one: gRPC itself",
            Part::Two => "Part two: a service that people depend on",
        })
    }
}

/// One lesson: a folder under `lessons/`, two binaries, a test and a chapter, all named
/// after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// 1 is the first. The lesson's server listens on port 50050 + `number`.
    pub number: u8,
    /// The lesson's name in folders, modules and files, such as `hello`.
    pub name: &'static str,
    /// The chapter's title.
    pub title: &'static str,
    /// What the lesson teaches, in a few words.
    pub teaches: &'static str,
}

/// Every lesson, in the order in which the book teaches them.
///
/// `tests/workbook.rs` holds this table against the folders, the binaries, the tests, the book and the README.
pub const LESSONS: &[Lesson] = &[
    Lesson {
        number: 1,
        name: "hello",
        title: "Hello, gRPC",
        teaches: "what gRPC is: from a .proto to a server and a client",
    },
    Lesson {
        number: 2,
        name: "types",
        title: "Types, byte by byte",
        teaches: "the .proto file, scalar types and enums, and how each is encoded",
    },
    Lesson {
        number: 3,
        name: "fields",
        title: "Fields that can change",
        teaches: "field numbers, presence, and how a .proto changes while others use it",
    },
    Lesson {
        number: 4,
        name: "map_oneof",
        title: "Maps and oneofs",
        teaches: "values by key, one field of several, and what both are on the wire",
    },
    Lesson {
        number: 5,
        name: "http2",
        title: "HTTP/2, and what carries a call",
        teaches: "frames, streams, flow control: what is between a call and TCP",
    },
    Lesson {
        number: 6,
        name: "calculator",
        title: "One question, one answer",
        teaches: "unary calls: errors, tasks, deadlines, and what can happen to a call",
    },
    Lesson {
        number: 7,
        name: "subjects_by_city",
        title: "One question, many answers",
        teaches: "server streaming: sending until the client leaves, and no faster than it reads",
    },
    Lesson {
        number: 8,
        name: "accumulate",
        title: "Many questions, one answer",
        teaches: "client streaming: who ends a call, answers that come early, backpressure",
    },
    Lesson {
        number: 9,
        name: "guess_number",
        title: "A conversation",
        teaches: "bidirectional streaming: who waits for whom, and who ends it",
    },
    Lesson {
        number: 10,
        name: "notes",
        title: "Every service of the notes",
        teaches: "several services on one server, reflection, health, and clients in other languages",
    },
    Lesson {
        number: 11,
        name: "speed",
        title: "How fast is it",
        teaches: "throughput and latency: how to measure them, and what this workbook's servers reach",
    },
    Lesson {
        number: 12,
        name: "errors",
        title: "Saying no",
        teaches: "errors that a program can act on: codes, details, and what stays at home",
    },
    Lesson {
        number: 13,
        name: "metadata",
        title: "Beside the message",
        teaches: "headers and trailers: an id for each request, languages, limits, interceptors",
    },
];

impl Lesson {
    /// The lesson with this number, if there is one.
    pub fn find(number: u8) -> Option<&'static Lesson> {
        LESSONS.iter().find(|lesson| lesson.number == number)
    }

    /// The part of the book that the lesson belongs to.
    pub fn part(&self) -> Part {
        if self.number < 12 {
            Part::One
        } else {
            Part::Two
        }
    }

    /// The folder under `lessons/`, and the chapter's file name without `.md`: a listing
    /// of either reads in order.
    pub fn folder(&self) -> String {
        format!("{:02}_{}", self.number, self.name)
    }

    /// The chapter's file below `book/src/`.
    pub fn chapter(&self) -> String {
        format!("{}.md", self.folder().replace('_', "-"))
    }

    /// The binary that serves, such as `lesson-1-server`.
    pub fn server(&self) -> String {
        format!("{}-server", self.test())
    }

    /// The binary that calls, such as `lesson-1-client`.
    pub fn client(&self) -> String {
        format!("{}-client", self.test())
    }

    /// The binary that serves the learner's answer to the exercise, such as `lesson-1-exercise`.
    pub fn exercise(&self) -> String {
        format!("{}-exercise", self.test())
    }

    /// The test, as in `cargo test --test lesson-1`.
    pub fn test(&self) -> String {
        format!("lesson-{}", self.number)
    }

    /// The port on which the lesson's server listens unless it is told otherwise.
    pub fn port(&self) -> u16 {
        50050 + u16::from(self.number)
    }
}

/// `lesson 6, One question, one answer`.
impl Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "lesson {}, {}", self.number, self.title)
    }
}
