//! What can be set about Shopify's behaviour, at any time.

/// Shopify's behaviour where it differs between shops and apps.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What payloads are written in and the Admin API answers.
    pub api_version: String,
    /// Scopes of the app.
    pub scopes: Vec<String>,
    /// Life of a token by client credentials, in seconds.
    pub token_seconds: i64,
    /// Points that a shop's bucket holds.
    pub points: f64,
    /// Points that come back a second.
    pub points_a_second: f64,
    /// The dearest query that is answered.
    pub dearest: f64,
    /// Nodes of a page at most, whatever is asked for.
    pub page_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let scopes = ["read_orders", "read_customers", "read_all_orders"];
        Self {
            api_version: "2026-10".to_owned(),
            scopes: scopes.map(str::to_owned).into(),
            token_seconds: 86_399,
            points: 2_000.0,
            points_a_second: 100.0,
            dearest: 1_000.0,
            page_size: 250,
        }
    }
}
