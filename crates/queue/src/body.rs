//! What a body may hold: SQS refuses some characters that JSON allows, so that a body is written as ASCII.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Read as _, Write as _};

/// Writes a body as JSON in ASCII: what is beyond is escaped.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::with_capacity(1024);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Ascii))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// A text as gzip in base64: what is too long for a body as it is.
///
/// # Errors
/// None that a writer into memory gives.
pub fn pack(text: &str) -> io::Result<String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes())?;
    Ok(BASE64_STANDARD.encode(gzip.finish()?))
}

/// The text that [`pack`] was given, of at most `most` bytes.
///
/// # Errors
/// When it is no such text, or longer.
pub fn unpack(packed: &str, most: u64) -> io::Result<String> {
    let gzip = BASE64_STANDARD.decode(packed).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not base64"))?;
    let mut text = String::new();
    GzDecoder::new(gzip.as_slice()).take(most + 1).read_to_string(&mut text)?;
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "longer than allowed");
    if text.len() as u64 > most { Err(too_long()) } else { Ok(text) }
}

struct Ascii;

impl Formatter for Ascii {
    /// JSON that was kept as it came: what is not ASCII there stands inside strings.
    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !c.is_ascii() || c == '\u{7f}') {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut chars = rest[at..].chars();
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_that_is_kept_as_it_came_is_escaped_too() {
        let raw = serde_json::value::RawValue::from_string("{\"city\": \"Zürich \u{1F600}\"}".to_owned()).unwrap();
        let body = json(&raw).unwrap();
        assert!(body.is_ascii(), "{body}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["city"], "Zürich \u{1F600}");
    }

    #[test]
    fn what_is_no_packed_text_is_refused() {
        for bad in ["", "!", "e30=", &BASE64_STANDARD.encode([0x1f, 0x8b, 8, 0])] {
            assert!(unpack(bad, 100).is_err(), "{bad}");
        }
        let bomb = pack(&"0".repeat(1_000_000)).unwrap();
        assert!(bomb.len() < 2_000 && unpack(&bomb, 999_999).is_err());
    }

    proptest! {
        #[test]
        fn a_packed_text_comes_back(text in "\\PC{0,200}") {
            let packed = pack(&text).unwrap();
            prop_assert!(packed.is_ascii());
            prop_assert_eq!(unpack(&packed, 1_000).unwrap(), text);
        }

        #[test]
        fn any_text_survives_as_ascii(text in "\\PC{0,40}|[\\x00-\\x7f\u{1F600}\u{FFFE}é]{0,40}") {
            let body = json(&text).unwrap();
            prop_assert!(body.bytes().all(|b| (0x20..0x7f).contains(&b)), "{}", body);
            prop_assert_eq!(serde_json::from_str::<String>(&body).unwrap(), text);
        }
    }
}
