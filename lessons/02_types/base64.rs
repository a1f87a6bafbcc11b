//! base64, as JSON and HTTP's headers carry bytes. No chapter teaches this file.

use grpc_workbook::types::wire::may_be_message;

/// The bytes that a text in base64 stands for: the standard's alphabet or the one for URLs, with
/// padding or without, on one line or several. Bodies of gRPC-Web are several such texts in a row.
pub fn read(text: &str) -> Option<Vec<u8>> {
    let is_digit = |c: char| base64_digit(c as u8).is_some() && c.is_ascii() || c == '=';
    // Before anything is copied: most texts are no base64.
    if text.chars().any(|c| !is_digit(c) && !c.is_whitespace()) {
        return None;
    }
    let text: String = text.lines().map(str::trim).collect();
    let mut bytes = Vec::new();
    for piece in text.split_inclusive('=') {
        let digits = piece.trim_end_matches('=');
        for quad in digits.as_bytes().chunks(4) {
            let mut bits = 0;
            for digit in quad {
                bits = bits << 6 | u32::from(base64_digit(*digit)?);
            }
            // Two digits are a byte and four bits that are 0; three are two bytes and two bits.
            let bits = bits << (6 * (4 - quad.len()));
            let decoded = &bits.to_be_bytes()[1..];
            let (decoded, rest) = decoded.split_at(quad.len() * 3 / 4);
            if quad.len() == 1 || rest.iter().any(|byte| *byte != 0) {
                return None;
            }
            bytes.extend(decoded);
        }
    }
    // Many a word is base64 by chance: `test` is. It should look like what --decode explains.
    let is_sign = |c: char| c == '+' || c == '-';
    let signed = text.chars().all(|c| c.is_ascii_hexdigit() || is_sign(c));
    let begins_message = may_be_message(&bytes)
        || matches!(bytes[..], [0 | 1, _, _, _, _, ..] | [0x1f, 0x8b, ..]);
    let likely = begins_message || text.ends_with('=') || text.len() >= 24;
    (!signed && likely).then_some(bytes)
}

/// The six bits of a digit of base64.
fn base64_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
