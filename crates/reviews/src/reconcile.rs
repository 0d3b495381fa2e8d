//! The reconciler's run: each business day that is due is compared, source against ledger against destination; what the
//! destination shows is confirmed, what is missing is sent again, and a certificate says how the day stands.

mod names;
mod source;

use crate::{
    RECONCILER,
    fields::Fields,
    item::BadRow,
    publish::{Sender, Unsent},
    select::{IDS_A_QUERY, Pass},
    stores::Stores,
    twins::{Candidate, UnknownNames},
};
use config::{BadDay, Relay, StoreName};
use delivery::{Marked, Pace, Publisher, Report};
use function::{Event, Invoked, ran};
use ledger::Ledger;
use names::Names;
use org::Unfit;
use queue::Queue;
use reconciliation::{Answer, Compared, Looked, NoAnswer, PageAsked, Read, Reconciliation, Seen, Shown, Task};
use source::Source;
use std::{collections::BTreeMap, sync::Arc};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// What the reconciler works with; built once at cold start.
pub struct Reconciler {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The source.
    pub salesforce: salesforce::Client,
    /// The stores' clients.
    pub stores: Stores,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// This worker's share of each store's calls.
    pub pace: BTreeMap<StoreName, Pace>,
}

/// Why a run failed. What is confirmed and sent stays so; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The day cannot be looked at.
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
    /// A step of the reconciliation failed.
    #[error(transparent)]
    Step(#[from] reconciliation::Failed),
    /// What was to be sent again could not be.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] UnknownNames),
    /// The invocation is nearly over, and a call has not ended.
    #[error("the run did not end before its time was up; the next run goes on")]
    OutOfTime,
}

impl Failed {
    /// Whether the org's quota is used up as far as it is ours: the rest is for later runs.
    fn is_quota(&self) -> bool {
        let error = match self {
            Self::Salesforce(error)
            | Self::Unfit(Unfit::Salesforce(error))
            | Self::Names(UnknownNames::Salesforce(error)) => Some(error),
            Self::Unsent(unsent) => unsent.of_the_source(),
            _ => None,
        };
        error.is_some_and(salesforce::Error::is_quota)
    }
}

impl Reconciler {
    /// Looks at whatever is due, as far as time allows, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails, other than an account at the destination.
    pub async fn run(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let by = ran::by(&event);
        let answer = Box::pin(self.work(event, invoked, metrics)).await;
        let ended = answer.as_ref().map(Answer::ended);
        ran::keep(&self.ledger, RECONCILER, by, ended).await;
        answer
    }

    /// What is open is measured however the looks ended: an alarm hears of it.
    async fn work(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let mut answer = Answer::default();
        let scheduled = matches!(event, Event::Scheduled { .. });
        let stores = self.config.stores.iter().map(|(name, store)| (name.clone(), store.time_zone)).collect();
        let (config, stores) = (self.config.as_ref(), &stores);
        let reconciliation = Reconciliation { config, stores, ledger: &self.ledger, queue: &self.queue, invoked };
        let looks = Box::pin(self.look_at_what_is_due(event, &reconciliation, &mut answer, metrics));
        let room = invoked.room(self.ledger.now());
        let looked = tokio::time::timeout(room, looks).await.unwrap_or(Err(Failed::OutOfTime));
        let measured = if scheduled { self.measure(&reconciliation, metrics).await } else { Ok(()) };
        if let Some(usage) = self.salesforce.usage() {
            metrics.measure(Metric::QuotaUsed, usage.share() * 100.0);
        }
        looked.and(measured).map(|()| answer)
    }

    async fn measure(&self, reconciliation: &Reconciliation<'_>, metrics: &mut Metrics) -> Result<(), Failed> {
        reconciliation.measure_open(metrics).await?;
        let expires_on = [self.salesforce.expires_on(), self.stores.expires_on()].into_iter().flatten().min();
        let left = expires_on.map(|last| (last - self.ledger.now().date_naive()).num_days());
        if let Some(days) = left.and_then(|days| i32::try_from(days).ok()) {
            metrics.measure(Metric::CredentialDaysLeft, days.into());
        }
        Ok(())
    }

    async fn look_at_what_is_due(
        &self,
        event: Event,
        reconciliation: &Reconciliation<'_>,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        // Without a field to route by, every order is the one store's.
        let routed = self.config.salesforce.route_by.is_some();
        answer.paused = self.ledger.is_paused().await?;
        if answer.paused {
            return Ok(());
        }
        let tasks = reconciliation.tasks(event, routed, metrics).await?;
        match self.look_at_all(&tasks, reconciliation, answer, metrics).await {
            Err(failed) if failed.is_quota() => {
                let error = &failed as &dyn std::error::Error;
                tracing::warn!(error, "the quota is near its end; a later run goes on");
                Ok(())
            }
            other => other,
        }
    }

