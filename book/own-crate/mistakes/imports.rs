//! A mistake: `use` names what is not there.
//!
//! says: unresolved import `tokio_stream`

use my_greeter::proto::Greeter;
use tokio_stream::StreamExt;

fn main() {}
