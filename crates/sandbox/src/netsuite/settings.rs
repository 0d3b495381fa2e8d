//! What can be set about NetSuite's behaviour, at any time.

use std::collections::BTreeSet;

/// How a call beyond the limit is refused. 429 is documented; in the field it also shows as a login failure
/// (<https://github.com/julbrs/netsuite-api-client/issues/26>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// 429 `CONCURRENCY_LIMIT_EXCEEDED` (a RESTlet: 400 `SSS_REQUEST_LIMIT_EXCEEDED`).
    #[default]
    TooMany,
    /// 401 `INVALID_LOGIN`, for a login that is good.
    InvalidLogin,
    /// The one and the other in turn.
    Either,
}

/// NetSuite's behaviour where it differs between accounts, or is not documented.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each says of one behaviour whether an account has it")]
pub struct Settings {
    /// Calls that are worked on at one time.
    pub concurrency: usize,
    /// Whether a request for a token is one of them, which is not documented.
    pub counts_tokens: bool,
    /// How one more is refused.
    pub over_limit: OverLimit,
    /// Milliseconds that a call is worked on before it takes effect.
    pub call_ms: u64,
    /// Life of an OAuth 2.0 access token in seconds.
    pub token_seconds: i64,
    /// Customers get a number as their entity id instead of their name, which must be unique.
    pub auto_numbering: bool,
    /// Several subsidiaries: a customer must name its own.
    pub one_world: bool,
    /// Custom fields that the account has.
    pub custom_fields: BTreeSet<String>,
    /// PATCH of an address is refused. Oracle's pages contradict each other.
    pub fixed_addresses: bool,
    /// A line of which something has left cannot be closed any more.
    pub fixed_shipped: bool,
    /// The role may delete records.
    pub deletes: bool,
    /// SuiteQL shows amounts and quantities of sales lines, and totals of credit memos, negative, as the ledger does.
    pub ledger_signs: bool,
    /// Rows that a SuiteQL page holds at most.
    pub page_size: usize,
    /// The role may read `governanceLimits`, which is an administrator's.
    pub shows_limits: bool,
    /// A POST of an external id that exists creates again. NetSuite refuses it; a test of the tests sets this.
    pub repeats_create: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 5,
            counts_tokens: false,
            over_limit: OverLimit::TooMany,
            call_ms: 0,
            token_seconds: 3_600,
            auto_numbering: false,
            one_world: false,
            custom_fields: ["custbody_order_relay", "custcol_order_relay_line"].map(str::to_owned).into(),
            fixed_addresses: false,
            fixed_shipped: false,
            deletes: true,
            ledger_signs: true,
            page_size: 1_000,
            shows_limits: true,
            repeats_create: false,
        }
    }
}
