use std::fmt;

use serde::Deserialize;

use super::lenient;

/// What Yotpo tells of: <https://github.com/SwellRewards/slate> (its current pages name other topics, and no fields).  Nothing is
/// signed, and no order is promised: it says where to look, and not what is there. `Debug` shows nothing personal.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct LoyaltyEvent {
    /// `swell/redemption/created` and its like.
    #[serde(default, deserialize_with = "lenient::text")]
    pub topic: Option<String>,
    #[serde(default)]
    customer: Option<Told>,
    #[serde(default)]
    redemption: Option<Redeemed>,
    #[serde(default)]
    redemption_option: Option<Chosen>,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
struct Told {
    #[serde(default, deserialize_with = "lenient::text")]
    third_party_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    thirty_party_id: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
struct Redeemed {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    reward_text: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
struct Chosen {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    amount: Option<i64>,
}

/// A reward that an event says was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldReward {
    /// The redemption's id, which nothing but the event says.
    pub redemption: String,
    /// The coupon's code.
    pub code: String,
    /// What was chosen.
    pub option: Option<String>,
    /// What it cost.
    pub points: Option<i64>,
}

impl LoyaltyEvent {
    /// The shop's own id of the customer, where it has one.
    pub fn external_id(&self) -> Option<&str> {
        let customer = self.customer.as_ref()?;
        let ids = [&customer.third_party_id, &customer.thirty_party_id];
        ids.into_iter().filter_map(|id| id.as_deref()).map(str::trim).find(|id| !id.is_empty())
    }

    /// The reward that it tells of.
    pub fn reward(&self) -> Option<ToldReward> {
        let redeemed = self.redemption.as_ref()?;
        let option = self.redemption_option.as_ref();
        Some(ToldReward {
            redemption: redeemed.id.clone()?,
            code: redeemed.reward_text.clone()?,
            option: option.and_then(|option| option.id.clone()),
            points: option.and_then(|option| option.amount),
        })
    }
}

impl fmt::Debug for LoyaltyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoyaltyEvent({:?}, {:?})", self.topic, self.external_id())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_events_are_read() {
        let event: LoyaltyEvent = serde_json::from_value(json!({
            "topic": "swell/redemption/created", "name": "Swell Redemption Created", "email": "john.smith@gmail.com",
            "redemption": {"id": 1, "created_at": "2016-10-15T15:56:01.692Z", "reward_text": "FIVEOFF", "approved": true},
            "redemption_option": {"id": 149, "name": "$5.00 Off", "cost_text": "500 Points", "amount": 500},
            "customer": {"email": "john.smith@gmail.com", "points_balance": 4700, "thirty_party_id": "4302977345"}
        }))
        .unwrap();
        assert_eq!(event.external_id(), Some("4302977345"));
        let option = Some("149".to_owned());
        let told = ToldReward { redemption: "1".to_owned(), code: "FIVEOFF".to_owned(), option, points: Some(500) };
        assert_eq!(event.reward(), Some(told));
        assert!(!format!("{event:?}").contains("john"));
        let tier: LoyaltyEvent =
            serde_json::from_value(json!({"topic": "swell/tier/earned", "customer": null})).unwrap();
        assert_eq!((tier.external_id(), tier.reward()), (None, None));
        assert!(serde_json::from_value::<LoyaltyEvent>(json!("no object")).is_err());
    }
}
