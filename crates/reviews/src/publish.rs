//! Purchases become messages: what the ledger has settled is left out, what will not be sent is recorded,
//! the rest goes to the queue in batches.

use crate::{
    event::Invoked,
    fields::Fields,
    item::{BadRow, Fate, Item},
    judge::{Judgement, judge},
    report::Report,
    select::Pass,
};
use chrono::{DateTime, Utc};
use config::Relay;
use futures_util::{StreamExt as _, stream};
use ledger::{ErrorClass, Event, Ledger, Millis, Policy, Settled, Verdict};
use queue::{Entry, PATIENCE, Queue};
use salesforce::Record as Row;
use std::{
    collections::BTreeSet,
    future::ready,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Ledger writes under way at once.
const CONCURRENT_WRITES: usize = 10;

/// Where a page's orders go.
pub struct Publisher<'a> {
    /// The configuration.
    pub config: &'a Relay,
    /// The configured fields as the org spells them.
    pub fields: &'a Fields,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The protocol's view of Yotpo Reviews.
    pub policy: Policy,
    /// The flow's queue.
    pub queue: &'a Queue,
    /// Its dead-letter queue.
    pub dead_letters: &'a Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    /// The invocation: its messages are a part of its trace, and sent again for a while if it has the time.
    pub invoked: &'a Invoked,
}

