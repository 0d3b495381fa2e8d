//! The secrets: there, filled, of the right shape, for the stores of the settings, and not about to expire. No value is shown.

use super::list::List;
use crate::place::Place;
use chrono::{NaiveDate, TimeDelta};
use reviews::operate::Operator;

/// Credentials that expire sooner than this are to be renewed.
const RENEW: TimeDelta = TimeDelta::days(14);

pub(super) async fn look(place: &Place, operator: &Operator) -> List {
    let mut list = List::new("secrets");
    let (salesforce, yotpo) = tokio::join!(operator.salesforce_credentials(), operator.yotpo_credentials());
    let today = (place.now)().date_naive();
    let name = |vendor: &str| format!("{}/{vendor}", place.stack);
    // The error says itself what mends it.
    if let Some(salesforce) = list.tried(&name("salesforce"), salesforce, || None) {
        expiry(&mut list, &name("salesforce"), salesforce.expires_on, today);
    }
    if let Some(yotpo) = list.tried(&name("yotpo"), yotpo, || None) {
        expiry(&mut list, &name("yotpo"), yotpo.expires_on, today);
        let configured = |store: &str| place.config.stores.keys().any(|name| name.as_str() == store);
        for store in place.config.stores.keys() {
            let Some(entry) = yotpo.stores.get(store.as_str()) else {
                let hint = format!("add `stores.{store}` to the secret, or take the store out of the settings");
                list.cross(&format!("yotpo store {store}"), "the secret has no such store", Some(hint));
                continue;
            };
            let filled = || Some("fill `app_key` and `secret_key`".to_owned());
            list.tried(&format!("yotpo store {store}"), entry.reviews(), filled);
        }
        for store in yotpo.stores.keys().filter(|store| !configured(store)) {
            list.noted(&format!("yotpo store {store}"), "in the secret and not in the settings");
        }
    }
    list
}

fn expiry(list: &mut List, secret: &str, expires_on: Option<NaiveDate>, today: NaiveDate) {
    let Some(day) = expires_on else { return };
    let name = format!("{secret} expires");
    if day - today < RENEW {
        let hint = "renew the credentials, then fill the secret with them and their `expires_on`".to_owned();
        list.cross(&name, format!("{day} is their last day"), Some(hint));
    } else {
        list.noted(&name, format!("{day} is their last day"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_weeks_before_the_last_day_it_is_time() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        for (last, ok) in [("2026-12-04", Some(true)), ("2026-12-03", Some(false)), ("2026-11-01", Some(false))] {
            let mut list = List::new("secrets");
            expiry(&mut list, "order-relay/yotpo", Some(last.parse().unwrap()), today);
            assert_eq!(list.checks[0].ok, ok, "{last}");
        }
        let mut list = List::new("secrets");
        expiry(&mut list, "order-relay/yotpo", None, today);
        assert!(list.checks.is_empty());
    }
}
