//! The reconciler's run: each business day that is due is compared, Salesforce against the ledger; what nobody sent, or what is lost, is
//! sent, and a certificate says how the day stands. Yotpo shows no orders, so that its yes is the last word on each; what it shows are
//! customers, of whom a few are compared instead.

mod day_orders;
mod lost;
mod night;
mod sample;
mod spend;
mod written;

use crate::{
    RECONCILER,
    clients::LoyaltyClients,
    source::{
        fields::Fields,
        item::{BadRow, Mapped, Mapping},
        publish::{Sender, Unsent},
        select::Pass,
    },
};
use config::{BadDay, Loyalty, Relay, StoreName};
use day_orders::DayOrders;
use delivery::{Accounts, Item, Marked, Publisher, Report};
use function::{Event, Invoked, ran};
use ledger::{Ledger, State};
use org::Unfit;
use queue::Queue;
use reconciliation::{Answer, Balances, Compared, Looked, Read, Reconciliation, Task};
use sample::Sampling;
use std::{collections::HashSet, sync::Arc};
use telemetry::{Metric, Metrics};

/// Orders that are made anew at a time.
const AT_ONCE: usize = 200;

/// What the reconciler works with; built once at cold start.
pub struct Reconciler {
    /// The configuration.
    pub config: Arc<Relay>,
    /// This flow's part of it.
    pub loyalty: Arc<Loyalty>,
    /// The source.
    pub salesforce: salesforce::Client,
    /// The stores' clients.
    pub clients: LoyaltyClients,
    /// Each store's account, with this function's share of its calls.
    pub accounts: Accounts,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The write-back's queue.
    pub hints: Queue,
}

/// Why a run failed. What is sent stays so; the next run goes on.
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
    /// What was to be sent could not be.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// The write-back's queue could not be used.
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
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
            | Self::Unsent(Unsent::Salesforce(error)) => Some(error),
            _ => None,
        };
        error.is_some_and(salesforce::Error::is_quota)
    }
}

