//! The names of what is on the wire: methods, messages and fields, from the descriptor sets
//! that build.rs writes.
//!
//! A descriptor set is the content of `.proto` files as a protobuf message, so lesson 2's reader
//! reads it: <https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto>.

use std::collections::HashMap;

use crate::types::wire::{Reader, Value};

/// The definitions that the workbook knows.
#[derive(Debug, Default)]
pub struct Schema {
    /// The two types of a method, by its path.
    methods: HashMap<String, [String; 2]>,
    /// The fields of a message, by its full name.
    messages: HashMap<String, HashMap<u32, FieldType>>,
    /// The names of an enum's numbers, by its full name.
    enums: HashMap<String, HashMap<u64, String>>,
    /// How many sets there are. Two sets may define one name, so a full name here begins
    /// with its set's number.
    sets: usize,
}

#[derive(Debug, Default)]
struct FieldType {
    name: String,
    /// The number of the type in descriptor.proto: 9 is string.
    kind: u64,
    /// The full name of a message or an enum.
    type_name: String,
}

/// Fields whose numbers `descriptor.proto` gives.
fn fields(bytes: &[u8]) -> impl Iterator<Item = (u32, Value<'_>)> {
    Reader::new(bytes)
        .map_while(Result::ok)
        .map(|field| (field.number, field.value))
}

