//! The producer's run: what has changed in the org since the run before, kind by kind and page by page, until all is read or the
//! invocation's time is up; the next run goes on from the checkpoints.

use crate::{
    FLOW, PRODUCER,
    failed::Failed,
    source::{
        fields::Fields,
        item::Mapping,
        publish::Sender,
        reading::{Ended, Reader, Reading},
        select::{Source, Which, start},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, Loyalty, Relay, StoreName};
use delivery::{Marked, Publisher, Report, report::Answer};
use function::{Event, Invoked, ran};
use ledger::{Ledger, Mark};
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

/// What the checkpoint of a day's reading is kept under.
fn pass_name(day: BusinessDay, store: Option<&StoreName>, source: &str) -> String {
    format!("{day}/{}/{source}", store.map_or("", StoreName::as_str))
}

/// The same of every reading that a day takes: who looks on sees them move.
pub fn pass_names(day: BusinessDay, store: Option<&StoreName>) -> Vec<String> {
    let sources = [Source::Orders, Source::Returns, Source::Cancellations];
    sources.iter().filter_map(Source::of_day).map(|source| pass_name(day, store, source)).collect()
}

impl Producer {
    /// Runs until everything is read or out of time, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails; the schedule's next run tries again.
    pub async fn run(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let by = ran::by(&event);
        let answer = match self.ledger.is_paused().await {
            Ok(true) => Ok(Answer::paused()),
            Ok(false) => Box::pin(self.work(event, invoked, metrics)).await,
            Err(error) => Err(error.into()),
        };
        let ended = answer.as_ref().map(|answer| match answer {
            Answer { paused: true, .. } => ran::Ended::Paused,
            Answer { settled: true, .. } => ran::Ended::Settled,
            Answer { settled: false, .. } => ran::Ended::NotSettled,
        });
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
        Ok(Answer { runs, settled: settled?, paused: false })
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
        self.release(fields, invoked, report).await?;
        Ok(true)
    }

    /// What is parked until the settings or the day are others is looked at again when they are.
    async fn release(&self, fields: &Fields, invoked: &Invoked, report: &mut Report) -> Result<(), Failed> {
        let kept = self.ledger.checkpoint(LOOKED_BY).await?;
        let (version, by) = kept.map_or((0, String::new()), |kept| (kept.version, kept.state));
        let now = (self.now)();
        let days = self.loyalty.stores.keys().map(|store| BusinessDay::of(now, self.config.zone(store)).to_string());
        let (settings, days) = (&self.config.sha256, days.collect::<Vec<_>>().join(" "));
        let state = format!("{settings} {days}");
        if by != state {
            let other_settings = by.split(' ').next() != Some(settings);
            let released = Box::pin(self.sender(false, fields, invoked).released(other_settings, report)).await?;
            if released > 0 {
                tracing::info!(released, "parked before, and sent by these settings, or since the day has come");
            }
            self.ledger.save_checkpoint(LOOKED_BY, version, &state).await?;
        }
        Ok(())
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
        let stores = self.config.days_over(day, store, (self.now)())?.into_keys();
        let stores: Vec<StoreName> = stores.filter(|store| self.loyalty.stores.contains_key(store)).collect();
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
            let name = pass_name(day, store, &source.name(fields));
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
        let sender = self.sender(history, fields, invoked);
        let now = self.now;
        let reader = Reader { sender, now, deadline: invoked.deadline };
        // Boxed: it is tens of kilobytes, and moved about.
        match Box::pin(reader.read(reading, report)).await {
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

    fn sender<'a>(&'a self, history: bool, fields: &'a Fields, invoked: &Invoked) -> Sender<'a> {
        let (config, ours, now) = (&*self.config, &*self.loyalty, (self.now)());
        let publisher = Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: BATCH,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        };
        let mapping = Mapping { config, ours, fields, now, history };
        Sender { mapping, salesforce: &self.salesforce, publisher }
    }
}

/// What the settings and the stores' days are kept under by which everything that is parked until they are others was looked at.
const LOOKED_BY: &str = "routed-by";

/// Messages that are published together.
const BATCH: usize = 50;

/// Says that the quota put an end to the run.
fn stopped(failed: &Failed) -> bool {
    tracing::warn!(error = failed as &dyn std::error::Error, "the quota is near its end; a later run goes on");
    false
}
