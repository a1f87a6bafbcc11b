//! `lesson-2-client`: sends values of every type, and prints the bytes that each became.

mod explain;

use std::fmt::Display;
use std::str::FromStr;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use grpc_workbook::types::proto::{Color, InspectRequest};
use tonic::transport::Channel;

use explain::{explain, print_field};

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

/// `--break`: bytes that are not an `InspectRequest`.
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

/// The values of the chapter's script, type and value: those where something changes. Each is
/// sent in a request of its own, because a field has one value in a message.
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
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(2);
    if let Some(bytes) = args.decode {
        return explain(&parse_hex(&bytes).unwrap_or_else(|error| cli::fail(2, &error)));
    }
    let values = match (&args.kind, &args.value) {
        (Some(kind), Some(value)) => &[(kind.as_str(), value.as_str())][..],
        _ => VALUES,
    };
    // All requests before the first call: a wrong value is a wrong argument, and then nothing
    // is sent.
    let mut requests = Vec::new();
    for (kind, value) in values {
        let request = request(kind, value).unwrap_or_else(|error| cli::fail(2, &error));
        requests.push((*kind, *value, request));
    }

    let channel = cli::connect(&server).await?;
    match fault {
        None => inspect(&mut TypesServiceClient::new(channel), requests).await,
        Some(fault) => play_fault(channel, fault).await,
    }
}

/// Makes a call for each request, and prints how the server says its field was encoded.
async fn inspect(
    client: &mut TypesServiceClient<Channel>,
    requests: Vec<(&str, &str, InspectRequest)>,
) -> Result<(), Failure> {
    let mut has_header = false;
    for (kind, value, request) in requests {
        let response = client.inspect(request).await?.into_inner();
        // Not before the first response: if the call fails, its error stands alone.
        if !has_header {
            println!(
                "{:<8} {:<5} {:<4} {:<20} bytes  reading",
                "type", "tag", "len", "value"
            );
            has_header = true;
        }
        if response.fields.is_empty() {
            println!("{kind:<41} {:>5}  {value:?} is not sent", 0);
        }
        for field in response.fields {
            let size = field.tag.len() + field.length.len() + field.payload.len();
            print_field(
                &format!("{:<8}", field.r#type),
                [&field.tag, &field.length, &field.payload],
                &format!("{size:>5}  {}; {}", field.value, field.why),
            );
        }
    }
    Ok(())
}

/// Sends bytes that a generated client would not make.
async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let bytes: &[u8] = match fault {
        // Field 14, the string: c3 begins a character of two bytes, and 28 does not end one.
        Fault::NotUtf8 => b"\x72\x02\xc3\x28",
        // Field 3, the int32: no byte ends the varint.
        Fault::EndlessVarint => b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        // Field 14 again: five bytes are announced, and two follow.
        Fault::TooLong => b"\x72\x05ab",
        // Field 3 as a group, its start and its end.
        Fault::Group => b"\x1b\x1c",
    };
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("sends {}", digits.join(" "));
    raw::unary(channel, "/types.v1.TypesService/Inspect", bytes).await?;
    Ok(())
}

/// A request in which the field of type `kind` has this value.
///
/// # Errors
/// There is no such type, or the text is not a value of it: a line that says so.
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
        "bytes" => request.bytes_value = parse_hex(value)?,
        "enum" => {
            request.enum_value = match Color::from_str_name(value) {
                Some(color) => color.into(),
                None => value.parse().map_err(|_| not_a_color(value))?,
            }
        }
        _ => {
            return Err(format!(
                "{kind:?} is not a valid type of a field: int32, string, enum ..."
            ));
        }
    }
    Ok(request)
}

/// Parses a value of the type `kind`, which is `T` in Rust.
fn parse<T: FromStr<Err: Display>>(kind: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|error| {
        let unsigned = matches!(kind, "uint32" | "uint64" | "fixed32" | "fixed64");
        if unsigned && value.starts_with('-') {
            format!("{value:?} is not a valid {kind}: it is never negative")
        } else {
            format!("{value:?} is not a valid {kind}: {error}")
        }
    })
}

/// What to say of a text that is neither a name of the enum nor a number.
fn not_a_color(value: &str) -> String {
    // The numbers of this enum have no gaps: the first one without a name ends it.
    let colors = (0..).map_while(|number| Color::try_from(number).ok());
    let names: Vec<&str> = colors.map(|color| color.as_str_name()).collect();
    format!("{value:?} is not a valid enum: names: {}, or a number", names.join(", "))
}

/// Bytes from hexadecimal digits, two for each. Between bytes there may be white space, a comma
/// or a colon, and before one `0x`: hex dumps are written in all of these ways.
fn parse_hex(text: &str) -> Result<Vec<u8>, String> {
    let separators = |c: char| c.is_whitespace() || matches!(c, ',' | ':');
    let mut bytes = Vec::new();
    for word in text.split(separators) {
        let word = word.strip_prefix("0x").unwrap_or(word);
        if !word.is_ascii() || word.len() % 2 != 0 {
            return Err(format!(
                "{word:?} is not a valid row of bytes: each byte is two hexadecimal digits"
            ));
        }
        for start in (0..word.len()).step_by(2) {
            let digits = &word[start..start + 2];
            let byte = u8::from_str_radix(digits, 16)
                .map_err(|_| format!("{digits:?} is not a valid byte in hexadecimal"))?;
            bytes.push(byte);
        }
    }
    Ok(bytes)
}
