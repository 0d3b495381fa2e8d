use serde::Deserialize;

use crate::{Record, Usage};

/// A query, and how its answer is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What is asked for, in SOQL.
    pub soql: String,
    /// About so many rows a page, 200 to 2,000, lines included; `None`: as many as Salesforce likes.
    /// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm>
    pub rows: Option<u16>,
    /// Deleted and archived rows too, which say so by `IsDeleted`; those that a merge has deleted name the one that is left.
    /// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm>
    pub deleted: bool,
}

impl Query {
    /// Of what is there, in pages of Salesforce's size.
    pub fn new(soql: impl Into<String>) -> Query {
        Query { soql: soql.into(), rows: None, deleted: false }
    }
}

/// One page of a query's rows, each with all its children.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows; how many a page holds is Salesforce's choice (up to 2,000, fewer if rows have children).
    pub records: Vec<Record>,
    /// Where the next page is; `None` after the last.
    pub next: Option<NextPage>,
    /// How many rows the whole query has found.
    pub total: u64,
    /// The org's API calls, as of this page.
    pub usage: Option<Usage>,
}

/// Where the next page of a query is.  Good for minutes, not for days: then [`Error::CursorExpired`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage(pub(crate) String);

/// A query's answer:
/// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall_more_results.htm>.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(rename = "totalSize", default)]
    pub(crate) total: u64,
    pub(crate) done: bool,
    #[serde(rename = "nextRecordsUrl")]
    pub(crate) next: Option<String>,
    pub(crate) records: Vec<Record>,
}
