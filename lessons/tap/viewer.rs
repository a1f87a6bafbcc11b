//! Decides what a reader sees of a wire: one row for each frame, and few for many frames that are
//! alike. A row becomes a line of text here, or an arrow in [`svg`](super::svg).

use std::collections::BTreeMap;
use std::mem;

use super::fold::{Like, Run};
use super::proxy::TappedEvent;
use super::render::{RenderedEvent, Renderer, color, counted};
use super::trace::{EventKind, Side};

/// How many characters of a row's text are shown. Of the rest it is said how much it is.
pub const MAX_TEXT: usize = 1000;
/// How many streams can have runs at a time. With one more, all runs end.
const MAX_STREAMS: usize = 1024;
/// For how many ticks a frame is remembered whose messages have not come. The connection may have
/// ended.
const OLD: u32 = 10;
/// How many runs a direction of a stream can have. What would begin one more counts as one of the
/// newest.
const MAX_RUNS: usize = 8;

/// What is shown of one event, or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The connection's number.
    pub connection: usize,
    /// The stream; 0 is the connection.
    pub stream: u32,
    /// Who sent it.
    pub from: Side,
    /// What it says.
    pub shown: RenderedEvent,
}

impl Row {
    /// The row as a line. With `numbered`, it has the number of its connection.
    pub fn line(&self, numbered: bool) -> String {
        let RenderedEvent { frame, text, end_stream } = &self.shown;
        let arrow = match self.from {
            Side::Client => "-->",
            Side::Server => "<--",
        };
        let (place, width) = match (numbered, self.connection, self.stream) {
            (false, _, 0) => ("connection".to_string(), 10),
            (false, _, stream) => (format!("stream {stream}"), 10),
            (true, n, 0) => (format!("connection {n}"), 12),
            (true, n, stream) => (format!("stream {n}/{stream}"), 12),
        };
        let color = color(self.stream);
        let end = if *end_stream { "  END_STREAM" } else { "" };
        let line =
            format!("{arrow} {color}{place:<width$}{color:#} {frame:<8} {text}{end}");
        line.trim_end().to_string()
    }
}

/// Turns events into rows.
///
/// It folds runs of like rows as they come: see [`Run`]. It has no clock: whoever shows a wire
/// live calls [`Viewer::tick`] every second.
pub struct Viewer {
    /// Says what an event means.
    renderer: Renderer,
    /// The DATA frame whose messages may come next, of each connection and direction. Only
    /// with `frames`.
    open_frames: BTreeMap<(usize, Side), OpenFrame>,
    /// The runs of each stream of each connection. What has ended, or was silent for a second, is
    /// not in here.
    runs: BTreeMap<(usize, u32), Vec<Run>>,
}

/// A DATA frame that has been read. Its messages are shown in its row.
struct OpenFrame {
    /// The row of the frame alone, in case it completes no message.
    row: Row,
    /// Its length, in bytes.
    length: u32,
    /// It is in a row already.
    is_shown: bool,
    /// The ticks since it came.
    age: u32,
}

impl Viewer {
    /// Shows what the lessons' `.proto` files define by its names. With `frames`, what keeps the
    /// connection going is shown too, and all headers; with `hex`, the bytes of the messages.
    pub fn new(frames: bool, hex: bool) -> Viewer {
        let renderer = Renderer::new(frames, hex);
        Viewer { renderer, open_frames: BTreeMap::new(), runs: BTreeMap::new() }
    }

    /// Takes the next event. Returns the rows that are ready to be shown.
    pub fn push(&mut self, tapped: &TappedEvent) -> Vec<Row> {
        let mut rows = Vec::new();
        let Some(shown) = self.renderer.render(tapped) else {
            return rows;
        };
        let TappedEvent { connection, event } = tapped;
        let (connection, stream, from) = (*connection, event.stream, event.from);
        let mut row = Row { connection, stream, from, shown };
        row.shown.text = cut(&row.shown.text, MAX_TEXT);
        if let EventKind::DataFrame { length } = event.kind {
            self.close_frame((connection, from), &mut rows);
            let frame = OpenFrame { row, length, is_shown: false, age: 0 };
            self.open_frames.insert((connection, from), frame);
            return rows;
        }
        // Between the frame and the next one of its direction, there is only what it completes.
        match self.open_frames.get_mut(&(connection, from)) {
            Some(frame) if frame.has(&row) => frame.take(&mut row, &event.kind),
            _ => self.close_frame((connection, from), &mut rows),
        }
        let like = Like::of(&event.kind).filter(|_| !row.shown.end_stream);
        match like {
            Some(like) => self.fold(like, row, &mut rows),
            None => {
                let is_reset = matches!(event.kind, EventKind::Reset { .. });
                self.show_alone(row, is_reset, &mut rows);
            }
        }
        rows
    }

