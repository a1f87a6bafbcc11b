//! Puts a gRPC message together from the DATA frames over which it is spread.

use super::trace::MAX_KEPT;

/// The size of gRPC's prefix of a message, in bytes: a flag, and four bytes of length.
const PREFIX_SIZE: usize = 5;

/// A message of a stream, as far as it has come.
#[derive(Default)]
pub struct PartialMessage {
    /// The flag and the length, at most [`PREFIX_SIZE`] bytes.
    prefix: Vec<u8>,
    /// The message's first bytes, at most [`MAX_KEPT`].
    pub bytes: Vec<u8>,
    /// How many of its bytes are still to come. It counts once the prefix is complete.
    remaining: usize,
}

impl PartialMessage {
    /// Takes what belongs to this message. Returns the rest.
    pub fn push<'b>(&mut self, data: &'b [u8]) -> &'b [u8] {
        let mut rest = data;
        if self.prefix.len() < PREFIX_SIZE {
            let (prefix, after) = split_at_most(data, PREFIX_SIZE - self.prefix.len());
            self.prefix.extend(prefix);
            rest = after;
            match self.flag_and_length() {
                Some((_, length)) => self.remaining = length as usize,
                None => return rest,
            }
        }
        let (now, rest) = split_at_most(rest, self.remaining);
        let (kept, _) = split_at_most(now, MAX_KEPT - self.bytes.len());
        self.bytes.extend(kept);
        self.remaining -= now.len();
        rest
    }

    /// Whether the message is compressed, and its length: once all of it has come.
    pub fn complete(&self) -> Option<(bool, u32)> {
        self.flag_and_length().filter(|_| self.remaining == 0)
    }

    fn flag_and_length(&self) -> Option<(bool, u32)> {
        let &[flag, a, b, c, d] = &self.prefix[..] else {
            return None;
        };
        Some((flag != 0, u32::from_be_bytes([a, b, c, d])))
    }
}

/// The first `size` bytes, or all if there are fewer, and the rest.
pub fn split_at_most(bytes: &[u8], size: usize) -> (&[u8], &[u8]) {
    bytes.split_at(size.min(bytes.len()))
}
