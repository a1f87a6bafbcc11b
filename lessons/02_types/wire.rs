//! Reads protobuf's wire format: bytes in, fields out, without a `.proto`.
//!
//! A message is a row of fields. Each begins with a tag, a number that holds the field's number
//! and its wire type; the wire type says where the value ends. That is the whole format:
//! <https://protobuf.dev/programming-guides/encoding/>.

use std::fmt;
use std::ops::Range;

/// A field as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's number in the `.proto`, from 1 to 536,870,911.
    pub number: u32,
    /// The value, as far as the wire type tells it.
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
    /// Type 3: the fields up to the end of the group belong to this one. The older encoding of a
    /// message inside a message.
    StartGroup,
    /// Type 4: the end of the group.
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
pub struct DecodeError {
    /// Where in the input the tag, the length or the value begins that is wrong.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// What can be wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeErrorKind {
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

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        use DecodeErrorKind::*;
        match self {
            VarintCutOff => write!(f, "the input ends inside a varint"),
            VarintTooLong => {
                write!(f, "a varint that does not end within its ten bytes, 64 bits")
            }
            TagTooLarge => write!(f, "a tag of more than 32 bits"),
            FieldZero => write!(f, "field number 0, which does not exist"),
            WireType(n) => write!(f, "wire type {n}, which does not exist"),
            CutOff { needs, has } => write!(f, "{needs} bytes must follow, {has} do"),
            EndGroup(n) => write!(f, "the end of group {n}, which is not open here"),
            OpenGroup(n) => write!(f, "group {n} is never ended"),
            TooDeep => write!(f, "more than {MAX_DEPTH} groups inside of each other"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "at offset {}: {}", self.offset, self.kind)
    }
}

impl std::error::Error for DecodeError {}

/// The number that a `sint32` or `sint64` means by this varint: 0, 1, 2, 3 mean 0, -1, 1, -2.
pub fn zigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

/// The bytes as text, if they are UTF-8 and have no control characters but white space, such as
/// line ends and tabs. It is a guess at what a value is when there is no `.proto`.
pub fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let printable = !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    printable.then_some(text)
}

/// Whether the bytes may be a message: they can be read as one and, if they are text too, speak
/// for it. It is a guess, as [`as_text`] is.
///
/// A short text is often a message by chance: `hi` is 105 in field 13. But a length that matches
/// is hardly chance. `0a 0a` and ten letters are a message with a string, and are also a text
/// that begins with two line ends.
pub fn may_be_message(bytes: &[u8]) -> bool {
    let mut has_length = false;
    for field in Reader::new(bytes) {
        match field {
            Ok(field) => {
                has_length |= !field.length.is_empty() && !field.payload.is_empty()
            }
            Err(_) => return false,
        }
    }
    let Some(text) = as_text(bytes) else {
        return true;
    };
    let blank = text.chars().all(char::is_whitespace);
    !text.is_empty() && (has_length || blank)
}

/// The numbers of a packed list of varints, without the list's tag and length.
///
/// # Errors
/// One of them is cut off, or too long.
pub fn packed_varints(bytes: &[u8]) -> Result<Vec<u64>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut numbers = Vec::new();
    while reader.offset < bytes.len() {
        numbers.push(reader.varint()?);
    }
    Ok(numbers)
}

