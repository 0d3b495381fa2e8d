//! The day's completed orders at the source, page by page, each with what the ledger says of it.

use super::{Failed, items};
use crate::{
    keys,
    source::{
        item::BadRow,
        publish::Sender,
        select::{Pass, Source, Which},
    },
};
use config::StoreName;
use delivery::Item;
use ledger::DeliveryKey;
use org::Position;
use reconciliation::{Entries, Part, Task};
use salesforce::{BadField, Id, Record};

/// The orders of a store's day, or of those that fit none.
pub(super) struct DayOrders<'a> {
    pub(super) task: &'a Task,
    pub(super) sender: Sender<'a>,
}

impl DayOrders<'_> {
    /// Reads from where an earlier run stopped (`left`), or from the beginning, until `out_of_time` is true after a page.
    pub(super) async fn read(&self, left: Option<&Pass>, out_of_time: impl Fn() -> bool) -> Result<Part<Pass>, Failed> {
        let mut pass = left.cloned().unwrap_or_else(Pass::whole);
        let which = Which::Day { day: self.task.day, store: None };
        let (mut entries, mut pages) = (Entries::default(), self.sender.salesforce.pages());
        loop {
            match pages.next(|| Source::Orders.query(&pass, which, &self.sender.mapping)).await {
                Ok(page) => {
                    let rows = page.map(|page| page.records).unwrap_or_default();
                    pages.while_handling(Box::pin(self.add(&rows, &mut entries))).await?;
                    if let Some(last) = rows.last().map(Position::of).transpose().map_err(BadRow::from)? {
                        pass.handled(last);
                    }
                    if pages.is_at_end() {
                        return Ok(Part { entries, left: pass, whole: true });
                    }
                }
                Err(error) if pass.narrow(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if out_of_time() {
                return Ok(Part { entries, left: pass, whole: false });
            }
        }
    }

    async fn add(&self, rows: &[Record], entries: &mut Entries) -> Result<(), Failed> {
        let mut own = Vec::with_capacity(rows.len());
        for row in rows {
            if self.is_own(row).map_err(BadRow::from)? {
                own.push(row.clone());
            }
        }
        let items: Vec<Item> = self.items(&own).await?;
        let keys: Vec<DeliveryKey> = items.iter().map(|item| item.delivery.key.clone()).collect();
        let known = self.sender.publisher.ledger.read(&keys).await?;
        for item in &items {
            entries.add(item, item.delivery.key.id(), known.get(&item.delivery.key));
        }
        Ok(())
    }

    /// Whether an order is this store's, and of this day in its zone.
    fn is_own(&self, row: &Record) -> Result<bool, BadField> {
        let (mapping, own) = (&self.sender.mapping, &self.sender.mapping.fields.order.own);
        let unrouted = StoreName::unrouted();
        let at = mapping.route(row, &own.routing);
        let (store, zone) = at.map_or((&unrouted, mapping.config.time_zone), |at| (at.name, at.zone));
        Ok(*store == self.task.store && own.day(row, zone)? == Some(self.task.day))
    }

    async fn items(&self, rows: &[Record]) -> Result<Vec<Item>, Failed> {
        let mapped = self.sender.mapped(&Source::Orders, rows).await?;
        Ok(items(mapped).filter(|item| item.store == self.task.store && item.day == self.task.day).collect())
    }

    /// What these orders, which were met before, ask for now.
    pub(super) async fn anew(&self, ids: &[String]) -> Result<Vec<Item>, Failed> {
        let ids = ids.iter().filter_map(|id| Id::parse(id).ok());
        let keys: Result<Vec<DeliveryKey>, _> = ids.map(|id| keys::order(&self.task.store, &id)).collect();
        let keys = keys.map_err(BadRow::from)?;
        let mapped = self.sender.anew(&keys.iter().collect::<Vec<_>>()).await?;
        let mapped = mapped.into_iter().map(|(_, mapped)| mapped).collect();
        Ok(items(mapped).filter(|item| item.store == self.task.store && item.day == self.task.day).collect())
    }
}
