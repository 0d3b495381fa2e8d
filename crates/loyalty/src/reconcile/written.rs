//! What the org says of customers: where the write-back has written it, and whether it is what Yotpo shows.

use super::{Failed, Reconciler};
use crate::source::item::BadRow;
use config::StoreName;
use rust_decimal::Decimal;
use salesforce::{Id, Record, RowValues, soql};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Finds what was written of a store's customers.
pub(super) struct Written<'a> {
    pub(super) reconciler: &'a Reconciler,
    pub(super) store: &'a StoreName,
}

impl Written<'_> {
    /// By customers' records: their own, or where several stores take part, the membership of this store. Who has none is left out.
    pub(super) async fn of(&self, customers: &BTreeMap<Id, String>) -> Result<BTreeMap<Id, Record>, Failed> {
        if customers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let loyalty = &self.reconciler.loyalty;
        let membership = &loyalty.write_back.membership;
        let by_key: BTreeMap<String, &Id> =
            customers.iter().map(|(id, customer)| (format!("{}:{customer}", self.store), id)).collect();
        let (object, key, keys): (_, _, Vec<String>) = if loyalty.stores.len() > 1 {
            (membership.object.as_str(), membership.key.as_str(), by_key.keys().map(|key| soql::quote(key)).collect())
        } else {
            let ids = customers.keys().map(|id| soql::quote(id.as_str())).collect();
            (loyalty.customer.object.as_str(), "Id", ids)
        };
        let query = format!("SELECT {} FROM {object} WHERE {key} IN ({})", self.fields(key), keys.join(", "));
        let mut found = BTreeMap::new();
        for row in self.reconciler.salesforce.query_all(&query).await? {
            let id = match row.text(key) {
                Some(text) if key != "Id" => by_key.get(text.as_ref()).map(|id| (*id).clone()),
                _ => Some(row.id().map_err(BadRow::from)?),
            };
            found.extend(id.map(|id| (id, row)));
        }
        Ok(found)
    }

    fn fields(&self, key: &str) -> String {
        let fields = &self.reconciler.loyalty.write_back;
        let written = [
            &fields.customer_id,
            &fields.points_balance,
            &fields.points_earned,
            &fields.vip_tier,
            &fields.vip_tier_ends,
            &fields.opt_in,
            &fields.referral_link,
        ];
        let all: BTreeSet<&str> = written.into_iter().map(config::FieldPath::as_str).chain(["Id", key]).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// Whether the org says something else than what would be written; `but` is the one field that always does.
pub(super) fn is_otherwise(values: &RowValues, kept: Option<&Record>, but: &str) -> bool {
    let differs = |(field, value): (&String, &Value)| {
        let text = kept.and_then(|row| row.text(field)).filter(|text| !text.is_empty());
        match value {
            Value::Null => text.is_some(),
            // A box that was never ticked is false, and one that is not there has not been.
            Value::Bool(is) => text.as_deref().unwrap_or("false") != is.to_string(),
            Value::Number(number) => text.as_deref().and_then(decimal) != decimal(&number.to_string()),
            Value::String(said) => text.as_deref().unwrap_or_default() != said,
            Value::Array(_) | Value::Object(_) => false,
        }
    };
    values.iter().filter(|(field, _)| *field != but).any(differs)
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(fields: Value) -> Record {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn what_the_org_says_otherwise_is_found_and_how_it_writes_it_is_no_difference() {
        let values: RowValues = serde_json::from_value(json!({
            "Points__c": 850, "Tier__c": "Gold", "Ends__c": null, "In__c": false, "Link__c": "https://r.example/x", "Sync__c": "now",
        }))
        .unwrap();
        let same = json!({
            "Points__c": 850.0, "Tier__c": "Gold", "Ends__c": null, "In__c": false, "Link__c": "https://r.example/x", "Sync__c": "then",
        });
        let of = |row: Option<&Record>| is_otherwise(&values, row, "Sync__c");
        assert!(!of(Some(&row(same.clone()))));
        for (field, other) in [
            ("Points__c", json!(849)),
            ("Points__c", json!(null)),
            ("Tier__c", json!("Silver")),
            ("Ends__c", json!("2027-10-31")),
            ("In__c", json!(true)),
            ("Link__c", json!(null)),
        ] {
            let mut changed = same.clone();
            changed[field] = other;
            assert!(of(Some(&row(changed.clone()))), "{changed}");
        }
        assert!(of(None), "nothing was ever written");
    }
}
