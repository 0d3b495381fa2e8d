//! Purchases become messages: what the ledger has settled is left out, what will not be sent is recorded,
//! the rest goes to the queue in batches.

use crate::{
    fields::Fields,
    item::{BadRow, DUPLICATE_ORDER_ID, Fate, Item},
    judge::{Judgement, judge},
    report::Report,
    select::Pass,
    twins::{Candidate, Namesakes, Ruling, Unasked},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay, StoreName};
use function::Invoked;
use futures_util::{StreamExt as _, stream};
use ledger::{DeliveryKey, ErrorClass, Event, Ledger, Mark, Settled, Verdict};
use queue::{Entry, PATIENCE, Queue};
use salesforce::{Client, Record as Row};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    future::ready,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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
    /// The source, to be asked for orders that share a name.
    pub salesforce: &'a Client,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The flow's queue.
    pub queue: &'a Queue,
    /// Its dead-letter queue.
    pub dead_letters: &'a Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    /// The invocation: its messages are a part of its trace, and sent again for a while if it has the time.
    pub invoked: &'a Invoked,
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
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] Unasked),
}

impl Unpublished {
    /// The source's error, if it is that.
    pub(crate) fn of_the_source(&self) -> Option<&salesforce::Error> {
        if let Self::Names(Unasked::Salesforce(error)) = self { Some(error) } else { None }
    }
}

impl Publisher<'_> {
    /// Publishes a page's rows; when it returns, every row is accepted by SQS or recorded.
    ///
    /// # Errors
    /// When part of it failed: the page is to be published again.
    pub async fn page(&self, pass: &Pass, rows: &[Row], report: &mut Report) -> Result<(), Unpublished> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.extend(Item::of(row, pass, self.fields, self.config)?.map(|item| (item, row)));
        }
        let keys: Vec<_> = items.iter().map(|(item, _)| item.delivery.key.clone()).collect();
        let known = self.ledger.read(&keys).await?;
        let (mut send, mut settle) = (Vec::new(), Vec::new());
        for (item, row) in items {
            let counts = report.of(&item.store, item.day);
            counts.fetched += 1;
            match judge(&item, known.get(&item.delivery.key)) {
                Judgement::Delivered => counts.already_delivered += 1,
                Judgement::Rejected(reason) => *counts.rejected.entry(reason.to_owned()).or_default() += 1,
                Judgement::Parked(reason) => *counts.parked.entry(reason.to_owned()).or_default() += 1,
                Judgement::Skipped(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Judgement::Send => send.push(Candidate::of(item, row, self.fields)),
                Judgement::Skip(_) | Judgement::Park(_) => settle.push(item),
            }
        }
        let send = self.first_of_each_name(send, &mut settle, report).await?;
        self.publish(send, &settle, report).await
    }

    /// Of orders that ask for one name, at most one is sent, once the others are parked: each of them may have a message
    /// already, which nobody takes any more then. Those of these orders that are parked for it go to `settle`.
    ///
    /// # Errors
    /// When source, ledger or dead-letter queue fail: it is to be done again.
    pub(crate) async fn first_of_each_name(
        &self,
        candidates: Vec<Candidate>,
        settle: &mut Vec<Item>,
        report: &mut Report,
    ) -> Result<Vec<Item>, Unpublished> {
        let rulings = self.namesakes().rule(&candidates).await?;
        let (mut send, mut second, mut parked) = (Vec::with_capacity(candidates.len()), Vec::new(), HashSet::new());
        let met: HashSet<_> = candidates.iter().map(|candidate| candidate.item.delivery.key.clone()).collect();
        for (Candidate { item, .. }, ruling) in candidates.into_iter().zip(rulings) {
            let keeps = match ruling {
                Ruling::Keeps(others) => self.give_way(others, &met, &mut parked, report).await?,
                Ruling::Second => false,
            };
            if keeps { &mut send } else { &mut second }.push(item);
        }
        for item in second {
            if !parked.contains(&item.delivery.key) {
                settle.push(item.second()?);
            }
        }
        Ok(send)
    }

    /// Parks these, whosever day they are of, and counts them; false as soon as one of them has, or may have, the name. `met`:
    /// the orders of the page that are counted as fetched.
    async fn give_way(
        &self,
        others: Vec<Item>,
        met: &HashSet<DeliveryKey>,
        parked: &mut HashSet<DeliveryKey>,
        report: &mut Report,
    ) -> Result<bool, Unpublished> {
        for other in others {
            let other = other.second()?;
            if let Fate::Park(reason, body) = &other.fate {
                self.bury(&other, reason, body).await?;
            }
            if !self.record(&other, Settled::GaveWay(DUPLICATE_ORDER_ID.to_owned())).await? {
                return Ok(false);
            }
            let counts = report.of(&other.store, other.day);
            counts.fetched += usize::from(!met.contains(&other.delivery.key));
            *counts.parked.entry(DUPLICATE_ORDER_ID.to_owned()).or_default() += 1;
            parked.insert(other.delivery.key);
        }
        Ok(true)
    }

    fn namesakes(&self) -> Namesakes<'_> {
        Namesakes {
            config: self.config,
            fields: self.fields,
            salesforce: self.salesforce,
            ledger: self.ledger,
            accounts: BTreeMap::new(),
            now: (self.now)(),
        }
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
        self.mark(&send).await?;
        for batch in send.chunks(self.config.reviews.batch_size) {
            self.send(batch, report).await?;
        }
        Ok(())
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
                self.bury(item, reason, body).await?;
                Settled::Parked((*reason).to_owned())
            }
        };
        let second = matches!(&item.fate, Fate::Park(reason, _) if *reason == DUPLICATE_ORDER_ID);
        // One that a person has released, and whose message was lost, waits at its own version.
        if !self.record(item, settled).await? && second {
            self.record(item, Settled::GaveWay(DUPLICATE_ORDER_ID.to_owned())).await?;
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

    /// A copy for the dead-letter queue, before the ledger says why: a crash in between repeats harmlessly.
    async fn bury(&self, item: &Item, reason: &str, body: &str) -> Result<(), Unpublished> {
        let letter = item.dead_letter(reason, body).traced(self.invoked.trace.clone());
        Ok(self.dead_letters.send_one(letter, self.patience()).await?)
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
