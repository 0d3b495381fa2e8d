//! Copies for a dead-letter queue: a body as it is, and why it lies there.

use crate::{ATTRIBUTE_BYTES, BATCH_BYTES, Entry, TraceHeader, send::attribute_bytes};

impl Entry {
    /// A copy of `body` with attributes that say why. They take [`ATTRIBUTE_BYTES`] at most, or what a longer body than we
    /// send leaves: the last value is shortened, others are left out where there is no room for the whole. What SQS does not
    /// take in a value, a control character or nothing, is replaced or left out, so that no copy is refused for what is said
    /// about it.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
    pub fn letter(body: String, attributes: Vec<(&'static str, String)>, trace: Option<TraceHeader>) -> Self {
        let mut room = BATCH_BYTES.saturating_sub(body.len()).min(ATTRIBUTE_BYTES);
        let mut kept = Vec::with_capacity(attributes.len());
        let last = attributes.len().saturating_sub(1);
        for (index, (name, value)) in attributes.into_iter().enumerate() {
            let Some(for_value) = room.checked_sub(attribute_bytes(name)) else { continue };
            let fits = value.len() <= for_value;
            let value = printable(&value, for_value);
            if !value.is_empty() && (fits || index == last) {
                room = for_value - value.len();
                kept.push((name, value));
            }
        }
        Self { attributes: kept, ..Self::new(body).traced(trace) }
    }
}

/// The beginning of `text` in at most so many bytes, with spaces for what SQS does not take.
fn printable(text: &str, bytes: usize) -> String {
    let end = text.floor_char_boundary(bytes);
    let is_taken = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text[..end].chars().map(|c| if is_taken(c) { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BODY_BYTES;
    use proptest::prelude::*;

    fn why(error: &str) -> Vec<(&'static str, String)> {
        vec![("error_class", "bad_record".into()), ("delivery_key", "reviews/1".into()), ("error", error.into())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_letter_fits_whatever_is_said_in_it(
            body in prop_oneof![0..2 * BODY_BYTES, BODY_BYTES - 2..=BATCH_BYTES].prop_filter("as received", |n| *n <= BATCH_BYTES),
            error in "[ -~é\u{1F600}]{0,200}",
            times in 0usize..100,
        ) {
            let letter = Entry::letter("x".repeat(body), why(&error.repeat(times)), None);
            prop_assert!(letter.bytes() <= BATCH_BYTES && letter.bytes() - body <= ATTRIBUTE_BYTES);
            if body <= BODY_BYTES {
                prop_assert_eq!(&letter.attributes[..2], &why("")[..2]);
            }
        }
    }

    #[test]
    fn a_long_error_is_shortened_to_the_room_that_there_is() {
        let letter = Entry::letter("{}".to_owned(), why(&"e".repeat(5_000)), None);
        assert_eq!((letter.attributes.len(), letter.bytes()), (3, "{}".len() + ATTRIBUTE_BYTES));
        // No other is: half a key would be another one.
        let long = vec![("delivery_key", "k".repeat(5_000)), ("error", "short".to_owned())];
        assert_eq!(Entry::letter("{}".to_owned(), long, None).attributes, [("error", "short".to_owned())]);
    }

    #[test]
    fn what_sqs_does_not_take_is_no_part_of_a_value() {
        let letter = Entry::letter("{}".to_owned(), why("line\none\u{0}\u{ffff}é"), None);
        assert_eq!(letter.attributes[2], ("error", "line one  é".to_owned()));
        assert_eq!(Entry::letter("{}".to_owned(), why(""), None).attributes.len(), 2);
    }
}
