use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A customer as Yotpo wants to hear of it: <https://loyaltyapi.yotpo.com/reference/createupdate-customer-records>. What is `None` is
/// not sent, and stays as it is. `Debug` shows nothing personal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRecord {
    /// The shop's own id, by which Yotpo recognises a customer whose address has changed.
    pub id: String,
    /// Names the customer where the id is new.
    pub email: String,
    /// As it is written on a parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// As it is written on a parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E.164: `+4930123456`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Two capitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_iso_code: Option<String>,
    /// Whether the shop knows more of it than an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_account: Option<bool>,
    /// Membership of the programme. `None` leaves it to the account's setting for those who are new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_in: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_in_at: Option<DateTime<Utc>>,
    /// Separated by commas; they replace those that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
}

impl CustomerRecord {
    pub(super) fn personal(&self) -> Vec<&str> {
        let optional = [&self.first_name, &self.last_name, &self.phone_number, &self.tags];
        let optional = optional.into_iter().filter_map(|field| field.as_deref());
        [self.email.as_str(), self.id.as_str()].into_iter().chain(optional).collect()
    }
}

impl fmt::Debug for CustomerRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerRecord({})", self.id)
    }
}
