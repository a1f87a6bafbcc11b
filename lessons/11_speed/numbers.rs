//! Reads the numbers on the command line of `lesson-11-client`. Each has a smallest and a
//! largest value, so that a slip of the finger neither fills the memory nor runs for a year.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The most calls at once, over all connections: each takes a task and its buffers.
pub const MOST_WORKERS: usize = 100_000;

/// The most bytes that the messages of all calls at once may have.
pub const MOST_BYTES: usize = 1 << 30;

/// A week.
const LONGEST: f64 = 604_800.0;

/// A parser for clap: takes a whole number within `range`. `of` says of what, in the error.
pub fn whole(
    of: &'static str,
    range: RangeInclusive<usize>,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "it is not a valid number of {of}: a whole number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// Takes a number of calls a second.
///
/// # Errors
/// The text is something else.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        // Neither infinity nor NaN is within a range.
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(rate),
        _ => {
            Err("it is not a valid number of calls a second: from 0.001 to 1000000000"
                .into())
        }
    }
}

/// Takes a time that is not zero.
///
/// # Errors
/// Those of [`time_or_zero`].
pub fn time(text: &str) -> Result<Duration, String> {
    between(0.001, text)
}

/// Takes a time: seconds, or a number with the unit `ms`, `s`, `m` or `h` after it.
///
/// # Errors
/// The text is something else.
pub fn time_or_zero(text: &str) -> Result<Duration, String> {
    between(0.0, text)
}

fn between(shortest: f64, text: &str) -> Result<Duration, String> {
    let units = [
        ("ms", 0.001),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("", 1.0),
    ];
    let with_unit = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * seconds)
    });
    match with_unit {
        Some(seconds) if (shortest..=LONGEST).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!(
            "it is not a valid number of seconds: from {shortest} to {LONGEST}, or with a unit, \
             as in 10ms, 2s, 5m and 1h"
        )),
    }
}
