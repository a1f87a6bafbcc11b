//! Shows encoded fields to the reader: [`explain`] is `--decode`, and [`field_lines`] shows the
//! bytes of one field, for the chapter's script too.
//!
//! `--decode` knows the bytes and no `.proto`, so it prints what each value may mean: a number
//! as each type reads it, bytes as text or as a message if they can be read as such.

use std::fmt::Debug;

use clap::builder::styling::AnsiColor;
use grpc_workbook::cli;
use grpc_workbook::types::wire::{
    DecodeError, Field, MAX_DEPTH, Reader, Value, as_text, may_be_message,
    packed_varints, zigzag,
};

use super::framing::{self, Kind, Part};

/// How many bytes of a value stand on a line.
const BYTES_A_LINE: usize = 10;

/// How far right of the value its readings begin: the field and its wire type stand between.
const READING_INDENT: usize = 16;

/// How many columns are left for readings beside each other.
const READING_WIDTH: usize = 36;

/// How many numbers of a packed list fit there at most.
const MAX_PACKED: usize = READING_WIDTH / 2;

/// How often bytes that were unpacked may be packed again.
const MAX_UNPACKED: usize = 3;

/// How many bytes all that is unpacked may have: a small input could stand for any number.
const MAX_UNPACKED_SIZE: usize = 16 * 1024 * 1024;

/// `--decode`: shows a line for each field of a message, or of the gRPC messages that the bytes
/// are, each with its prefix. `print` gets each line, or several that belong together.
///
/// # Errors
/// The bytes are not a message: a line that says why. The fields before the mistake are shown.
pub fn explain(bytes: &[u8], print: &mut dyn FnMut(&str)) -> Result<(), String> {
    print(&format!(
        "at    {:<5} {:<4} {:<20} {:<8} type   reading",
        "tag", "len", "value", "field"
    ));
    if bytes.is_empty() {
        print("no bytes: a message in which every field has its default");
    }
    let mut room = MAX_UNPACKED_SIZE;
    explain_parts(bytes, 0, &mut room, print)
}

/// Takes the bytes apart into what gRPC or gzip made of messages. `unpacked` says how often they
/// have been unpacked, and `room` how many bytes all that is unpacked may still have.
fn explain_parts(
    bytes: &[u8],
    unpacked: usize,
    room: &mut usize,
    print: &mut dyn FnMut(&str),
) -> Result<(), String> {
    for part in framing::parts(bytes) {
        let Part { start, prefix, body, kind, missing } = part?;
        let place = |at: usize| format!("{at:<5}");
        if let [flag, length @ ..] = prefix {
            let right =
                format!("{:<8} {:<6} {}", "gRPC", "PREFIX", framing::meaning(prefix));
            print(&field_lines(&place(start), [&[*flag], &[], length], &right));
        }
        let at = start + prefix.len();
        let row = |reading: &str| {
            field_lines(&place(at), [&[], &[], body], &format!("{:<15} {reading}", ""))
        };
        match kind {
            // Of a message that is cut, the error is that it is cut, below.
            Kind::Message if missing > 0 => drop(explain_message(body, at, &[], print)),
            Kind::Message => explain_message(body, at, &[], print).map_err(|error| {
                format!("{error}{}", framing::hint_behind_prefix(&bytes[start..], body))
            })?,
            Kind::Trailers => {
                print(&row(&format!("{:?}", String::from_utf8_lossy(body))))
            }
            Kind::Packed if missing > 0 => print(&row("compressed")),
            Kind::Packed if unpacked == MAX_UNPACKED => {
                return Err(format!("at offset {at}: compressed again and again"));
            }
            Kind::Packed => {
                let inner = framing::unpack(body)
                    .map_err(|why| format!("at offset {at}: {why}"))?;
                if inner.len() > *room {
                    return Err(format!(
                        "at offset {at}: more than 16 MiB when unpacked"
                    ));
                }
                *room -= inner.len();
                print(&row(&format!("{} when unpacked:", framing::count(inner.len()))));
                explain_parts(&inner, unpacked + 1, room, print)?;
            }
        }
        if missing > 0 {
            let needs = framing::count(body.len() + missing);
            let has = body.len();
            let hint = framing::hint_behind_prefix(&bytes[start..], &[]);
            return Err(format!(
                "at offset {start}: {needs} must follow gRPC's prefix, {has} do{hint}"
            ));
        }
    }
    Ok(())
}

