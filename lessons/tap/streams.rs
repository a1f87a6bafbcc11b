//! The calls of a connection: what is remembered of each, until it is over.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use super::body::{Body, Context, NotMessage, Piece};
use super::header_block::field;
use super::trace::{Event, EventKind, MAX_KEPT_TOGETHER, MAX_STREAMS, Side};
use crate::http2::frames::ErrorCode;

/// The longest path that is remembered, in bytes: a longer one is in no `.proto`.
const MAX_PATH: usize = 512;
/// How many calls are remembered that are over: what one side still sends before it knows
/// is read, too.
const MAX_OVER: usize = 64;

/// The streams that are followed, and what has been seen of them.
#[derive(Default)]
pub struct Streams {
    /// Those that are open, and the last [`MAX_OVER`] in `over`.
    streams: BTreeMap<u32, Stream>,
    /// Streams of which one side may still send frames that the other side no longer
    /// wants, the oldest first.
    over: VecDeque<u32>,
    /// The highest number with which the client has opened a stream. They only grow, so
    /// what is lower and not in `streams` has ended.
    last_opened: u32,
    /// The server's GOAWAY: it refuses streams with higher numbers.
    refused_above: Option<u32>,
    /// The sides of which nothing is read any more.
    unread: Sides<bool>,
    /// How many bytes of messages the streams have stored.
    kept: usize,
    /// The bytes of the current frame, if its stream is not followed.
    stray: Sides<Piece>,
    /// What has been seen since [`Trace`](super::trace::Trace) asked last.
    pub events: Vec<Event>,
}

/// Something of which each side has one.
#[derive(Debug, Default)]
struct Sides<T> {
    client: T,
    server: T,
}

impl<T> Sides<T> {
    fn of(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// A call.
#[derive(Debug, Default)]
struct Stream {
    /// The path of its request, if it was seen.
    path: Option<Arc<str>>,
    /// What each side sends.
    halves: Sides<Half>,
    /// It is in [`Streams::over`].
    is_over: bool,
}

impl Stream {
    fn has_ended(&self) -> bool {
        self.halves.client.ended && self.halves.server.ended
    }

    fn kept(&self) -> usize {
        self.halves.client.body.kept() + self.halves.server.body.kept()
    }
}

/// One direction of a call.
#[derive(Debug, Default)]
struct Half {
    body: Body,
    /// Its sender sends nothing more.
    ended: bool,
}

/// What [`Trace`](super::trace::Trace) asks.
impl Streams {
    /// How many are stored.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// How many bytes of messages and paths are stored.
    pub fn stored_bytes(&self) -> usize {
        let paths = self.streams.values().filter_map(|one| one.path.as_deref());
        self.kept + paths.map(str::len).sum::<usize>()
    }
}

/// What a direction has read.
impl Streams {
    /// Adds an event.
    pub fn emit(&mut self, from: Side, stream: u32, kind: EventKind) {
        self.events.push(Event { from, stream, kind });
    }

    /// Headers, or trailers.
    pub fn headers(
        &mut self,
        from: Side,
        id: u32,
        fields: Vec<(String, String)>,
        too_large: usize,
        end_stream: bool,
    ) {
        if self.open(from, id) {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.halves.of(from).body.headers(&fields);
                remember_path(stream, &fields);
            }
            if end_stream {
                self.body_ended(from, id);
            }
        }
        self.emit(from, id, EventKind::Headers { fields, end_stream });
        if too_large > 0 {
            self.emit(from, id, EventKind::TooLarge { length: too_large });
        }
        if end_stream {
            self.half_ended(from, id);
        }
    }

    /// The headers of a request that the server answers without being asked.
    pub fn push_promise(
        &mut self,
        from: Side,
        id: u32,
        promised: u32,
        fields: Vec<(String, String)>,
    ) {
        if promised.is_multiple_of(2) && promised > 0 && !self.is_full() {
            let stream = self.streams.entry(promised).or_default();
            stream.halves.client.ended = true;
            remember_path(stream, &fields);
        }
        self.emit(from, id, EventKind::PushPromise { promised, fields });
    }

    /// Bytes of a DATA frame. They are the last of the stream if `is_last`.
    pub fn data(&mut self, from: Side, id: u32, data: &[u8], is_last: bool) {
        if !self.open(from, id) {
            return self.stray.of(from).push(data);
        }
        self.with_body(from, id, is_last, |body, context, events| {
            body.push(data, context, events);
        });
    }

    /// The end of a DATA frame.
    pub fn data_ended(&mut self, from: Side, id: u32, end_stream: bool) {
        if !self.open(from, id) {
            let stray = self.stray.of(from).take(NotMessage::NotFollowed);
            let end = end_stream.then_some(EventKind::End);
            for kind in stray.into_iter().chain(end) {
                self.emit(from, id, kind);
            }
            return;
        }
        self.with_body(from, id, end_stream, |body, context, events| {
            body.frame_ended(end_stream, context, events);
        });
        if end_stream {
            self.half_ended(from, id);
        }
    }

    /// RST_STREAM. The other side may not know yet, and still send.
    pub fn reset(&mut self, from: Side, id: u32, error: ErrorCode) {
        self.body_ended(from, id);
        // It may still go on, for as long as the reset is under way.
        self.with_body(from.other(), id, false, |body, _, events| {
            events.extend(body.cut());
        });
        self.emit(from, id, EventKind::Reset { error });
        self.half_ended(from, id);
        self.call_ended(id);
    }

    /// GOAWAY of the server: what the client has opened after `last_stream` is refused.
    pub fn refuse_above(&mut self, last_stream: u32) {
        self.refused_above = Some(last_stream);
        let refused = self.streams.range(last_stream.saturating_add(1)..);
        let refused: Vec<u32> = refused.map(|(id, _)| *id).collect();
        for id in refused.into_iter().filter(|id| id % 2 == 1) {
            self.call_ended(id);
        }
    }

    /// Nothing more is read of a side.
    pub fn end_side(&mut self, side: Side) {
        if mem::replace(self.unread.of(side), true) {
            return;
        }
        if let Some(stray) = self.stray.of(side).take(NotMessage::NotFollowed) {
            self.emit(side, 0, stray);
        }
        let ids: Vec<u32> = self.streams.keys().copied().collect();
        for id in ids {
            self.with_body(side, id, true, |body, context, events| {
                body.frame_ended(false, context, events);
            });
            self.body_ended(side, id);
            self.half_ended(side, id);
        }
    }
}

/// How streams begin and end.
impl Streams {
    /// Follows a stream from here on if it is new. Returns whether it is followed.
    fn open(&mut self, from: Side, id: u32) -> bool {
        if self.streams.contains_key(&id) {
            return true;
        }
        if id <= self.last_opened || id.is_multiple_of(2) {
            return false;
        }
        if from == Side::Client {
            self.last_opened = id;
        }
        if self.is_full() {
            self.forget_oldest(from);
        }
        let mut stream = Stream::default();
        // Of a client that cannot be read, there is nothing to wait for.
        stream.halves.client.ended = self.unread.client;
        stream.halves.server.ended = self.unread.server;
        self.streams.insert(id, stream);
        if self.refused_above.is_some_and(|last| id > last) {
            self.call_ended(id);
        }
        true
    }