/// Reads a message field by field. After an error there are no more fields.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    /// The whole message.
    bytes: &'a [u8],
    /// The offset of the next byte to read.
    offset: usize,
    /// The groups that are open, outermost first: the number, and the offset of the tag.
    groups: Vec<(u32, usize)>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of a message.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, offset: 0, groups: Vec::new() }
    }

    // ANCHOR: field
    /// Reads a tag and the value after it.
    fn field(&mut self) -> Result<Field<'a>, DecodeError> {
        let start = self.offset;
        let (number, wire_type) = self.tag()?;
        let tag = start..self.offset;
        let mut length = self.offset..self.offset;
        let value = match wire_type {
            0 => Value::Varint(self.varint()?),
            1 => Value::I64(u64::from_le_bytes(self.array()?)),
            2 => {
                let needs = self.varint()?;
                length.end = self.offset;
                Value::Len(self.take(needs, length.start)?)
            }
            3 => self.start_group(number, start),
            4 => self.end_group(number, start)?,
            5 => Value::I32(u32::from_le_bytes(self.array()?)),
            _ => {
                let kind = DecodeErrorKind::WireType(wire_type);
                return Err(DecodeError { offset: start, kind });
            }
        };
        let payload = length.end..self.offset;
        Ok(Field { number, value, tag, length, payload })
    }
    // ANCHOR_END: field

    /// The next tag: a field's number, and a wire type from 0 to 7.
    fn tag(&mut self) -> Result<(u32, u64), DecodeError> {
        let offset = self.offset;
        let error = |kind| Err(DecodeError { offset, kind });
        let tag = self.varint()?;
        if tag > u64::from(u32::MAX) {
            return error(DecodeErrorKind::TagTooLarge);
        }
        let (number, wire_type) = ((tag >> 3) as u32, tag & 7);
        if number == 0 {
            return error(DecodeErrorKind::FieldZero);
        }
        // At the limit nothing but the end of a group may come.
        if self.groups.len() == MAX_DEPTH && wire_type != 4 {
            return error(DecodeErrorKind::TooDeep);
        }
        Ok((number, wire_type))
    }

    // ANCHOR: varint
    /// The next varint, which has at most ten bytes.
    fn varint(&mut self) -> Result<u64, DecodeError> {
        let start = self.offset;
        let mut value = 0;
        for (n, byte) in self.bytes[start..].iter().take(10).enumerate() {
            // Nine bytes hold 63 of the 64 bits, so the tenth may hold only one.
            if n == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                self.offset += n + 1;
                return Ok(value);
            }
        }
        let cut_off = self.bytes.len() - start < 10;
        let kind = if cut_off {
            DecodeErrorKind::VarintCutOff
        } else {
            DecodeErrorKind::VarintTooLong
        };
        Err(DecodeError { offset: start, kind })
    }
    // ANCHOR_END: varint

    /// The next `N` bytes, for a number of that size.
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.take(N as u64, self.offset)?;
        Ok(std::array::from_fn(|n| bytes[n]))
    }

    // ANCHOR: take
    /// The next `needs` bytes. If there are fewer, the error points to `error_offset`.
    fn take(&mut self, needs: u64, error_offset: usize) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.offset..];
        // The length comes from the sender, and can be any number: compare it, never trust it.
        if needs > rest.len() as u64 {
            let kind = DecodeErrorKind::CutOff { needs, has: rest.len() };
            return Err(DecodeError { offset: error_offset, kind });
        }
        let taken = &rest[..needs as usize];
        self.offset += taken.len();
        Ok(taken)
    }
    // ANCHOR_END: take

    /// Opens a group, whose tag stands at `offset`.
    fn start_group(&mut self, number: u32, offset: usize) -> Value<'a> {
        self.groups.push((number, offset));
        Value::StartGroup
    }

    /// Closes the innermost group, if it has this number. The tag stands at `offset`.
    fn end_group(
        &mut self,
        number: u32,
        offset: usize,
    ) -> Result<Value<'a>, DecodeError> {
        match self.groups.pop() {
            Some((open, _)) if open == number => Ok(Value::EndGroup),
            _ => Err(DecodeError { offset, kind: DecodeErrorKind::EndGroup(number) }),
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Field<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = if self.offset < self.bytes.len() {
            self.field()
        } else if let Some((number, offset)) = self.groups.pop() {
            Err(DecodeError { offset, kind: DecodeErrorKind::OpenGroup(number) })
        } else {
            return None;
        };
        if field.is_err() {
            self.offset = self.bytes.len();
            self.groups.clear();
        }
        Some(field)
    }
}
