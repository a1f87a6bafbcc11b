//! `lesson-2-client`: sends values of every type, and prints the bytes that each became.

mod base64;
mod dump;
mod explain;
mod framing;
mod input;
mod list;
mod literal;
mod paste;

use std::fmt::Display;
use std::str::FromStr;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw;
use grpc_workbook::types::proto::types_service_client::TypesServiceClient;
use grpc_workbook::types::proto::{Color, InspectRequest};
use tonic::transport::Channel;

use explain::{explain, field_lines};
use input::Input;

#[derive(clap::Args)]
struct Args {
    /// double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32,
    /// sfixed64, bool, string, bytes or enum; without one, the chapter's values are sent
    #[arg(requires = "value")]
    kind: Option<String>,
    /// A value of that type; bytes in hexadecimal
    #[arg(allow_negative_numbers = true)]
    value: Option<String>,
    /// Explain bytes, without a server; `-` reads them from standard input
    ///
    /// Bytes are hexadecimal, two digits each, as in "08 96 01", "0x08,0x96" or a dump of xxd;
    /// decimal in brackets, as in "[8, 150, 1]"; a string with escapes, as in "b'\x08\x96\x01'";
    /// or base64. What can be hexadecimal is not base64. gRPC's five-byte prefix and gzip are
    /// taken off.
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["kind", "server"], num_args = 1.., allow_hyphen_values = true)]
    decode: Option<Vec<String>>,
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

/// The types that a field can have, as the help lists them.
const KINDS: [&str; 16] = [
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64",
    "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes", "enum",
];

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
    if let Some(words) = args.decode {
        return decode(&words);
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

/// `--decode`: explains the bytes that the words stand for, or standard input.
fn decode(words: &[String]) -> Result<(), Failure> {
    let input = match words {
        [word] if word == "-" => input::read_stdin()?,
        words => input::read(&words.join(" ")),
    };
    let Input { bytes, read_as, is_cut, is_damaged } =
        input.unwrap_or_else(|error| cli::fail(2, &error));
    if let Some(kind) = read_as {
        println!("read as {kind}: {} bytes", bytes.len());
    }
    let explained = explain(&bytes, &mut |lines| println!("{lines}"));
    if is_cut {
        return Err(Failure::new(
            "the bytes end in ...: the program that printed them left the rest out",
        ));
    }
    explained.map_err(|error| {
        let lost =
            "; the text has U+FFFD in it, where the program that printed it lost bytes";
        Failure::new(error + if is_damaged { lost } else { "" })
    })
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
            let left = format!("{:<8}", field.r#type);
            let bytes = [&field.tag[..], &field.length, &field.payload];
            let right = format!("{size:>5}  {}; {}", field.value, field.why);
            println!("{}", field_lines(&left, bytes, &right));
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
        "bytes" => request.bytes_value = input::hex(value)?,
        "enum" => {
            request.enum_value = match Color::from_str_name(value) {
                Some(color) => color.into(),
                None => value.parse().map_err(|_| not_a_color(value))?,
            }
        }
        _ => {
            return Err(format!(
                "{kind:?} is not a valid type of a field: {}",
                KINDS.join(", ")
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
