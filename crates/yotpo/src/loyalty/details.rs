use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{history::HistoryItem, lenient};

/// By what a customer is looked for.
#[derive(Clone, Copy)]
pub enum CustomerQuery<'a> {
    /// The address, in any case.
    Email(&'a str),
    /// The shop's own id.
    Id(&'a str),
}

/// What Yotpo says about a customer: <https://loyaltyapi.yotpo.com/reference/fetch-customer-details>. The page promises none of it, so
/// each may be absent. `Debug` shows nothing personal.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CustomerDetails {
    #[serde(deserialize_with = "lenient::text")]
    third_party_id: Option<String>,
    /// Spelled so since 2016.
    #[serde(deserialize_with = "lenient::text")]
    thirty_party_id: Option<String>,
    /// The address.
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    /// What can be spent; below zero where points that were spent were taken back.
    #[serde(deserialize_with = "lenient::integer")]
    pub points_balance: Option<i64>,
    /// What was earned, ever.
    #[serde(deserialize_with = "lenient::integer")]
    pub points_earned: Option<i64>,
    /// In the smallest unit of the account's currency.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_spend_cents: Option<i64>,
    /// How many orders.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_purchases: Option<i64>,
    /// The tier's name.
    #[serde(deserialize_with = "lenient::text")]
    pub vip_tier_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    vip_tier_expiration: Option<String>,
    /// In events, and in what e-mail platforms get.
    #[serde(deserialize_with = "lenient::text")]
    vip_tier_ends_at: Option<String>,
    /// Membership of the programme.
    #[serde(deserialize_with = "lenient::boolean")]
    pub opt_in: Option<bool>,
    /// Since when.
    #[serde(deserialize_with = "lenient::instant")]
    pub opted_in_at: Option<DateTime<Utc>>,
    /// What the customer gives to friends.
    #[serde(deserialize_with = "link")]
    pub referral_link: Option<String>,
    /// Newest or oldest first: not documented. Empty unless it was asked for.
    #[serde(deserialize_with = "lenient::list")]
    pub history_items: Vec<HistoryItem>,
}

impl CustomerDetails {
    /// The shop's own id, where the customer has one.
    pub fn external_id(&self) -> Option<&str> {
        let ids = [&self.third_party_id, &self.thirty_party_id];
        ids.into_iter().filter_map(|id| id.as_deref()).map(str::trim).find(|id| !id.is_empty())
    }

    /// When the tier ends, as Yotpo writes it: a date (`2027-10-31`) or an instant.
    pub fn tier_ends(&self) -> Option<&str> {
        self.vip_tier_expiration.as_deref().or(self.vip_tier_ends_at.as_deref())
    }
}

impl CustomerQuery<'_> {
    /// The parameter and its value.
    pub(super) fn pair(&self) -> (&'static str, &str) {
        match self {
            Self::Email(email) => ("customer_email", email),
            Self::Id(id) => ("customer_id", id),
        }
    }
}

/// `{"link", "code", …}`, or the link itself.
fn link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let link = match Value::deserialize(deserializer)? {
        Value::Object(mut link) => link.remove("link").unwrap_or_default(),
        plain => plain,
    };
    Ok(link.as_str().map(str::to_owned).filter(|link| !link.is_empty()))
}

impl fmt::Debug for CustomerDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerDetails({:?}, {} lines)", self.external_id(), self.history_items.len())
    }
}
