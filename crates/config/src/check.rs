//! What types cannot say: bounds, and keys that depend on each other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::erp::RawErp;
use crate::fault::{Fault, require, within};
use crate::file::File;
use crate::{FieldPath, Paces, Protocol, Reviews, Salesforce, StoreName};

const DAY: Duration = Duration::from_hours(24);
/// SQS's longest visibility time-out.
const SQS_LONGEST: Duration = Duration::from_hours(12);

/// The first fault of a file whose types are right.
pub(crate) fn whole(file: &File) -> Result<(), Fault> {
    salesforce(&file.salesforce)?;
    reviews(&file.reviews)?;
    file.erp.as_ref().map_or(Ok(()), RawErp::check)?;
    if let Some(loyalty) = &file.loyalty {
        let stores: Vec<_> = file.stores.keys().collect();
        loyalty.check(&stores, file.salesforce.currency.is_some())?;
    }
    file.shopify.check()?;
    file.netsuite.check()?;
    pace(&file.pace)?;
    protocol(&file.protocol)?;
    stores(file)
}

fn salesforce(s: &Salesforce) -> Result<(), Fault> {
    let version = s.api_version.strip_prefix('v').and_then(|v| v.strip_suffix(".0"));
    require(
        version.is_some_and(|v| v.len() <= 3 && v.parse::<u16>().is_ok_and(|n| n >= 41)),
        "salesforce.api_version",
        "expected a version such as \"v66.0\", \"v41.0\" or later",
    )?;
    require(
        s.quota_share > 0.0 && s.quota_share <= 1.0,
        "salesforce.quota_share",
        "expected a share over 0 and at most 1, such as 0.8",
    )?;
    require(
        !s.completed.is_empty(),
        "salesforce.completed",
        "expected at least one clause such as { field = \"Status\", is = [\"Completed\"] }: without one every order would go",
    )?;
    completed_at(&s.completed_at)?;
    for clause in &s.completed {
        // Which record type an order has is the order's own; the record type itself hardly changes.
        let own = !clause.field.is_on_parent() || clause.field.as_str().to_ascii_lowercase().starts_with("recordtype.");
        require(
            own,
            "salesforce.completed",
            "expected fields of Order itself, or of its RecordType: a change of another record does not move the order's \
             SystemModstamp, and an order that counts as completed by it would not be found",
        )?;
    }
    for (paths, key) in [(&s.email, "salesforce.email"), (&s.customer_name, "salesforce.customer_name")] {
        require(!paths.is_empty(), key, "expected at least one field path")?;
    }
    Ok(())
}

fn completed_at(field: &FieldPath) -> Result<(), Fault> {
    const KEY: &str = "salesforce.completed_at";
    let moves = ["SystemModstamp", "LastModifiedDate"].iter().any(|name| field.as_str().eq_ignore_ascii_case(name));
    require(
        !moves,
        KEY,
        "expected a field that keeps the moment of completion, such as \"ActivatedDate\": this one moves with every \
         change of the record, so that an old order would count as completed again",
    )?;
    require(
        !field.is_on_parent(),
        KEY,
        "expected a field of Order itself: a change of another record does not move the order's SystemModstamp and would \
         not be noticed",
    )
}

fn reviews(r: &Reviews) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    require(
        (1..=40).contains(&r.platform.len()) && r.platform.chars().all(allowed),
        "reviews.platform",
        "expected one of Yotpo's platforms such as \"general\", \"shopify\" or \"commerce_cloud\"",
    )?;
    require((1..=1000).contains(&r.batch_size), "reviews.batch_size", "expected 1 to 1000 messages")?;
    within(r.overlap, Duration::ZERO, 7 * DAY, "reviews.overlap")
}

fn pace(p: &Paces) -> Result<(), Fault> {
    for (pace, key) in [(p.yotpo_reviews, "pace.yotpo_reviews"), (p.yotpo_loyalty, "pace.yotpo_loyalty")] {
        require(pace.is_finite() && pace > 0.0, key, "expected calls a second, more than 0")?;
    }
    Ok(())
}

fn protocol(p: &Protocol) -> Result<(), Fault> {
    const LEAST: Duration = Duration::from_millis(1);
    within(p.call_timeout, LEAST, Duration::from_mins(1), "protocol.call_timeout")?;
    within(p.clock_skew, Duration::ZERO, Duration::from_mins(5), "protocol.clock_skew")?;
    within(p.backoff_cap, LEAST, SQS_LONGEST, "protocol.backoff_cap")?;
    within(p.backoff_base, LEAST, p.backoff_cap, "protocol.backoff_base")?;
    within(p.held_at_least, LEAST, SQS_LONGEST, "protocol.held_at_least")?;
    within(p.wait, LEAST, SQS_LONGEST, "protocol.wait")?;
    within(p.missing_after, Duration::ZERO, 7 * DAY, "protocol.missing_after")?;
    within(p.producer_stop_before, LEAST, Duration::from_mins(14), "protocol.producer_stop_before")?;
    within(p.settle.yotpo_reviews, Duration::ZERO, SQS_LONGEST, "protocol.settle.yotpo_reviews")?;
    within(p.settle.netsuite, Duration::ZERO, SQS_LONGEST, "protocol.settle.netsuite")?;
    within(p.settle.yotpo_loyalty, Duration::ZERO, SQS_LONGEST, "protocol.settle.yotpo_loyalty")?;
    within(p.settle.salesforce, Duration::ZERO, SQS_LONGEST, "protocol.settle.salesforce")?;
    require((1..=100).contains(&p.repair_limit), "protocol.repair_limit", "expected 1 to 100 repairs")
}

fn stores(file: &File) -> Result<(), Fault> {
    const ROUTE_BY: &str = "salesforce.route_by";
    let by_field = file.salesforce.route_by.is_some();
    require(!file.stores.is_empty(), "stores", "expected at least one store, such as [stores.default]")?;
    require(
        by_field || file.stores.len() == 1,
        ROUTE_BY,
        "expected the field that tells the stores' orders apart, for there are several stores",
    )?;
    let mut taken: BTreeMap<&str, &StoreName> = BTreeMap::new();
    for (name, store) in &file.stores {
        let key = format!("stores.{name}");
        require(
            name.as_str() != StoreName::UNROUTED,
            &key,
            "expected another name: this one stands for orders that fit no store",
        )?;
        let routes = format!("{key}.routes");
        require(
            by_field || store.routes.is_empty(),
            &routes,
            "expected no values, or the field to compare them with in salesforce.route_by",
        )?;
        require(
            !by_field || !store.routes.is_empty(),
            &routes,
            "expected at least one value of the field in salesforce.route_by: no order could reach this store",
        )?;
        for route in &store.routes {
            if let Some(other) = taken.insert(route, name) {
                let expected = format!("expected values that no store has yet: {route:?} is already that of {other}");
                return Err(Fault { key: routes, expected });
            }
        }
    }
    Ok(())
}