/// `start` is the offset of `bytes` in the whole input. `parent_path` has the numbers of the
/// fields that the message is inside of, outermost first.
fn explain_message(
    bytes: &[u8],
    start: usize,
    parent_path: &[u32],
    print: &mut dyn FnMut(&str),
) -> Result<(), DecodeError> {
    // A group's fields are inside of it, so its number is part of their path.
    let mut parents = parent_path.to_vec();
    let mut prefix = dotted(&parents);
    for field in Reader::new(bytes) {
        let Field { number, value, tag, length, payload } = field
            .map_err(|error| DecodeError { offset: start + error.offset, ..error })?;
        if value == Value::EndGroup {
            parents.pop();
            prefix = dotted(&parents);
        }
        let inner = inner_message(value, parents.len() + 1);
        let mut readings = readings(value);
        // The bytes of a message inside stand on the lines of its own fields, below.
        let mut shown = &bytes[payload.clone()];
        if inner.is_some() {
            shown = &[];
            readings = match as_text(&bytes[payload.clone()]) {
                Some(text) => vec![format!("{text:?} or a message:")],
                None => vec!["a message:".into()],
            };
        }
        // Readings that do not fit on one line stand below each other.
        let mut reading = readings.join(", ");
        if readings.len() > 1 && reading.len() > READING_WIDTH {
            reading = readings.join(&format!("\n{:READING_INDENT$}", ""));
        }
        print(&field_lines(
            &format!("{:<5}", start + tag.start),
            [&bytes[tag], &bytes[length], shown],
            &format!(
                "{:<8} {:<6} {reading}",
                format!("{prefix}{number}"),
                value.wire_type()
            ),
        ));
        if let Some(message) = inner {
            let path = [&parents[..], &[number]].concat();
            explain_message(message, start + payload.start, &path, print)?;
        }
        if value == Value::StartGroup {
            parents.push(number);
            prefix = dotted(&parents);
        }
    }
    Ok(())
}

/// The numbers of a path, each with a dot after it.
fn dotted(path: &[u32]) -> String {
    path.iter().map(|number| format!("{number}.")).collect()
}

/// What a value may mean, to the types that its wire type is used for.
fn readings(value: Value) -> Vec<String> {
    match value {
        Value::Varint(n) => varint_readings(n),
        Value::I64(n) => {
            let mut readings = vec![n.to_string()];
            if n.cast_signed() < 0 {
                readings.push(format!("signed {}", n.cast_signed()));
            }
            readings.push(format!("double {:?}", f64::from_bits(n)));
            readings
        }
        Value::I32(n) => {
            let mut readings = vec![n.to_string()];
            if n.cast_signed() < 0 {
                readings.push(format!("signed {}", n.cast_signed()));
            }
            readings.push(format!("float {:?}", f32::from_bits(n)));
            readings
        }
        Value::Len(bytes) => match as_text(bytes) {
            Some(text) => vec![format!("{text:?}")],
            None => bytes_readings(bytes),
        },
        Value::StartGroup => vec!["a group begins".into()],
        Value::EndGroup => vec!["it ends".into()],
    }
}

/// What a varint may mean. A reading that gives the same number as one before it is left out.
fn varint_readings(n: u64) -> Vec<String> {
    // Types of 32 bits read the lowest 32: an int32 of -1 has five bytes in some encoders, and
    // ten in most.
    let low = n as u32;
    let mut readings = vec![n.to_string()];
    if n.cast_signed() < 0 {
        readings.push(format!("signed {}", n.cast_signed()));
    }
    if i64::from(low.cast_signed()) != n.cast_signed() {
        readings.push(format!("int32 {}", low.cast_signed()));
    }
    readings.push(format!("zigzag {}", zigzag(n)));
    if u64::from(low) != n && low.cast_signed() < 0 {
        readings.push(format!("uint32 {low}"));
    }
    if zigzag(low.into()) != zigzag(n) {
        readings.push(format!("sint32 {}", zigzag(low.into())));
    }
    match n {
        0 => readings.push("false".into()),
        1 => readings.push("true".into()),
        // Any other number is true as well, but nobody sends it.
        _ => {}
    }
    readings
}

