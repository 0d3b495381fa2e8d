//! The producer's run: passes over the source, page by page, until everything that is over is settled or the
//! invocation's time is up; the next run goes on from the checkpoint.

use crate::{
    FLOW, PRODUCER,
    fields::Fields,
    item::BadRow,
    pages::Pages,
    publish::{Sender, Unsent},
    select::{Pass, first_day},
};
use chrono::{DateTime, Utc};
use config::{BadDay, BusinessDay, Relay, StoreName};
use delivery::{
    Marked, Publisher, Report,
    report::{Answer, BEFORE_START},
};
use function::{Event, Invoked, ran};
use ledger::{Checkpoint, Ledger, Mark, Outside};
use org::Unfit;
use queue::Queue;
use std::{collections::BTreeMap, sync::Arc};
use telemetry::{Metric, Metrics};

/// What the schedule's runs go on with is the flow's one pass without a name.
const SCHEDULED: &str = "";

/// What the producer works with; built once at cold start.
pub struct Producer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The source.
    pub salesforce: salesforce::Client,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

/// Why a run failed. What is published and recorded stays; the next run goes on from the checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The day cannot be run.
    #[error("bad event: {0}")]
    Day(#[from] BadDay),
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
            Self::Salesforce(error) | Self::Unfit(Unfit::Salesforce(error)) => Some(error),
            Self::Unsent(unsent) => unsent.of_the_source(),
            _ => None,
        };
        error.is_some_and(salesforce::Error::is_quota)
    }
}

/// How a pass ended.
enum Ended {
    /// Every page is published.
    Complete,
    /// Time, quota or another run put an end to it.
    Stopped,
}

impl Producer {
    /// Runs until settled or out of time, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails; the schedule's next run tries again.
    pub async fn run(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let by = ran::by(&event);
        let answer = match self.is_paused(&event).await {
            Ok(true) => Ok(Answer::paused()),
            Ok(false) => Box::pin(self.work(event, invoked, metrics)).await,
            Err(error) => Err(error),
        };
        let ended = answer.as_ref().map(|answer| match answer {
            Answer { paused: true, .. } => ran::Ended::Paused,
            Answer { settled: true, .. } => ran::Ended::Settled,
            Answer { settled: false, .. } => ran::Ended::NotSettled,
        });
        ran::keep(&self.ledger, PRODUCER, by, ended).await;
        answer
    }

    /// Whether the flow is paused; what cannot be asked for is said in any case.
    async fn is_paused(&self, event: &Event) -> Result<bool, Failed> {
        if let Event::Day { day, store, .. } = event {
            Pass::of_day(*day, store.as_ref(), &self.config, (self.now)())?;
        }
        Ok(self.ledger.is_paused().await?)
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
        match event {
            Event::Scheduled { at } => self.settle_what_is_over(at.min((self.now)()), invoked, report, metrics).await,
            Event::Day { day, store, .. } => {
                let name = pass_name(day, store.as_ref());
                let pass = Pass::of_day(day, store.as_ref(), &self.config, (self.now)())?;
                let stores = pass.stores(&self.config);
                self.mark(&stores, day, Mark::Asked).await?;
                let (version, pass) = self.resume(&name, pass).await?;
                let ended = self.pass_within_quota(&name, version, pass, invoked, report).await?;
                let settled = matches!(ended, Ended::Complete);
                if settled {
                    self.mark(&stores, day, Mark::Settled).await?;
                }
                Ok(settled)
            }
        }
    }

    /// The day is due, whatever the cursors say: somebody has asked for it.
    async fn mark(&self, stores: &[StoreName], day: BusinessDay, mark: Mark) -> Result<(), Failed> {
        for store in stores {
            self.ledger.mark_due(store.as_str(), &day.to_string(), mark).await?;
        }
        Ok(())
    }

    /// Passes until no store has a day left that is over: days that end meanwhile get a pass of their own.
    async fn settle_what_is_over(
        &self,
        now: DateTime<Utc>,
        invoked: &Invoked,
        report: &mut Report,
        metrics: &mut Metrics,
    ) -> Result<bool, Failed> {
        loop {
            let mut cursors = BTreeMap::new();
            for (name, store) in &self.config.stores {
                // The first run's start is the cursor before anything is read, so that a first night that
                // fails is caught up like any other.
                let cursor = match self.ledger.cursor(name.as_str()).await? {
                    Some(cursor) => cursor,
                    None => self.ledger.begin(name.as_str(), first_day(store, now).into()).await?,
                };
                cursors.insert(name.clone(), (DateTime::from(cursor.first), DateTime::from(cursor.settled_until)));
            }
            let Some(pass) = Pass::plan(&cursors, &self.config, now) else {
                return Ok(true);
            };
            let (version, pass) = self.resume(SCHEDULED, pass).await?;
            for (store, day) in pass.days(&self.config) {
                report.of(&store, day);
            }
            let spans = pass.spans.clone();
            let days = pass.days(&self.config).len();
            match self.pass_within_quota(SCHEDULED, version, pass, invoked, report).await? {
                Ended::Stopped => return Ok(false),
                Ended::Complete => {
                    for (name, span) in spans {
                        self.ledger.settle_until(name.as_str(), span.until.into()).await?;
                    }
                    metrics.count(Metric::DaysSettled, None, days);
                }
            }
        }
    }

