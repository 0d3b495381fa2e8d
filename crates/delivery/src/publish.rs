//! Items become messages: what will not be sent is recorded, the rest goes to the queue in batches.

use crate::{Fate, Item, Report};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use futures_util::{StreamExt as _, stream};
use ledger::{ErrorClass, Event, Ledger, Mark, Settled, Verdict};
use queue::{Entry, PATIENCE, Queue, TraceHeader};
use std::{
    collections::BTreeSet,
    future::ready,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Ledger writes under way at once.
const CONCURRENT_WRITES: usize = 10;

/// Where items go.
pub struct Publisher<'a> {
    /// The flow's ledger.
    pub ledger: &'a Ledger,
    /// Its queue.
    pub queue: &'a Queue,
    /// The dead-letter queue.
    pub dead_letters: &'a Queue,
    /// Messages of one call.
    pub batch_size: usize,
    /// The trace that the messages are a part of.
    pub trace: Option<TraceHeader>,
    /// Until when messages that SQS does not accept for now are sent again.
    pub until: DateTime<Utc>,
    /// The days that it has marked.
    pub marked: Marked,
}

/// Business days that were marked as due: each once a run.
#[derive(Debug, Default)]
pub struct Marked(Mutex<BTreeSet<(StoreName, BusinessDay)>>);

impl Marked {
    fn has(&self, day: &(StoreName, BusinessDay)) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(day)
    }

    fn add(&self, day: (StoreName, BusinessDay)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(day);
    }
}

/// Why not everything is published. What was published stays so; doing it again is harmless.
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
    /// A copy for the dead-letter queue cannot be written as JSON.
    #[error("a copy for the dead-letter queue cannot be written: {0}")]
    Letter(#[from] serde_json::Error),
}

impl Publisher<'_> {
    /// Sends the ones and records the others, whatever the ledger says of them: when it returns, every item is accepted by SQS or
    /// recorded, and counted.
    ///
    /// # Errors
    /// When part of it failed: it is to be done again.
    pub async fn publish(&self, mut send: Vec<Item>, settle: &[Item], report: &mut Report) -> Result<(), Unpublished> {
        for item in &mut send {
            if let Fate::Send(entry) = &mut item.fate {
                entry.trace.clone_from(&self.trace);
            }
        }
        self.settle(settle, report).await?;
        self.mark(&send).await?;
        for batch in send.chunks(self.batch_size) {
            self.send(batch, report).await?;
        }
        Ok(())
    }

    /// Parks an item that gives way to another of its name; false if a call was made for it, which may have taken the name.
    ///
    /// # Errors
    /// When ledger or dead-letter queue fail: it is to be done again.
    pub async fn give_way(&self, item: &Item) -> Result<bool, Unpublished> {
        let Fate::GiveWay(reason, class) = item.fate else { return Ok(false) };
        self.dead_letter(item.letter(class, reason)?).await?;
        self.record(item, Settled::GaveWay(reason.to_owned())).await
    }

    /// Makes the days due before anything is sent for them: a run that dies in between has promised a look too many.
    async fn mark(&self, items: &[Item]) -> Result<(), ledger::Error> {
        let days: BTreeSet<_> = items.iter().map(|item| (item.store.clone(), item.day)).collect();
        for (store, day) in days.into_iter().filter(|day| !self.marked.has(day)) {
            self.ledger.mark_due(store.as_str(), &day.to_string(), Mark::Sent).await?;
            self.marked.add((store, day));
        }
        Ok(())
    }

    /// Records skips and parkings; a parked record's copy goes to the dead-letter queue first. What is recorded is counted,
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
                Fate::Park(reason, _) | Fate::GiveWay(reason, _) => {
                    *counts.parked.entry((*reason).to_owned()).or_default() += 1;
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn exclude(&self, item: &Item) -> Result<(), Unpublished> {
        match item.fate {
            Fate::Send(_) => {}
            Fate::Skip(reason) => drop(self.record(item, Settled::Skipped(reason.to_owned())).await?),
            Fate::Park(reason, class) => {
                self.dead_letter(item.letter(class, reason)?).await?;
                self.record(item, Settled::Parked(reason.to_owned())).await?;
            }
            Fate::GiveWay(reason, class) => {
                self.dead_letter(item.letter(class, reason)?).await?;
                if !self.record(item, Settled::Parked(reason.to_owned())).await? {
                    // One that a person has released, and whose message was lost, waits at its own version.
                    self.record(item, Settled::GaveWay(reason.to_owned())).await?;
                }
            }
        }
        Ok(())
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
            let error = format!("SQS will never take it: {}", refused.code);
            let class = ErrorClass::BadRecord;
            self.dead_letter(item.letter_about(class, class.as_str(), &error)?).await?;
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
    fn patience(&self) -> Duration {
        (self.until - self.ledger.now()).to_std().unwrap_or_default().min(PATIENCE)
    }

    /// A copy goes to the dead-letter queue, before the ledger says why: a crash in between repeats harmlessly.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn dead_letter(&self, letter: Entry) -> Result<(), queue::Unavailable> {
        self.dead_letters.send_one(letter.traced(self.trace.clone()), self.patience()).await
    }

    /// Whether it was recorded: not, if it was overtaken.
    async fn record(&self, item: &Item, settled: Settled) -> Result<bool, Unpublished> {
        let event = Event::Settle { delivery: item.delivery.clone(), settled: settled.clone() };
        let verdict = self.ledger.put(&event).await?;
        let (Settled::Skipped(reason)
        | Settled::Rejected(reason)
        | Settled::Parked(reason)
        | Settled::GaveWay(reason)
        | Settled::Dismissed(reason)) = settled;
        let recorded = verdict == Verdict::Recorded;
        let state = if recorded { "recorded" } else { "overtaken" };
        tracing::info!(delivery_key = %item.delivery.key, reason, outcome = state, "not sent, by rule");
        Ok(recorded)
    }
}
