//! A mistake: `#[tokio::main]` is missing.
//!
//! says: `main` function is not allowed to be `async`

async fn main() {}
