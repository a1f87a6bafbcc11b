//! `--decode` on bytes and texts that proptest makes: nothing panics, nothing is lost.

use proptest::prelude::*;
use prost::Message;

use crate::decode::{explained, framed, gzip, read};
use crate::input::{self, Input};
use crate::properties::{cases, nearly_messages};

/// The bytes in the columns of tag, length and value, in the order of the lines.
fn shown_bytes(lines: &[String]) -> Vec<u8> {
    const TYPES: [&str; 6] = ["VARINT", "I64", "LEN", "SGROUP", "EGROUP", "I32"];
    let mut digits = String::new();
    for line in lines {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| TYPES.contains(word)) {
            // The path stands before the type, and the offset before all.
            words = words[1..at - 1].to_vec();
            digits += &words.concat();
        } else {
            // More of a value. Readings may stand beside it.
            digits.extend(line.chars().skip(17).take(20).filter(|c| *c != ' '));
        }
    }
    read(&digits).expect("the columns have hexadecimal digits")
}

/// Bytes in the notations of `bytes_are_read_as_programs_print_them`.
fn notations(bytes: &[u8]) -> Vec<String> {
    let each = |format: fn(&u8) -> String, between: &str| {
        bytes.iter().map(format).collect::<Vec<_>>().join(between)
    };
    let dump = |line: fn(usize, &[u8]) -> String| {
        let lines = bytes.chunks(16).enumerate();
        lines
            .map(|(n, bytes)| line(16 * n, bytes))
            .collect::<Vec<_>>()
            .join("\n")
    };
    vec![
        each(|b| format!("{b:02x}"), ""),
        each(|b| format!("{b:02X}"), " "),
        each(|b| format!("{b:#04x}"), ","),
        each(|b| format!("\\x{b:02x}"), ""),
        format!("[{}]", each(|b| format!("{b:#x}"), ", ")),
        format!("[{}]", each(u8::to_string, ", ")),
        format!("[{}]", each(|b| b.cast_signed().to_string(), ", ")),
        format!("<Buffer {}>", each(|b| format!("{b:02x}"), " ")),
        format!("b\"{}\"", bytes.escape_ascii()),
        format!("b\"{}\"", each(|b| format!("\\{b:03o}"), "")),
        dump(|at, bytes| format!("{at:08x}: {:<40} {}", hex_words(bytes), ascii(bytes))),
        dump(|at, bytes| {
            format!("{at:08x}  {:<48}  |{}|", hex_bytes(bytes), ascii(bytes))
        }),
    ]
}

fn hex_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}

fn hex_words(bytes: &[u8]) -> String {
    bytes
        .chunks(2)
        .map(|pair| format!("{} ", hex_bytes(pair).replace(' ', "")))
        .collect()
}

fn ascii(bytes: &[u8]) -> String {
    let visible = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    bytes
        .iter()
        .map(|byte| {
            if visible(byte) {
                char::from(*byte)
            } else {
                '.'
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn what_is_printed_is_read_again(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        // Digits in quotes are digits: a string without escapes may be one of them.
        let is_plain = |text: &String| text.starts_with('b') && !text.contains('\\');
        for text in notations(&bytes).iter().filter(|text| !is_plain(text)) {
            prop_assert_eq!(read(text), Ok(bytes.clone()), "{}", text);
        }
    }

    /// Rust's `{:?}` of a text is what the decoder shows of it. Without NUL: `\0` and digits after
    /// it may be octal.
    #[test]
    fn escaped_text_is_read_again(text in prop::collection::vec(any::<char>(), 0..20)) {
        let text = format!("\n{}", String::from_iter(text)).replace('\0', "");
        prop_assert_eq!(read(&format!("{text:?}")), Ok(text.into_bytes()));
    }

    /// Whatever the bytes are, they are explained or refused. The lines of a message have all of
    /// its bytes, each once, in their order.
    #[test]
    fn any_bytes_are_explained(bytes in nearly_messages()) {
        let (lines, error) = explained(&bytes);
        let is_message = <()>::decode(&bytes[..]).is_ok();
        if is_message && !bytes.is_empty() {
            prop_assert_eq!(&error, &None);
            prop_assert_eq!(&shown_bytes(&lines), &bytes);
        }
        for prefix in [&b"\0\0\0\0\x07"[..], b"\x01\0\0\0\x07", b"\x80\0\0\0\x07", b"\x1f\x8b\x08"] {
            let _ = explained(&[prefix, &bytes].concat());
        }
        let _ = explained(&framed(0, &bytes));
        let _ = explained(&framed(1, &gzip(&bytes)));
    }

    /// Whatever the text is, it is read or refused with one line.
    #[test]
    fn any_text_is_read_or_refused(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        any in prop::collection::vec(any::<char>(), 0..4),
    ) {
        let text = pieces.concat() + &String::from_iter(any);
        match input::read(&text) {
            Ok(Input { bytes, .. }) => drop(explained(&bytes)),
            Err(error) => prop_assert_eq!(error.lines().count(), 1, "{}", error),
        }
    }
}

/// What texts with bytes are made of.
const PIECES: &[&str] = &[
    "08", "9", "f", "150", "-106", "+1", "0x", "0x8", "\\x", "\\", "x", "%", " ", "  ",
    "\n", ", ", ":", ": ", "-", "|", "...", "…", "[", "]", "{", "}", "(", ")", "<", ">",
    "Buffer ", "(byte)", "u8", "\"", "'", "b'", "b\"", "\\n", "\\u", "{5}", "\\U",
    "0005", "CJYB", "=", "00000000", "00000010", "*", "sends ", "é", "０",
];

/// No text takes long: neither many brackets, nor quotes, nor a large one.
#[test]
fn large_texts_are_read_at_once() {
    for piece in [
        "[",
        "[8",
        "]",
        "\"",
        "'\"",
        "\\",
        "\\x08",
        "08 ",
        "08",
        "CJYB",
        "0000: 08\n",
        "(",
        "é",
        "...",
        "=",
        "-",
    ] {
        let _ = input::read(&piece.repeat(100_000));
    }
}
