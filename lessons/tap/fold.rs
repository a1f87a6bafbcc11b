//! Runs of like rows: a stream of a thousand messages takes a few lines. And calls that are the
//! same, where all of them are known.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::render::RenderedEvent;
use super::trace::{EventKind, Side};
use super::viewer::Row;
use crate::types::wire::Reader;

/// How many rows of a run are shown before it holds any back.
const SHOWN: usize = 3;
/// How many rows a run holds back at most. Of more it keeps these, the last one among them, and
/// counts the rest. So that a dozen messages are shown, as lessons have them.
const HELD: usize = 8;
/// After how many ticks a run that goes on shows how far it is.
const LONGEST: u32 = 10;
/// How many fields of a message are compared.
const MAX_FIELDS: usize = 32;

/// What the rows of a run have in common, beside stream and direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Like {
    /// Messages that have the same fields, whatever is in them.
    Message(Vec<u32>),
    /// DATA frames that complete no message.
    Frame,
    /// Other DATA.
    Data,
    /// Frames about the connection, of one type.
    Housekeeping(&'static str),
    /// Frames that break this rule.
    StreamError(&'static str),
}

impl Like {
    /// What an event has in common with those it is folded with; `None` if it is always shown.
    pub fn of(kind: &EventKind) -> Option<Like> {
        Some(match kind {
            EventKind::Message { compressed: true, .. } => Like::Message(Vec::new()),
            EventKind::Message { bytes, .. } => Like::Message(fields(bytes)),
            EventKind::DataFrame { .. } => Like::Frame,
            EventKind::Data { .. } => Like::Data,
            EventKind::Settings { .. } => Like::Housekeeping("SETTINGS"),
            EventKind::Ping { .. } => Like::Housekeeping("PING"),
            EventKind::WindowUpdate { .. } => Like::Housekeeping("WINDOW_UPDATE"),
            EventKind::Other { name } => Like::Housekeeping(name),
            EventKind::StreamError { reason, .. } => Like::StreamError(reason),
            // What says how a call or a connection goes.
            _ => return None,
        })
    }

    /// The type of the frame.
    pub fn frame(&self) -> &'static str {
        match self {
            Like::Message(_) | Like::Frame | Like::Data => "DATA",
            Like::Housekeeping(name) => name,
            Like::StreamError(_) => "not read",
        }
    }
}

/// The numbers of a message's fields, each once.
fn fields(bytes: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    for field in Reader::new(bytes).map_while(Result::ok) {
        if numbers.len() < MAX_FIELDS
            && let Err(at) = numbers.binary_search(&field.number)
        {
            numbers.insert(at, field.number);
        }
    }
    numbers
}

/// Rows that are alike, in one direction of one stream. The first `SHOWN` of them are shown at
/// once. Those after them are held back until something else comes, and are then counted, with the
/// last one shown; if they are few, they are all shown.
pub struct Run {
    /// Who sends them.
    pub from: Side,
    /// What they have in common.
    pub like: Like,
    /// How many have been shown at once, at most [`SHOWN`].
    shown: usize,
    /// The first of those that are held back, and the last; at most [`HELD`].
    held: Vec<Row>,
    /// How many more are held back, and only counted.
    counted: usize,
    /// A row has come since the last tick.
    is_active: bool,
    /// The ticks since it last showed something.
    age: u32,
}

impl Run {
    /// A run to which rows can be added.
    pub fn new(from: Side, like: Like) -> Run {
        Run {
            from,
            like,
            shown: 0,
            held: Vec::new(),
            counted: 0,
            is_active: true,
            age: 0,
        }
    }

    /// Whether the next row is shown at once.
    pub fn is_beginning(&self) -> bool {
        self.shown < SHOWN
    }

    /// Takes a row: it is shown, or held back.
    pub fn push(&mut self, row: Row, rows: &mut Vec<Row>) {
        self.is_active = true;
        if self.is_beginning() {
            self.shown += 1;
            rows.push(row);
        } else {
            if self.held.len() == HELD {
                self.held.pop();
                self.counted += 1;
            }
            self.held.push(row);
        }
    }

    /// Shows what is held back. The run goes on.
    pub fn show_held(&mut self, rows: &mut Vec<Row>) {
        self.age = 0;
        let mut held = mem::take(&mut self.held);
        let counted = mem::take(&mut self.counted);
        if counted > 0
            && let Some(last) = held.pop()
        {
            let more = counted + held.len();
            let mut count = last.clone();
            // A message in the same frame as the one before it has no frame in its row.
            count.shown.frame = self.like.frame();
            count.shown.text = format!("... {more} more like this");
            rows.push(count);
            rows.push(last);
        } else {
            rows.append(&mut held);
        }
    }

    /// A second has passed. Returns whether the run goes on.
    pub fn tick(&mut self, rows: &mut Vec<Row>) -> bool {
        self.age += 1;
        let goes_on = mem::take(&mut self.is_active);
        if !goes_on || self.age >= LONGEST {
            self.show_held(rows);
        }
        goes_on
    }
}

/// Whether rows are of more than one connection, so that streams need its number too.
pub fn several_connections(rows: &[Row]) -> bool {
    let first = rows.first().map(|row| row.connection);
    rows.iter().any(|row| Some(row.connection) != first)
}

/// Leaves out calls that say the same as three others, and counts them where the first of them was.
/// For rows of a wire that has ended.
pub fn fold_calls(rows: &[Row]) -> Vec<Row> {
    // What each call says, on its stream of its connection.
    let mut calls = BTreeMap::<(usize, u32), Vec<(Side, &RenderedEvent)>>::new();
    for row in rows.iter().filter(|row| row.stream != 0) {
        let call = calls.entry((row.connection, row.stream)).or_default();
        call.push((row.from, &row.shown));
    }
    for call in calls.values_mut() {
        // In which order the two directions meet at the tap is chance.
        call.sort_by_key(|(from, _)| *from);
    }
    let mut same = BTreeMap::<&[(Side, &RenderedEvent)], Vec<(usize, u32)>>::new();
    for (call, content) in &calls {
        same.entry(content).or_default().push(*call);
    }
    let mut counts = BTreeMap::new();
    let mut left_out = BTreeSet::<(usize, u32)>::new();
    for calls in same.values() {
        if let [_, _, (connection, stream), rest @ ..] = &calls[..]
            && let [first_left_out, ..] = rest
        {
            let like = if several_connections(rows) {
                format!("{connection}/{stream}")
            } else {
                stream.to_string()
            };
            let count = format!("... {} more calls like stream {like}", rest.len());
            counts.insert(*first_left_out, count);
            left_out.extend(rest.iter().copied());
        }
    }
    let mut folded = Vec::new();
    for row in rows {
        let call = (row.connection, row.stream);
        if !left_out.contains(&call) {
            folded.push(row.clone());
        } else if let Some(count) = counts.remove(&call) {
            let mut row = row.clone();
            row.shown.text = count;
            row.shown.end_stream = false;
            folded.push(row);
        }
    }
    folded
}
