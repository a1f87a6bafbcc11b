//! Decompresses headers as they come, in blocks of any length.
//!
//! HPACK's table has to see every header, or the later ones cannot be read. So a header is
//! decoded even if there are too many to keep, and one that is too long for that is counted
//! out: RFC 7541, sections 4.4 and 6.

use loona_hpack::Decoder;
use loona_hpack::decoder::DecoderError;

use super::trace::MAX_KEPT;

/// The largest table that is stored, in bytes. The default is 4096, and a receiver can allow
/// its sender more.
const MAX_TABLE: usize = 1024 * 1024;
/// The longest value that is decoded, in bytes as they are sent. It is more only if the table
/// has room for a longer one.
const MAX_VALUE: usize = 256 * 1024;
/// How much is decoded at a time.
const PIECE: usize = 16 * 1024;

/// The header blocks of a direction, one after the other.
pub struct HeaderBlocks {
    /// Has the table. It has to see every block of the direction, in order.
    hpack: Decoder<'static>,
    /// The largest table that the other side's SETTINGS have allowed so far. A smaller one
    /// counts once its sender knows of it, and a tap cannot tell when that is.
    allowed: usize,
    /// The size of the table, as the last update in a block has set it.
    table_size: usize,
    /// The header that has not come in full.
    unfinished: Vec<u8>,
    /// A value that is too long to decode, and goes on.
    skipped: Option<Skipped>,
    /// What has been decoded of the current block.
    decoded: Decoded,
}

/// A header block.
#[derive(Default)]
pub struct Decoded {
    /// Names and values, as long as there was room.
    pub fields: Vec<(String, String)>,
    /// How long they are, in bytes.
    size: usize,
    /// How long those are for which there was no room, in bytes.
    pub too_large: usize,
}

/// A value that is not decoded.
struct Skipped {
    /// How many bytes of it are still to come.
    remaining: usize,
    /// It would be added to the table.
    indexed: bool,
}

/// The first header of some bytes.
enum First {
    /// More bytes are needed to tell.
    NotYet,
    /// It, or a change of the table's size, ends here.
    Whole { end: usize },
    /// The same: a change of the table's size.
    Resize { end: usize, table_size: usize },
    /// Its value begins here, and is too long.
    TooLong {
        value: usize,
        length: usize,
        indexed: bool,
    },
}

/// The value of one of the headers, if it is there.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = fields.iter().find(|(other, _)| other == name)?;
    Some(value)
}

impl HeaderBlocks {
    pub fn new() -> HeaderBlocks {
        let mut hpack = Decoder::new();
        let default = 4096;
        hpack.set_max_allowed_table_size(default);
        HeaderBlocks {
            hpack,
            allowed: default,
            table_size: default,
            unfinished: Vec::new(),
            skipped: None,
            decoded: Decoded::default(),
        }
    }

    /// The receiver has allowed a table of this size, in bytes (RFC 9113, 6.5.2).
    pub fn allow_table(&mut self, size: usize) {
        self.allowed = self.allowed.max(size);
        self.hpack
            .set_max_allowed_table_size(self.allowed.min(MAX_TABLE));
    }

    /// How many bytes are stored, without the table.
    pub fn stored_bytes(&self) -> usize {
        self.unfinished.len() + self.decoded.size
    }

