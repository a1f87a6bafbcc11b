//! Reads protobuf's wire format: bytes in, fields out, without a `.proto`.
//!
//! A message is a row of fields. Each begins with a tag, a number that holds the field's number
//! and its wire type; the wire type says how far the value goes. That is all there is to it:
//! <https://protobuf.dev/programming-guides/encoding/>.

use std::fmt;
use std::ops::Range;

/// A field as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's number in the `.proto`, from 1 to 536,870,911.
    pub number: u32,
    /// The value, as far as the wire type tells.
    pub value: Value<'a>,
    /// Where the tag stands in the input. `tag`, `length` and `payload` follow each other without
    /// a gap, and so do fields.
    pub tag: Range<usize>,
    /// Where the length stands. Empty, unless the value is a [`Value::Len`].
    pub length: Range<usize>,
    /// Where the value stands. Empty for the start and the end of a group.
    pub payload: Range<usize>,
}

/// A value, of one of the six wire types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Type 0: seven bits a byte, the lowest first; the eighth bit says that more follow.
    Varint(u64),
    /// Type 1: eight bytes, the lowest first.
    I64(u64),
    /// Type 2: as many bytes as the length before them says.
    Len(&'a [u8]),
    /// Type 3: up to the end of the group, the fields belong to this one. Deprecated.
    StartGroup,
    /// Type 4.
    EndGroup,
    /// Type 5: four bytes, the lowest first.
    I32(u32),
}

impl Value<'_> {
    /// The wire type's name in the specification.
    pub fn wire_type(&self) -> &'static str {
        match self {
            Value::Varint(_) => "VARINT",
            Value::I64(_) => "I64",
            Value::Len(_) => "LEN",
            Value::StartGroup => "SGROUP",
            Value::EndGroup => "EGROUP",
            Value::I32(_) => "I32",
        }
    }
}

/// The input is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The offset in the input of what is wrong: a tag, a length or a value.
    pub at: usize,
    /// What is wrong there.
    pub why: Why,
}

/// What can be wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The input ends inside a varint.
    VarintCutOff,
    /// A varint goes on after ten bytes, or its tenth holds more than the 64th bit.
    VarintTooLong,
    /// A tag is larger than 32 bits.
    TagTooLarge,
    /// Field number 0, which does not exist.
    FieldZero,
    /// Wire type 6 or 7, which do not exist.
    WireType(u64),
    /// A value needs more bytes than there are.
    CutOff { needs: u64, has: usize },
    /// A group's end without its beginning, or inside another group.
    EndGroup(u32),
    /// A group that is still open where the input ends.
    OpenGroup(u32),
    /// Fields inside more than [`MAX_DEPTH`] groups.
    TooDeep,
}

/// How many groups may be open at a time: as many as prost allows.
pub const MAX_DEPTH: usize = 100;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Why::VarintCutOff => {
                write!(f, "the input ends inside a varint")
            }
            Why::VarintTooLong => {
                write!(f, "a varint that does not end within its ten bytes, 64 bits")
            }
            Why::TagTooLarge => write!(f, "a tag of more than 32 bits"),
            Why::FieldZero => write!(f, "field number 0, which does not exist"),
            Why::WireType(n) => write!(f, "wire type {n}, which does not exist"),
            Why::CutOff { needs, has } => {
                write!(f, "{needs} bytes must follow, {has} do")
            }
            Why::EndGroup(n) => write!(f, "the end of group {n}, which is not open here"),
            Why::OpenGroup(n) => write!(f, "group {n} is never ended"),
            Why::TooDeep => {
                write!(f, "more than {MAX_DEPTH} groups inside of each other")
            }
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "at offset {}: {}", self.at, self.why)
    }
}

impl std::error::Error for Malformed {}

// ANCHOR: reader
/// Reads a message field by field. After an error there are no more fields.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    /// The whole message.
    bytes: &'a [u8],
    /// The offset of the next byte to read.
    at: usize,
    /// The groups that are open, outermost first: the number, and the offset of the tag.
    groups: Vec<(u32, usize)>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of a message.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, groups: Vec::new() }
    }

    /// Reads a tag and the value after it.
    fn field(&mut self) -> Result<Field<'a>, Malformed> {
        let start = self.at;
        let malformed = |why| Err(Malformed { at: start, why });
        let tag = self.varint()?;
        if tag > u64::from(u32::MAX) {
            return malformed(Why::TagTooLarge);
        }
        let (number, wire_type) = ((tag >> 3) as u32, tag & 7);
        if number == 0 {
            return malformed(Why::FieldZero);
        }
        // At the limit nothing but the end of a group may come.
        if self.groups.len() == MAX_DEPTH && wire_type != 4 {
            return malformed(Why::TooDeep);
        }
        let tag = start..self.at;
        let mut length = self.at..self.at;
        let value_start = self.at;
        let value = match wire_type {
            0 => Value::Varint(self.varint()?),
            1 => Value::I64(u64::from_le_bytes(self.array()?)),
            2 => {
                let needs = self.varint()?;
                length.end = self.at;
                Value::Len(self.take(needs, length.start)?)
            }
            3 => {
                self.groups.push((number, start));
                Value::StartGroup
            }
            4 => match self.groups.pop() {
                Some((open, _)) if open == number => Value::EndGroup,
                _ => return malformed(Why::EndGroup(number)),
            },
            5 => Value::I32(u32::from_le_bytes(self.array()?)),
            _ => return malformed(Why::WireType(wire_type)),
        };
        let payload = length.end.max(value_start)..self.at;
        Ok(Field { number, value, tag, length, payload })
    }

    /// The next varint, which has at most ten bytes.
    fn varint(&mut self) -> Result<u64, Malformed> {
        let start = self.at;
        let mut value = 0;
        for (n, byte) in self.bytes[start..].iter().take(10).enumerate() {
            // Nine bytes hold 63 of the 64 bits, so the tenth may hold only one.
            if n == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                self.at += n + 1;
                return Ok(value);
            }
        }
        let cut_off = self.bytes.len() - start < 10;
        let why = if cut_off {
            Why::VarintCutOff
        } else {
            Why::VarintTooLong
        };
        Err(Malformed { at: start, why })
    }

    /// The next `N` bytes, for a number of that size.
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.take(N as u64, self.at)?;
        Ok(std::array::from_fn(|n| bytes[n]))
    }

    /// The next `needs` bytes. If there are fewer, the error points to `at`.
    fn take(&mut self, needs: u64, at: usize) -> Result<&'a [u8], Malformed> {
        let rest = &self.bytes[self.at..];
        // The length comes from the sender, and can be any number: compare it, never trust it.
        if needs > rest.len() as u64 {
            return Err(Malformed { at, why: Why::CutOff { needs, has: rest.len() } });
        }
        let taken = &rest[..needs as usize];
        self.at += taken.len();
        Ok(taken)
    }
}
// ANCHOR_END: reader

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = if self.at < self.bytes.len() {
            self.field()
        } else if let Some((number, at)) = self.groups.pop() {
            Err(Malformed { at, why: Why::OpenGroup(number) })
        } else {
            return None;
        };
        if field.is_err() {
            self.at = self.bytes.len();
            self.groups.clear();
        }
        Some(field)
    }
}
