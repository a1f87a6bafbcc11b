//! What a program inherits from the environment of the tests, and what it does not.

use std::process::Command;

/// Variables that change what programs print, or whom they connect to.
const REMOVED: &[&str] = &[
    "CARGO_TERM_COLOR",
    "CARGO_TERM_PROGRESS_WHEN",
    "CARGO_TERM_QUIET",
    "CARGO_TERM_VERBOSE",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "GREP_OPTIONS",
    "RUST_BACKTRACE",
    "RUST_LOG",
    // Companies set these. grpcio, Node.js and curl obey them even for 127.0.0.1.
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "grpc_proxy",
    "http_proxy",
    "https_proxy",
];

/// Makes a program run in the same way for everybody: without colours, without a proxy, and with
/// signals that end it.
pub fn make_neutral(command: &mut Command) {
    for name in REMOVED {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    let_signals_end_programs();
}

/// A program that is started in the background of a script inherits that SIGINT is ignored, and so
/// do the programs that it starts: a test that interrupts one would wait in vain.
///
/// A signal that is *caught* has its default effect again in a program that is started. So this
/// catches those that are ignored, and goes on ignoring them.
#[cfg(target_os = "linux")]
fn let_signals_end_programs() {
    use std::sync::Once;
    use std::{fs, thread};

    use tokio::signal::unix::{SignalKind, signal};

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = u64::from_str_radix(ignored.unwrap_or("0").trim(), 16).unwrap_or(0);
        let is_ignored =
            |kind: &SignalKind| ignored >> (kind.as_raw_value() - 1) & 1 == 1;
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        let kinds: Vec<SignalKind> = kinds.into_iter().filter(is_ignored).collect();
        if kinds.is_empty() {
            return;
        }
        // In a thread of its own: a test may be running in another runtime.
        let catching = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime should start");
            let _inside = runtime.enter();
            for kind in kinds {
                // tokio keeps its handler when the stream of signals is dropped.
                let _stream = signal(kind).expect("the signal should be caught");
            }
        });
        catching.join().expect("signals should be caught");
    });
}

/// Nothing tells here which signals are ignored.
#[cfg(not(target_os = "linux"))]
fn let_signals_end_programs() {}
