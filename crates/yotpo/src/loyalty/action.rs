use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Something that a customer did and a campaign rewards: <https://loyaltyapi.yotpo.com/reference/record-a-customer-action>. `Debug`
/// shows nothing personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// `CustomAction`.
    #[serde(rename = "type", default)]
    kind: Kind,
    /// The customer's address.
    pub customer_email: String,
    /// As the campaign is set up.
    pub action_name: String,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// What the customer's history shows it as.
    pub history_title: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[default]
    CustomAction,
}

impl ActionRecord {
    /// A custom action.
    pub fn new(customer_email: String, action_name: String, created_at: DateTime<Utc>, history_title: String) -> Self {
        Self { kind: Kind::CustomAction, customer_email, action_name, created_at, history_title }
    }

    pub(super) fn personal(&self) -> Vec<&str> {
        vec![&self.customer_email]
    }
}

impl fmt::Debug for ActionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActionRecord({})", self.action_name)
    }
}