    /// A second has passed. Runs that nothing was added to since the last tick end, and long ones
    /// show how far they are.
    pub fn tick(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut unfinished = Vec::new();
        self.open_frames.retain(|_, frame| {
            frame.age += 1;
            if frame.age > 1 && !mem::replace(&mut frame.is_shown, true) {
                unfinished.push(frame.row.clone());
            }
            frame.age < OLD
        });
        for mut row in unfinished {
            row.shown.text += ", and no message ends in it yet";
            self.fold(Like::Frame, row, &mut rows);
        }
        for runs in self.runs.values_mut() {
            runs.retain_mut(|run| run.tick(&mut rows));
        }
        self.runs.retain(|_, runs| !runs.is_empty());
        rows
    }

    /// Nothing more comes: returns the rows that were held back.
    pub fn finish(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        while let Some((direction, _)) = self.open_frames.first_key_value() {
            self.close_frame(*direction, &mut rows);
        }
        self.end_all(&mut rows);
        rows
    }

    /// Shows the open frame of a direction, if no row has it yet.
    fn close_frame(&mut self, direction: (usize, Side), rows: &mut Vec<Row>) {
        if let Some(OpenFrame { mut row, is_shown: false, .. }) =
            self.open_frames.remove(&direction)
        {
            row.shown.text += ", and no message ends in it";
            self.fold(Like::Frame, row, rows);
        }
    }

    /// Shows a row, or adds it to what its run holds back.
    fn fold(&mut self, like: Like, row: Row, rows: &mut Vec<Row>) {
        let call = (row.connection, row.stream);
        if self.runs.len() >= MAX_STREAMS && !self.runs.contains_key(&call) {
            self.end_all(rows);
        }
        let runs = self.runs.entry(call).or_default();
        let is_same =
            |run: &Run| run.from == row.from && run.like.frame() == like.frame();
        let same = runs
            .iter()
            .position(|run| run.from == row.from && run.like == like);
        let at = match same {
            Some(at) => at,
            None if runs.iter().filter(|run| is_same(run)).count() < MAX_RUNS => {
                runs.push(Run::new(row.from, like));
                runs.len() - 1
            }
            None => runs.iter().rposition(is_same).unwrap_or(0),
        };
        if runs[at].is_beginning() {
            // What is shown now comes after what other runs of this kind of frame hold back.
            let frame = runs[at].like.frame();
            for other in runs.iter_mut() {
                if other.from == row.from && other.like.frame() == frame {
                    other.show_held(rows);
                }
            }
        }
        runs[at].push(row, rows);
    }

    /// Shows a row that is never folded, such as headers: it ends the runs of its direction.
    fn show_alone(&mut self, row: Row, is_reset: bool, rows: &mut Vec<Row>) {
        if row.stream == 0 {
            self.end_connection(row.connection, rows);
        }
        let call = (row.connection, row.stream);
        if let Some(runs) = self.runs.get_mut(&call) {
            for run in runs.iter_mut() {
                // The other side may go on, but what it has sent came before this row.
                if run.from == row.from || row.shown.end_stream || is_reset {
                    run.show_held(rows);
                }
            }
            runs.retain(|run| run.from != row.from);
            if runs.is_empty() {
                self.runs.remove(&call);
            }
        }
        rows.push(row);
    }

    fn end_connection(&mut self, connection: usize, rows: &mut Vec<Row>) {
        let calls = (connection, 0)..=(connection, u32::MAX);
        for (_, runs) in self.runs.range_mut(calls) {
            for run in runs {
                run.show_held(rows);
            }
        }
        self.runs.retain(|(n, _), _| *n != connection);
    }

    fn end_all(&mut self, rows: &mut Vec<Row>) {
        for mut run in mem::take(&mut self.runs).into_values().flatten() {
            run.show_held(rows);
        }
    }
}

impl OpenFrame {
    /// Whether a row is about something in this frame.
    fn has(&self, row: &Row) -> bool {
        let Row { stream, shown, .. } = row;
        *stream == self.row.stream && shown.frame == self.row.shown.frame
    }

    /// Makes one row of the frame and what is in it.
    fn take(&mut self, row: &mut Row, kind: &EventKind) {
        // What is left of a message when its stream ends came in this frame or in earlier ones.
        if self.is_shown && matches!(kind, EventKind::Data { .. }) {
            return;
        }
        let text = &mut row.shown.text;
        if mem::replace(&mut self.is_shown, true) {
            // The frame has the row above.
            row.shown.frame = "";
            *text += ", in the same frame";
            return;
        }
        let began_before = match kind {
            EventKind::Message { length, .. } => *length >= self.length.saturating_sub(4),
            _ => false,
        };
        let frame = format!("a frame of {}", counted(self.length as usize));
        if began_before {
            *text += &format!(", ends in {frame}");
        } else if text.is_empty() {
            *text = frame;
        } else {
            *text += &format!(", {frame}");
        }
    }
}

/// The first `most` characters of a text, and how many more there are.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_string(),
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{}... {more} characters more", &text[..at])
        }
    }
}