    /// The pass under way, if there is one with this configuration that still has something to settle; else
    /// the planned one.
    async fn resume(&self, name: &str, planned: Pass) -> Result<(i64, Pass), Failed> {
        // By the clock, however late the schedule's event came: what has begun by now is no date to come.
        let looked_at = planned.looked_at.map(|_| (self.now)());
        let Some(Checkpoint { version, state }) = self.ledger.checkpoint(name).await? else {
            return Ok((0, Pass { looked_at, ..planned }));
        };
        let kept = serde_json::from_str::<Pass>(&state).ok().filter(|kept| {
            let same_start =
                kept.spans.iter().all(|(name, span)| planned.spans.get(name).is_some_and(|p| p.from == span.from));
            kept.config == planned.config && kept.only == planned.only && same_start
        });
        Ok((version, Pass { looked_at, ..kept.unwrap_or(planned) }))
    }

    /// A pass that ends cleanly when the org's quota does.
    async fn pass_within_quota(
        &self,
        name: &str,
        version: i64,
        pass: Pass,
        invoked: &Invoked,
        report: &mut Report,
    ) -> Result<Ended, Failed> {
        // Boxed: it is tens of kilobytes, and moved about.
        match Box::pin(self.pass(name, version, pass, invoked, report)).await {
            Err(failed) if failed.is_quota() => {
                let error = &failed as &dyn std::error::Error;
                tracing::warn!(error, "the quota is near its end; a later run goes on");
                Ok(Ended::Stopped)
            }
            other => other,
        }
    }

    async fn pass(
        &self,
        name: &str,
        mut version: i64,
        mut pass: Pass,
        invoked: &Invoked,
        report: &mut Report,
    ) -> Result<Ended, Failed> {
        let schema = self.salesforce.schema();
        let fields = Fields::find(&schema, &self.config).await?;
        let publisher = Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: self.config.reviews.batch_size,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        };
        let orders = Sender { config: &self.config, fields: &fields, salesforce: &self.salesforce, publisher };
        let mut pages = Pages::new(&self.salesforce, &fields, &self.config, &[]);
        loop {
            match pages.next(&pass).await {
                Ok(rows) => {
                    pages.while_handling(Box::pin(orders.page(&pass, &rows.records, report))).await?;
                    if !pages.handled(&mut pass, &rows)? {
                        self.count_outside(&pass, &fields, report).await?;
                        self.ledger.save_checkpoint(name, version, "").await?;
                        return Ok(Ended::Complete);
                    }
                }
                // The next run does not begin with too much again.
                Err(error) if pass.narrow(&error, &fields, &self.config) => {}
                Err(error) => return Err(error.into()),
            }
            if !self.committed(name, &mut version, &pass, invoked).await? {
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Counts what the pass leaves out since it was completed before the start, once all else is published. It is told and not
    /// sent: a count that Salesforce does not want to make holds nothing up.
    async fn count_outside(&self, pass: &Pass, fields: &Fields, report: &mut Report) -> Result<(), Failed> {
        use salesforce::Error::{BadQuery, Refused, TooMuch};
        for (store, query) in pass.count_before_start(fields, &self.config) {
            let orders = match self.salesforce.query(&query).await {
                Ok(page) => page.total,
                Err(error @ (BadQuery { .. } | Refused { .. } | TooMuch { .. })) => {
                    let (store, error) = (store.as_str(), &error as &dyn std::error::Error);
                    tracing::warn!(store, error, "orders completed before the start could not be counted");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if orders == 0 {
                continue;
            }
            let day = pass.last_day(&store, &self.config);
            let outside = &mut report.of(&store, day).outside;
            outside.insert(BEFORE_START, usize::try_from(orders).unwrap_or(usize::MAX));
            let kept = Outside { at: (self.now)().into(), counts: serde_json::to_string(outside)? };
            self.ledger.keep_outside(store.as_str(), &day.to_string(), &kept).await?;
        }
        Ok(())
    }

    /// Writes the checkpoint; whether this run goes on.
    async fn committed(&self, name: &str, version: &mut i64, pass: &Pass, invoked: &Invoked) -> Result<bool, Failed> {
        let Some(saved) = self.ledger.save_checkpoint(name, *version, &serde_json::to_string(pass)?).await? else {
            tracing::info!("another run has this pass; this one ends");
            return Ok(false);
        };
        *version = saved;
        if self.out_of_time(invoked.deadline) {
            tracing::info!("out of time after a committed page; the next run goes on from it");
            return Ok(false);
        }
        Ok(true)
    }

    fn out_of_time(&self, deadline: DateTime<Utc>) -> bool {
        deadline - (self.now)()
            < chrono::TimeDelta::from_std(self.config.protocol.producer_stop_before).unwrap_or_default()
    }
}

/// What the checkpoint of a run by hand is kept under.
pub fn pass_name(day: BusinessDay, store: Option<&StoreName>) -> String {
    format!("{day}/{}", store.map_or("", StoreName::as_str))
}
