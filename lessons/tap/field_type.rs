//! The types that a `.proto` can give to a field, as a descriptor set names them.

use crate::types::wire::{Value, packed_varints};

/// `FieldDescriptorProto.Type`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// The field is not in the schema, or has a type that descriptor.proto does not have yet.
    #[default]
    Unknown,
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    /// proto2's message between two tags.
    Group,
    Message,
    Bytes,
    Uint32,
    Enum,
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
}

impl FieldType {
    /// The type with this number in descriptor.proto.
    pub fn from_number(number: u64) -> FieldType {
        match number {
            1 => FieldType::Double,
            2 => FieldType::Float,
            3 => FieldType::Int64,
            4 => FieldType::Uint64,
            5 => FieldType::Int32,
            6 => FieldType::Fixed64,
            7 => FieldType::Fixed32,
            8 => FieldType::Bool,
            9 => FieldType::String,
            10 => FieldType::Group,
            11 => FieldType::Message,
            12 => FieldType::Bytes,
            13 => FieldType::Uint32,
            14 => FieldType::Enum,
            15 => FieldType::Sfixed32,
            16 => FieldType::Sfixed64,
            17 => FieldType::Sint32,
            18 => FieldType::Sint64,
            _ => FieldType::Unknown,
        }
    }

    /// The numbers of a packed list, without its tag and length. `None` if the type is no
    /// number, or the bytes are not such a list.
    pub fn unpack(self, bytes: &[u8]) -> Option<Vec<Value<'static>>> {
        use FieldType::*;
        match self {
            Unknown | String | Group | Message | Bytes => None,
            Double | Fixed64 | Sfixed64 => {
                let (numbers, rest) = bytes.as_chunks();
                let numbers = numbers.iter().map(|n| Value::I64(u64::from_le_bytes(*n)));
                rest.is_empty().then(|| numbers.collect())
            }
            Float | Fixed32 | Sfixed32 => {
                let (numbers, rest) = bytes.as_chunks();
                let numbers = numbers.iter().map(|n| Value::I32(u32::from_le_bytes(*n)));
                rest.is_empty().then(|| numbers.collect())
            }
            Int64 | Uint64 | Int32 | Bool | Uint32 | Enum | Sint32 | Sint64 => {
                let numbers = packed_varints(bytes).ok()?;
                Some(numbers.into_iter().map(Value::Varint).collect())
            }
        }
    }
}
