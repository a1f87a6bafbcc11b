//! The servers that are attacked: those of lessons 6 to 10, 12 and 13, started as a reader starts them.

use std::fs;
use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::speed::usage::Usage;
use support::programs::{self, Finished, run};

/// A server, one of its methods, and a normal call by its client.
pub struct Target {
    /// The lesson's number.
    pub number: u8,
    /// The method that is attacked.
    pub path: &'static str,
    /// A message that this method answers with OK.
    pub message: &'static [u8],
    /// The arguments with which the lesson's client makes a normal call.
    pub args: &'static [&'static str],
    /// What the client prints then.
    pub prints: &'static str,
}

pub const TARGETS: [Target; 7] = [
    Target {
        number: 6,
        path: "/calculator.v1.CalculatorService/Calculate",
        message: b"",
        args: &["7", "/", "2"],
        prints: "3\n",
    },
    Target {
        number: 7,
        path: "/subjects_by_city.v1.SubjectsByCityService/ListSubjects",
        message: b"\n\x05wuhan",
        args: &["wuhan"],
        prints: "python\n测试\njava\nphp\n",
    },
    Target {
        number: 8,
        path: "/accumulate.v1.AccumulateService/Accumulate",
        message: b"",
        args: &["5", "-10"],
        prints: "sum = -5\n",
    },
    Target {
        number: 9,
        path: "/guess_number.v1.GuessNumberService/Echo",
        message: b"",
        args: &["echo", "1"],
        prints: "client: 1\nserver: service send client 1\n",
    },
    Target {
        number: 10,
        path: "/Demo/Accumulate",
        message: b"",
        args: &["greeter"],
        prints: "SayHello \"you\": Hello, you!\n",
    },
    Target {
        number: 12,
        path: "/enrol.v1.EnrolService/ListCourses",
        message: b"\n\x07beijing",
        args: &["list", "beijing"],
        prints: "beijing-go: 20 of 20 seats left\nbeijing-php: 20 of 20 seats left\n\
                 beijing-python: 30 of 30 seats left\n",
    },
    Target {
        number: 13,
        path: "/enrol.v1.EnrolService/ListCourses",
        message: b"\n\x05wuhan",
        args: &["list", "beijing", "--id", "mine"],
        prints: "  before: content-type: application/grpc\n  before: x-request-id: mine\n\
                 beijing-go\nbeijing-php\nbeijing-python\n  \
                 after: grpc-status: 0\n  after: x-courses: 3\n",
    },
];

impl Target {
    pub fn lesson(&self) -> &'static Lesson {
        Lesson::find(self.number).expect("lesson should be in LESSONS")
    }

    /// Starts its server on a free port.
    pub fn start(&self) -> programs::Server {
        let mut command = programs::command(&self.lesson().server());
        command
            .args(["--addr", "127.0.0.1:0"])
            // glibc's malloc then uses freed memory again. With several arenas, each for some
            // of the threads, it depends on chance how soon, and a leak could hide behind that.
            .env("MALLOC_ARENA_MAX", "1");
        programs::Server::from(&mut command)
    }
}

/// A server that runs: where it listens, and which process it is.
pub struct Running {
    pub target: &'static Target,
    /// HOST:PORT.
    pub address: String,
    /// The number of its process.
    id: u32,
}

impl Running {
    pub fn of(target: &'static Target, server: &programs::Server) -> Running {
        Running { target, address: server.address.clone(), id: server.id() }
    }

    /// The lesson's own client makes a normal call, and must get its answer. `after` says in a
    /// failure's message what has been done to the server.
    pub async fn serves(&self, after: &str) {
        let Target { number, args, prints, .. } = self.target;
        let mut client = programs::client(self.target.lesson(), &self.address, args);
        let finished = tokio::task::spawn_blocking(move || run(&mut client)).await;
        let expected = Finished { code: Some(0), output: prints.to_string() };
        let finished = finished.expect("client should run");
        assert_eq!(finished, expected, "lesson {number}, after {after}");
    }

    /// How many files the server has open: each connection is one. 0 where there is no /proc,
    /// that is, everywhere but on Linux.
    pub fn open_files(&self) -> usize {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.id));
        folder.map_or(0, Iterator::count)
    }

    /// What the process has used so far. Only Linux tells; elsewhere everything is 0.
    pub fn usage(&self) -> Usage {
        let nothing = Usage { cpu: Duration::ZERO, rss_kib: 0, peak_kib: 0 };
        Usage::of(self.id).unwrap_or(nothing)
    }
}
