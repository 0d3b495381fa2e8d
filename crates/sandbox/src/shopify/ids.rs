//! Shopify's ids: integers beyond 2^53, as in its documented payloads, and the names that the Admin API has for them.

/// Hands them out in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids(u64);

impl Default for Ids {
    fn default() -> Self {
        Self(820_982_911_946_000_000)
    }
}

impl Ids {
    pub(super) fn skip(&mut self, count: u64) {
        self.0 += count;
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// `gid://shopify/Order/1`
pub(super) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

pub(super) fn of_gid(kind: &str, gid: &str) -> Option<u64> {
    gid.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.strip_prefix('/')?.parse().ok()
}
