//! What clients send: what the command line gives, lines and numbers from standard input, and
//! random numbers.

use std::ops::RangeInclusive;
use std::{io, iter, thread};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

use super::flags::fail;

/// Where a client's messages come from: from its command line, or from standard input if the
/// command line says `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<T> {
    /// The values that stand on the command line, in their order.
    Given(Vec<T>),
    /// `-`: the lines of standard input.
    Stdin,
}

impl<T> Source<T> {
    /// clap's parser for one word of the command line: `-`, or what `value` accepts.
    /// [`Source::of`] makes one source of all the words.
    pub fn parser(
        value: fn(&str) -> Result<T, String>,
    ) -> impl Fn(&str) -> Result<Source<T>, String> + Clone + Send + Sync + 'static
    where
        T: 'static,
    {
        move |word| match word {
            "-" => Ok(Source::Stdin),
            _ => Ok(Source::Given(vec![value(word)?])),
        }
    }

    /// The source that these words name, which [`Source::parser`] has parsed. A `-` beside other
    /// words ends the process with code 2.
    pub fn of(mut words: Vec<Source<T>>) -> Source<T> {
        if words.len() == 1 {
            return words.remove(0);
        }
        let mut values = Vec::new();
        for word in words {
            match word {
                Source::Given(given) => values.extend(given),
                Source::Stdin => fail(2, "- is for standard input, and stands alone"),
            }
        }
        Source::Given(values)
    }
}

/// Takes any word. It never fails: the `Result` is what [`Source::parser`] expects.
pub fn text(word: &str) -> Result<String, String> {
    Ok(word.to_string())
}

/// Parses an int32 in decimal.
///
/// # Errors
/// The text is not one: a line that says so.
pub fn int32(text: &str) -> Result<i32, String> {
    let (least, most) = (i32::MIN, i32::MAX);
    text.parse()
        .map_err(|_| format!("it is not an int32, a number from {least} to {most}"))
}

/// The lines of standard input, each as soon as it is typed. The stream ends where the input ends.
///
/// A thread of its own reads standard input, because a read that has begun cannot be cancelled,
/// and the program may have to end while it waits for a line.
pub fn lines() -> impl Stream<Item = String> + Send + Unpin + 'static {
    let (tx, rx) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else {
                eprintln!("Error: standard input is not UTF-8: the rest is left out");
                break;
            };
            // An error says that the stream was dropped.
            if tx.blocking_send(line).is_err() {
                break;
            }
        }
    });
    ReceiverStream::new(rx)
}

/// The numbers of standard input, one on each line, as [`lines`] brings them. A line that is not
/// an int32 is left out, and standard error says so.
pub fn numbers() -> impl Stream<Item = i32> + Send + Unpin + 'static {
    lines().filter_map(|line| match int32(line.trim()) {
        Ok(number) => Some(number),
        Err(mistake) => {
            eprintln!("{line:?} is left out: {mistake}");
            None
        }
    })
}

/// Random numbers within `range`. The same seed gives the same numbers, in every version of the
/// workbook; without a seed they differ each time.
pub fn random(
    seed: Option<u64>,
    range: RangeInclusive<i32>,
) -> impl Iterator<Item = i32> + Send + 'static {
    let mut rng: ChaCha8Rng = match seed {
        Some(seed) => ChaCha8Rng::seed_from_u64(seed),
        None => rand::make_rng(),
    };
    iter::repeat_with(move || rng.random_range(range.clone()))
}
