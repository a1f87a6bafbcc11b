//! `lesson-2-client`: has values of every type encoded, and explains bytes.

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use grpc_workbook::types::proto::{Color, InspectRequest};
use grpc_workbook::types::wire::{Field, Reader, Value};

#[derive(clap::Args)]
struct Args {
    /// A type, such as int32 or enum; without one, the chapter's values are sent
    #[arg(requires = "value")]
    kind: Option<String>,
    /// A value of that type; bytes in hexadecimal
    #[arg(allow_negative_numbers = true)]
    value: Option<String>,
    /// Explain bytes in hexadecimal, such as "08 96 01", without a server
    #[arg(long, value_name = "BYTES", conflicts_with = "kind")]
    decode: Option<String>,
}

/// `--break`: bytes that are no message.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// a string that is not UTF-8
    NotUtf8,
    /// a varint that goes on after ten bytes
    EndlessVarint,
    /// a length that is larger than what follows
    TooLong,
    /// a field of a known number, with the wire type of a group
    Group,
}

/// The chapter's values: those where something changes.
const VALUES: &[(&str, &str)] = &[
    ("int32", "0"),
    ("int32", "1"),
    ("int32", "127"),
    ("int32", "128"),
    ("int32", "-1"),
    ("sint32", "-1"),
    ("sint32", "1"),
    ("uint32", "268435455"),
    ("uint32", "268435456"),
    ("fixed32", "268435456"),
    ("sfixed32", "-1"),
    ("int64", "9223372036854775807"),
    ("int64", "-9223372036854775808"),
    ("sint64", "-9223372036854775808"),
    ("uint64", "18446744073709551615"),
    ("fixed64", "1"),
    ("sfixed64", "-1"),
    ("double", "1"),
    ("double", "NaN"),
    ("double", "0"),
    ("double", "-0"),
    ("float", "1"),
    ("bool", "true"),
    ("bool", "false"),
    ("string", ""),
    ("string", "a"),
    ("string", "é"),
    ("string", "你好"),
    ("bytes", "00ff"),
    ("enum", "COLOR_RED"),
    ("enum", "99"),
    ("enum", "-1"),
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(2);
    if let Some(bytes) = args.decode {
        return explain(&hex(&bytes).unwrap_or_else(|error| cli::fail(2, &error)));
    }
    // Of the chapter's values, one at a time: a field has one value in a message.
    let values = match (&args.kind, &args.value) {
        (Some(kind), Some(value)) => &[(kind.as_str(), value.as_str())][..],
        _ => VALUES,
    };
    let requests: Result<Vec<InspectRequest>, String> = values
        .iter()
        .map(|(kind, value)| request(kind, value))
        .collect();
    let requests = requests.unwrap_or_else(|error| cli::fail(2, &error));

    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        let bytes: &[u8] = match fault {
            Fault::NotUtf8 => b"\x72\x02\xc3\x28",
            Fault::EndlessVarint => b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            Fault::TooLong => b"\x72\x05ab",
            Fault::Group => b"\x1b\x1c",
        };
        raw::unary(channel, "/types.v1.TypesService/Inspect", bytes).await?;
        return Ok(());
    }
    let mut inspector = TypesServiceClient::new(channel);
    println!("{:<9} {:<5} {:<4} {:<20} bytes  reading", "type", "tag", "len", "value");
    for ((kind, value), request) in values.iter().zip(requests) {
        let response = inspector.inspect(request).await?.into_inner();
        if response.fields.is_empty() {
            println!("{kind:<42} {:>5}  {value:?} is not sent", 0);
        }
        for field in response.fields {
            let size = field.tag.len() + field.length.len() + field.payload.len();
            let mut rows = columns(&field.tag, &field.length, &field.payload).into_iter();
            let row = rows.next().unwrap_or_default();
            println!(
                "{:<9} {row} {size:>5}  {}; {}",
                field.r#type, field.value, field.why
            );
            rows.for_each(|row| println!("{:<9} {row}", ""));
        }
    }
    Ok(())
}

/// A request with one field, of the type `kind`.
fn request(kind: &str, value: &str) -> Result<InspectRequest, String> {
    let mut request = InspectRequest::default();
    match kind {
        "double" => request.double_value = parse(kind, value)?,
        "float" => request.float_value = parse(kind, value)?,
        "int32" => request.int32_value = parse(kind, value)?,
        "int64" => request.int64_value = parse(kind, value)?,
        "uint32" => request.uint32_value = parse(kind, value)?,
        "uint64" => request.uint64_value = parse(kind, value)?,
        "sint32" => request.sint32_value = parse(kind, value)?,
        "sint64" => request.sint64_value = parse(kind, value)?,
        "fixed32" => request.fixed32_value = parse(kind, value)?,
        "fixed64" => request.fixed64_value = parse(kind, value)?,
        "sfixed32" => request.sfixed32_value = parse(kind, value)?,
        "sfixed64" => request.sfixed64_value = parse(kind, value)?,
        "bool" => request.bool_value = parse(kind, value)?,
        "string" => request.string_value = value.into(),
        "bytes" => request.bytes_value = hex(value)?,
        "enum" => {
            request.enum_value = match Color::from_str_name(value) {
                Some(color) => color.into(),
                None => parse(kind, value)?,
            }
        }
        _ => {
            return Err(format!(
                "{kind:?} is no type of a field: int32, string, enum ..."
            ));
        }
    }
    Ok(request)
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    kind: &str,
    value: &str,
) -> Result<T, String> {
    value
        .parse()
        .map_err(|error| format!("{value:?} is no {kind}: {error}"))
}

