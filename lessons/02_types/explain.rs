//! Shows encoded fields to the reader: [`explain`] is `--decode`, and [`print_field`] prints
//! the bytes of one field, for the chapter's script too.
//!
//! `--decode` knows the bytes and no `.proto`, so it prints what each value may mean: a varint
//! as a number and as zigzag, bytes as text or as a message if they can be read as such.

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::types::wire::{Field, Reader, Value};

/// How many bytes of a value stand on a line.
const BYTES_A_LINE: usize = 10;

/// How deep a message inside a message may be, to be shown field by field. Bytes that nest
/// deeper are hardly messages.
const MAX_DEPTH: usize = 32;

/// `--decode`: prints a line for each field of a message.
///
/// # Errors
/// The bytes are not a message. The fields before the mistake are printed.
pub fn explain(bytes: &[u8]) -> Result<(), Failure> {
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

/// `start` is the offset of `bytes` in the whole input. `parent_path` has the numbers of the
/// fields that the message is inside of, outermost first.
fn explain_message(
    bytes: &[u8],
    start: usize,
    parent_path: &[u32],
) -> Result<(), Failure> {
    for field in Reader::new(bytes) {
        let Field { number, value, tag, length, payload } = field?;
        let path = [parent_path, &[number]].concat();
        let inner = inner_message(value, parent_path.len());
        // The bytes of a message inside stand on the lines of its own fields, below.
        let (shown, reading) = match inner {
            Some(_) => (&[][..], "a message:".into()),
            None => (&bytes[payload.clone()], reading(value)),
        };
        let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
        print_field(
            &format!("{:<5}", start + tag.start),
            [&bytes[tag], &bytes[length], shown],
            &format!("{:<8} {:<6} {reading}", numbers.join("."), value.wire_type()),
        );
        if let Some(message) = inner {
            explain_message(message, start + payload.start, &path)?;
        }
    }
    Ok(())
}

/// What a value may mean.
fn reading(value: Value) -> String {
    match value {
        Value::Varint(n) if n < 1 << 63 => format!("{n}, zigzag {}", zigzag(n)),
        Value::Varint(n) => format!("{n}, signed {}, zigzag {}", n as i64, zigzag(n)),
        Value::I64(n) => format!("{n}, double {:?}", f64::from_bits(n)),
        Value::I32(n) => format!("{n}, float {:?}", f32::from_bits(n)),
        Value::Len(bytes) => match as_text(bytes) {
            Some(text) => format!("{text:?}"),
            None => format!("{} bytes", bytes.len()),
        },
        Value::StartGroup => "a group begins".into(),
        Value::EndGroup => "it ends".into(),
    }
}

/// The message that a value holds, if it can be read as a message and not as text. It may look
/// like one by chance: only the `.proto` knows.
fn inner_message(value: Value<'_>, depth: usize) -> Option<&[u8]> {
    let Value::Len(bytes) = value else {
        return None;
    };
    let is_message = depth < MAX_DEPTH
        && !bytes.is_empty()
        && as_text(bytes).is_none()
        && Reader::new(bytes).all(|field| field.is_ok());
    is_message.then_some(bytes)
}

/// The bytes as text, if they are UTF-8 without control characters.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let printable = !text.chars().any(char::is_control);
    printable.then_some(text)
}

/// The number that a `sint32` or `sint64` means by this varint.
fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Prints a field on a line: `left`, its tag, length and value in columns, and `right`. A long
/// value goes on below, on lines with nothing else.
pub fn print_field(left: &str, [tag, length, value]: [&[u8]; 3], right: &str) {
    let (first, rest) = value.split_at(value.len().min(BYTES_A_LINE));
    println!("{left} {} {right}", columns([tag, length, first]));
    let width = left.chars().count();
    for more in rest.chunks(BYTES_A_LINE) {
        println!("{:width$} {}", "", columns([&[], &[], more]));
    }
}

/// Tag, length and value in hexadecimal, each in a column and a colour of its own.
fn columns([tag, length, value]: [&[u8]; 3]) -> String {
    let column = |color: AnsiColor, bytes: &[u8], width: usize| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let style = cli::style(color);
        format!("{style}{digits:<width$}{style:#}")
    };
    [
        column(AnsiColor::Cyan, tag, 5),
        column(AnsiColor::Yellow, length, 4),
        column(AnsiColor::Green, value, 2 * BYTES_A_LINE),
    ]
    .join(" ")
}
