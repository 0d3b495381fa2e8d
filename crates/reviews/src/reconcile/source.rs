//! The day's completed orders at the source, page by page, each with what the ledger says of it.

use super::Failed;
use crate::{
    fields::Fields,
    item::{BadRow, Order},
    map::order_id,
    pages::{Pages, by_id},
    select::Pass,
    twins::Candidate,
};
use config::Relay;
use ledger::Ledger;
use reconciliation::{Entries, Part};
use salesforce::{Client, Record};

/// What reading the source needs.
pub(super) struct Source<'a> {
    pub(super) config: &'a Relay,
    pub(super) salesforce: &'a Client,
    pub(super) fields: &'a Fields,
    pub(super) ledger: &'a Ledger,
}

impl Source<'_> {
    /// The orders that the pass is about, from where it stands on, until `out_of_time` is true after a page.
    pub(super) async fn orders(&self, pass: &Pass, out_of_time: impl Fn() -> bool) -> Result<Part<Pass>, Failed> {
        let mut pass = pass.clone();
        let mut entries = Entries::default();
        let mut pages = Pages::new(self.salesforce, self.fields, self.config, &[]);
        loop {
            let rows = pages.read(&mut pass).await?;
            pages.while_handling(Box::pin(self.add(&pass, &rows.records, &mut entries))).await?;
            let whole = !pages.handled(&mut pass, &rows)?;
            if whole || out_of_time() {
                return Ok(Part { entries, left: pass, whole });
            }
        }
    }

    async fn add(&self, pass: &Pass, rows: &[Record], entries: &mut Entries) -> Result<(), Failed> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(order) = self.order(pass, row)? {
                items.push((order.item, order_id(row, self.fields)));
            }
        }
        let keys: Vec<_> = items.iter().map(|(item, _)| item.delivery.key.clone()).collect();
        let known = self.ledger.read(&keys).await?;
        for (item, order_id) in &items {
            entries.add(item, order_id, known.get(&item.delivery.key));
        }
        Ok(())
    }

    /// What `row` asks for, if it is this store's: where there is one store, a pass over it meets the orders of none too.
    fn order(&self, pass: &Pass, row: &Record) -> Result<Option<Order>, BadRow> {
        let order = Order::of(row, pass, self.fields, self.config)?;
        Ok(order.filter(|order| pass.spans.contains_key(&order.item.store)))
    }

    /// What these orders, which were met before, ask for now.
    pub(super) async fn anew(&self, pass: &Pass, ids: &[String]) -> Result<Vec<Candidate>, Failed> {
        let mut orders = Vec::with_capacity(ids.len());
        for row in by_id(self.salesforce, pass, self.fields, ids).await? {
            orders.extend(self.order(pass, &row)?.map(|order| Candidate::of(order, &row, self.fields)));
        }
        Ok(orders)
    }
}