impl Reconciler {
    /// Looks at whatever is due, as far as time allows, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails, other than an account at Yotpo.
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
        let stores = self.loyalty.stores.keys().map(|name| (name.clone(), self.config.zone(name))).collect();
        let (config, ledger, queue) = (self.config.as_ref(), &self.ledger, &self.queue);
        let day = Reconciliation { config, stores: &stores, ledger, queue, invoked };
        let looks = Box::pin(self.look_at_what_is_due(event, &day, &mut answer, metrics));
        let room = invoked.room(self.ledger.now());
        let looked = match tokio::time::timeout(room, looks).await.unwrap_or(Err(Failed::OutOfTime)) {
            Err(failed) if failed.is_quota() => {
                let error = &failed as &dyn std::error::Error;
                tracing::warn!(error, "the quota is near its end; a later run goes on");
                Ok(())
            }
            other => other,
        };
        let measured = if scheduled { day.measure_open(metrics).await } else { Ok(()) };
        let expires_on = [self.salesforce.expires_on(), self.clients.expires_on()].into_iter().flatten().min();
        let left = expires_on.map(|last| (last - self.ledger.now().date_naive()).num_days());
        if let Some(days) = left.and_then(|days| i32::try_from(days).ok()).filter(|_| scheduled) {
            metrics.measure(Metric::CredentialDaysLeft, days.into());
        }
        if let Some(usage) = self.salesforce.usage() {
            metrics.measure(Metric::QuotaUsed, usage.share() * 100.0);
        }
        looked.and(measured.map_err(Failed::from)).map(|()| answer)
    }

    async fn look_at_what_is_due(
        &self,
        event: Event,
        day: &Reconciliation<'_>,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        answer.paused = self.ledger.is_paused().await?;
        if answer.paused {
            return Ok(());
        }
        let scheduled = matches!(event, Event::Scheduled { .. });
        // Where one store takes all, no order fits none.
        let routed = self.loyalty.stores.values().any(|market| !market.routes.is_empty());
        let tasks = day.tasks(event, routed, metrics).await?;
        // However this ends, what was not looked at is named.
        answer.unfinished = tasks.iter().map(Task::named).collect();
        let fields = Fields::find(&self.salesforce.schema(), &self.config, &self.loyalty).await?;
        if scheduled {
            self.send_overdue(&self.sender(false, &fields, day.invoked), day, metrics).await?;
        }
        let look = async |task: &Task, metrics: &mut Metrics| self.look(task, &fields, day, metrics).await;
        day.look_at_all(&tasks, answer, metrics, look).await
    }

    /// One day: read at the source, judged, repaired, a few of its customers compared, certified.
    async fn look(
        &self,
        task: &Task,
        fields: &Fields,
        day: &Reconciliation<'_>,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let begun_at = self.ledger.now();
        self.may_be_looked_at(task)?;
        // Somebody has asked for the orders of before the start that are looked at: no other day of then is due.
        let orders = DayOrders { task, sender: self.sender(true, fields, day.invoked) };
        let returns = self.sender(false, fields, day.invoked);
        let read = async |left: Option<&Pass>| orders.read(left, || day.out_of_time()).await;
        let Some(entries) = day.source(task, read).await? else { return Ok(Looked::OutOfTime) };
        let judged = match day.judge(task, &entries, Read::NotShown, begun_at).await? {
            Ok(judged) => judged,
            Err(unfinished) => return Ok(unfinished),
        };
        let is_skipped = |place: &usize| entries.all()[*place].known().is_some_and(|it| it.state == State::Skipped);
        let skipped: HashSet<String> =
            (0..entries.all().len()).filter(is_skipped).map(|place| entries.id_of(place)).collect();
        let anew = async |ids: &[String]| orders.anew(ids).await;
        let send = async |items: Vec<Item>, settled: Vec<Item>, metrics: &mut Metrics| {
            let mut report = Report::default();
            let ids = items.iter().map(|item| item.delivery.key.id().to_owned());
            let again: Vec<String> = ids.filter(|id| skipped.contains(id)).collect();
            let sent = async {
                let publisher = &orders.sender.publisher;
                publisher.publish(items, &settled, &mut report).await.map_err(Unsent::from)?;
                returns.returns_of(&again, &mut report).await
            };
            let sent = sent.await;
            report.count_exceptions(metrics);
            Ok(sent?)
        };
        let repaired = day.repair(&judged, AT_ONCE, &orders.sender.publisher, metrics, anew, send).await?;
        self.send_lost_returns(task, &returns, day, metrics).await?;
        let sampling = Sampling { reconciler: self, sender: &returns, task, day };
        let balances: Balances = Box::pin(sampling.compare(&entries, metrics)).await?;
        Box::pin(sampling.read_all_back()).await?;
        Ok(day.certify(judged, repaired, Compared::Balances(balances), metrics).await?)
    }

    /// A day that is over, of a store that takes part.
    fn may_be_looked_at(&self, task: &Task) -> Result<(), BadDay> {
        let unrouted = task.store.as_str() == StoreName::UNROUTED;
        if !unrouted && !self.loyalty.stores.contains_key(&task.store) {
            return Err(BadDay::NoSuchStore(task.store.clone()));
        }
        if self.ledger.now() < task.day.window(self.config.zone(&task.store)).end {
            return Err(BadDay::NotOver { day: task.day, store: task.store.clone() });
        }
        Ok(())
    }

    /// Publishes; `history`: also orders of before the start.
    fn sender<'a>(&'a self, history: bool, fields: &'a Fields, invoked: &Invoked) -> Sender<'a> {
        let publisher = Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: AT_ONCE,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        };
        let (config, ours, now) = (&*self.config, &*self.loyalty, self.ledger.now());
        let mapping = Mapping { config, ours, fields, now, history };
        Sender { mapping, salesforce: &self.salesforce, publisher }
    }
}

/// The items of what is mapped, but for what counts only where the ledger knows it.
fn items(mapped: Vec<Mapped>) -> impl Iterator<Item = Item> {
    mapped.into_iter().filter_map(|mapped| match mapped {
        Mapped::Item(item) => Some(item),
        Mapped::IfKnown(_) | Mapped::Outside(..) => None,
    })
}
