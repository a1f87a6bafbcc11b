//! A mistake: a stream is not in its box.
//!
//! says: expected `Pin<Box<dyn

use std::future::Future;
use std::pin::Pin;

pub fn work() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    async {}
}

fn main() {}
