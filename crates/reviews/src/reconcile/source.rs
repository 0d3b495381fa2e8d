//! The day's completed orders at the source, page by page, each with what the ledger says of it.

use super::{Failed, entry::Entries};
use crate::{
    fields::Fields,
    item::{BadRow, Item},
    map::order_id,
    produce::position,
    select::Pass,
};
use config::Relay;
use ledger::Ledger;
use salesforce::{Client, Error, Page, Record};

/// What reading the source needs.
pub(super) struct Source<'a> {
    pub(super) config: &'a Relay,
    pub(super) salesforce: &'a Client,
    pub(super) fields: &'a Fields,
    pub(super) ledger: &'a Ledger,
}

impl Source<'_> {
    /// The orders that the pass is about; `None` if `out_of_time` came true before the last page.
    pub(super) async fn orders(&self, pass: &Pass, out_of_time: impl Fn() -> bool) -> Result<Option<Entries>, Failed> {
        let mut pass = pass.clone();
        let mut entries = Entries::default();
        let mut page = self.salesforce.query(&pass.query(self.fields, self.config)).await?;
        loop {
            // The next page is fetched while the ledger is asked about this one.
            let (added, next) = tokio::join!(self.add(&pass, &page.records, &mut entries), self.next(&page));
            added?;
            let Some(next) = next else {
                entries.sort();
                return Ok(Some(entries));
            };
            if out_of_time() {
                return Ok(None);
            }
            if let Some(last) = page.records.last() {
                pass.after = Some(position(last)?);
            }
            page = match next {
                Ok(page) => page,
                // The cursor lives for minutes: ask again from here.
                Err(Error::CursorExpired) => self.salesforce.query(&pass.query(self.fields, self.config)).await?,
                Err(error) => return Err(error.into()),
            };
        }
    }

    async fn add(&self, pass: &Pass, rows: &[Record], entries: &mut Entries) -> Result<(), Failed> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(item) = self.item(pass, row)? {
                items.push((item, order_id(row, self.fields)));
            }
        }
        let keys: Vec<_> = items.iter().map(|(item, _)| item.delivery.key.clone()).collect();
        let known = self.ledger.read(&keys).await?;
        for (item, order_id) in &items {
            entries.add(item, order_id, known.get(&item.delivery.key));
        }
        Ok(())
    }

    async fn next(&self, page: &Page) -> Option<Result<Page, Error>> {
        match &page.next {
            Some(next) => Some(self.salesforce.next(next).await),
            None => None,
        }
    }

    /// What `row` asks for, if it is this store's: where there is one store, a pass over it meets the orders of none too.
    pub(super) fn item(&self, pass: &Pass, row: &Record) -> Result<Option<Item>, BadRow> {
        let item = Item::of(row, pass, self.fields, self.config)?;
        Ok(item.filter(|item| pass.spans.contains_key(&item.store)))
    }

    /// The rows of orders that were met before, as they are now.
    pub(super) async fn rows<'a>(
        &self,
        pass: &Pass,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Record>, Failed> {
        Ok(self.salesforce.query_all(&pass.query_again(ids, self.fields)).await?)
    }
}
