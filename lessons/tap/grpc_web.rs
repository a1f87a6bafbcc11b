//! What gRPC-web adds to gRPC: trailers in the body, and base64
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>).

/// Reads trailers as gRPC-web writes them, a line for each. `None` if these are none.
pub fn trailers(block: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(block).ok()?;
    let mut fields = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        fields.push((name.trim().to_lowercase(), value.trim().to_string()));
    }
    Some(fields)
}

/// Base64 as it comes: pieces cut anywhere, and padding inside, because each message may
/// have been encoded for itself.
#[derive(Debug, Default)]
pub struct Base64 {
    /// The digits of a group of four, as far as it has come.
    digits: Vec<u8>,
    /// How much padding the group has.
    padding: usize,
}

/// Bytes that are no base64.
#[derive(Debug, PartialEq, Eq)]
pub struct NotBase64;

impl Base64 {
    /// Takes a character. Adds to `decoded` what it completes.
    ///
    /// # Errors
    /// It does not belong there.
    pub fn push(
        &mut self,
        character: u8,
        decoded: &mut Vec<u8>,
    ) -> Result<(), NotBase64> {
        let digit = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' if self.digits.len() >= 2 => {
                self.padding += 1;
                return self.close_group(decoded);
            }
            b'\r' | b'\n' if self.digits.is_empty() => return Ok(()),
            _ => return Err(NotBase64),
        };
        if self.padding > 0 {
            return Err(NotBase64);
        }
        self.digits.push(digit);
        self.close_group(decoded)
    }

    /// Decodes the group if it has four characters.
    fn close_group(&mut self, decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        if self.digits.len() + self.padding < 4 {
            return Ok(());
        }
        self.finish(decoded)
    }

    /// Decodes a group that is left at the end, where some leave the padding out.
    ///
    /// # Errors
    /// One digit alone makes no byte.
    pub fn finish(&mut self, decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        let mut bits: u32 = 0;
        for digit in &self.digits {
            bits = bits << 6 | u32::from(*digit);
        }
        let [_, a, b, c] = (bits << (6 * (4 - self.digits.len()))).to_be_bytes();
        let bytes = match self.digits.len() {
            0 => 0,
            1 => return Err(NotBase64),
            digits => digits - 1,
        };
        decoded.extend(&[a, b, c][..bytes]);
        *self = Base64::default();
        Ok(())
    }
}
