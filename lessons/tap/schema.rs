//! The names of what is on the wire: methods, messages and fields, from the descriptor
//! sets that build.rs writes.
//!
//! A descriptor set is the content of `.proto` files as a protobuf message, so lesson 2's
//! reader reads it:
//! <https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto>.

use std::collections::HashMap;

use self::number::{
    descriptor, enum_descriptor, enum_value_descriptor, field_descriptor,
    file_descriptor, file_descriptor_set, method_descriptor, service_descriptor,
};
use crate::types::wire::{Reader, Value, as_text, zigzag};

/// How deep messages inside messages are described. What is deeper is left out.
const MAX_DEPTH: usize = 32;

/// The numbers of the fields in descriptor.proto, by their message.
mod number {
    pub mod file_descriptor_set {
        pub const FILE: u32 = 1;
    }
    pub mod file_descriptor {
        pub const PACKAGE: u32 = 2;
        pub const MESSAGE_TYPE: u32 = 4;
        pub const ENUM_TYPE: u32 = 5;
        pub const SERVICE: u32 = 6;
    }
    pub mod descriptor {
        pub const NAME: u32 = 1;
        pub const FIELD: u32 = 2;
        pub const NESTED_TYPE: u32 = 3;
        pub const ENUM_TYPE: u32 = 4;
    }
    pub mod field_descriptor {
        pub const NAME: u32 = 1;
        pub const NUMBER: u32 = 3;
        pub const TYPE: u32 = 5;
        pub const TYPE_NAME: u32 = 6;
    }
    pub mod enum_descriptor {
        pub const NAME: u32 = 1;
        pub const VALUE: u32 = 2;
    }
    pub mod enum_value_descriptor {
        pub const NAME: u32 = 1;
        pub const NUMBER: u32 = 2;
    }
    pub mod service_descriptor {
        pub const NAME: u32 = 1;
        pub const METHOD: u32 = 2;
    }
    pub mod method_descriptor {
        pub const NAME: u32 = 1;
        pub const INPUT_TYPE: u32 = 2;
        pub const OUTPUT_TYPE: u32 = 3;
    }
}

/// `FieldDescriptorProto.Type`, as far as types are shown differently.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum FieldType {
    /// The field is not in the schema.
    #[default]
    Unknown,
    Double,
    Float,
    /// int32 and int64.
    Int,
    Bool,
    String,
    Message,
    Bytes,
    Enum,
    Sfixed32,
    Sfixed64,
    /// sint32 and sint64, in ZigZag.
    Sint,
    /// The unsigned numbers, and groups.
    Other,
}

impl FieldType {
    /// The type with this number in descriptor.proto.
    fn from_number(number: u64) -> FieldType {
        match number {
            1 => FieldType::Double,
            2 => FieldType::Float,
            3 | 5 => FieldType::Int,
            8 => FieldType::Bool,
            9 => FieldType::String,
            11 => FieldType::Message,
            12 => FieldType::Bytes,
            14 => FieldType::Enum,
            15 => FieldType::Sfixed32,
            16 => FieldType::Sfixed64,
            17 | 18 => FieldType::Sint,
            _ => FieldType::Other,
        }
    }
}

/// The definitions that the workbook knows.
#[derive(Debug, Default)]
pub struct Schema {
    /// The full names of a method's request and response, by its path.
    methods: HashMap<String, [String; 2]>,
    /// The fields of a message by their numbers, by its full name.
    messages: HashMap<String, HashMap<u32, FieldDefinition>>,
    /// The names of an enum's numbers, by its full name.
    enums: HashMap<String, HashMap<u64, String>>,
    /// How many sets there are. Two sets may define the same name, so a full name here
    /// begins with its set's number.
    sets: usize,
}

/// A field of a message, as its `.proto` defines it.
#[derive(Debug, Default)]
struct FieldDefinition {
    name: String,
    field_type: FieldType,
    /// The full name of its message or enum; for other types it is empty.
    type_name: String,
}

/// The fields of a descriptor, up to the first that cannot be read.
fn fields(bytes: &[u8]) -> impl Iterator<Item = (u32, Value<'_>)> {
    Reader::new(bytes)
        .map_while(Result::ok)
        .map(|field| (field.number, field.value))
}

/// The messages in the field with this number, which may be repeated.
fn messages_of(bytes: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(bytes).filter_map(move |field| match field {
        (n, Value::Len(message)) if n == number => Some(message),
        _ => None,
    })
}

