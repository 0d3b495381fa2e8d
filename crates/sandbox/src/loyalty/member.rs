//! A customer of an account.

use chrono::{DateTime, Utc};

use super::earning::Earning;

#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    /// The shop's own id.
    pub(super) id: Option<String>,
    pub(super) email: String,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) opt_in: Option<bool>,
    pub(super) opted_in_at: Option<DateTime<Utc>>,
    pub(super) tags: Option<String>,
    pub(super) history: Vec<Earning>,
    /// The tier, by its place in the program, and since when.
    pub(super) tier: Option<(usize, DateTime<Utc>)>,
    /// How often another id than its own was written over it, or an order of another id counted for it.
    pub(super) takeovers: u64,
}

impl Member {
    /// What can be spent.
    pub(super) fn balance(&self) -> i64 {
        self.history.iter().map(|line| line.points).sum()
    }

    /// What was earned since then.
    pub(super) fn earned(&self, since: DateTime<Utc>) -> i64 {
        let counts = self.history.iter().filter(|line| line.earned && line.counts_at >= since);
        counts.map(|line| line.points).sum()
    }
}
