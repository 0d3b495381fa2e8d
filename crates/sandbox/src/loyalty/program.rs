//! The rules by which an account awards points and tiers, as a merchant sets them in the admin.

use std::collections::BTreeMap;

/// How long a tier lasts. <https://support.yotpo.com/docs/loyalty-referrals-vip-tiers>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// Once reached it is never lost, whatever is sent.
    Lifetime,
    /// A year from its entry; what counts is what was earned in the last year.
    #[default]
    Year,
    /// Until the end of the next calendar year; what counts is what was earned since the beginning of the last.
    CalendarYear,
}

/// A tier, and the points that must have been earned for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Points earned, in the tier's term.
    pub points: i64,
}

/// An account's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Points for each whole unit of the currency.
    pub points_per_unit: i64,
    /// The words in an order's `status` that earn.
    pub statuses: Vec<String>,
    /// What custom actions award, by name.
    pub actions: BTreeMap<String, i64>,
    /// Only who has opted in earns.
    pub members_only: bool,
    /// From the lowest to the highest; below the first there is none.
    pub tiers: Vec<Tier>,
    /// Of all tiers.
    pub term: Term,
}

impl Default for Program {
    fn default() -> Self {
        let tier = |name: &str, points| Tier { name: name.to_owned(), points };
        Self {
            points_per_unit: 1,
            statuses: vec!["paid".to_owned()],
            actions: BTreeMap::new(),
            members_only: false,
            tiers: vec![tier("Bronze", 0), tier("Silver", 200), tier("Gold", 1_000)],
            term: Term::Year,
        }
    }
}

impl Program {
    /// What an order of so much is worth: whole units only, so that parts add up to no more than the whole.
    pub(super) fn points(&self, amount: i64, currency: &str) -> i64 {
        amount.div_euclid(10_i64.pow(digits(currency))) * self.points_per_unit
    }
}

/// Decimals of a currency, as Yotpo's cartridge knows them: 2 where it knows none.
fn digits(currency: &str) -> u32 {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" => 0,
        "KWD" | "BHD" | "JOD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}
