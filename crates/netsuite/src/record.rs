use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// NetSuite's own number of a record, `647`. A few that every account has are negative.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct RecordId(String);

/// NetSuite writes ids with quotes in most places and without in some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(i64),
}

/// Text that is no internal id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an internal id, digits only")]
pub struct BadRecordId;

/// How a call names a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKey<'a> {
    /// By NetSuite's number.
    Internal(&'a RecordId),
    /// By the id that an integration gave it: letters, digits, `_` and `-`
    /// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156334828635.html>).
    External(&'a str),
}

/// What came of creating a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// It is there, under this number.
    Created(RecordId),
    /// Not created: there is one of this external id, or, of customers, of this name. An earlier call may have made it.
    AlreadyExists,
}

impl RecordId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RecordKey<'_> {
    /// The last part of a record's address.
    pub(crate) fn segment(self) -> String {
        match self {
            Self::Internal(id) => id.0.clone(),
            Self::External(id) => format!("eid:{id}"),
        }
    }
}

impl FromStr for RecordId {
    type Err = BadRecordId;

    fn from_str(text: &str) -> Result<Self, BadRecordId> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_number = (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Self(text.to_owned())) } else { Err(BadRecordId) }
    }
}

impl TryFrom<Written> for RecordId {
    type Error = BadRecordId;

    fn try_from(written: Written) -> Result<Self, BadRecordId> {
        match written {
            Written::Text(text) => text.parse(),
            Written::Number(number) => number.to_string().parse(),
        }
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_id_is_digits() {
        for good in ["647", "-5", "0", "123456789012345678"] {
            assert_eq!(good.parse::<RecordId>().unwrap().as_str(), good);
        }
        for bad in ["", "-", "6 47", "eid:x", "6.0", "+6", "--5", "1234567890123456789"] {
            assert_eq!(bad.parse::<RecordId>(), Err(BadRecordId), "{bad}");
        }
        let id: RecordId = serde_json::from_str("\"647\"").unwrap();
        assert_eq!(serde_json::from_str::<RecordId>("647").unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"647\"");
        assert_eq!(
            (RecordKey::Internal(&id).segment(), RecordKey::External("a_1").segment()),
            ("647".into(), "eid:a_1".into())
        );
    }
}