/// What bytes may mean that are not plain text: text with control characters in it, or a packed
/// list whose numbers are so few that they fit on a line.
fn bytes_readings(bytes: &[u8]) -> Vec<String> {
    let size = framing::count(bytes.len());
    let varints = packed_varints(bytes).unwrap_or_default();
    let list = |number: fn(&u64) -> String| {
        let shown = varints.iter().take(MAX_PACKED).map(number);
        let list = shown.collect::<Vec<_>>().join(" ");
        let fits =
            varints.len() <= MAX_PACKED && "packed ".len() + list.len() <= READING_WIDTH;
        (fits && !varints.is_empty()).then_some(list)
    };
    let mut readings = match list(u64::to_string) {
        Some(list) if size.len() + " or packed ".len() + list.len() <= READING_WIDTH => {
            vec![format!("{size} or packed {list}")]
        }
        Some(list) => vec![size, format!("packed {list}")],
        None => vec![size],
    };
    if varints.iter().any(|n| n.cast_signed() < 0)
        && let Some(list) = list(|n| n.cast_signed().to_string())
    {
        readings.push(format!("packed signed {list}"));
    }
    if let Ok(text) = str::from_utf8(bytes)
        && 2 * text.chars().filter(|c| c.is_control()).count() <= text.chars().count()
    {
        readings.push(format!("{text:?}"));
    }
    if let (floats, []) = bytes.as_chunks() {
        let floats: Vec<f32> = floats
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        readings.extend(packed("float", &floats));
    }
    if let (doubles, []) = bytes.as_chunks() {
        let doubles: Vec<f64> = doubles
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        readings.extend(packed("double", &doubles));
    }
    readings
}

/// A packed list of floats or doubles, if it fits on a line. Bytes that are something else make
/// numbers that nobody would send.
fn packed<N: Copy + Into<f64> + Debug>(name: &str, numbers: &[N]) -> Option<String> {
    let is_usual = |n: f64| n == 0.0 || (1e-4..1e9).contains(&n.abs());
    let usual = numbers.iter().all(|n| is_usual((*n).into()));
    let any = numbers.iter().any(|n| (*n).into() != 0.0);
    let shown = numbers.iter().take(MAX_PACKED).map(|n| format!("{n:?}"));
    let reading = format!("packed {name} {}", shown.collect::<Vec<_>>().join(" "));
    let fits = numbers.len() <= MAX_PACKED && reading.len() <= READING_WIDTH;
    (usual && any && fits).then_some(reading)
}

/// The message that a value holds, if it may be one. It may look like one by chance: only the
/// `.proto` knows. `depth` counts the messages and groups around it: bytes that nest deeper than
/// receivers accept are hardly messages.
fn inner_message(value: Value<'_>, depth: usize) -> Option<&[u8]> {
    let Value::Len(bytes) = value else {
        return None;
    };
    (depth < MAX_DEPTH && !bytes.is_empty() && may_be_message(bytes)).then_some(bytes)
}

/// A field on a line: `left`, its tag, length and value in columns, and `right`. A long value
/// goes on below, and so do further lines of `right`.
pub fn field_lines(left: &str, [tag, length, value]: [&[u8]; 3], right: &str) -> String {
    let (first, rest) = value.split_at(value.len().min(BYTES_A_LINE));
    let (mut right, mut chunks) = (right.split('\n'), rest.chunks(BYTES_A_LINE));
    let beside = right.next().unwrap_or_default();
    let mut lines = format!("{left} {} {beside}", columns([tag, length, first]));
    let width = left.chars().count();
    loop {
        let (more, beside) = (chunks.next(), right.next());
        if more.is_none() && beside.is_none() {
            return lines;
        }
        let more = columns([&[], &[], more.unwrap_or_default()]);
        lines += &format!("\n{:width$} {more}", "");
        if let Some(beside) = beside {
            lines += &format!(" {beside}");
        }
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
