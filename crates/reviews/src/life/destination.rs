//! The order at the destination, among the purchases that are read back.

use chrono::NaiveDate;
use config::BusinessDay;
use delivery::Pace;
use ledger::Millis;
use reconciliation::{ROWS, read_from};
use serde::Serialize;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::Instant;
use yotpo::{Error, Reviews};

/// No page is waited for longer.
const PATIENCE: Duration = Duration::from_hours(1);

/// What is read, and how far.
pub struct Where<'a> {
    /// The order's id there.
    pub order_id: &'a str,
    /// The business day that it counts for.
    pub day: BusinessDay,
    /// When Yotpo accepted it, where the ledger knows.
    pub accepted_at: Option<Millis>,
    /// Calls that the account allows.
    pub pace: &'a Pace,
    /// Pages to read at most.
    pub pages: u32,
}

/// What the destination shows.
#[derive(Clone, Debug, Serialize)]
pub struct AtDestination {
    /// The products that it has of the order; none if it does not show it.
    pub products: BTreeSet<String>,
    /// When Yotpo took it in, in Yotpo's words.
    pub created_at: Option<String>,
    /// The order's date, in Yotpo's words.
    pub order_date: Option<String>,
    /// Whether it shows the order.
    pub found: bool,
    /// From which date on purchases were read.
    pub since: NaiveDate,
    /// Pages that were read.
    pub pages: u32,
    /// Whether there were no more.
    pub whole: bool,
}

/// Reads purchases back until the order is found.
///
/// # Errors
/// When Yotpo does not answer as it should.
pub async fn at_destination(client: &Reviews, sought: &Where<'_>) -> Result<AtDestination, Error> {
    let since = read_from(sought.day, sought.accepted_at);
    let mut at = AtDestination {
        products: BTreeSet::new(),
        created_at: None,
        order_date: None,
        found: false,
        since,
        pages: 0,
        whole: false,
    };
    let mut rows = 0;
    while at.pages < sought.pages && !at.whole {
        sought.pace.wait(Instant::now() + PATIENCE).await;
        let page = client.purchases(since, at.pages + 1, ROWS).await?;
        at.pages += 1;
        rows += page.purchases.len() as u64;
        at.whole = page.is_last(ROWS, rows);
        for row in page.purchases.iter().filter(|row| row.order_id == sought.order_id) {
            at.found = true;
            at.products.extend(row.product_sku.clone());
            at.created_at.clone_from(&row.created_at);
            at.order_date.clone_from(&row.order_date);
        }
        // An order has a row for each product, which may go on on the next page.
        if at.found && page.purchases.last().is_none_or(|last| last.order_id != sought.order_id) {
            break;
        }
    }
    Ok(at)
}
