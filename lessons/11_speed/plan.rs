//! What a load is asked for.

use std::time::Duration;

/// How many calls to make at once, and when.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Connections to the server, at least 1.
    pub connections: usize,
    /// Calls at once on each connection, at least 1.
    pub in_flight: usize,
    /// When to stop starting calls.
    pub until: Until,
    /// Calls a second over all connections, whether or not earlier ones have ended: an open
    /// loop. `None`: the next call starts when one has ended, a closed loop.
    pub rate: Option<f64>,
    /// How long a call may take, from when it started to its status. A stream is one call. A
    /// load ends this long after it has started its last call, at the latest.
    pub timeout: Duration,
    /// How long a load that has only a count goes on without a single success.
    pub patience: Duration,
}

impl Plan {
    /// One call after the other, on one connection.
    pub const fn sequential(until: Until) -> Plan {
        Plan {
            connections: 1,
            in_flight: 1,
            until,
            rate: None,
            timeout: Duration::from_secs(10),
            patience: Duration::from_secs(60),
        }
    }
}

/// When to stop starting calls. Those that have started are waited for.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// So many calls have started.
    Count(u64),
    /// So much time has passed.
    Passed(Duration),
    /// One of the two, whichever comes first.
    Either(u64, Duration),
}

impl Until {
    /// How many calls to start at most.
    pub fn count(self) -> Option<u64> {
        match self {
            Until::Count(count) | Until::Either(count, _) => Some(count),
            Until::Passed(_) => None,
        }
    }

    /// For how long to start calls.
    pub fn passed(self) -> Option<Duration> {
        match self {
            Until::Passed(time) | Until::Either(_, time) => Some(time),
            Until::Count(_) => None,
        }
    }
}
