//! What clients send: what the command line gives, lines and numbers from standard input, and
//! random numbers.

use std::io::{self, BufRead, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::{iter, thread};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

use super::errors::without_os_code;
use super::flags::fail;
use super::term::print_error;

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

/// The longest line that is taken from standard input, in bytes. A server would refuse a message
/// of this size, and an input without a line end, such as `/dev/zero`, must not fill the memory.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// The lines of standard input, each as soon as it is typed. The stream ends where the input ends.
///
/// Input that cannot be read to its end, or is not UTF-8, ends the process with code 1. If it
/// ended the stream, the call would look complete to the server.
///
/// A thread of its own reads standard input, because a read that has begun cannot be cancelled,
/// and the program may have to end while it waits for a line.
pub fn lines() -> impl Stream<Item = String> + Send + Unpin + 'static {
    let (tx, rx) = mpsc::channel(1);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(line) = next_line(&mut input).transpose() {
            let is_last = line.is_err();
            // An error says that the stream was dropped.
            if tx.blocking_send(line).is_err() || is_last {
                break;
            }
        }
    });
    // Not in the thread: the lines before the broken one have their turn first.
    ReceiverStream::new(rx)
        .map(|line| line.unwrap_or_else(|error| fail(1, &cannot_read(&error))))
}

/// The next line of an input, without its line end. `None` at the end of the input.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let size = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    if size == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    } else if size as u64 == MAX_LINE {
        return Err(io::Error::other("a line is longer than 4 MiB"));
    }
    let line = String::from_utf8(line);
    line.map(Some).map_err(|_| ErrorKind::InvalidData.into())
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::InvalidData => {
            "standard input is not UTF-8: what follows is not read".into()
        }
        _ => format!("cannot read standard input: {}", without_os_code(error)),
    }
}

/// The numbers of standard input, one on each line, as [`lines`] brings them. A line that is not
/// an int32 is left out, and standard error says so.
pub fn numbers() -> impl Stream<Item = i32> + Send + Unpin + 'static {
    lines().filter_map(|line| match int32(line.trim()) {
        Ok(number) => Some(number),
        Err(mistake) => {
            print_error(&format!("{line:?} is left out: {mistake}"));
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
