//! The secrets: there, filled, of the right shape, for the stores of the settings, and not about to expire. No value is shown.

use crate::{failure::Failure, flow::Flow, operator::Operator, part::Part, place::Place};
use chrono::{NaiveDate, TimeDelta};

/// Credentials that expire sooner than this are to be renewed.
const RENEW: TimeDelta = TimeDelta::days(14);

/// Those of each flow.
pub(super) async fn look(place: &Place, operators: &[(Flow, Operator)]) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for (flow, operator) in operators {
        parts.extend(match flow {
            Flow::Reviews => reviews(place, &place.reviews()?).await,
            Flow::Erp => erp(place, operator).await,
            Flow::Loyalty => loyalty(place, operator).await,
        });
    }
    Ok(parts)
}

async fn erp(place: &Place, operator: &Operator) -> Vec<Part> {
    let (shopify, netsuite) = tokio::join!(
        operator.secret::<shopify::Credentials>("shopify"),
        operator.secret::<netsuite::Credentials>("netsuite"),
    );
    let name = |vendor: &str| format!("{}/{vendor}", place.stack);
    let mut parts = vec![Part::tried(name("shopify"), &shopify)];
    parts.extend(shopify.into_iter().flat_map(|it| it.shops).map(|(shop, credentials)| {
        let name = format!("shop {shop}");
        match credentials.access() {
            Some(_) => Part::well(name),
            None => Part::noted(name, "no access to the Admin API: its days get no certificate"),
        }
    }));
    parts.push(Part::tried(name("netsuite"), &netsuite));
    parts.extend(netsuite.ok().map(|it| match it.certificate_not_after {
        Some(day) => expiry(&name("netsuite"), day, (place.now)().date_naive()),
        None => Part::noted(format!("{} expires", name("netsuite")), "not known: `certificate_not_after` says when"),
    }));
    parts
}

/// What the stores log in with, which a stack with the reviews flow has been told of already, is looked at for what only this flow
/// needs.
async fn loyalty(place: &Place, operator: &Operator) -> Vec<Part> {
    let name = |vendor: &str| format!("{}/{vendor}", place.stack);
    let today = (place.now)().date_naive();
    let mut parts = Vec::new();
    let yotpo = operator.secret::<yotpo::Credentials>("yotpo").await;
    if !place.flows.contains(&Flow::Reviews) {
        let salesforce = operator.secret::<salesforce::Credentials>("salesforce").await;
        parts.push(Part::tried(name("salesforce"), &salesforce));
        parts.extend(salesforce.ok().and_then(|it| it.expires_on).map(|day| expiry(&name("salesforce"), day, today)));
        parts.push(Part::tried(name("yotpo"), &yotpo));
        parts.extend(yotpo.as_ref().ok().and_then(|it| it.expires_on).map(|day| expiry(&name("yotpo"), day, today)));
    }
    let Ok(yotpo) = yotpo else { return parts };
    for store in place.config.loyalty.iter().flat_map(|it| it.stores.keys()) {
        let part = format!("loyalty store {store}");
        parts.push(match yotpo.stores.get(store.as_str()) {
            Some(entry) => {
                Part::tried(part.clone(), &entry.loyalty()).hint("fill `loyalty_guid` and `loyalty_api_key`")
            }
            None => Part::wrong(part.clone(), "the secret has no such store")
                .hint(format!("add `stores.{store}` to the secret, or take the store out of `loyalty.stores`")),
        });
        if yotpo.stores.get(store.as_str()).is_some_and(|entry| entry.webhook_token.is_none()) {
            parts.push(Part::noted(
                format!("{part} webhook"),
                "no `webhook_token`: what Yotpo tells of this store is refused",
            ));
        }
    }
    parts
}

async fn reviews(place: &Place, operator: &reviews::operate::Operator) -> Vec<Part> {
    let (salesforce, yotpo) = tokio::join!(operator.salesforce_credentials(), operator.yotpo_credentials());
    let today = (place.now)().date_naive();
    let name = |vendor: &str| format!("{}/{vendor}", place.stack);
    // An error says itself what mends it.
    let mut parts = vec![Part::tried(name("salesforce"), &salesforce)];
    parts.extend(salesforce.ok().and_then(|it| it.expires_on).map(|day| expiry(&name("salesforce"), day, today)));
    parts.push(Part::tried(name("yotpo"), &yotpo));
    let Ok(yotpo) = yotpo else { return parts };
    parts.extend(yotpo.expires_on.map(|day| expiry(&name("yotpo"), day, today)));
    let stores = &place.config.stores;
    for store in stores.keys() {
        let name = format!("yotpo store {store}");
        parts.push(match yotpo.stores.get(store.as_str()) {
            Some(entry) => Part::tried(name, &entry.reviews()).hint("fill `app_key` and `secret_key`"),
            None => Part::wrong(name, "the secret has no such store")
                .hint(format!("add `stores.{store}` to the secret, or take the store out of the settings")),
        });
    }
    let others = yotpo.stores.keys().filter(|store| !stores.keys().any(|name| name.as_str() == *store));
    parts.extend(
        others.map(|store| Part::noted(format!("yotpo store {store}"), "in the secret and not in the settings")),
    );
    parts
}

fn expiry(secret: &str, day: NaiveDate, today: NaiveDate) -> Part {
    let (name, said) = (format!("{secret} expires"), format!("{day} is their last day"));
    if day - today >= RENEW {
        return Part::noted(name, said);
    }
    Part::wrong(name, said).hint("renew the credentials, then fill the secret with them and their `expires_on`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_weeks_before_the_last_day_it_is_time() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        for (last, ok) in [("2026-12-04", Some(true)), ("2026-12-03", Some(false)), ("2026-11-01", Some(false))] {
            assert_eq!(expiry("order-relay/yotpo", last.parse().unwrap(), today).ok, ok, "{last}");
        }
    }
}
