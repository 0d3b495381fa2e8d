//! What can be set about the vendors' behaviour, at any time.

/// Which of a purchase's two dates `since_date` is compared with. Yotpo does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceDate {
    /// The day on which Yotpo received the purchase.
    CreatedAt,
    /// The `order_date` of the purchase.
    OrderDate,
}

/// Queries that Salesforce cannot do: over more than so many hours of a field, as far as a condition bounds them on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct TooMuch {
    /// A date or dateTime field of Order.
    pub field: String,
    /// How many hours of it are not too much yet.
    pub hours: f64,
    /// The `errorCode` of the answer, with HTTP 400: `QUERY_TIMEOUT`, `OPERATION_TOO_LARGE`, …
    pub code: String,
}

/// The vendors' behaviour where it differs between orgs and accounts, or is not documented.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Records a Salesforce page holds, children included; wins over the `batchSize` that the client asks for.
    pub page_size: Option<usize>,
    /// Children of one parent in a page; the rest is behind the inner `nextRecordsUrl`.
    pub child_page_size: usize,
    /// Queries that are too much for Salesforce; none when absent.
    pub too_much: Option<TooMuch>,
    /// Life of a Salesforce session in seconds; no limit when absent.
    pub session_seconds: Option<u64>,
    /// API calls used of the org's daily pool. Every call adds one; at `usage_max` calls are refused.
    pub usage_used: u64,
    /// The org's daily pool of API calls.
    pub usage_max: u64,
    /// Life of a utoken in seconds; no limit when absent.
    pub utoken_seconds: Option<u64>,
    /// Calls for which a utoken is good; no limit when absent.
    pub utoken_calls: Option<u64>,
    /// A refused utoken request is answered 200 with `{"error":…}`, as Yotpo's own client expects it may be, instead of 401.
    pub utoken_error_as_200: bool,
    /// Milliseconds from the acceptance of a purchase until it can be read back.
    pub appear_after_ms: u64,
    /// What `since_date` is compared with when purchases are read.
    pub since_date: SinceDate,
    /// A repeated `order_id` creates the purchase again. Yotpo's page says it does not; a test of the tests sets this.
    pub repeats_create: bool,
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
            utoken_seconds: None,
            utoken_calls: None,
            utoken_error_as_200: false,
            appear_after_ms: 0,
            since_date: SinceDate::CreatedAt,
            repeats_create: false,
        }
    }
}
