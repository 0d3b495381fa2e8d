//! Where a row stands in the order in which rows are read: by its stamp, which is not unique, and its id.

use chrono::{DateTime, Utc};
use salesforce::{BadField, Id, Record, soql};
use serde::{Deserialize, Serialize};

/// The order of a reading that can be gone on with. There is never an upper bound on the stamp: a nightly job that touches every
/// record would starve them for ever.
pub const ORDER: &str = "ORDER BY SystemModstamp, Id";

/// Position in a query's order: everything up to it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The row's `SystemModstamp`.
    pub stamp: DateTime<Utc>,
    /// The row's id.
    pub id: Id,
}

impl Position {
    /// Where `row` stands.
    ///
    /// # Errors
    /// When it does not say.
    pub fn of(row: &Record) -> Result<Self, BadField> {
        Ok(Self { stamp: stamp(row)?, id: row.id()? })
    }

    /// The condition that a row comes later.
    pub fn beyond(&self) -> String {
        let (stamp, id) = (soql::datetime(self.stamp), soql::quote(self.id.as_str()));
        format!("(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {id}))")
    }
}

/// When the org last wrote the row: its `SystemModstamp`.
///
/// # Errors
/// When the row has none.
pub fn stamp(row: &Record) -> Result<DateTime<Utc>, BadField> {
    let missing = || BadField { path: "SystemModstamp".to_owned(), expected: "a dateTime" };
    row.datetime("SystemModstamp")?.ok_or_else(missing)
}