/// Bytes from hexadecimal digits; what stands between two digits of a byte and the next two is
/// ignored, if it is space, a comma or a colon.
fn hex(text: &str) -> Result<Vec<u8>, String> {
    let separators = |c: char| c.is_whitespace() || matches!(c, ',' | ':');
    let mut bytes = Vec::new();
    for word in text.split(separators) {
        let word = word.strip_prefix("0x").unwrap_or(word);
        if !word.is_ascii() || word.len() % 2 != 0 {
            return Err(format!(
                "{word:?} is no row of bytes: two hexadecimal digits are one"
            ));
        }
        for at in (0..word.len()).step_by(2) {
            let digits = &word[at..at + 2];
            let byte = u8::from_str_radix(digits, 16);
            bytes
                .push(byte.map_err(|_| format!("{digits:?} is no byte in hexadecimal"))?);
        }
    }
    Ok(bytes)
}

/// `--decode`: a line for each field that the bytes hold, as far as they hold any.
fn explain(bytes: &[u8]) -> Result<(), Failure> {
    println!(
        "at    {:<5} {:<4} {:<20} {:<8} type   reading",
        "tag", "len", "value", "field"
    );
    explain_message(bytes, 0, &[])?;
    if bytes.is_empty() {
        println!("no bytes: a message in which every field has its default");
    }
    Ok(())
}

/// `start` is the offset of `bytes` in all of the input; `around` are the numbers of the fields
/// whose messages they are in.
fn explain_message(bytes: &[u8], start: usize, around: &[u32]) -> Result<(), Failure> {
    for field in Reader::new(bytes) {
        let Field { number, value, tag, length, payload } = field?;
        let reading = match value {
            Value::Varint(n) if n < 1 << 63 => format!("{n}, zigzag {}", zigzag(n)),
            Value::Varint(n) => format!("{n}, signed {}, zigzag {}", n as i64, zigzag(n)),
            Value::I64(n) => format!("{n}, double {:?}", f64::from_bits(n)),
            Value::I32(n) => format!("{n}, float {:?}", f32::from_bits(n)),
            Value::StartGroup => "a group begins".into(),
            Value::EndGroup => "it ends".into(),
            Value::Len(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
                _ if is_message(bytes, around.len()) => "a message:".into(),
                _ => format!("{} bytes", bytes.len()),
            },
        };
        let path: Vec<u32> = around.iter().copied().chain([number]).collect();
        let dotted: Vec<String> = path.iter().map(u32::to_string).collect();
        let (at, inner) = (start + tag.start, start + payload.start);
        // The bytes of a message inside are those of the lines below.
        let message = match value {
            Value::Len(bytes) if reading == "a message:" => Some(bytes),
            _ => None,
        };
        let shown = if message.is_some() {
            &[]
        } else {
            &bytes[payload]
        };
        let mut rows = columns(&bytes[tag], &bytes[length], shown).into_iter();
        let row = rows.next().unwrap_or_default();
        println!(
            "{at:<5} {row} {:<8} {:<6} {reading}",
            dotted.join("."),
            value.wire_type()
        );
        rows.for_each(|row| println!("{:<5} {row}", ""));
        if let Some(message) = message {
            explain_message(message, inner, &path)?;
        }
    }
    Ok(())
}

/// Whether bytes can be read as a message. They may be one by chance: only the `.proto` knows.
fn is_message(bytes: &[u8], depth: usize) -> bool {
    depth < 32 && !bytes.is_empty() && Reader::new(bytes).all(|field| field.is_ok())
}

fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// The bytes of a field in three columns, which a terminal shows in three colours: one line,
/// or more where the value has more than ten bytes.
fn columns(tag: &[u8], length: &[u8], value: &[u8]) -> Vec<String> {
    let paint = |color: AnsiColor, bytes: &[u8], width: usize| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let style: Style = cli::style(color);
        format!("{style}{digits:<width$}{style:#}")
    };
    let row = |tag: &[u8], length: &[u8], value: &[u8]| {
        let tag = paint(AnsiColor::Cyan, tag, 5);
        let length = paint(AnsiColor::Yellow, length, 4);
        format!("{tag} {length} {}", paint(AnsiColor::Green, value, 20))
    };
    let (first, rest) = value.split_at(value.len().min(10));
    let rest = rest.chunks(10).map(|value| row(&[], &[], value));
    std::iter::once(row(tag, length, first))
        .chain(rest)
        .collect()
}