    /// Takes the next bytes of the current block.
    ///
    /// # Errors
    /// They cannot be decompressed, and nothing after them.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for piece in bytes.chunks(PIECE) {
            let rest = self.skip(piece);
            self.unfinished.extend(rest);
            self.decode()?;
        }
        Ok(())
    }

    /// The current block has ended. Returns what it has, and begins the next one.
    ///
    /// # Errors
    /// It ended inside a header.
    pub fn finish(&mut self) -> Result<Decoded, &'static str> {
        if self.skipped.is_some() || !self.unfinished.is_empty() {
            return Err("the headers end inside of one");
        }
        Ok(std::mem::take(&mut self.decoded))
    }

    /// Passes over what belongs to a value that is not decoded. Returns the rest.
    fn skip<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(Skipped { remaining, indexed }) = &mut self.skipped else {
            return bytes;
        };
        let size = bytes.len().min(*remaining);
        *remaining -= size;
        if *remaining == 0 {
            if *indexed {
                // What is larger than the table empties it (RFC 7541, 4.4).
                self.hpack.set_max_table_size(0);
                self.hpack.set_max_table_size(self.table_size);
            }
            self.skipped = None;
        }
        &bytes[size..]
    }

    /// Decodes what has come in full.
    fn decode(&mut self) -> Result<(), &'static str> {
        loop {
            let mut end = 0;
            let mut table_size = self.table_size;
            let mut too_long = None;
            while too_long.is_none() {
                match first(&self.unfinished[end..], longest_value(table_size))? {
                    First::NotYet => break,
                    First::Whole { end: size } => end += size,
                    First::Resize { end: size, table_size: new } => {
                        end += size;
                        table_size = new;
                    }
                    First::TooLong { value, length, indexed } => {
                        too_long = Some((end + value, length, indexed));
                    }
                }
            }
            let decoded = &mut self.decoded;
            let whole = &self.unfinished[..end];
            let result = self.hpack.decode_with_cb(whole, |name, value| {
                decoded.add(&name, &value);
            });
            match result {
                // A change of the table's size ends these bytes, not the block.
                Ok(()) | Err(DecoderError::SizeUpdateAtEnd) => {}
                Err(DecoderError::InvalidMaxDynamicSize) if self.allowed > MAX_TABLE => {
                    return Err("headers whose table is larger than this tap can store");
                }
                Err(DecoderError::InvalidMaxDynamicSize) => {
                    return Err("headers whose table is larger than was allowed");
                }
                Err(_) => return Err("headers that cannot be decompressed"),
            }
            self.table_size = table_size;
            let Some((value, length, indexed)) = too_long else {
                self.unfinished.drain(..end);
                return Ok(());
            };
            self.decoded.too_large = self.decoded.too_large.saturating_add(length);
            self.skipped = Some(Skipped { remaining: length, indexed });
            let rest: Vec<u8> = self.unfinished.drain(..).skip(value).collect();
            let rest = self.skip(&rest).to_vec();
            self.unfinished = rest;
        }
    }
}

impl Decoded {
    fn add(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len();
        if self.size + size > MAX_KEPT {
            self.too_large = self.too_large.saturating_add(size);
            return;
        }
        self.size += size;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.fields.push((text(name), text(value)));
    }
}

/// The longest value that is decoded, in bytes as they are sent. A longer one has no room in a
/// table of this size, because Huffman's code makes at most 30 bits of 8.
fn longest_value(table_size: usize) -> usize {
    MAX_VALUE.max(table_size.min(MAX_TABLE) * 30 / 8)
}

/// Measures the first header, whose value may have `longest` bytes (RFC 7541, 6).
fn first(bytes: &[u8], longest: usize) -> Result<First, &'static str> {
    let Some(byte) = bytes.first() else {
        return Ok(First::NotYet);
    };
    let (prefix, is_literal) = match byte {
        0x80.. => (7, false),
        0x40.. => (6, true),
        0x20.. => (5, false),
        _ => (4, true),
    };
    let Some((index, mut end)) = integer(bytes, prefix)? else {
        return Ok(First::NotYet);
    };
    if !is_literal {
        return Ok(match byte {
            0x80.. => First::Whole { end },
            _ => First::Resize { end, table_size: index },
        });
    }
    if index == 0 {
        // The name stands here, not in the table.
        let Some((length, size)) = integer(&bytes[end..], 7)? else {
            return Ok(First::NotYet);
        };
        if length > longest {
            return Err("a header whose name is too large");
        }
        end += size + length;
    }
    let Some((length, size)) = integer(bytes.get(end..).unwrap_or_default(), 7)? else {
        return Ok(First::NotYet);
    };
    let value = end + size;
    let end = value + length;
    Ok(if end <= bytes.len() {
        First::Whole { end }
    } else if length > longest {
        First::TooLong { value, length, indexed: *byte >= 0x40 }
    } else {
        First::NotYet
    })
}

/// Reads an integer in the low `prefix` bits of a byte, and in more bytes if it is larger
/// (RFC 7541, 5.1). Returns how many bytes it has, too; `None` if not all have come.
fn integer(bytes: &[u8], prefix: u32) -> Result<Option<(usize, usize)>, &'static str> {
    let Some((first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let most = (1_usize << prefix) - 1;
    let mut value = usize::from(*first) & most;
    if value < most {
        return Ok(Some((value, 1)));
    }
    for (n, byte) in rest.iter().enumerate() {
        // The decoder takes no more, which is 2^28.
        if n == 4 {
            break;
        }
        value += usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Ok(Some((value, n + 2)));
        }
    }
    if rest.len() >= 4 {
        return Err("headers with a number that is too large");
    }
    Ok(None)
}
