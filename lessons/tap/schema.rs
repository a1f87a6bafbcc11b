//! The names of what is on the wire: methods, messages and fields, from the descriptor
//! sets that build.rs writes.
//!
//! A descriptor set is the content of `.proto` files as a protobuf message, so lesson 2's
//! reader reads it:
//! <https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto>.

use std::collections::HashMap;
use std::fmt;

use self::number::{
    descriptor, enum_descriptor, enum_value_descriptor, field_descriptor,
    file_descriptor, file_descriptor_set, method_descriptor, service_descriptor,
};
use super::field_type::FieldType;
use crate::types::wire::{Reader, Value, as_text, may_be_message, zigzag};

/// How deep messages inside messages are described. What is deeper is left out.
const MAX_DEPTH: usize = 32;

/// `FieldDescriptorProto.Label.LABEL_REPEATED`.
const LABEL_REPEATED: u64 = 3;

/// How much of a long thing is shown: bytes, characters of a text, numbers of a list, fields of a
/// message. Of what is longer, the total is told.
const SHOWN: usize = 64;

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
        pub const LABEL: u32 = 4;
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

/// The definitions that the workbook knows.
#[derive(Debug, Default)]
pub struct Schema {
    /// The full names of a method's request and response, by its path.
    methods: HashMap<String, [String; 2]>,
    /// The fields of a message by their numbers, by its full name.
    messages: HashMap<String, HashMap<u32, FieldDefinition>>,
    /// The names of an enum's numbers, by its full name.
    enums: HashMap<String, HashMap<i32, String>>,
    /// How many sets there are. Two sets may define the same name, so a full name here
    /// begins with its set's number.
    sets: usize,
}

/// A field of a message, as its `.proto` defines it.
#[derive(Debug, Default)]
struct FieldDefinition {
    name: String,
    field_type: FieldType,
    /// Only a list of numbers may be packed.
    is_repeated: bool,
    /// The full name of its message, group or enum; for other types it is no name that is defined.
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
            is_repeated: varint_of(field, field_descriptor::LABEL) == LABEL_REPEATED,
            type_name: self.full_name(&text_of(field, field_descriptor::TYPE_NAME)),
        }
    }

    fn add_enum(&mut self, scope: &str, definition: &[u8]) {
        let mut names = HashMap::new();
        for value in messages_of(definition, enum_descriptor::VALUE) {
            // An int32: its lowest 32 bits.
            let number = varint_of(value, enum_value_descriptor::NUMBER) as i32;
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
        // The message at the bottom, and the groups that are open, each in the one before it.
        let mut open = vec![Body::of(message)];
        for field in Reader::new(bytes) {
            let field = field.ok()?;
            if field.value == Value::EndGroup {
                let group = open.pop()?;
                open.last_mut()?
                    .add(|| format!("{}: group {group}", group.name));
                continue;
            }
            let body = open.last_mut()?;
            let fields = body.message.and_then(|name| self.messages.get(name));
            let definition = fields.and_then(|fields| fields.get(&field.number));
            let name = match definition {
                Some(definition) => definition.name.clone(),
                None => field.number.to_string(),
            };
            if field.value == Value::StartGroup {
                // Its fields are those of its own type, and have no names where that is unknown.
                let message = definition.map(|field| field.type_name.as_str());
                open.push(Body { name, ..Body::of(message) });
            } else {
                body.add(|| {
                    format!("{name}: {}", self.value(definition, field.value, depth))
                });
            }
        }
        Some(open.pop()?.to_string())
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
        let Value::Len(bytes) = value else {
            return self.number(field_type, type_name, value);
        };
        match field_type {
            FieldType::Message | FieldType::Group => self
                .body(type_name, bytes, depth + 1)
                .unwrap_or_else(|| format!("no message: {}", hex(bytes))),
            FieldType::Bytes => hex(bytes),
            FieldType::String => match std::str::from_utf8(bytes) {
                Ok(text) => quoted(text),
                Err(_) => format!("not UTF-8: {}", hex(bytes)),
            },
            _ if definition.is_some_and(|field| field.is_repeated) => {
                match field_type.unpack(bytes) {
                    Some(numbers) => self.packed(field_type, type_name, &numbers),
                    None => format!("no list of numbers: {}", hex(bytes)),
                }
            }
            // Not in the schema, or a number, which has no length: the sender has another schema.
            _ => self.guess(bytes, depth),
        }
    }

    /// A number as text. Types of 32 bits read the lowest 32 of a varint that has more:
    /// <https://protobuf.dev/programming-guides/proto3/#updating>.
    fn number(
        &self,
        field_type: FieldType,
        type_name: Option<&str>,
        value: Value,
    ) -> String {
        use FieldType::*;
        match (field_type, value) {
            (Int64, Value::Varint(n)) => n.cast_signed().to_string(),
            (Int32, Value::Varint(n)) => (n as i32).to_string(),
            (Uint32, Value::Varint(n)) => (n as u32).to_string(),
            (Sint64, Value::Varint(n)) => zigzag(n).to_string(),
            (Sint32, Value::Varint(n)) => zigzag(u64::from(n as u32)).to_string(),
            (Bool, Value::Varint(n)) => (n != 0).to_string(),
            (Enum, Value::Varint(n)) => self.enum_value(type_name, n as i32),
            (Double, Value::I64(n)) => format!("{:?}", f64::from_bits(n)),
            (Sfixed64, Value::I64(n)) => n.cast_signed().to_string(),
            (Float, Value::I32(n)) => format!("{:?}", f32::from_bits(n)),
            (Sfixed32, Value::I32(n)) => n.cast_signed().to_string(),
            (_, Value::Varint(n) | Value::I64(n)) => n.to_string(),
            (_, Value::I32(n)) => n.to_string(),
            // Not numbers: they do not get here.
            (_, Value::Len(_) | Value::StartGroup | Value::EndGroup) => {
                std::string::String::new()
            }
        }
    }

    /// A list of numbers in one field.
    fn packed(
        &self,
        field_type: FieldType,
        type_name: Option<&str>,
        numbers: &[Value],
    ) -> String {
        let mut parts = Vec::new();
        for number in numbers.iter().take(SHOWN) {
            parts.push(self.number(field_type, type_name, *number));
        }
        if numbers.len() > SHOWN {
            parts.push(format!("... {} numbers", numbers.len()));
        }
        format!("[{}]", parts.join(", "))
    }

    /// The name of an enum's number, or the number.
    fn enum_value(&self, type_name: Option<&str>, number: i32) -> String {
        let names = type_name.and_then(|name| self.enums.get(name));
        let name = names.and_then(|names| names.get(&number));
        name.cloned().unwrap_or(number.to_string())
    }

    /// What bytes of an unknown field look like: text, a message, or just bytes.
    fn guess(&self, bytes: &[u8], depth: usize) -> String {
        let text = as_text(bytes);
        // Without line ends or tabs it is text first: such text is seldom a message.
        let plain = text.filter(|text| !text.contains(char::is_control));
        if plain.is_none()
            && may_be_message(bytes)
            && let Some(body) = self.body(None, bytes, depth + 1)
        {
            return body;
        }
        text.map_or_else(|| hex(bytes), quoted)
    }
}

