//! The org's orders of the last weeks, for whoever checks the set-up: whether any can be seen, and whether the field that says
//! when an order was completed is set by its completion. An order is sent by that date: where something else sets it, orders
//! are sent too early or late, or never, and nobody would be told.

use crate::fields::Fields;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use config::{Literal, Relay, Zone};
use org::Completed;
use salesforce::{Client, Error, Field, Record, soql};
use std::collections::BTreeMap;

/// An org that sells has completed orders in such a time.
const SEEN_WITHIN: TimeDelta = TimeDelta::days(28);
/// Orders that have changed since are looked at.
const CHANGED_WITHIN: TimeDelta = TimeDelta::days(7);
/// So many orders are looked at, at the most: their ids have to fit into a URL.
const SAMPLE: usize = 100;
/// Of fewer orders nothing is concluded.
const ENOUGH: usize = 5;
/// A date that is further than this from the completion was not set by it.
const NEAR: TimeDelta = TimeDelta::days(1);
/// So many of the org's own date fields are compared.
const CANDIDATES: usize = 10;
/// The history of Order, where the org tracks a field of it.
/// <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_associated_objects_history.htm>
const HISTORY: &str = "OrderHistory";
const STATUS: &str = "Status";

/// What was found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be.
    Well(String),
    /// A person should look at it.
    Doubtful(String),
}

/// How many completed orders of the last weeks the integration's user can see.
///
/// # Errors
/// When Salesforce could not be asked.
pub async fn visible(client: &Client, fields: &Fields, config: &Relay, now: DateTime<Utc>) -> Result<Finding, Error> {
    let (at, kind) = (&fields.completed_at.0, fields.completed_at.1);
    let since = match kind {
        Completed::DateTime => soql::datetime(now - SEEN_WITHIN),
        Completed::Date => soql::date(config.time_zone.local(now - SEEN_WITHIN).date()),
    };
    let days = SEEN_WITHIN.num_days();
    let query = format!("SELECT COUNT() FROM Order WHERE ({}) AND {at} >= {since}", fields.completed);
    let found = client.query(&query).await?.total;
    if found > 0 {
        return Ok(Finding::Well(format!("{found} completed orders of the last {days} days are visible")));
    }
    let any = client.query("SELECT Id FROM Order LIMIT 1").await?.total > 0;
    Ok(Finding::Doubtful(if any {
        format!("no completed order of the last {days} days is visible, though other orders are")
    } else {
        "not one order is visible, of whatever state".to_owned()
    }))
}

/// Whether the configured date is near the completion, in a sample of orders that were changed lately.
///
/// # Errors
/// When Salesforce could not be asked.
pub async fn dates(client: &Client, fields: &Fields, config: &Relay, now: DateTime<Utc>) -> Result<Finding, Error> {
    let schema = client.schema();
    let order = schema.object("Order").await?;
    let own = |field: &&Field| is_candidate(field) && field.name != fields.completed_at.0;
    let candidates: Vec<&Field> = order.fields.iter().filter(own).take(CANDIDATES).collect();
    let tracked = order.child_relationships.iter().any(|child| child.child_object == HISTORY);
    let became = if tracked { by_history(client, config, now).await? } else { BTreeMap::new() };
    let known_by = if became.is_empty() { KnownBy::Change } else { KnownBy::History };
    let mut select = vec!["Id", "LastModifiedDate", fields.completed_at.0.as_str()];
    select.extend(candidates.iter().map(|field| field.name.as_str()));
    let condition = match known_by {
        KnownBy::History => {
            let ids: Vec<String> = became.keys().map(|id| soql::quote(id)).collect();
            format!("Id IN ({})", ids.join(", "))
        }
        KnownBy::Change => format!("SystemModstamp >= {}", soql::datetime(now - CHANGED_WITHIN)),
    };
    let query = format!(
        "SELECT {} FROM Order WHERE ({}) AND {condition} ORDER BY SystemModstamp DESC LIMIT {SAMPLE}",
        select.join(", "),
        fields.completed
    );
    let rows = client.query_all(&query).await?;
    let mut sample = Sample { known_by, tracked, ..Sample::default() };
    for row in &rows {
        let became = match known_by {
            KnownBy::History => row.id().ok().and_then(|id| became.get(id.as_str()).copied()),
            KnownBy::Change => row.datetime("LastModifiedDate").ok().flatten(),
        };
        let Some(became) = became else { continue };
        let kind = fields.completed_at.1;
        sample.orders += 1;
        sample.near += usize::from(is_near(row, &fields.completed_at.0, kind, became, config.time_zone));
        for field in &candidates {
            let kind = if field.kind == "date" { Completed::Date } else { Completed::DateTime };
            *sample.better.entry(field.name.clone()).or_default() +=
                usize::from(is_near(row, &field.name, kind, became, config.time_zone));
        }
    }
    Ok(sample.judged(&fields.completed_at.0))
}

/// A date field that an admin has made and something may set when an order is completed.
fn is_candidate(field: &Field) -> bool {
    field.name.ends_with("__c") && !field.calculated && matches!(field.kind.as_str(), "date" | "datetime")
}

