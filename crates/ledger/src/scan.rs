//! Every delivery of some business days, read page by page.
//!
//! There is no index by day, since one would cost a write more on every ordinary delivery: a scan reads the whole table, at
//! half a read unit for 4 KB (a million records take about 60,000), whatever the days. Eventually consistent.

use crate::{
    expression::{Item, get_number, get_text, text},
    millis::Millis,
    record::State,
    table::{Error, Ledger},
};
use std::collections::HashMap;

/// What a scan asks for of each record, in DynamoDB's language; some of the names are reserved words.
const ATTRIBUTES: [&str; 7] = ["state", "store", "day", "reason", "attempts", "repairs", "accepted_at"];

/// Items looked at in one call, of which as many are in memory at most.
const ITEMS: i32 = 1000;

/// Which deliveries a scan is about: those of the flow whose business day is one of these, first and last included.
#[derive(Clone, Copy, Debug)]
pub struct Days<'a> {
    /// The first day (`YYYY-MM-DD`).
    pub first: &'a str,
    /// The last.
    pub last: &'a str,
    /// One store's only.
    pub store: Option<&'a str>,
}

/// A delivery as a scan shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What became of it.
    pub state: State,
    /// The store it belongs to.
    pub store: String,
    /// The business day it counts for.
    pub day: String,
    /// Why it is skipped, rejected or parked, or what the last attempt failed with.
    pub reason: Option<String>,
    /// How often it was claimed.
    pub attempts: u32,
    /// How often it was reopened.
    pub repairs: u32,
    /// When the vendor accepted it; absent if it was only ever seen there.
    pub accepted_at: Option<Millis>,
}

impl Ledger {
    /// Reads the whole table and hands each delivery of the days to `take`, and after each page how many items of the table
    /// have been looked at so far to `seen`. A page is in memory at a time.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or an item is not one of ours.
    pub async fn scan(
        &self,
        days: Days<'_>,
        mut take: impl FnMut(Scanned),
        mut seen: impl FnMut(u64),
    ) -> Result<(), Error> {
        let (mut from, mut looked_at) = (None, 0);
        let names: HashMap<String, String> =
            ATTRIBUTES.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
        let asked_for: Vec<&str> = std::iter::once("k").chain(names.keys().map(String::as_str)).collect();
        let mut filter = "begins_with(k, :flow) AND #day BETWEEN :first AND :last".to_owned();
        if days.store.is_some() {
            filter.push_str(" AND #store = :store");
        }
        loop {
            let mut scan = self
                .client
                .scan()
                .table_name(&self.table)
                .limit(ITEMS)
                .filter_expression(&filter)
                .projection_expression(asked_for.join(", "))
                .set_expression_attribute_names(Some(names.clone()))
                .expression_attribute_values(":flow", text(format!("{}/", self.flow.name)))
                .expression_attribute_values(":first", text(days.first))
                .expression_attribute_values(":last", text(days.last));
            if let Some(store) = days.store {
                scan = scan.expression_attribute_values(":store", text(store));
            }
            let page = scan
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|e| Error::unavailable("list deliveries", e))?;
            looked_at += u64::try_from(page.scanned_count).unwrap_or(0);
            for item in page.items.unwrap_or_default() {
                take(scanned(&item)?);
            }
            seen(looked_at);
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}

fn scanned(item: &Item) -> Result<Scanned, Error> {
    let missing = |attribute| Error::Unreadable { key: get_text(item, "k").unwrap_or_default().to_owned(), attribute };
    let words = |name| get_text(item, name).map(str::to_owned);
    let count = |name| get_number(item, name).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Ok(Scanned {
        state: get_text(item, "state").and_then(State::parse).ok_or_else(|| missing("state"))?,
        store: words("store").ok_or_else(|| missing("store"))?,
        day: words("day").ok_or_else(|| missing("day"))?,
        reason: words("reason"),
        attempts: count("attempts"),
        repairs: count("repairs"),
        accepted_at: get_number(item, "accepted_at").map(Millis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::number;

    #[test]
    fn an_item_of_ours_is_read_and_another_is_named() {
        let mut item: Item = [("k", "reviews/1"), ("state", "accepted"), ("store", "acme"), ("day", "2026-11-20")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), text(value)))
            .collect();
        item.insert("accepted_at".to_owned(), number(7));
        let expected = Scanned {
            state: State::Accepted,
            store: "acme".to_owned(),
            day: "2026-11-20".to_owned(),
            reason: None,
            attempts: 0,
            repairs: 0,
            accepted_at: Some(Millis(7)),
        };
        assert_eq!(scanned(&item).unwrap(), expected);
        item.insert("state".to_owned(), text("lost"));
        let error = scanned(&item).unwrap_err().to_string();
        assert!(error.contains("reviews/1") && error.contains("state"), "{error}");
    }
}
