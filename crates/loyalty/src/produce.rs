//! The producer's run: what has changed in the org since the run before, kind by kind and page by page, until all is read or the
//! invocation's time is up; the next run goes on from the checkpoints.

use crate::{
    FLOW, PRODUCER,
    source::{
        fields::Fields,
        item::{BadRow, Mapping},
        publish::{Sender, Unsent},
        select::{Pass, Source, Which, start},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use config::{BadDay, BusinessDay, Loyalty, Relay, StoreName};
use delivery::{Marked, Publisher, Report, report::Answer};
use function::{Event, Invoked, ran};
use ledger::{Checkpoint, Ledger, Mark};
use org::{Position, Unfit};
use queue::Queue;
use salesforce::Client;
use std::sync::Arc;
use telemetry::{Metric, Metrics};
use tokio::sync::Mutex;

/// How long what was found in the org is believed: a look at every object costs as many calls as a run.
const DESCRIBED_FOR: TimeDelta = TimeDelta::days(1);

/// What the producer works with; built once at cold start.
pub struct Producer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// This flow's part of it.
    pub loyalty: Arc<Loyalty>,
    /// The source.
    pub salesforce: Client,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    pub(crate) found: Mutex<Option<(Arc<Fields>, DateTime<Utc>)>>,
}

/// Why a run failed. What is published and recorded stays; the next run goes on from the checkpoints.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The day cannot be run.
    #[error("bad event: {0}")]
    Day(#[from] BadDay),
    /// The day is of before the start.
    #[error(
        "bad event: `business_day` {day} is before `loyalty.start`, {start}: its orders would earn points and mails anew; expected \
         `history` with it, if that is what is wanted"
    )]
    BeforeStart {
        /// The day.
        day: BusinessDay,
        /// The start, in the store where it is first.
        start: BusinessDay,
    },
    /// The org does not fit the configuration.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A page could not be published as a whole.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// The checkpoint could not be written.
    #[error("the checkpoint cannot be written: {0}")]
    Checkpoint(#[from] serde_json::Error),
    /// The invocation is nearly over, and a call has not ended.
    #[error("the run did not end before its time was up; the next run goes on")]
    OutOfTime,
}

impl Failed {
    /// Whether the org's quota is used up as far as it is ours.
    fn is_quota(&self) -> bool {
        let error = match self {
            Self::Salesforce(error)
            | Self::Unfit(Unfit::Salesforce(error))
            | Self::Unsent(Unsent::Salesforce(error)) => Some(error),
            _ => None,
        };
        matches!(error, Some(salesforce::Error::QuotaNearEnd { .. } | salesforce::Error::QuotaExceeded { .. }))
    }
}

/// One reading of a kind of record.
struct Reading<'a> {
    source: Source,
    which: Which<'a>,
    /// What its checkpoint is kept under.
    name: String,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Every page is published.
    Complete,
    /// Time, quota or another run put an end to it.
    Stopped,
}

impl Producer {
    /// Runs until everything is read or out of time, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails; the schedule's next run tries again.
    pub async fn run(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let by = ran::by(&event);
        let answer = Box::pin(self.work(event, invoked, metrics)).await;
        let ended =
            answer.as_ref().map(|answer| if answer.settled { ran::Ended::Settled } else { ran::Ended::NotSettled });
        ran::keep(&self.ledger, PRODUCER, by, ended).await;
        answer
    }

    /// What was done is counted, however the run ended.
    async fn work(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let mut report = Report::default();
        let work = Box::pin(self.settle(event, invoked, &mut report, metrics));
        let settled = tokio::time::timeout(invoked.room((self.now)()), work).await.unwrap_or(Err(Failed::OutOfTime));
        if let Some(usage) = self.salesforce.usage() {
            metrics.measure(Metric::QuotaUsed, usage.share() * 100.0);
        }
        let runs = report.finish(FLOW, metrics);
        Ok(Answer { runs, settled: settled? })
    }

