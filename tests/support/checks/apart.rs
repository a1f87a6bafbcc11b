//! Running one call of a check apart from the others, so that it can panic or never end.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Why a call has no outcome.
pub enum Trouble {
    /// The learner's code panicked: the message, and where.
    Panicked(String),
    /// The call did not end within this time.
    NoEnd(Duration),
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Trouble::Panicked(message) => write!(f, "panicked: {message}"),
            Trouble::NoEnd(limit) => {
                let seconds = limit.as_secs_f64();
                write!(
                    f,
                    "no answer after {seconds} s: does a loop never end, or is a lock taken twice?"
                )
            }
        }
    }
}

/// Runs a call in a thread of its own, with a runtime of its own, for at most `limit`.
///
/// A call that does not end keeps its thread. That thread does not keep the process from ending.
///
/// # Errors
/// The call did not end in time, or it panicked, if only in a task that it spawned.
pub async fn run_apart<T, F>(call: F, limit: Duration) -> Result<T, Trouble>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    record_panics();
    let (tx, rx) = oneshot::channel();
    thread::spawn(move || {
        PANICS.set(Some(Vec::new()));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime should start");
            runtime.block_on(call)
            // Dropped here, the runtime drops the tasks that the call has spawned.
        }));
        let panics = PANICS.take().unwrap_or_default();
        // The check may have stopped waiting.
        let _ = tx.send((outcome.ok(), panics));
    });
    match timeout(limit, rx).await {
        Ok(Ok((Some(outcome), panics))) if panics.is_empty() => Ok(outcome),
        Ok(Ok((_, panics))) => {
            let first = panics.into_iter().next();
            Err(Trouble::Panicked(first.unwrap_or_default()))
        }
        Ok(Err(_)) => Err(Trouble::Panicked("the thread of the call ended".into())),
        Err(_) => Err(Trouble::NoEnd(limit)),
    }
}

thread_local! {
    /// The panics in this thread, if it runs a call of a check.
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// From here on, a panic in a call of a check is kept for the report and not printed. Every other
/// panic is reported as before.
fn record_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let recorded = PANICS.with_borrow_mut(|panics| {
                panics
                    .as_mut()
                    .map(|panics| panics.push(describe(panic)))
                    .is_some()
            });
            if !recorded {
                report(panic);
            }
        }));
    });
}

/// A panic's message and place: `attempt to add with overflow (lessons/08_accumulate/exercise.rs:25)`.
fn describe(panic: &PanicHookInfo) -> String {
    let payload = panic.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or(payload.downcast_ref::<&str>().copied());
    let message = text.unwrap_or("without a message");
    let Some(place) = panic.location() else {
        return message.to_string();
    };
    // A test includes the learner's file by a path such as tests/lesson-8/../../lessons/...
    let file = place.file().replace('\\', "/");
    let file = file.rfind("lessons/").map_or(&*file, |at| &file[at..]);
    format!("{message} ({file}:{})", place.line())
}