/// When orders got a status that counts as completed, by the org's own notes; the latest time of each.
async fn by_history(
    client: &Client,
    config: &Relay,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, DateTime<Utc>>, Error> {
    let since = soql::datetime(now - CHANGED_WITHIN);
    let query = format!(
        "SELECT OrderId, NewValue, CreatedDate FROM {HISTORY} WHERE Field = '{STATUS}' AND CreatedDate >= {since} \
         ORDER BY CreatedDate DESC LIMIT 1000"
    );
    let mut became = BTreeMap::new();
    for note in client.query_all(&query).await? {
        if became.len() < SAMPLE
            && let (Some(id), Some(status)) = (note.text("OrderId"), note.text("NewValue"))
            && let Ok(Some(at)) = note.datetime("CreatedDate")
            && counts_as_completed(config, &status)
        {
            became.entry(id.into_owned()).or_insert(at);
        }
    }
    Ok(became)
}

/// Whether `salesforce.completed` names this status; where it names none, the history says nothing.
fn counts_as_completed(config: &Relay, status: &str) -> bool {
    let mut clauses =
        config.salesforce.completed.iter().filter(|clause| clause.field.as_str().eq_ignore_ascii_case(STATUS));
    clauses.any(|clause| {
        let named = |value: &Literal| matches!(value, Literal::Text(text) if text.eq_ignore_ascii_case(status));
        !clause.negated && clause.values.iter().any(named)
    })
}

fn is_near(row: &Record, path: &str, kind: Completed, became: DateTime<Utc>, zone: Zone) -> bool {
    match kind {
        Completed::DateTime => matches!(row.datetime(path), Ok(Some(at)) if (at - became).abs() <= NEAR),
        Completed::Date => {
            let day: NaiveDate = zone.local(became).date();
            matches!(row.date(path), Ok(Some(date)) if (date - day).abs() <= NEAR)
        }
    }
}

/// By what it is known when an order was completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum KnownBy {
    /// The history of its status.
    History,
    /// Its last change, which may have come later.
    #[default]
    Change,
}

/// How near the dates of a sample are to the completion.
#[derive(Clone, Debug, Default)]
struct Sample {
    known_by: KnownBy,
    /// The org tracks fields of Order.
    tracked: bool,
    orders: usize,
    near: usize,
    /// The same of other fields.
    better: BTreeMap<String, usize>,
}

impl Sample {
    /// What it says of the configured field. A last change may have come long after the completion: then most of the sample
    /// must speak against the field.
    fn judged(self, configured: &str) -> Finding {
        let Self { known_by, tracked, orders, near, better } = self;
        if orders < ENOUGH {
            return Finding::Well(format!(
                "{orders} orders were completed or changed in the last week: too few to see what sets {configured}"
            ));
        }
        let (measure, needed) = match known_by {
            KnownBy::History => ("the change of Status in Order's history", orders * 9 / 10),
            KnownBy::Change => ("the last change", orders / 2),
        };
        if near >= needed.max(1) {
            return Finding::Well(format!("{configured} is within a day of {measure} in {near} of {orders} orders"));
        }
        let mut better: Vec<_> = better.into_iter().filter(|(_, near)| *near >= needed.max(1)).collect();
        better.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let better: Vec<String> = better.iter().map(|(name, near)| format!("{name} ({near} of {orders})")).collect();
        let better = if better.is_empty() {
            "a date-time field that a flow sets when the order is completed would be; there is none".to_owned()
        } else {
            format!("nearer is {}", better.join(", "))
        };
        let history = match (known_by, tracked) {
            (KnownBy::History, _) => "",
            (KnownBy::Change, true) => "; whether Order's history tracks Status is not to be seen in the last week",
            (KnownBy::Change, false) => "; track Status in Order's history, and this check can tell for certain",
        };
        Finding::Doubtful(format!(
            "{configured} is within a day of {measure} in {near} of {orders} orders only: it seems that completion does not \
             set it; {better}{history}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(known_by: KnownBy, near: usize, better: &[(&str, usize)]) -> Finding {
        let better = better.iter().map(|(name, near)| ((*name).to_owned(), *near)).collect();
        Sample { known_by, tracked: known_by == KnownBy::History, orders: 20, near, better }.judged("ActivatedDate")
    }

    fn doubt(finding: Finding) -> String {
        match finding {
            Finding::Doubtful(said) => said,
            Finding::Well(said) => panic!("{said}"),
        }
    }

    #[test]
    fn a_date_that_the_history_contradicts_is_doubtful_and_a_nearer_one_is_named() {
        let said = doubt(judged(KnownBy::History, 4, &[("Completed_On__c", 20), ("Shipped__c", 18), ("Born__c", 0)]));
        assert!(said.contains("in 4 of 20 orders only") && said.contains("Order's history"), "{said}");
        assert!(said.ends_with("nearer is Completed_On__c (20 of 20), Shipped__c (18 of 20)"), "{said}");
        assert!(matches!(judged(KnownBy::History, 18, &[]), Finding::Well(_)));
        assert!(doubt(judged(KnownBy::History, 17, &[])).ends_with("there is none"));
    }

    #[test]
    fn a_last_change_is_weaker_evidence() {
        assert!(matches!(judged(KnownBy::Change, 10, &[]), Finding::Well(_)));
        let said = doubt(judged(KnownBy::Change, 9, &[("Completed_On__c", 12)]));
        assert!(said.contains("Completed_On__c (12 of 20)") && said.contains("track Status"), "{said}");
    }

    #[test]
    fn of_too_few_orders_nothing_is_concluded() {
        let few = Sample { orders: ENOUGH - 1, ..Sample::default() };
        assert!(matches!(few.judged("ActivatedDate"), Finding::Well(said) if said.contains("too few")));
    }

    #[test]
    fn only_a_status_that_counts_is_a_completion() {
        let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap();
        assert!(counts_as_completed(&config, "completed") && !counts_as_completed(&config, "Activated"));
    }
}