    async fn settle(
        &self,
        event: Event,
        invoked: &Invoked,
        report: &mut Report,
        metrics: &mut Metrics,
    ) -> Result<bool, Failed> {
        let fields = match self.fields().await {
            Err(failed) if failed.is_quota() => return Ok(stopped(&failed)),
            other => other?,
        };
        match event {
            Event::Scheduled { .. } => self.read_what_changed(&fields, invoked, report, metrics).await,
            Event::Day { day, store, history } => {
                self.day(day, store.as_ref(), history, &fields, invoked, report).await
            }
        }
    }

    /// The configured fields, as the org has had them within a day.
    async fn fields(&self) -> Result<Arc<Fields>, Failed> {
        let (mut found, now) = (self.found.lock().await, (self.now)());
        if let Some((fields, at)) = &*found
            && now - *at < DESCRIBED_FOR
        {
            return Ok(Arc::clone(fields));
        }
        let fields = Arc::new(Fields::find(&self.salesforce.schema(), &self.config, &self.loyalty).await?);
        *found = Some((Arc::clone(&fields), now));
        Ok(fields)
    }

    /// Every kind of record, from where the run before has come to.
    async fn read_what_changed(
        &self,
        fields: &Fields,
        invoked: &Invoked,
        report: &mut Report,
        metrics: &mut Metrics,
    ) -> Result<bool, Failed> {
        let begun_at = (self.now)();
        for (name, market) in &self.loyalty.stores {
            let start = market.start.window(self.config.zone(name)).start;
            self.ledger.begin(name.as_str(), start.into()).await?;
        }
        for source in Source::all(fields) {
            let is_orders = source == Source::Orders;
            let reading = Reading { name: source.name(fields), which: Which::Changed, source };
            if self.within_quota(&reading, false, fields, invoked, report).await? == Ended::Stopped {
                return Ok(false);
            }
            if is_orders {
                self.orders_are_read(begun_at, metrics).await?;
            }
        }
        Ok(true)
    }

    /// The days that were over when the reading of orders began are settled.
    async fn orders_are_read(&self, begun_at: DateTime<Utc>, metrics: &mut Metrics) -> Result<(), Failed> {
        for name in self.loyalty.stores.keys() {
            let zone = self.config.zone(name);
            let today = BusinessDay::of(begun_at, zone).window(zone).start;
            if self.ledger.settle_until(name.as_str(), today.into()).await? {
                metrics.count(Metric::DaysSettled, None, 1);
            }
        }
        Ok(())
    }

    /// By hand: the orders of one day, and what gives them back; the checkpoints of the schedule stay where they are.
    async fn day(
        &self,
        day: BusinessDay,
        store: Option<&StoreName>,
        history: bool,
        fields: &Fields,
        invoked: &Invoked,
        report: &mut Report,
    ) -> Result<bool, Failed> {
        let stores: Vec<StoreName> = self.config.days_over(day, store, (self.now)())?.into_keys().collect();
        let (_, start) = start(&self.config, &self.loyalty);
        if day < start && !history {
            return Err(Failed::BeforeStart { day, start });
        }
        for store in &stores {
            self.ledger.mark_due(store.as_str(), &day.to_string(), Mark::Asked).await?;
        }
        let which = Which::Day { day, store };
        for source in Source::all(fields).into_iter().filter(|source| *source == Source::Orders || source.gives_back())
        {
            let name = format!("{day}/{}/{}", store.map_or("", StoreName::as_str), source.name(fields));
            let reading = Reading { source, which, name };
            if self.within_quota(&reading, history, fields, invoked, report).await? == Ended::Stopped {
                return Ok(false);
            }
        }
        for store in &stores {
            self.ledger.mark_due(store.as_str(), &day.to_string(), Mark::Settled).await?;
        }
        Ok(true)
    }