/// A message or a group as far as it was described.
#[derive(Default)]
struct Body<'a> {
    /// The name or number of the group's field; empty for the message that is not a group.
    name: String,
    /// The full name of its type, if it is known.
    message: Option<&'a str>,
    /// Its first fields, at most [`SHOWN`].
    parts: Vec<String>,
    /// How many fields there are.
    fields: usize,
}

impl Body<'_> {
    fn of(message: Option<&str>) -> Body<'_> {
        Body { message, ..Body::default() }
    }

    /// Adds a field; `part` makes its text, if it is to be shown.
    fn add(&mut self, part: impl FnOnce() -> String) {
        self.fields += 1;
        if self.fields <= SHOWN {
            self.parts.push(part());
        }
    }
}

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.fields {
            0 => write!(f, "{{}}"),
            1..=SHOWN => write!(f, "{{ {} }}", self.parts.join(", ")),
            fields => write!(f, "{{ {}, ... {fields} fields }}", self.parts.join(", ")),
        }
    }
}

/// A text in quotes; of a long one only the first characters.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => {
            format!("{:?} ... {} characters", &text[..end], text.chars().count())
        }
        None => format!("{text:?}"),
    }
}

/// Bytes in hexadecimal; of many only the first.
pub fn hex(bytes: &[u8]) -> String {
    hex_beginning(bytes, bytes.len())
}

/// `length` bytes in hexadecimal, of which `bytes` are the first; of many only the first.
pub fn hex_beginning(bytes: &[u8], length: usize) -> String {
    let mut digits = Vec::new();
    for byte in bytes.iter().take(SHOWN) {
        digits.push(format!("{byte:02x}"));
    }
    if length > digits.len() {
        digits.push(format!("... {length} bytes"));
    }
    digits.join(" ")
}
