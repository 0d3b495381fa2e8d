use serde::Deserialize;

use crate::{Record, Usage};

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
