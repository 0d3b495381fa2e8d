//! What is asked for of a customer.

use super::{Unmade, hash};
use ledger::EffectHash;
use salesforce::Id;
use serde::{Deserialize, Serialize};

/// A Contact or person account as Yotpo is to have it. What is `None` is not sent, and stays there as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAsked {
    /// The record.
    pub contact: Id,
    /// The id by which Yotpo knows it: `salesforce.customer_id`.
    pub customer_id: String,
    /// The address, trimmed and in lower case; empty where the record is gone.
    pub email: String,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The phone number, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The country, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whether they have an account in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_account: Option<bool>,
    /// Whether they take part in the programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_in: Option<bool>,
    /// All tags, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// Others in the org with the same address in the same store, by their ids at Yotpo: only the one that Yotpo knows is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twins: Vec<String>,
    /// Those that were merged into this record, by their ids at Yotpo: it may take over their address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<String>,
    /// Why nothing more is sent of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
}

/// What has become of a record that is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// It was deleted.
    Deleted,
    /// It was merged into this one (`MasterRecordId`).
    Merged(Id),
}

/// What an effect says of membership, or an earlier one said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Nothing.
    Unsaid,
    /// That they do not take part.
    Out,
    /// That they do.
    In,
}

/// The digits of the effect's hash that are of address and id alone, of the rest, and the last of membership.
const IDENTITY: std::ops::Range<usize> = 0..16;
const REST: usize = 31;

impl CustomerAsked {
    /// The hash of the effect: its first 16 digits are those of address and id, the last one is that of membership; so the effect that
    /// was applied last tells whether either has changed since.
    ///
    /// # Errors
    /// Never in practice.
    pub fn hash(&self) -> Result<EffectHash, Unmade> {
        let identity = hash(&(&self.customer_id, &self.email))?;
        // Whom it shares its address with is a question of the moment, and no part of the effect.
        let bare = Self { twins: vec![], absorbed: vec![], ..self.clone() };
        let all = hash(&bare)?;
        let rest = &all.as_str()[..REST - IDENTITY.end];
        let membership = Membership::from(self.opt_in) as u8;
        Ok(EffectHash::stored(format!("{}{rest}{membership}", &identity.as_str()[IDENTITY])))
    }

    /// Whether the effect with this hash was of the same address and id.
    ///
    /// # Errors
    /// Never in practice.
    pub fn has_identity_of(&self, applied: &EffectHash) -> Result<bool, Unmade> {
        let ours = hash(&(&self.customer_id, &self.email))?;
        Ok(applied.as_str().get(IDENTITY) == ours.as_str().get(IDENTITY))
    }

    /// What it says of membership.
    pub fn membership(&self) -> Membership {
        self.opt_in.into()
    }
}

impl Membership {
    /// What the effect with this hash said of it; `None` if it is no customer's.
    pub fn of(applied: &EffectHash) -> Option<Self> {
        let last = applied.as_str().get(REST..)?;
        [Self::Unsaid, Self::Out, Self::In].into_iter().find(|it| last == (*it as u8).to_string())
    }
}

impl From<Option<bool>> for Membership {
    fn from(opt_in: Option<bool>) -> Self {
        match opt_in {
            None => Self::Unsaid,
            Some(false) => Self::Out,
            Some(true) => Self::In,
        }
    }
}