fn text(value: Value) -> String {
    match value {
        Value::Len(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

/// The first field with this number, as text.
fn text_of(bytes: &[u8], number: u32) -> String {
    fields(bytes)
        .find(|field| field.0 == number)
        .map(|field| text(field.1))
        .unwrap_or_default()
}

impl Schema {
    /// The definitions of all lessons.
    pub fn of_the_workbook() -> Schema {
        let mut schema = Schema::default();
        let sets: [&[u8]; 4] = [
            include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")),
            include_bytes!(concat!(env!("OUT_DIR"), "/fields_v2/descriptors.bin")),
            include_bytes!(concat!(env!("OUT_DIR"), "/notes/descriptors.bin")),
            include_bytes!(concat!(
                env!("OUT_DIR"),
                "/notes_stream_test/descriptors.bin"
            )),
        ];
        for set in sets {
            schema.add(set);
        }
        schema
    }

    /// Adds a `FileDescriptorSet`.
    pub fn add(&mut self, set: &[u8]) {
        self.sets += 1;
        for (_, file) in fields(set).filter(|field| field.0 == 1) {
            let Value::Len(file) = file else { continue };
            let package = text_of(file, 2);
            for field in fields(file) {
                match field {
                    (4, Value::Len(message)) => self.add_message(&package, message),
                    (5, Value::Len(names)) => self.add_enum(&package, names),
                    (6, Value::Len(service)) => self.add_service(&package, service),
                    _ => {}
                }
            }
        }
    }

    /// The full name of what is defined in the set that is being added.
    fn full(&self, name: &str) -> String {
        format!("{}:{}", self.sets, name.trim_start_matches('.'))
    }

    fn add_message(&mut self, around: &str, message: &[u8]) {
        let name = format!("{around}.{}", text_of(message, 1));
        let mut numbers = HashMap::new();
        for field in fields(message) {
            match field {
                (2, Value::Len(field)) => {
                    let mut known =
                        FieldType { name: text_of(field, 1), ..FieldType::default() };
                    let mut number = 0;
                    for (n, value) in fields(field) {
                        match (n, value) {
                            (3, Value::Varint(n)) => number = n as u32,
                            (5, Value::Varint(kind)) => known.kind = kind,
                            (6, name) => known.type_name = self.full(&text(name)),
                            _ => {}
                        }
                    }
                    numbers.insert(number, known);
                }
                (3, Value::Len(nested)) => self.add_message(&name, nested),
                (4, Value::Len(names)) => self.add_enum(&name, names),
                _ => {}
            }
        }
        self.messages.insert(self.full(&name), numbers);
    }

    fn add_enum(&mut self, around: &str, definition: &[u8]) {
        let mut names = HashMap::new();
        for (_, value) in fields(definition).filter(|field| field.0 == 2) {
            let Value::Len(value) = value else { continue };
            let number = fields(value).find_map(|field| match field {
                (2, Value::Varint(number)) => Some(number),
                _ => None,
            });
            names.insert(number.unwrap_or(0), text_of(value, 1));
        }
        let name = format!("{around}.{}", text_of(definition, 1));
        self.enums.insert(self.full(&name), names);
    }

    fn add_service(&mut self, package: &str, service: &[u8]) {
        let name = format!("{package}.{}", text_of(service, 1));
        let name = name.trim_start_matches('.');
        for (_, method) in fields(service).filter(|field| field.0 == 2) {
            let Value::Len(method) = method else { continue };
            let types = [2, 3].map(|n| self.full(&text_of(method, n)));
            self.methods
                .insert(format!("/{name}/{}", text_of(method, 1)), types);
        }
    }

    /// The type of the messages that a client sends to `path`, or of those that it gets back.
    pub fn message_of(&self, path: &str, answer: bool) -> Option<&str> {
        self.methods
            .get(path)
            .map(|types| types[usize::from(answer)].as_str())
    }

    /// A message as text, such as `HelloRequest { name: "you" }`; with numbers in place of
    /// names where the type is not known. `None` if the bytes are no message.
    pub fn describe(&self, message: Option<&str>, bytes: &[u8]) -> Option<String> {
        let name = message
            .and_then(|name| name.rsplit(['.', ':']).next())
            .unwrap_or("message");
        Some(format!("{name} {}", self.body(message, bytes, 0)?))
    }

    fn body(&self, message: Option<&str>, bytes: &[u8], depth: usize) -> Option<String> {
        if depth > 32 {
            return Some("{ ... }".into());
        }
        let known = message.and_then(|name| self.messages.get(name));
        let mut parts = Vec::new();
        for field in Reader::new(bytes) {
            let field = field.ok()?;
            let kind = known.and_then(|fields| fields.get(&field.number));
            let name = kind.map_or(field.number.to_string(), |kind| kind.name.clone());
            parts.push(format!("{name}: {}", self.value(kind, field.value, depth)));
        }
        Some(match parts.is_empty() {
            true => "{}".into(),
            false => format!("{{ {} }}", parts.join(", ")),
        })
    }

    fn value(&self, kind: Option<&FieldType>, value: Value, depth: usize) -> String {
        let number = kind.map_or(0, |kind| kind.kind);
        let name = kind.map(|kind| kind.type_name.as_str());
        match (number, value) {
            (3 | 5, Value::Varint(n)) => n.cast_signed().to_string(),
            (8, Value::Varint(n)) => (n != 0).to_string(),
            (17 | 18, Value::Varint(n)) => {
                ((n >> 1).cast_signed() ^ -((n & 1).cast_signed())).to_string()
            }
            (14, Value::Varint(n)) => {
                let names = name.and_then(|name| self.enums.get(name));
                names
                    .and_then(|names| names.get(&n))
                    .cloned()
                    .unwrap_or(n.to_string())
            }
            (1, Value::I64(n)) => format!("{:?}", f64::from_bits(n)),
            (2, Value::I32(n)) => format!("{:?}", f32::from_bits(n)),
            (15, Value::I32(n)) => n.cast_signed().to_string(),
            (16, Value::I64(n)) => n.cast_signed().to_string(),
            (_, Value::Varint(n) | Value::I64(n)) => n.to_string(),
            (_, Value::I32(n)) => n.to_string(),
            (11, Value::Len(bytes)) => {
                self.body(name, bytes, depth + 1).unwrap_or("?".into())
            }
            (12, Value::Len(bytes)) => hex(bytes),
            (9, Value::Len(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
            (0, Value::Len(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
                _ => self.body(None, bytes, depth + 1).unwrap_or(hex(bytes)),
            },
            // A list of numbers in one field.
            (_, Value::Len(bytes)) => format!("[{} bytes, packed]", bytes.len()),
            (_, Value::StartGroup | Value::EndGroup) => "group".into(),
        }
    }
}

/// Bytes in hexadecimal; of many only the first.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits: Vec<String> =
        bytes.iter().take(16).map(|b| format!("{b:02x}")).collect();
    if bytes.len() > 16 {
        digits.push(format!("... {} bytes", bytes.len()));
    }
    digits.join(" ")
}
