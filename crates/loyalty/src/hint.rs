//! What travels to the write-back: hints at what Yotpo has. They say where to look; what is there is read anew.

use crate::{
    keys,
    message::{CONSTANT, Unmade},
};
use chrono::{DateTime, Utc};
use config::StoreName;
use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Revision};
use serde::{Deserialize, Serialize};

/// What is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hints", rename_all = "snake_case")]
pub enum Hint {
    /// How a customer stands.
    State {
        /// The id by which Yotpo knows the customer.
        customer: String,
        /// The org was seen to say something else: it is written though it be what was written last.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        differs: bool,
    },
    /// A reward that an event tells of.
    Reward(RewardHint),
}

/// A reward, as an event has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardHint {
    /// The id by which Yotpo knows the customer.
    pub customer: String,
    /// The redemption's id.
    pub redemption: String,
    /// The coupon's code.
    pub code: String,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
}

/// What travels to the write-back.
pub type HintMessage = delivery::Message<Hint>;

impl Hint {
    /// The customer that is read for it.
    pub fn customer(&self) -> &str {
        match self {
            Self::State { customer, .. } => customer,
            Self::Reward(reward) => &reward.customer,
        }
    }
}

/// That a customer is to be read, for what was so at `at`: what was read later has seen it.
///
/// # Errors
/// When the id is nothing, or too long for a key.
pub fn state(store: &StoreName, at: DateTime<Utc>, customer: &str) -> Result<HintMessage, Unmade> {
    look(store, at, customer, false)
}

/// The same, where the org was seen to say something else than Yotpo.
///
/// # Errors
/// As [`state`].
pub fn differs(store: &StoreName, at: DateTime<Utc>, customer: &str) -> Result<HintMessage, Unmade> {
    look(store, at, customer, true)
}

fn look(store: &StoreName, at: DateTime<Utc>, customer: &str, differs: bool) -> Result<HintMessage, Unmade> {
    let (revision, hash) = (Revision(Millis::from(at).0), EffectHash::of(b"state"));
    let delivery = delivery(keys::state(store, customer)?, revision, hash, store);
    Ok(HintMessage { delivery, payload: Hint::State { customer: customer.to_owned(), differs } })
}

/// That a reward was taken.
///
/// # Errors
/// When its id is nothing, or too long for a key.
pub fn reward(store: &StoreName, hint: RewardHint) -> Result<HintMessage, Unmade> {
    let hash = EffectHash::of(&serde_json::to_vec(&hint)?);
    let delivery = delivery(keys::reward(store, &hint.redemption)?, CONSTANT, hash, store);
    Ok(HintMessage { delivery, payload: Hint::Reward(hint) })
}

fn delivery(key: DeliveryKey, revision: Revision, hash: EffectHash, store: &StoreName) -> Delivery {
    Delivery { key, revision, hash, store: store.to_string(), day: None, triggered_at: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_survive_their_way_and_many_of_one_instant_are_one() {
        let store = StoreName::try_from("default".to_owned()).unwrap();
        let at = DateTime::from_timestamp_millis(7).unwrap();
        let seen = state(&store, at, "C 1").unwrap();
        assert_eq!(seen.delivery.key.as_str(), "loyalty/default/state/C%201");
        assert_eq!((seen.delivery.revision, &seen), (Revision(7), &state(&store, at, "C 1").unwrap()));
        let hint = RewardHint {
            customer: "C1".to_owned(),
            redemption: "17".to_owned(),
            code: "FIVE".to_owned(),
            option: None,
            points: Some(500),
        };
        let taken = reward(&store, hint.clone()).unwrap();
        let forged = reward(&store, RewardHint { code: "TEN".to_owned(), ..hint }).unwrap();
        assert_eq!(taken.delivery.key, forged.delivery.key);
        assert_ne!(taken.delivery.hash, forged.delivery.hash);
        let drifted = differs(&store, at, "C 1").unwrap();
        assert_ne!(drifted, seen);
        for message in [seen, drifted, taken] {
            let body = serde_json::to_string(&message).unwrap();
            assert_eq!(HintMessage::parse(&body).unwrap(), message);
        }
        assert!(state(&store, at, "").is_err());
    }
}