    /// A reading that ends cleanly when the org's quota does.
    async fn within_quota(
        &self,
        reading: &Reading<'_>,
        history: bool,
        fields: &Fields,
        invoked: &Invoked,
        report: &mut Report,
    ) -> Result<Ended, Failed> {
        // Boxed: it is tens of kilobytes, and moved about.
        match Box::pin(self.read(reading, history, fields, invoked, report)).await {
            Err(failed) if failed.is_quota() => {
                stopped(&failed);
                Ok(Ended::Stopped)
            }
            Err(Failed::Salesforce(error @ salesforce::Error::BadQuery { .. })) => {
                // The org may have changed since it was looked at.
                *self.found.lock().await = None;
                Err(error.into())
            }
            other => other,
        }
    }

    async fn read(
        &self,
        reading: &Reading<'_>,
        history: bool,
        fields: &Fields,
        invoked: &Invoked,
        report: &mut Report,
    ) -> Result<Ended, Failed> {
        let Reading { source, which, name } = reading;
        let (config, ours, now) = (&*self.config, &*self.loyalty, (self.now)());
        let mapping = Mapping { config, ours, fields, now, history };
        let sender = Sender { mapping, salesforce: &self.salesforce, publisher: self.publisher(invoked) };
        let (mut version, kept) = self.kept(name).await?;
        let pass = kept.clone().unwrap_or_else(|| Pass::from_start(start(config, ours).0));
        let (mut pass, mut pages) = (pass, self.salesforce.pages());
        loop {
            match pages.next(|| source.query(&pass, *which, &mapping)).await {
                Ok(page) => {
                    if let Some(page) = page {
                        let last = page.records.last().map(Position::of).transpose().map_err(BadRow::from)?;
                        let work = Box::pin(sender.page(source, *which, page.records, report));
                        pages.while_handling(work).await?;
                        if let Some(last) = last {
                            pass.handled(last);
                        }
                    }
                    if pages.is_at_end() {
                        let following = pass.following(matches!(which, Which::Changed));
                        // Nothing is written where nothing has happened.
                        if following != kept {
                            let state = following.map(|pass| serde_json::to_string(&pass)).transpose()?;
                            self.ledger.save_checkpoint(name, version, &state.unwrap_or_default()).await?;
                        }
                        return Ok(Ended::Complete);
                    }
                }
                // The next run does not begin with too much again.
                Err(error) if pass.narrow(&error) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(saved) = self.ledger.save_checkpoint(name, version, &serde_json::to_string(&pass)?).await? else {
                tracing::info!(pass = name, "another run has this pass; this one ends");
                return Ok(Ended::Stopped);
            };
            version = saved;
            if self.out_of_time(invoked.deadline) {
                tracing::info!(pass = name, "out of time after a committed page; the next run goes on from it");
                return Ok(Ended::Stopped);
            }
        }
    }

    /// How far a reading has come, and the version of what is kept of it.
    async fn kept(&self, name: &str) -> Result<(i64, Option<Pass>), Failed> {
        let Some(Checkpoint { version, state }) = self.ledger.checkpoint(name).await? else { return Ok((0, None)) };
        let pass = serde_json::from_str(&state).ok();
        if pass.is_none() && !state.is_empty() {
            tracing::warn!(pass = name, "the checkpoint is none of ours; the pass begins anew");
        }
        Ok((version, pass))
    }

    fn publisher(&self, invoked: &Invoked) -> Publisher<'_> {
        Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: BATCH,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        }
    }

    fn out_of_time(&self, deadline: DateTime<Utc>) -> bool {
        deadline - (self.now)() < TimeDelta::from_std(self.config.protocol.producer_stop_before).unwrap_or_default()
    }
}

/// Messages that are published together.
const BATCH: usize = 50;

/// Says that the quota put an end to the run.
fn stopped(failed: &Failed) -> bool {
    tracing::warn!(error = failed as &dyn std::error::Error, "the quota is near its end; a later run goes on");
    false
}
