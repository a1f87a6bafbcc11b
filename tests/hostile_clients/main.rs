//! Hostile and broken clients: what the servers of lessons 6 to 10, 12 and 13 do when a client breaks the
//! rules, and that they go on serving the others. Chapter 10 shows the table.

mod attacks;
mod limits;
mod metadata;
mod raw_client;
mod servers;
mod silent;

use std::fmt::Write;

use support::programs::Finished;
use support::written;

use attacks::ATTACKS;
use servers::{Running, TARGETS, Target};

/// The most memory that all attacks may take, in KiB, above what a server has at its start.
const PEAK: u64 = 48 * 1024;
/// How much more memory than after the first round, in KiB, a server may have after two more.
const SLACK: u64 = 8 * 1024;

/// A row of the table.
#[derive(Debug, PartialEq)]
struct Row {
    sent: &'static str,
    response: String,
    limit: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_survive_hostile_clients() {
    #[cfg(unix)]
    allow_many_files();
    let mut runs = Vec::new();
    for target in &TARGETS {
        runs.push((target.number, tokio::spawn(survives_attacks(target))));
    }
    let mut tables = Vec::new();
    for (lesson, run) in runs {
        tables.push((lesson, run.await.expect("server should survive")));
    }
    let (_, rows) = &tables[0];
    for (lesson, other) in &tables {
        assert_eq!(rows, other, "lesson {lesson} should answer as lesson 6 does");
    }
    written("book/generated/10-notes-hostile.md", &markdown(rows));
}

/// Attacks the server of this lesson three times with everything. It must serve others, give
/// back what it took, and end without a panic. Returns the rows of the table.
async fn survives_attacks(target: &'static Target) -> Vec<Row> {
    let server = target.start();
    let running = Running::of(target, &server);
    running.serves("nothing").await;
    let files = running.open_files();
    let start = running.usage().rss_kib;

    let rows = play_all(&running, true).await;
    let after_one_round = settle(&running, files, u64::MAX).await;
    for _ in 0..2 {
        assert_eq!(play_all(&running, false).await, rows);
    }
    settle(&running, files, after_one_round + SLACK).await;
    let peak = running.usage().peak_kib;
    assert!(peak <= start + PEAK, "lesson {}: {start} KiB grew to {peak}", target.number);

    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(!output.contains("panicked"), "lesson {}: {output}", target.number);
    rows
}

/// Plays every attack once. If `check_service`, a normal client is served after each.
async fn play_all(running: &Running, check_service: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for attack in &ATTACKS {
        let response = attack.play(running, check_service).await;
        rows.push(Row { sent: attack.sent, response, limit: attack.limit });
    }
    rows
}

/// Waits until the server has closed the attackers' connections and has at most `most` KiB of
/// memory. Returns the memory that it has.
async fn settle(running: &Running, files: usize, most: u64) -> u64 {
    while running.open_files() > files {
        running.serves("they left").await;
    }
    // A task of a connection may end shortly after the connection.
    for _ in 0..20 {
        let memory = running.usage().rss_kib;
        if memory <= most {
            return memory;
        }
        running.serves("they left").await;
    }
    panic!("lesson {}: memory stays above {most} KiB", running.target.number);
}

fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| what is sent | what the server answers | what limits it |\n|---|---|---|\n",
    );
    for Row { sent, response, limit } in rows {
        writeln!(table, "| {sent} | {response} | {limit} |")
            .expect("a String takes everything");
    }
    table
}

/// Lets this process and those that it starts have more than 500 connections. macOS allows 256
/// open files unless a process asks for more.
#[cfg(unix)]
fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(4096, |most| most.min(4096));
    limit.current = limit.current.map(|now| now.max(wanted));
    setrlimit(Resource::Nofile, limit)
        .expect("a limit below the maximum should be allowed");
}
