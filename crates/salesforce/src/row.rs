use std::collections::BTreeMap;

use serde_json::Value;

use crate::Id;

/// Rows that one collection may have: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm>.
pub const MOST_ROWS: usize = 200;

/// Values by field; null empties the field.
pub type RowValues = BTreeMap<String, Value>;

/// A row to write, one of a collection.  Not `Debug`: its values may be personal.
#[derive(Clone, PartialEq)]
pub struct Row<K> {
    /// What it is known by: its id, or the value of its external id.
    pub key: K,
    /// What is written.
    pub values: RowValues,
}

/// A row that was not written; the others of its collection were, or have reasons of their own.  Says nothing of what Salesforce wrote
/// about it: validation rules quote what they refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Salesforce did not write the row: {code}{}", named(fields))]
pub struct Unwritten {
    /// What the caller can do about it.
    pub reason: UnwrittenReason,
    /// `UNABLE_TO_LOCK_ROW`, `FIELD_CUSTOM_VALIDATION_EXCEPTION` and their like.
    pub code: String,
    /// The fields that Salesforce names.
    pub fields: Vec<String>,
}

/// Why a row was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnwrittenReason {
    /// Somebody else was writing to it, or to its account: again, later.
    Locked,
    /// Salesforce could not, for now: again, later.
    Busy,
    /// It is deleted, was merged into another one, or never was.
    Gone,
    /// The user may not: a fault of the set-up.
    Access,
    /// A duplicate rule, or a value that must be unique and is not.
    Duplicate,
    /// The org's own rules, or what it lacks: a person looks.
    Refused,
}

impl UnwrittenReason {
    /// The one table from Salesforce's `statusCode`; codes that are not known here are refusals:
    /// <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm>.
    pub(crate) fn of(code: &str) -> UnwrittenReason {
        match code {
            "UNABLE_TO_LOCK_ROW" => UnwrittenReason::Locked,
            "ALL_OR_NONE_OPERATION_ROLLED_BACK"
            | "REQUEST_RUNNING_TOO_LONG"
            | "SERVER_UNAVAILABLE"
            | "UNKNOWN_EXCEPTION" => UnwrittenReason::Busy,
            "ENTITY_IS_DELETED" | "INVALID_CROSS_REFERENCE_KEY" | "NOT_FOUND" => UnwrittenReason::Gone,
            "INSUFFICIENT_ACCESS_OR_READONLY"
            | "INSUFFICIENT_ACCESS"
            | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
            | "CANNOT_UPDATE_CONVERTED_LEAD"
            | "INVALID_FIELD_FOR_INSERT_UPDATE" => UnwrittenReason::Access,
            "DUPLICATES_DETECTED" | "DUPLICATE_VALUE" | "DUPLICATE_EXTERNAL_ID" => UnwrittenReason::Duplicate,
            _ => UnwrittenReason::Refused,
        }
    }
}

/// What became of a row that was upserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// The row.
    pub id: Id,
    /// Whether it is new.
    pub created: bool,
}

fn named(fields: &[String]) -> String {
    if fields.is_empty() { String::new() } else { format!(" (fields {})", fields.join(", ")) }
}
