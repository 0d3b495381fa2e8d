//! How a customer stands at Yotpo, as the org keeps it. Pure.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use config::{WriteBack, Zone};
use ledger::EffectHash;
use salesforce::RowValues;
use serde::Serialize;
use serde_json::{Value, json};
use yotpo::loyalty::CustomerDetails;

/// Characters that the org's fields of text hold.
const LONGEST: usize = 255;

/// What Yotpo shows of a customer. What it does not show of points and membership is left as it is; of tier and link, there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    customer: String,
    points_balance: Option<i64>,
    points_earned: Option<i64>,
    vip_tier: Option<String>,
    vip_tier_ends: Option<NaiveDate>,
    opt_in: Option<bool>,
    referral_link: Option<String>,
}

/// Where a standing is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Targets {
    /// The customer's own record: the store is its own.
    pub(crate) person: bool,
    /// The membership of the store: there are several.
    pub(crate) membership: bool,
}

impl Standing {
    /// Of the customer with this id; `zone`: the store's, in which its tier ends.
    pub(crate) fn of(customer: &str, details: &CustomerDetails, zone: Zone) -> Self {
        Self {
            customer: customer.to_owned(),
            points_balance: details.points_balance,
            points_earned: details.points_earned,
            vip_tier: details.vip_tier_name.as_deref().map(short),
            vip_tier_ends: details.tier_ends().and_then(|ends| day(ends, zone)),
            opt_in: details.opt_in,
            referral_link: details.referral_link.clone().filter(|link| link.chars().count() <= LONGEST),
        }
    }

    /// What tells it from another one, the time of the reading left out.
    ///
    /// # Errors
    /// Never in practice.
    pub(crate) fn hash(&self, targets: Targets) -> Result<EffectHash, serde_json::Error> {
        Ok(EffectHash::of(&serde_json::to_vec(&(self, targets))?))
    }

    /// The fields, under the names that the settings give them.
    pub(crate) fn values(&self, fields: &WriteBack, read_at: DateTime<Utc>) -> RowValues {
        let kept = [
            (&fields.points_balance, self.points_balance.map(Value::from)),
            (&fields.points_earned, self.points_earned.map(Value::from)),
            (&fields.opt_in, self.opt_in.map(Value::from)),
        ];
        let said = [
            (&fields.customer_id, json!(self.customer)),
            (&fields.vip_tier, json!(self.vip_tier)),
            (&fields.vip_tier_ends, json!(self.vip_tier_ends)),
            (&fields.referral_link, json!(self.referral_link)),
            (&fields.last_sync, json!(read_at.to_rfc3339_opts(SecondsFormat::Millis, true))),
        ];
        let kept = kept.into_iter().filter_map(|(field, value)| Some((field, value?)));
        said.into_iter().chain(kept).map(|(field, value)| (field.as_str().to_owned(), value)).collect()
    }
}

/// A date, or the day of an instant.
fn day(text: &str, zone: Zone) -> Option<NaiveDate> {
    let instant = || Some(zone.local(DateTime::parse_from_rfc3339(text.trim()).ok()?.to_utc()).date());
    text.trim().parse().ok().or_else(instant)
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        "America/New_York".parse().unwrap()
    }

    fn of(details: Value) -> Standing {
        Standing::of("C1", &serde_json::from_value(details).unwrap(), zone())
    }

    fn written(standing: &Standing) -> Value {
        json!(standing.values(&WriteBack::default(), DateTime::from_timestamp_millis(1).unwrap()))
    }

    #[test]
    fn a_standing_is_written_under_the_settings_names() {
        let shown = of(json!({
            "points_balance": -120, "points_earned": 850, "vip_tier_name": "Gold", "vip_tier_expiration": "2027-10-31",
            "opt_in": true, "referral_link": {"link": "https://r.example/x"},
        }));
        let expected = json!({
            "Yotpo_Customer_Id__c": "C1", "Yotpo_Points_Balance__c": -120, "Yotpo_Points_Earned__c": 850,
            "Yotpo_VIP_Tier__c": "Gold", "Yotpo_VIP_Tier_Ends__c": "2027-10-31", "Yotpo_Opt_In__c": true,
            "Yotpo_Referral_Link__c": "https://r.example/x", "Yotpo_Last_Sync__c": "1970-01-01T00:00:00.001Z",
        });
        assert_eq!(written(&shown), expected);
    }

    #[test]
    fn a_tier_that_is_lost_is_emptied_and_what_is_not_shown_stays() {
        let written = written(&of(json!({"vip_tier_name": null})));
        assert_eq!((&written["Yotpo_VIP_Tier__c"], &written["Yotpo_VIP_Tier_Ends__c"]), (&Value::Null, &Value::Null));
        for kept in ["Yotpo_Points_Balance__c", "Yotpo_Points_Earned__c", "Yotpo_Opt_In__c"] {
            assert!(written.get(kept).is_none(), "{kept}");
        }
    }

    #[test]
    fn a_tier_ends_on_a_day_of_the_stores() {
        for (said, day) in
            [("2027-01-01T02:00:00.000Z", Some("2026-12-31")), ("2027-01-01", Some("2027-01-01")), ("soon", None)]
        {
            let ends = of(json!({"vip_tier_expiration": said})).vip_tier_ends.map(|day| day.to_string());
            assert_eq!(ends.as_deref(), day, "{said}");
        }
    }

    #[test]
    fn the_time_of_the_reading_is_no_difference_and_all_else_is() {
        let both = Targets { person: true, membership: true };
        let hash = |details: Value| of(details).hash(both).unwrap();
        assert_eq!(hash(json!({"points_balance": 1})), hash(json!({"points_balance": "1", "email": "x@example.com"})));
        assert_ne!(hash(json!({"points_balance": 1})), hash(json!({"points_balance": 2})));
        let one = Targets { membership: false, ..both };
        assert_ne!(of(json!({})).hash(both).unwrap(), of(json!({})).hash(one).unwrap());
    }
}
