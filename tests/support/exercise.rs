//! The tests that every exercise has, written once: [`exercise!`](crate::exercise!).

use std::convert::Infallible;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use tonic::body::Body;
use tonic::codegen::http;
use tonic::service::Routes;
use tower::{layer::layer_fn, service_fn};

use crate::checks::{Verdict, with_limit};
use crate::patience::watch_this_process;
use crate::written;

/// Defines the tests of a lesson's exercise, in the root of the lesson's test:
///
/// - `exercise`, ignored unless asked for, checks the learner's `exercise.rs`;
/// - `the_check_accepts_the_solution` checks `solution.rs`;
/// - `the_check_rejects_wrong_answers` proves that the check can tell: each `wrong_*.rs`, and
///   the lesson's own service if it does not solve the exercise, must be refused;
/// - `the_check_reports_a_panic` and `the_check_reports_a_hang`: each call is in the report, even
///   if none of them ends.
///
/// # How to use it
///
/// Declare the answers as modules, in part one by `#[path]`, and write the check once, as an
/// `async fn` that takes a server and returns a [`Verdict`]. Then:
///
/// ```ignore
/// support::exercise! {
///     // What the learner edits, for the message of a check that fails.
///     files: "lessons/01_hello/exercise.rs",
///     // How to serve an answer. `answer` stands for the module of each answer in turn.
///     serve: |answer| serving(answer::PoliteGreeter),
///     // How to check a server.
///     check: check,
///     // The lesson's own service. Leave it out if that solves the exercise.
///     own: serving(MyGreeter),
///     wrong: [
///         wrong_ok,
///         // An answer that is made in another way is served in its own way.
///         wrong_shared: serving(wrong_shared::PoliteGreeter::default()),
///         // `=>` names the generated file that shows this answer's report.
///         wrong_untrimmed => "book/generated/01-hello-report.txt",
///     ],
/// }
/// ```
///
/// In part two the test stands beside the answers: `mod exercise;` declares the learner's.
///
/// A test that is a folder invokes the macro in its `main.rs`, so that the ignored test's name
/// stays `exercise`, without a module before it. The modules' paths then begin with
/// `../../lessons/`, and `check` may stand in a module of the test.
///
/// The wrong answers are checked at the same time, since some of them make the check wait.
#[macro_export]
macro_rules! exercise {
    (
        files: $files:literal,
        serve: |$answer:ident| $serve:expr,
        check: $check:path,
        $(own: $own:expr,)?
        wrong: [$($wrong:ident $(: $wrong_serve:expr)? $(=> $report:literal)?),+ $(,)?] $(,)?
    ) => {
        #[tokio::test]
        #[ignore = "it is yours to solve"]
        async fn exercise() -> Result<(), &'static str> {
            // A block may rename a module: that is how `answer` comes to stand for this one.
            use self::exercise as $answer;
            match $crate::exercise::reported($check($serve)).await {
                Ok(_report) => Ok(()),
                Err(_report) => Err(concat!($files, " is not right yet")),
            }
        }

        #[tokio::test]
        async fn the_check_accepts_the_solution() {
            use self::solution as $answer;
            $check($serve).await.expect("the solution should be right");
        }

        #[tokio::test]
        async fn the_check_rejects_wrong_answers() {
            tokio::join!(
                $(async {
                    let verdict = $check($own).await;
                    $crate::exercise::assert_rejected("the lesson's own service", verdict, None);
                },)?
                $(async {
                    let server = $crate::exercise!(@serve $answer, $serve, $wrong $(, $wrong_serve)?);
                    let report_file = $crate::exercise!(@file $($report)?);
                    let verdict = $check(server).await;
                    $crate::exercise::assert_rejected(stringify!($wrong), verdict, report_file);
                },)+
            );
        }

        #[tokio::test]
        async fn the_check_reports_a_panic() {
            use self::solution as $answer;
            let broken = $crate::exercise::Breakable::panicking($serve);
            $crate::exercise::assert_reports_panics($check(broken).await);
        }

        #[tokio::test]
        async fn the_check_reports_a_hang() {
            use self::solution as $answer;
            let broken = $crate::exercise::Breakable::hanging($serve);
            $crate::exercise::assert_reports_hangs(|| $check(broken)).await;
        }
    };

    // A server of a wrong answer.
    (@serve $answer:ident, $serve:expr, $wrong:ident) => {{
        use self::$wrong as $answer;
        $serve
    }};
    (@serve $answer:ident, $serve:expr, $wrong:ident, $own_serve:expr) => {
        $own_serve
    };

    // The file that shows a wrong answer's report.
    (@file) => {
        None
    };
    (@file $report:literal) => {
        Some($report)
    };
}

