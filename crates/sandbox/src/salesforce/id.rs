//! Salesforce record ids in their 18-character form.

use std::fmt;
use std::str::FromStr;

/// Fifteen case-sensitive characters and three that spell out which of them are capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SfId([u8; 18]);

/// A text that is no record id.
#[derive(Debug, thiserror::Error)]
#[error("not a Salesforce id of 15 or 18 characters")]
pub(crate) struct InvalidId;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

impl SfId {
    pub(crate) const MIN: Self = Self([0; 18]);

    /// The `number`-th id of the sandbox's org with this three-character key prefix.
    pub(crate) fn new(prefix: &str, number: u64) -> Self {
        let mut text = *b"000RO0000000000";
        for (to, from) in text.iter_mut().zip(prefix.bytes().take(3)) {
            *to = from;
        }
        let mut rest = number;
        for place in text[6..].iter_mut().rev() {
            *place = usize::try_from(rest % 62).map_or(b'0', |digit| DIGITS[digit]);
            rest /= 62;
        }
        Self::complete(text)
    }

    fn complete(fifteen: [u8; 15]) -> Self {
        let mut id = [0; 18];
        id[..15].copy_from_slice(&fifteen);
        for (group, check) in fifteen.chunks(5).zip(15..) {
            let capitals = group.iter().enumerate().map(|(bit, c)| usize::from(c.is_ascii_uppercase()) << bit);
            id[check] = CHECK[capitals.sum::<usize>()];
        }
        Self(id)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for SfId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = text.as_bytes();
        if !bytes.iter().all(u8::is_ascii_alphanumeric) || !matches!(bytes.len(), 15 | 18) {
            return Err(InvalidId);
        }
        let mut fifteen = [0; 15];
        fifteen.copy_from_slice(&bytes[..15]);
        let id = Self::complete(fifteen);
        if bytes.len() == 18 && !id.as_str().eq_ignore_ascii_case(text) {
            return Err(InvalidId);
        }
        Ok(id)
    }
}

impl fmt::Display for SfId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SfId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_documentation_is_completed_as_there() {
        // facts: salesforce_bulk2_query_results.csv
        for id in ["005R0000000UyrWIAS", "005R0000000GiwjIAC", "005R0000000GiwoIAC"] {
            assert_eq!(id[..15].parse::<SfId>().unwrap().as_str(), id);
            assert_eq!(id.parse::<SfId>().unwrap().as_str(), id);
        }
        assert!("005R0000000UyrWIAC".parse::<SfId>().is_err());
        assert!("005R0000000UyrW".repeat(2).parse::<SfId>().is_err());
    }

    #[test]
    fn numbers_make_ids_that_differ_and_sort() {
        let ids: Vec<_> = (0..5000).map(|n| SfId::new("801", n)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
