//! Names of Salesforce fields.

use std::fmt;

use serde::Deserialize;

/// A field, or the way to one through parent records: `OrderNumber`, `BillToContact.Email`, `Account.Brand__c`.
///
/// Letters, digits and `_`, each part starting with a letter: nothing that could end a name in a SOQL query.
/// At most five relationships, which is as far as SOQL goes up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct FieldPath(String);

/// The text is no [`FieldPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a field such as `OrderNumber`, or a path of at most five relationships such as `BillToContact.Email`: \
     letters, digits and `_` only"
)]
pub struct NotAPath;

impl FieldPath {
    /// The path as it is written in a query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the field is on a parent record.
    pub fn is_on_parent(&self) -> bool {
        self.0.contains('.')
    }

    /// For the defaults, which a test parses.
    pub(crate) fn known(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl TryFrom<String> for FieldPath {
    type Error = NotAPath;

    fn try_from(path: String) -> Result<Self, NotAPath> {
        let is_name = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if path.split('.').all(is_name) && path.split('.').count() <= 6 { Ok(Self(path)) } else { Err(NotAPath) }
    }
}

impl std::str::FromStr for FieldPath {
    type Err = NotAPath;

    fn from_str(path: &str) -> Result<Self, NotAPath> {
        Self::try_from(path.to_owned())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