    async fn look_at_all(
        &self,
        tasks: &[Task],
        reconciliation: &Reconciliation<'_>,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        if tasks.is_empty() {
            return Ok(());
        }
        // Also where the org cannot be described.
        answer.unfinished = tasks.iter().map(Task::named).collect();
        let fields = Fields::find(&self.salesforce.schema(), &self.config).await?;
        let look = async |task: &Task, metrics: &mut Metrics| self.look(task, &fields, reconciliation, metrics).await;
        reconciliation.look_at_all(tasks, answer, metrics, look).await
    }

    /// One day: read at the source, read back, judged, repaired, certified.
    async fn look(
        &self,
        task: &Task,
        fields: &Fields,
        day: &Reconciliation<'_>,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let begun_at = self.ledger.now();
        let pass = Pass::of_store(task.day, &task.store, &self.config, begun_at)?;
        let source = Source { config: &self.config, salesforce: &self.salesforce, fields, ledger: &self.ledger };
        let orders = async |left: Option<&Pass>| source.orders(left.unwrap_or(&pass), || day.out_of_time()).await;
        let Some(mut entries) = day.source(task, orders).await? else { return Ok(Looked::OutOfTime) };
        let read = match self.pace.get(&task.store) {
            _ if pass.is_unrouted() => day.as_last_read(task).await?,
            None => Read::Unreadable,
            Some(pace) => {
                let names = Names { reconciler: self, source: &source, task, day };
                let ask = async |asked: PageAsked, metrics: &mut Metrics| self.page(&task.store, asked, metrics).await;
                let keep = async |shown: &Shown, places, entries: &mut _, metrics: &mut Metrics| {
                    names.kept(shown, places, entries, metrics).await
                };
                day.read_back(task, &mut entries, pace, metrics, ask, keep).await?
            }
        };
        let judged = match day.judge(task, &entries, read, begun_at).await? {
            Ok(judged) => judged,
            Err(unfinished) => return Ok(unfinished),
        };
        let sender = self.sender(fields, day.invoked);
        let anew = async |ids: &[String]| source.anew(&pass, ids).await;
        let send = async |orders: Vec<Candidate>, settled, metrics: &mut Metrics| {
            let mut report = Report::default();
            let sent = sender.send(orders, settled, &mut report).await;
            report.count_exceptions(metrics);
            Ok(sent?)
        };
        let repaired = day.repair(&judged, IDS_A_QUERY, &sender.publisher, metrics, anew, send).await?;
        Ok(day.certify(judged, repaired, Compared::Nothing, metrics).await?)
    }

    /// A page of the store's purchases; a refusal of our credentials reads the secret again once.
    async fn page(&self, store: &StoreName, asked: PageAsked, metrics: &mut Metrics) -> Result<Shown, NoAnswer> {
        let begun = Instant::now();
        let result = self.purchases(store, asked).await;
        metrics.measure(Metric::VendorCallMs, (begun.elapsed().as_secs_f64() * 1000.0).round());
        let page = result.map_err(|error| {
            let error_class = crate::outcome::class(&error);
            if error_class == ledger::ErrorClass::RateLimited {
                metrics.count(Metric::RateLimited, Some(store.as_str()), 1);
            }
            let late = error.is_late();
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, %error_class, store = store.as_str(), "purchases cannot be read back; a later run goes on");
            NoAnswer { late }
        })?;
        let last = page.is_last(asked.count, asked.rows_before + page.purchases.len() as u64);
        let seen = |row: yotpo::PurchaseRow| Seen { name: row.order_id, day: row.order_date };
        Ok(Shown { rows: page.purchases.into_iter().map(seen).collect(), last })
    }

    async fn purchases(&self, store: &StoreName, asked: PageAsked) -> Result<yotpo::PurchasePage, yotpo::Error> {
        let PageAsked { since, page, count, .. } = asked;
        let client = self.stores.get(store).ok_or(yotpo::Error::Unauthorized)?;
        let first = client.purchases(since, page, count).await;
        if !matches!(first, Err(yotpo::Error::Unauthorized)) {
            return first;
        }
        match self.stores.reload(store, &client).await {
            Some(renewed) => renewed.purchases(since, page, count).await,
            None => first,
        }
    }

    fn sender<'a>(&'a self, fields: &'a Fields, invoked: &Invoked) -> Sender<'a> {
        let publisher = Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: self.config.reviews.batch_size,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        };
        Sender { config: &self.config, fields, salesforce: &self.salesforce, publisher }
    }
}
