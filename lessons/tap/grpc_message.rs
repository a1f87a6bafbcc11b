//! Puts a gRPC message together from the DATA frames over which it is spread.

use super::trace::MAX_KEPT;

/// The size of gRPC's prefix of a message, in bytes: a flag, and four bytes of length.
const PREFIX_SIZE: usize = 5;

/// A message of a stream, as far as it has come.
#[derive(Debug, Default)]
pub struct PartialMessage {
    /// The flag and the length.
    prefix: [u8; PREFIX_SIZE],
    /// How many bytes of `prefix` have come.
    prefix_size: usize,
    /// The message's first bytes, at most [`MAX_KEPT`].
    pub bytes: Vec<u8>,
    /// How many of its bytes are still to come. It counts once the prefix is complete.
    remaining: usize,
}

impl PartialMessage {
    /// Takes what belongs to this message. Of its bytes it keeps as many as there is
    /// `room` for. Returns the rest.
    pub fn push<'b>(&mut self, data: &'b [u8], room: usize) -> &'b [u8] {
        let mut rest = data;
        if self.prefix_size < PREFIX_SIZE {
            let (prefix, after) = split_at_most(data, PREFIX_SIZE - self.prefix_size);
            for byte in prefix {
                self.prefix[self.prefix_size] = *byte;
                self.prefix_size += 1;
            }
            rest = after;
            match self.flag_and_length() {
                Some((_, length)) => self.remaining = length as usize,
                None => return rest,
            }
        }
        let (now, rest) = split_at_most(rest, self.remaining);
        // After a byte that found no room, no other is kept: the first ones have no gap.
        if self.bytes.len() == self.received() {
            let (kept, _) = split_at_most(now, room.min(MAX_KEPT - self.bytes.len()));
            self.bytes.extend(kept);
        }
        self.remaining -= now.len();
        rest
    }

    /// Its flag and its length: once all of it has come.
    pub fn complete(&self) -> Option<(u8, u32)> {
        self.flag_and_length().filter(|_| self.remaining == 0)
    }

    /// Its flag and its length: once the prefix has come.
    pub fn flag_and_length(&self) -> Option<(u8, u32)> {
        let [flag, length @ ..] = self.prefix;
        let is_whole = self.prefix_size == PREFIX_SIZE;
        is_whole.then(|| (flag, u32::from_be_bytes(length)))
    }

    /// What has come of the prefix.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix[..self.prefix_size]
    }

    /// How many bytes have come behind the prefix.
    pub fn received(&self) -> usize {
        match self.flag_and_length() {
            Some((_, length)) => length as usize - self.remaining,
            None => 0,
        }
    }
}

/// The first `size` bytes, or all if there are fewer, and the rest.
pub fn split_at_most(bytes: &[u8], size: usize) -> (&[u8], &[u8]) {
    bytes.split_at(size.min(bytes.len()))
}
