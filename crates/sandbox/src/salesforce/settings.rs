//! What can be set about Salesforce's behaviour, at any time.

use std::collections::{BTreeMap, BTreeSet};

/// Queries that Salesforce gives up on: their condition bounds a field on both sides, too far apart.
#[derive(Debug, Clone, PartialEq)]
pub struct TooMuch {
    /// A date or dateTime field.
    pub field: String,
    /// The widest span of it that is still answered.
    pub hours: f64,
    /// The `errorCode` of the answer, with HTTP 400: `QUERY_TIMEOUT`, `OPERATION_TOO_LARGE`, …
    pub code: String,
}

/// Salesforce's behaviour where it differs between orgs, or is not documented.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Records a page holds, children included; wins over the `batchSize` that the client asks for.
    pub page_size: Option<usize>,
    /// Children of one parent in a page; the rest is behind the inner `nextRecordsUrl`.
    pub child_page_size: usize,
    /// Queries that are too much; none when absent.
    pub too_much: Option<TooMuch>,
    /// Life of a session in seconds; no limit when absent.
    pub session_seconds: Option<u64>,
    /// API calls used of the org's daily pool. Every call adds one; at `usage_max` calls are refused.
    pub usage_used: u64,
    /// The org's daily pool of API calls.
    pub usage_max: u64,
    /// Accounts, by 18-character id, that somebody else is writing to: their rows and their contacts' are not written.
    pub locked: BTreeSet<String>,
    /// Milliseconds for which a row that is written keeps its account locked for other calls.
    pub lock_ms: i64,
    /// Records, by 18-character id, that a rule of the org refuses to change, with the `statusCode` of the refusal.
    pub refused_rows: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_size: None,
            child_page_size: 200,
            too_much: None,
            session_seconds: None,
            usage_used: 0,
            usage_max: 1_000_000,
            locked: BTreeSet::new(),
            lock_ms: 0,
            refused_rows: BTreeMap::new(),
        }
    }
}
