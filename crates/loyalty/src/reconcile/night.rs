//! All customers of a day that has just ended are read back in the night after it: what Yotpo told of them may never have come.

use super::{Failed, sample::Sampling};
use crate::{
    hint,
    source::{
        item::{BadRow, Mapping},
        select::{Pass, Source, Which},
    },
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use ledger::Checkpoint;
use org::Position;
use queue::{Entry, PATIENCE, body};
use salesforce::{Id, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Orders whose customers are asked about together.
const TOGETHER: usize = 200;

/// How far a store's night has come.
#[derive(Debug, Serialize, Deserialize)]
struct Night {
    day: String,
    /// Kinds of record of which every customer is asked for.
    done: usize,
    pass: Pass,
}

impl Sampling<'_> {
    /// Puts everybody on the write-back's queue of whom an order was completed, or a return or cancellation written, on the task's day, if
    /// that was yesterday. Page by page, and on from there in the next run. The hints are of the day's end, so that who was read since is
    /// not read again, however many hints there are of them.
    pub(super) async fn read_all_back(&self) -> Result<(), Failed> {
        let (ledger, zone) = (&self.reconciler.ledger, self.reconciler.config.zone(&self.task.store));
        let was_yesterday = self.task.day.next() == BusinessDay::of(ledger.now(), zone);
        if !was_yesterday || self.task.store.as_str() == StoreName::UNROUTED {
            return Ok(());
        }
        let (day, window) = (self.task.day.to_string(), self.task.day.window(zone));
        // What was stamped before is not asked for: nothing is late here that has to be read twice.
        let begin = || Pass::from_start(window.start + self.reconciler.loyalty.overlap);
        let name = format!("read-back/{}", self.task.store);
        let kept = ledger.checkpoint(&name).await?;
        let mut version = kept.as_ref().map_or(0, |kept| kept.version);
        let night = kept.and_then(|Checkpoint { state, .. }| serde_json::from_str::<Night>(&state).ok());
        let night = night.filter(|night| night.day == day);
        let mut night = night.unwrap_or_else(|| Night { day, done: 0, pass: begin() });
        let sources = Source::all(self.sender.mapping.fields);
        let sources: Vec<Source> = sources.into_iter().filter(|source| source.of_day().is_some()).collect();
        while let Some(source) = sources.get(night.done) {
            if self.day.out_of_time() {
                return Ok(());
            }
            let left = self.a_page(source, &mut night.pass, window.end).await?;
            let Some(left) = left else { return Ok(()) };
            if !left {
                night = Night { done: night.done + 1, pass: begin(), ..night };
            }
            let state = serde_json::to_string(&night).map_err(BadRow::from)?;
            let Some(saved) = ledger.save_checkpoint(&name, version, &state).await? else { return Ok(()) };
            version = saved;
        }
        Ok(())
    }

    /// Asks for everybody of the next page; whether there are more, nothing if the queue does not take them now.
    async fn a_page(&self, source: &Source, pass: &mut Pass, end: DateTime<Utc>) -> Result<Option<bool>, Failed> {
        let (mapping, mut pages) = (&self.sender.mapping, self.sender.salesforce.pages());
        let which = match source {
            Source::Orders => Which::Day { day: self.task.day, store: Some(&self.task.store) },
            _ => Which::Changed,
        };
        let page = match pages.next(|| source.query(pass, which, mapping)).await {
            Ok(page) => page.map(|page| page.records).unwrap_or_default(),
            Err(error) if pass.narrow(&error) => return Ok(Some(true)),
            Err(error) => return Err(error.into()),
        };
        let mut own = Vec::with_capacity(page.len());
        for row in &page {
            let is_own = self.is_own(source, row) && source.is_asked_for(row, which, mapping).map_err(BadRow::from)?;
            if is_own && (*source == Source::Orders || Position::of(row).map_err(BadRow::from)?.stamp < end) {
                own.push(row.clone());
            }
        }
        for rows in own.chunks(TOGETHER) {
            if !self.ask_for(source, rows, end).await? {
                return Ok(None);
            }
        }
        let Some(last) = page.last().map(Position::of).transpose().map_err(BadRow::from)? else {
            return Ok(Some(false));
        };
        let is_over = *source != Source::Orders && last.stamp >= end;
        pass.handled(last);
        Ok(Some(!is_over && !pages.is_at_end()))
    }

    /// Whether a row is of the task's store.
    fn is_own(&self, source: &Source, row: &Record) -> bool {
        let Mapping { fields, .. } = &self.sender.mapping;
        let of = match (source, &fields.returns) {
            (Source::Returns, Some(returns)) => &returns.of,
            _ => &fields.order.own,
        };
        self.sender.mapping.route(row, &of.routing).is_some_and(|at| *at.name == self.task.store)
    }

    /// Puts the customers of these rows on the write-back's queue; false if it does not take all of them.
    async fn ask_for(&self, source: &Source, rows: &[Record], at: DateTime<Utc>) -> Result<bool, Failed> {
        let customers = match (source, &self.sender.mapping.fields.returns) {
            (Source::Returns, Some(returns)) => {
                let orders: BTreeSet<Id> = rows.iter().filter_map(|row| Mapping::order_of(row, &returns.of)).collect();
                self.customers(&orders.into_iter().map(|id| id.to_string()).collect::<Vec<_>>()).await?
            }
            _ => self.customers_of(rows).await?,
        };
        let mut entries = Vec::with_capacity(customers.len());
        for customer in customers.values() {
            let message = hint::state(&self.task.store, at, customer).map_err(BadRow::from)?;
            let entry = Entry::new(body::json(&message).map_err(BadRow::from)?);
            entries.push(entry.traced(self.day.invoked.trace.clone()));
        }
        let sent = self.reconciler.hints.send(&entries.iter().collect::<Vec<_>>(), PATIENCE).await;
        Ok(sent.refused.is_empty() && sent.unsent.is_empty())
    }
}
