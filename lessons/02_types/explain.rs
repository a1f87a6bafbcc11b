//! Shows encoded fields to the reader: [`explain`] is `--decode`, and [`print_field`] prints
//! the bytes of one field, for the chapter's script too.
//!
//! `--decode` knows the bytes and no `.proto`, so it prints what each value may mean: a varint
//! as a number and as zigzag, bytes as text or as a message if they can be read as such.

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::types::wire::{Field, Reader, Value, as_text, zigzag};

/// How many bytes of a value stand on a line.
const BYTES_A_LINE: usize = 10;

/// The column in which the readings of a value begin.
const READING_COLUMN: usize = 54;

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
        let (shown, readings) = match inner {
            Some(_) => (&[][..], vec!["a message:".into()]),
            None => (&bytes[payload.clone()], readings(value)),
        };
        // Long numbers do not fit on one line.
        let separator = if matches!(value, Value::Varint(n) if n >= 1 << 63) {
            format!("\n{:READING_COLUMN$}", "")
        } else {
            ", ".into()
        };
        let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
        print_field(
            &format!("{:<5}", start + tag.start),
            [&bytes[tag], &bytes[length], shown],
            &format!(
                "{:<8} {:<6} {}",
                numbers.join("."),
                value.wire_type(),
                readings.join(&separator)
            ),
        );
        if let Some(message) = inner {
            explain_message(message, start + payload.start, &path)?;
        }
    }
    Ok(())
}

/// What a value may mean.
fn readings(value: Value) -> Vec<String> {
    match value {
        Value::Varint(n) if n < 1 << 63 => {
            vec![n.to_string(), format!("zigzag {}", zigzag(n))]
        }
        Value::Varint(n) => vec![
            n.to_string(),
            format!("signed {}", n.cast_signed()),
            format!("zigzag {}", zigzag(n)),
        ],
        Value::I64(n) => vec![n.to_string(), format!("double {:?}", f64::from_bits(n))],
        Value::I32(n) => vec![n.to_string(), format!("float {:?}", f32::from_bits(n))],
        Value::Len(bytes) => match as_text(bytes) {
            Some(text) => vec![format!("{text:?}")],
            None => vec![format!("{} bytes", bytes.len())],
        },
        Value::StartGroup => vec!["a group begins".into()],
        Value::EndGroup => vec!["it ends".into()],
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