/// Runs the check of the learner's answer and prints its report. What the service prints in the
/// meantime is left out: it would stand between the lines of the report.
///
/// # Errors
/// Those of the check.
pub async fn reported(check: impl Future<Output = Verdict>) -> Verdict {
    watch_this_process();
    let silence = Silence::begin();
    let verdict = check.await;
    drop(silence);
    let (Ok(report) | Err(report)) = &verdict;
    println!("{report}");
    verdict
}

/// Standard output goes nowhere while this lives. Only on Unix: elsewhere it goes on.
struct Silence {
    /// The standard output from before.
    #[cfg(unix)]
    stdout: Option<rustix::fd::OwnedFd>,
}

impl Silence {
    #[cfg(unix)]
    fn begin() -> Silence {
        use std::fs::OpenOptions;
        let before = rustix::stdio::stdout().try_clone_to_owned();
        let nowhere = OpenOptions::new().write(true).open("/dev/null");
        let (Ok(before), Ok(nowhere)) = (before, nowhere) else {
            return Silence { stdout: None };
        };
        // What is printed already is printed before.
        let _ = io::stdout().flush();
        match rustix::stdio::dup2_stdout(nowhere) {
            Ok(()) => Silence { stdout: Some(before) },
            Err(_) => Silence { stdout: None },
        }
    }

    #[cfg(not(unix))]
    fn begin() -> Silence {
        Silence {}
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        if let Some(before) = self.stdout.take() {
            rustix::stdio::dup2_stdout(before).expect("standard output should come back");
        }
    }
}

/// Asserts that the check rejected a wrong answer, and compares its report with the file that
/// shows it to the reader, if there is one.
///
/// # Panics
/// If the check accepted the answer, or the file is out of date.
pub fn assert_rejected(answer: &str, verdict: Verdict, report_file: Option<&str>) {
    let Err(report) = verdict else {
        panic!("the check should reject {answer}");
    };
    if let Some(file) = report_file {
        written(file, &report);
    }
}

/// What an exercise's answer becomes when it is broken: a server that panics, or one that never
/// answers.
pub trait Breakable {
    /// Panics in each call.
    fn panicking(self) -> Self;
    /// Never ends a call, and keeps its thread, as a lock does that is taken twice.
    fn hanging(self) -> Self;
}

impl Breakable for Routes {
    fn panicking(self) -> Routes {
        replaced(self, || panic!("as the test wants it"))
    }

    fn hanging(self) -> Routes {
        replaced(self, || hang())
    }
}

/// Keeps the thread and never returns.
pub fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// A server with the same services, which does this in each call and answers nothing.
fn replaced(routes: Routes, act: fn()) -> Routes {
    let router = routes.into_axum_router();
    let router = router.layer(layer_fn(move |_service| {
        service_fn(move |_request| async move {
            act();
            Ok::<_, Infallible>(http::Response::new(Body::empty()))
        })
    }));
    Routes::from(router)
}

/// Asserts that each call of a check whose server panics is a line of its report.
///
/// # Panics
/// If it is not.
pub fn assert_reports_panics(verdict: Verdict) {
    let report = verdict.expect_err("a server that panics should be rejected");
    assert_each_call(&report, "-> panicked: as the test wants it (");
}

/// Asserts that each call of a check whose server hangs is a line of its report.
///
/// # Panics
/// If it is not.
pub async fn assert_reports_hangs<F: Future<Output = Verdict>>(
    check: impl FnOnce() -> F,
) {
    let verdict = with_limit(Duration::from_millis(50), check()).await;
    let report = verdict.expect_err("a server that hangs should be rejected");
    assert_each_call(&report, "-> no answer after 0.05 s: does a loop never end");
}

/// Asserts that the report's lines for calls contain this text, and that the report is whole.
fn assert_each_call(report: &str, text: &str) {
    let wrong: Vec<&str> = report
        .lines()
        .filter(|line| line.starts_with("  wrong  "))
        .collect();
    assert!(!wrong.is_empty(), "{report}");
    for line in &wrong {
        assert!(line.contains(text), "{report}");
    }
    let calls = wrong.len();
    assert!(report.ends_with(&format!("{calls} of {calls} calls wrong\n")), "{report}");
}
