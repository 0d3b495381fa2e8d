use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A record's id in its 18-character form, the one that is the same when compared without regard to case.
///
/// The last three characters say which of the first fifteen are capitals, five each:
/// <https://help.salesforce.com/s/articleView?id=000383751>.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// Text that is no Salesforce id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a Salesforce id: expected {expected}")]
pub struct BadId {
    /// What would have been right.
    pub expected: &'static str,
}

const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

impl Id {
    /// Reads a 15-character id, adding the suffix, or an 18-character one, checking it: an id whose case was
    /// lost on the way is refused and not guessed at.
    pub fn parse(text: &str) -> Result<Id, BadId> {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BadId { expected: "letters and digits only" });
        }
        if text.len() != 15 && text.len() != 18 {
            return Err(BadId { expected: "15 or 18 characters" });
        }
        let (id, suffix) = text.split_at(15);
        let right: String = id.as_bytes().chunks(5).map(suffix_of).collect();
        if suffix.is_empty() || suffix.eq_ignore_ascii_case(&right) {
            return Ok(Id(format!("{id}{right}")));
        }
        Err(BadId { expected: "an 18-character id whose last three characters fit the case of the others" })
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn suffix_of(five: &[u8]) -> char {
    let capitals = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
    // Five bits: never more than 31.
    char::from(SUFFIX[capitals.map(|(bit, _)| 1_usize << bit).sum::<usize>()])
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Id, BadId> {
        Id::parse(text)
    }
}

impl TryFrom<String> for Id {
    type Error = BadId;

    fn try_from(text: String) -> Result<Id, BadId> {
        Id::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.0
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_ids_get_their_suffix() {
        for id in ["801RO000000AbcDYAS", "003RO0000035WQgYAM", "01gRO0000016PIAYA2", "5001C000015UT19ABC"] {
            // The last one is a placeholder of its source, with a suffix that does not fit.
            assert_eq!(Id::parse(id).is_ok(), id != "5001C000015UT19ABC", "{id}");
            assert_eq!(Id::parse(&id[..15]).unwrap().as_str() == id, id != "5001C000015UT19ABC", "{id}");
        }
        assert_eq!(Id::parse("003RO0000035WQgyam").unwrap().as_str(), "003RO0000035WQgYAM");
        for bad in
            ["", "801RO000000Abc", "801RO000000AbcDY", "801RO000000Abc!", "801ro000000abcdYAS", "801RO000000AbcÄ"]
        {
            assert!(Id::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_again_changes_nothing(id in "[0-9A-Za-z]{15}") {
            let full = Id::parse(&id).unwrap();
            prop_assert_eq!(full.as_str().len(), 18);
            prop_assert!(full.as_str().starts_with(&id));
            prop_assert_eq!(Id::parse(full.as_str()), Ok(full.clone()));
            let json = serde_json::to_string(&full).unwrap();
            prop_assert_eq!(serde_json::from_str::<Id>(&json).unwrap(), full);
        }

        #[test]
        fn ids_that_differ_in_case_alone_stay_apart_without_it(id in "[0-9A-Za-z]{15}", flips in proptest::bits::u16::masked(0x7fff)) {
            let flip = |(index, letter): (usize, char)| {
                if flips >> index & 1 == 0 { letter }
                else if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() }
                else { letter.to_ascii_uppercase() }
            };
            let other: String = id.chars().enumerate().map(flip).collect();
            let (a, b) = (Id::parse(&id).unwrap(), Id::parse(&other).unwrap());
            prop_assert_eq!(a.as_str().eq_ignore_ascii_case(b.as_str()), id == other);
        }
    }
}
