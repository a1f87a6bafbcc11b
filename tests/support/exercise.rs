//! The three tests that every exercise has, written once: [`exercise!`](crate::exercise!).

use crate::checks::Verdict;
use crate::written;

/// Defines the three tests of a lesson's exercise, in the root of the lesson's test:
///
/// - `exercise`, ignored unless asked for, checks the learner's `exercise.rs`;
/// - `the_check_accepts_the_solution` checks `solution.rs`;
/// - `the_check_rejects_wrong_answers` proves that the check can tell: each `wrong_*.rs`, and
///   the lesson's own service if it does not solve the exercise, must be refused.
///
/// # How to use it
///
/// Declare the answers as modules, by `#[path]`, and write the check once, as an `async fn`
/// that returns a [`Verdict`]. Then:
///
/// ```ignore
/// support::exercise! {
///     // What the learner edits, for the message of a check that fails.
///     files: "lessons/01_hello/exercise.rs",
///     // How to check an answer. `answer` stands for the module of each answer in turn.
///     check: |answer| check(serving(answer::PoliteGreeter)),
///     // The check of the lesson's own service. Leave it out if that solves the exercise.
///     own: check(serving(MyGreeter)),
///     wrong: [
///         wrong_ok,
///         // An answer that is made in another way has a check of its own.
///         wrong_shared: check(serving(wrong_shared::PoliteGreeter::default())),
///         // `=>` names the generated file that shows this answer's report.
///         wrong_untrimmed => "book/generated/01-hello-report.txt",
///     ],
/// }
/// ```
///
/// A check that is not `async` is wrapped: `check: |answer| async { check(answer::percentile) }`.
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
        check: |$answer:ident| $check:expr,
        $(own: $own:expr,)?
        wrong: [$($wrong:ident $(: $wrong_check:expr)? $(=> $report:literal)?),+ $(,)?] $(,)?
    ) => {
        #[tokio::test]
        #[ignore = "it is yours to solve"]
        async fn exercise() -> Result<(), &'static str> {
            // A block may rename a module: that is how `answer` comes to stand for this one.
            use self::exercise as $answer;
            match $check.await {
                Ok(_report) => Ok(()),
                Err(_report) => Err(concat!($files, " is not right yet")),
            }
        }

        #[tokio::test]
        async fn the_check_accepts_the_solution() {
            use self::solution as $answer;
            $check.await.expect("the solution should be right");
        }

        #[tokio::test]
        async fn the_check_rejects_wrong_answers() {
            tokio::join!(
                $(async {
                    $crate::exercise::assert_rejected("the lesson's own service", $own.await, None);
                },)?
                $(async {
                    let verdict = $crate::exercise!(@check $answer, $check, $wrong $(, $wrong_check)?);
                    let report_file = $crate::exercise!(@file $($report)?);
                    $crate::exercise::assert_rejected(stringify!($wrong), verdict, report_file);
                },)+
            );
        }
    };

    // The verdict on a wrong answer.
    (@check $answer:ident, $check:expr, $wrong:ident) => {{
        use self::$wrong as $answer;
        $check.await
    }};
    (@check $answer:ident, $check:expr, $wrong:ident, $own_check:expr) => {
        $own_check.await
    };

    // The file that shows a wrong answer's report.
    (@file) => {
        None
    };
    (@file $report:literal) => {
        Some($report)
    };
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