/// The first field with this number, as text.
fn text_of(bytes: &[u8], number: u32) -> String {
    let text = messages_of(bytes, number).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// The first field with this number, a varint; 0 if it is not there.
fn varint_of(bytes: &[u8], number: u32) -> u64 {
    let varint = fields(bytes).find_map(|field| match field {
        (n, Value::Varint(value)) if n == number => Some(value),
        _ => None,
    });
    varint.unwrap_or(0)
}

/// Reading definitions.
impl Schema {
    /// The definitions of all lessons.
    pub fn of_the_workbook() -> Schema {
        let mut schema = Schema::default();
        let sets: [&[u8]; 5] = [
            include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")),
            include_bytes!(concat!(env!("OUT_DIR"), "/fields_v2/descriptors.bin")),
            include_bytes!(concat!(env!("OUT_DIR"), "/notes/descriptors.bin")),
            include_bytes!(concat!(
                env!("OUT_DIR"),
                "/notes_stream_test/descriptors.bin"
            )),
            include_bytes!(concat!(env!("OUT_DIR"), "/part_two.bin")),
        ];
        for set in sets {
            schema.add(set);
        }
        schema
    }

    /// Adds a `FileDescriptorSet`.
    pub fn add(&mut self, set: &[u8]) {
        self.sets += 1;
        for file in messages_of(set, file_descriptor_set::FILE) {
            let package = text_of(file, file_descriptor::PACKAGE);
            for message in messages_of(file, file_descriptor::MESSAGE_TYPE) {
                self.add_message(&package, message);
            }
            for definition in messages_of(file, file_descriptor::ENUM_TYPE) {
                self.add_enum(&package, definition);
            }
            for service in messages_of(file, file_descriptor::SERVICE) {
                self.add_service(&package, service);
            }
        }
    }

    /// The full name of what is defined in the set that is being added.
    fn full_name(&self, name: &str) -> String {
        format!("{}:{}", self.sets, name.trim_start_matches('.'))
    }

    /// Adds a message, and what is defined inside it. `scope` is the package or the
    /// message that it is defined in.
    fn add_message(&mut self, scope: &str, message: &[u8]) {
        let name = format!("{scope}.{}", text_of(message, descriptor::NAME));
        let mut numbers = HashMap::new();
        for field in messages_of(message, descriptor::FIELD) {
            let number = varint_of(field, field_descriptor::NUMBER) as u32;
            numbers.insert(number, self.field(field));
        }
        for nested in messages_of(message, descriptor::NESTED_TYPE) {
            self.add_message(&name, nested);
        }
        for definition in messages_of(message, descriptor::ENUM_TYPE) {
            self.add_enum(&name, definition);
        }
        self.messages.insert(self.full_name(&name), numbers);
    }

    fn field(&self, field: &[u8]) -> FieldDefinition {
        FieldDefinition {
            name: text_of(field, field_descriptor::NAME),
            field_type: FieldType::from_number(varint_of(field, field_descriptor::TYPE)),
            type_name: self.full_name(&text_of(field, field_descriptor::TYPE_NAME)),
        }
    }

    fn add_enum(&mut self, scope: &str, definition: &[u8]) {
        let mut names = HashMap::new();
        for value in messages_of(definition, enum_descriptor::VALUE) {
            let number = varint_of(value, enum_value_descriptor::NUMBER);
            names.insert(number, text_of(value, enum_value_descriptor::NAME));
        }
        let name = format!("{scope}.{}", text_of(definition, enum_descriptor::NAME));
        self.enums.insert(self.full_name(&name), names);
    }

    fn add_service(&mut self, package: &str, service: &[u8]) {
        let name = format!("{package}.{}", text_of(service, service_descriptor::NAME));
        let name = name.trim_start_matches('.');
        for method in messages_of(service, service_descriptor::METHOD) {
            let types = [
                method_descriptor::INPUT_TYPE,
                method_descriptor::OUTPUT_TYPE,
            ]
            .map(|number| self.full_name(&text_of(method, number)));
            let path = format!("/{name}/{}", text_of(method, method_descriptor::NAME));
            self.methods.insert(path, types);
        }
    }
}

/// Describing messages.
impl Schema {
    /// The full name of the messages that a client sends to `path`, or of those that it
    /// gets back.
    pub fn message_of(&self, path: &str, is_response: bool) -> Option<&str> {
        let [request, response] = self.methods.get(path)?;
        Some(if is_response { response } else { request })
    }

    /// The message with this full name, as a detail of a status gives it, from whichever set.
    pub fn message_named(&self, name: &str) -> Option<&str> {
        let is_it = |key: &&String| key.split_once(':').is_some_and(|(_, n)| n == name);
        self.messages.keys().filter(is_it).min().map(String::as_str)
    }

    /// A message as text, such as `HelloRequest { name: "you" }`; with numbers in place
    /// of names where the type is not known. `None` if the bytes are not a message.
    pub fn describe(&self, message: Option<&str>, bytes: &[u8]) -> Option<String> {
        let name = message
            .and_then(|name| name.rsplit(['.', ':']).next())
            .unwrap_or("message");
        Some(format!("{name} {}", self.body(message, bytes, 0)?))
    }

    fn body(&self, message: Option<&str>, bytes: &[u8], depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return Some("{ ... }".into());
        }
        let definitions = message.and_then(|name| self.messages.get(name));
        let mut parts = Vec::new();
        for field in Reader::new(bytes) {
            let field = field.ok()?;
            let definition = definitions.and_then(|fields| fields.get(&field.number));
            let value = self.value(definition, field.value, depth);
            parts.push(match definition {
                Some(definition) => format!("{}: {value}", definition.name),
                None => format!("{}: {value}", field.number),
            });
        }
        if parts.is_empty() {
            return Some("{}".into());
        }
        Some(format!("{{ {} }}", parts.join(", ")))
    }

    /// A value as text. The wire type says where a value ends; what it means, only the
    /// field's definition does.
    fn value(
        &self,
        definition: Option<&FieldDefinition>,
        value: Value,
        depth: usize,
    ) -> String {
        let field_type = definition.map_or(FieldType::Unknown, |field| field.field_type);
        let type_name = definition.map(|field| field.type_name.as_str());
        match (field_type, value) {
            (FieldType::Int, Value::Varint(n)) => n.cast_signed().to_string(),
            (FieldType::Bool, Value::Varint(n)) => (n != 0).to_string(),
            (FieldType::Sint, Value::Varint(n)) => zigzag(n).to_string(),
            (FieldType::Enum, Value::Varint(n)) => self.enum_value(type_name, n),
            (FieldType::Double, Value::I64(n)) => format!("{:?}", f64::from_bits(n)),
            (FieldType::Float, Value::I32(n)) => format!("{:?}", f32::from_bits(n)),
            (FieldType::Sfixed32, Value::I32(n)) => n.cast_signed().to_string(),
            (FieldType::Sfixed64, Value::I64(n)) => n.cast_signed().to_string(),
            (_, Value::Varint(n) | Value::I64(n)) => n.to_string(),
            (_, Value::I32(n)) => n.to_string(),
            (FieldType::Message, Value::Len(bytes)) => {
                self.body(type_name, bytes, depth + 1).unwrap_or("?".into())
            }
            (FieldType::Bytes, Value::Len(bytes)) => hex(bytes),
            (FieldType::String, Value::Len(bytes)) => {
                format!("{:?}", String::from_utf8_lossy(bytes))
            }
            (FieldType::Unknown, Value::Len(bytes)) => self.guess(bytes, depth),
            // A list of numbers in one field.
            (_, Value::Len(bytes)) => format!("[{} bytes, packed]", bytes.len()),
            (_, Value::StartGroup | Value::EndGroup) => "group".into(),
        }
    }

    /// The name of an enum's number, or the number.
    fn enum_value(&self, type_name: Option<&str>, number: u64) -> String {
        let names = type_name.and_then(|name| self.enums.get(name));
        let name = names.and_then(|names| names.get(&number));
        name.cloned().unwrap_or(number.cast_signed().to_string())
    }

    /// What bytes of an unknown field look like: text, a message, or just bytes.
    fn guess(&self, bytes: &[u8], depth: usize) -> String {
        match as_text(bytes) {
            Some(text) => format!("{text:?}"),
            None => self.body(None, bytes, depth + 1).unwrap_or(hex(bytes)),
        }
    }
}

/// Bytes in hexadecimal; of many only the first.
pub fn hex(bytes: &[u8]) -> String {
    const SHOWN: usize = 16;
    let mut digits = Vec::new();
    for byte in bytes.iter().take(SHOWN) {
        digits.push(format!("{byte:02x}"));
    }
    if bytes.len() > SHOWN {
        digits.push(format!("... {} bytes", bytes.len()));
    }
    digits.join(" ")
}