/// Why a page is not published as a whole. What was published stays so; doing it again is harmless.
#[derive(Debug, thiserror::Error)]
pub enum Unpublished {
    /// The ledger could not be used.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The dead-letter queue could not be used.
    #[error(transparent)]
    DeadLetters(#[from] queue::Unavailable),
    /// The queue did not accept everything.
    #[error("{unsent} messages were not accepted by the queue: {why}")]
    Queue {
        /// How many.
        unsent: usize,
        /// SQS's code, or what happened to the call.
        why: String,
    },
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
}

impl Publisher<'_> {
    /// Publishes a page's rows; when it returns, every row is accepted by SQS or recorded.
    ///
    /// # Errors
    /// When part of it failed: the page is to be published again.
    pub async fn page(&self, pass: &Pass, rows: &[Row], report: &mut Report) -> Result<(), Unpublished> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.extend(Item::of(row, pass, self.fields, self.config)?);
        }
        let keys: Vec<_> = items.iter().map(|item| item.delivery.key.clone()).collect();
        let known = self.ledger.read(&keys).await?;
        let (mut send, mut settle) = (Vec::new(), Vec::new());
        for item in items {
            let counts = report.of(&item.store, item.day);
            counts.fetched += 1;
            match judge(&item, known.get(&item.delivery.key)) {
                Judgement::Delivered => counts.already_delivered += 1,
                Judgement::Rejected(reason) => *counts.rejected.entry(reason.to_owned()).or_default() += 1,
                Judgement::Parked(reason) => *counts.parked.entry(reason.to_owned()).or_default() += 1,
                Judgement::Skipped(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Judgement::Send => send.push(item),
                Judgement::Skip(_) | Judgement::Park(_) => settle.push(item),
            }
        }
        self.publish(send, &settle, report).await
    }

    /// Sends the ones and records the others, whatever the ledger says of them.
    ///
    /// # Errors
    /// When part of it failed: it is to be done again.
    pub(crate) async fn publish(
        &self,
        mut send: Vec<Item>,
        settle: &[Item],
        report: &mut Report,
    ) -> Result<(), Unpublished> {
        for item in &mut send {
            item.belongs_to(self.invoked.trace.as_ref());
        }
        for item in send.iter().filter(|item| item.lines_left_out > 0) {
            let (delivery_key, lines_left_out) = (&item.delivery.key, item.lines_left_out);
            tracing::warn!(%delivery_key, lines_left_out, "lines without a product id that Yotpo takes");
        }
        for item in send.iter().filter(|item| item.texts_shortened > 0) {
            let (delivery_key, texts_shortened) = (&item.delivery.key, item.texts_shortened);
            tracing::warn!(%delivery_key, texts_shortened, "texts shortened or left out, so that the message fits");
        }
        self.settle(settle, report).await?;
        for batch in send.chunks(self.config.reviews.batch_size) {
            self.send(batch, report).await?;
        }
        Ok(())
    }

    /// Records skips and parkings; a parked order's copy goes to the dead-letter queue first. What is recorded is counted,
    /// also when something else fails: nothing is begun then any more, and what was begun is waited for.
    async fn settle(&self, items: &[Item], report: &mut Report) -> Result<(), Unpublished> {
        let (stopped, mut failed) = (&AtomicBool::new(false), None);
        let mut writes = stream::iter(items)
            .take_while(|_| ready(!stopped.load(Ordering::Relaxed)))
            .map(|item| async move { (item, self.exclude(item).await) })
            .buffer_unordered(CONCURRENT_WRITES);
        while let Some((item, written)) = writes.next().await {
            if let Err(error) = written {
                stopped.store(true, Ordering::Relaxed);
                failed = Some(error);
                continue;
            }
            let counts = report.of(&item.store, item.day);
            match &item.fate {
                Fate::Send(_) => {}
                Fate::Skip(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Fate::Park(reason, _) => *counts.parked.entry((*reason).to_owned()).or_default() += 1,
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn exclude(&self, item: &Item) -> Result<(), Unpublished> {
        let settled = match &item.fate {
            Fate::Send(_) => return Ok(()),
            Fate::Skip(reason) => Settled::Skipped((*reason).to_owned()),
            Fate::Park(reason, body) => {
                let letter = item.dead_letter(reason, body).traced(self.invoked.trace.clone());
                self.dead_letters.send_one(letter, self.patience()).await?;
                Settled::Parked((*reason).to_owned())
            }
        };
        self.record(item, settled).await
    }

    async fn send(&self, items: &[Item], report: &mut Report) -> Result<(), Unpublished> {
        let entries: Vec<&Entry> = items.iter().filter_map(Item::entry).collect();
        let sent = self.queue.send(&entries, self.patience()).await;
        let not_accepted: BTreeSet<usize> =
            sent.unsent.iter().copied().chain(sent.refused.iter().map(|refused| refused.index)).collect();
        for (_, item) in items.iter().enumerate().filter(|(index, _)| !not_accepted.contains(index)) {
            report.of(&item.store, item.day).enqueued += 1;
        }
        for refused in &sent.refused {
            // It holds nothing up, and its copy brings it back when it has changed.
            let item = &items[refused.index];
            let letter = item.refused(&refused.code)?.traced(self.invoked.trace.clone());
            self.dead_letters.send_one(letter, self.patience()).await?;
            let reason = format!("{}: {}", ErrorClass::BadRecord, refused.code);
            self.record(item, Settled::Rejected(reason.clone())).await?;
            *report.of(&item.store, item.day).rejected.entry(reason).or_default() += 1;
        }
        match sent.unsent.len() {
            0 => Ok(()),
            unsent => Err(Unpublished::Queue { unsent, why: sent.why.unwrap_or_else(|| "no answer".to_owned()) }),
        }
    }

    /// How long a message that SQS does not accept for now may be sent again.
    pub(crate) fn patience(&self) -> Duration {
        self.invoked.room((self.now)()).min(PATIENCE)
    }

    async fn record(&self, item: &Item, settled: Settled) -> Result<(), Unpublished> {
        let event = Event::Settle { delivery: item.delivery.clone(), settled: settled.clone() };
        let verdict = self.ledger.put(&event, &self.policy, Millis::from((self.now)())).await?;
        let (Settled::Skipped(reason)
        | Settled::Rejected(reason)
        | Settled::Parked(reason)
        | Settled::Dismissed(reason)) = settled;
        let state = if verdict == Verdict::Recorded { "recorded" } else { "overtaken" };
        tracing::info!(delivery_key = %item.delivery.key, reason, outcome = state, "not sent, by rule");
        Ok(())
    }
}
