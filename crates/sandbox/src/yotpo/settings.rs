//! What can be set about Yotpo's behaviour, at any time.

/// Which of a purchase's two dates `since_date` is compared with. Yotpo does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SinceDate {
    /// The day on which Yotpo received the purchase.
    #[default]
    CreatedAt,
    /// The `order_date` of the purchase.
    OrderDate,
}

/// Yotpo's behaviour where it differs between accounts, or is not documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Life of a utoken in seconds; no limit when absent.
    pub utoken_seconds: Option<u64>,
    /// Calls for which a utoken is good; no limit when absent.
    pub utoken_calls: Option<u64>,
    /// A refused utoken request is answered 200 with `{"error":…}` instead of 401. Yotpo's own client is prepared for it.
    pub utoken_error_as_200: bool,
    /// Milliseconds from the acceptance of a purchase until it can be read back.
    pub appear_after_ms: u64,
    /// What `since_date` is compared with when purchases are read.
    pub since_date: SinceDate,
    /// A repeated `order_id` creates the purchase again. Yotpo's page says it does not; a test of the tests sets this.
    pub repeats_create: bool,
}
