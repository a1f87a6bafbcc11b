//! Bytes as text.

/// Bytes in hexadecimal, with a space between two of them: `08 96 01`.
pub fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
