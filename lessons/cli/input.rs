//! What clients send: lines and numbers from standard input, and random numbers.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::RangeInclusive;
use std::{io, iter, thread};

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

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
    lines().filter_map(|line| match line.trim().parse() {
        Ok(number) => Some(number),
        Err(_) => {
            let (least, most) = (i32::MIN, i32::MAX);
            eprintln!("{line:?} is no int32, a number from {least} to {most}: left out");
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
    let any_seed = || RandomState::new().build_hasher().finish();
    let mut source = ChaCha8Rng::seed_from_u64(seed.unwrap_or_else(any_seed));
    let (start, end) = (i64::from(*range.start()), i64::from(*range.end()));
    iter::repeat_with(move || {
        // Some numbers are drawn once more than others in 2^32 times, which does not matter here.
        let number = start + i64::from(source.next_u32()) % (end - start + 1);
        i32::try_from(number).unwrap_or(i32::MAX)
    })
}
