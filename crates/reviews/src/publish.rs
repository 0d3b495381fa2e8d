//! Purchases become messages: what the ledger has settled is left out, what will not be sent is recorded,
//! the rest goes to the queue in batches.

use crate::{
    fields::Fields,
    item::{BadRow, Fate, Item},
    judge::{Judgement, judge},
    report::Report,
    select::Pass,
};
use chrono::{DateTime, Utc};
use config::Relay;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ledger::{ErrorClass, Event, Ledger, Millis, Policy, Settled, Verdict};
use queue::{Entry, Queue, TraceHeader};
use salesforce::Record as Row;

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
    /// The invocation's trace, of which its messages are a part.
    pub trace: Option<&'a TraceHeader>,
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
    #[error("{0} messages were not accepted by the queue")]
    Queue(usize),
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
            item.belongs_to(self.trace);
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

    /// Records skips and parkings; a parked order's copy goes to the dead-letter queue first.
    async fn settle(&self, items: &[Item], report: &mut Report) -> Result<(), Unpublished> {
        let writes: Vec<()> = stream::iter(items)
            .map(|item| async move {
                let settled = match &item.fate {
                    Fate::Send(_) => return Ok(()),
                    Fate::Skip(reason) => Settled::Skipped((*reason).to_owned()),
                    Fate::Park(reason, body) => {
                        let letter = item.dead_letter(reason, body).traced(self.trace.cloned());
                        self.dead_letters.send_one(letter).await?;
                        Settled::Parked((*reason).to_owned())
                    }
                };
                self.record(item, settled).await
            })
            .buffer_unordered(CONCURRENT_WRITES)
            .try_collect()
            .await?;
        drop(writes);
        for item in items {
            let counts = report.of(&item.store, item.day);
            match &item.fate {
                Fate::Send(_) => {}
                Fate::Skip(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Fate::Park(reason, _) => *counts.parked.entry((*reason).to_owned()).or_default() += 1,
            }
        }
        Ok(())
    }

    async fn send(&self, items: &[Item], report: &mut Report) -> Result<(), Unpublished> {
        let entries: Vec<&Entry> = items.iter().filter_map(Item::entry).collect();
        let sent = self.queue.send(&entries).await;
        for refused in &sent.refused {
            // It holds nothing up: SQS will never take it.
            let item = &items[refused.index];
            self.record(item, Settled::Rejected(format!("{}: {}", ErrorClass::BadRecord, refused.code))).await?;
            *report.of(&item.store, item.day).rejected.entry(ErrorClass::BadRecord.as_str().to_owned()).or_default() +=
                1;
        }
        if !sent.unsent.is_empty() {
            return Err(Unpublished::Queue(sent.unsent.len()));
        }
        for (index, item) in items.iter().enumerate() {
            if sent.refused.iter().all(|refused| refused.index != index) {
                report.of(&item.store, item.day).enqueued += 1;
            }
        }
        Ok(())
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