    /// Whether as many streams are open as are followed.
    fn is_full(&self) -> bool {
        self.streams.len() - self.over.len() >= MAX_STREAMS
    }

    /// Makes room for another stream.
    fn forget_oldest(&mut self, from: Side) {
        let oldest = self.streams.iter().find(|(_, stream)| !stream.is_over);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.remove(id);
            self.emit(from, id, EventKind::Forgotten);
        }
    }

    /// Has a stream's body do something, with what it needs to know.
    fn with_body(
        &mut self,
        from: Side,
        id: u32,
        is_last: bool,
        act: impl FnOnce(&mut Body, &Context, &mut Vec<EventKind>),
    ) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let room = MAX_KEPT_TOGETHER.saturating_sub(self.kept);
        let body = &mut stream.halves.of(from).body;
        let before = body.kept();
        let context = Context { path: &stream.path, room, is_last };
        let mut kinds = Vec::new();
        act(body, &context, &mut kinds);
        self.kept = self.kept + body.kept() - before;
        for kind in kinds {
            self.emit(from, id, kind);
        }
    }

    /// Says what is incomplete of a body that does not go on.
    fn body_ended(&mut self, from: Side, id: u32) {
        self.with_body(from, id, false, |body, context, events| {
            body.ended(context, events);
        });
    }

    /// The sender sends nothing more on this stream.
    fn half_ended(&mut self, from: Side, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.halves.of(from).ended = true;
        if stream.has_ended() {
            self.remove(id);
        } else if from == Side::Server {
            // An early answer: the client may not have noticed, but nobody reads on.
            self.call_ended(id);
        }
    }

    /// The call is over, and at least one side knows.
    fn call_ended(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if mem::replace(&mut stream.is_over, true) {
            return;
        }
        self.over.push_back(id);
        if self.over.len() > MAX_OVER
            && let Some(oldest) = self.over.front().copied()
        {
            self.body_ended(Side::Client, oldest);
            self.body_ended(Side::Server, oldest);
            self.remove(oldest);
        }
    }

    /// Forgets a stream.
    fn remove(&mut self, id: u32) {
        let Some(stream) = self.streams.remove(&id) else {
            return;
        };
        self.kept -= stream.kept();
        if stream.is_over {
            self.over.retain(|other| *other != id);
        }
    }
}

/// Keeps the path of a request, if these are its headers.
fn remember_path(stream: &mut Stream, fields: &[(String, String)]) {
    if let Some(path) = field(fields, ":path").filter(|path| path.len() <= MAX_PATH) {
        stream.path = Some(Arc::from(path));
    }
}
