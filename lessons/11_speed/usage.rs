//! What a process has used: processor time and memory. Only Linux tells, in `/proc`.

use std::fs;
use std::time::Duration;

/// What a process has used since it started.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Time on a processor, of all threads, including the kernel's work for them. Linux
    /// counts it in hundredths of a second.
    pub cpu: Duration,
    /// The memory that the process has now (its resident set), in KiB.
    pub rss_kib: u64,
    /// The most memory that the process had at any one time, in KiB.
    pub peak_kib: u64,
}

impl Usage {
    /// Reads what the process with this id has used so far. `None` if there is no such
    /// process, or no `/proc`.
    pub fn of(process: u32) -> Option<Usage> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        Some(Usage {
            cpu: cpu(&stat)?,
            rss_kib: kib(&status, "VmRSS:")?,
            peak_kib: kib(&status, "VmHWM:")?,
        })
    }
}

/// Fields 14 and 15 of `/proc/PID/stat`: time in the program and time in the kernel.
fn cpu(stat: &str) -> Option<Duration> {
    // The second field, the program's name in brackets, can contain spaces and brackets.
    // So count from the last bracket, behind which field 3 begins.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(14 - 3);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + kernel) * 10))
}

/// A line of `/proc/PID/status` about memory, such as `VmRSS:   12345 kB`. `VmHWM` is the "high
/// water mark", the most that there was.
fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
