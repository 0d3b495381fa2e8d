//! The reconciler's run: each business day that is due is compared, source against ledger against destination; what the
//! destination shows is confirmed, what is missing is sent again, and a certificate says how the day stands.
//!
//! A day is read whole at the source and page by page at the destination; at either, a run that is out of time leaves a
//! checkpoint. Everything it does may be done twice, by two runs at a time or one after the other.

mod certificate;
mod classify;
mod day;
mod destination;
pub(crate) mod due;
mod entry;
mod names;
mod parts;
mod quiet;
mod repair;
mod source;

pub(crate) use destination::{ROWS, read_from};

pub use certificate::{Certificate, Destination, Ledger as Tally, Source as Completed};
pub use due::DAYS as DUE_DAYS;

use crate::{
    FLOW, RECONCILER,
    fields::{Fields, Unfit},
    item::BadRow,
    publish::{Orders, Unsent},
    stores::Stores,
    twins::Unasked,
};
use chrono::{DateTime, Utc};
use config::{BadDay, BusinessDay, Relay, StoreName, Zone};
use delivery::{Marked, Pace, Publisher};
use function::{
    Event, Invoked,
    ran::{self, Ended},
};
use ledger::{Cursor, Due, Ledger, Mark, Millis};
use queue::Queue;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use telemetry::{Metric, Metrics};

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
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

/// The reconciler's answer: each store and day that was to be looked at is certified or in one of the two lists, but for
/// `unrouted` where no order fits no store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// A certificate for each store and business day that was looked at to the end.
    pub certificates: Vec<Certificate>,
    /// What could not be looked at, since the store's account cannot be read now.
    #[serde(default)]
    pub unreadable: Vec<StoreDay>,
    /// What was not looked at, or not to the end: time was up, or the org's quota of calls.
    #[serde(default)]
    pub unfinished: Vec<StoreDay>,
}

impl Answer {
    /// How the run ended, for whoever asks later.
    fn ended(&self) -> Ended {
        match self.certificates.as_slice() {
            _ if !self.unreadable.is_empty() || !self.unfinished.is_empty() => Ended::NotFinished,
            [] => Ended::NothingCertified,
            all if all.iter().all(|certificate| certificate.complete) => Ended::Complete,
            _ => Ended::NotComplete,
        }
    }
}

/// A store's business day, named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreDay {
    /// The store; `unrouted` for the orders that fit none.
    pub store: StoreName,
    /// The business day.
    pub business_day: BusinessDay,
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
    /// What was to be sent again could not be.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// A row has no id.
    #[error("a row of the query cannot be read: {0}")]
    Id(#[from] salesforce::BadField),
    /// A queue could not be used.
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] Unasked),
    /// An order's id makes no delivery key.
    #[error(transparent)]
    Key(#[from] ledger::InvalidKey),
    /// A checkpoint or certificate cannot be written as JSON.
    #[error("a checkpoint or certificate cannot be written: {0}")]
    Json(#[from] serde_json::Error),
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
            | Self::Names(Unasked::Salesforce(error)) => Some(error),
            Self::Unsent(unsent) => unsent.of_the_source(),
            _ => None,
        };
        matches!(error, Some(salesforce::Error::QuotaNearEnd { .. } | salesforce::Error::QuotaExceeded { .. }))
    }
}

/// A store's business day that is to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    store: StoreName,
    day: BusinessDay,
    /// The producer has settled it.
    settled: bool,
    /// Asked for by a person: the destination is read whatever the ledger says.
    by_hand: bool,
    /// The day's mark when this run began.
    mark: Option<Due>,
}

/// Business days by store, each store with its time zone, how far it is settled and its days that are marked.
struct InCare {
    store: StoreName,
    zone: Zone,
    cursor: Option<Cursor>,
    marks: BTreeMap<BusinessDay, Due>,
}

impl InCare {
    fn task(&self, day: BusinessDay, by_hand: bool) -> Task {
        let mark = self.marks.get(&day).copied();
        let settled = self.cursor.is_some_and(|cursor| due::is_settled(cursor, day, self.zone));
        let settled = settled || mark.is_some_and(|mark| mark.settled);
        Task { store: self.store.clone(), day, settled, by_hand, mark }
    }
}

impl Task {
    fn named(&self) -> StoreDay {
        StoreDay { store: self.store.clone(), business_day: self.day }
    }
}

/// How a look at a day ended.
enum Looked {
    Certified(Box<Certificate>),
    /// There is nothing to certify: no order fits no store.
    Nothing,
    /// Time is up.
    OutOfTime,
    /// This store's account cannot be read now.
    Unreadable,
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
        let looks = Box::pin(self.look_at_what_is_due(event, invoked, &mut answer, metrics));
        let looked = tokio::time::timeout(invoked.room((self.now)()), looks).await.unwrap_or(Err(Failed::OutOfTime));
        let measured = if scheduled { self.measure_what_is_open(metrics).await } else { Ok(()) };
        if let Some(usage) = self.salesforce.usage() {
            metrics.measure(Metric::QuotaUsed, usage.share() * 100.0);
        }
        looked.and(measured).map(|()| answer)
    }

    async fn look_at_what_is_due(
        &self,
        event: Event,
        invoked: &Invoked,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let tasks = match event {
            Event::Scheduled { at } => self.due(at.min((self.now)()), metrics).await?,
            Event::Day { day, store } => self.by_hand(day, store).await?,
        };
        match self.look_at_all(&tasks, invoked, answer, metrics).await {
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
        invoked: &Invoked,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        if tasks.is_empty() {
            return Ok(());
        }
        // However this ends, what was not looked at is named.
        answer.unfinished = tasks.iter().map(Task::named).collect();
        let schema = self.salesforce.schema();
        let fields = Fields::find(&schema, &self.config).await?;
        let mut unreadable = BTreeSet::new();
        for (index, task) in tasks.iter().enumerate() {
            if !unreadable.contains(&task.store) {
                if !task.by_hand {
                    let (store, day) = (task.store.as_str(), task.day.to_string());
                    self.ledger.mark_due(store, &day, Mark::Begun).await?;
                }
                match Box::pin(self.look(task, &fields, invoked, metrics)).await? {
                    Looked::Certified(certificate) => answer.certificates.push(*certificate),
                    Looked::Nothing => {}
                    Looked::Unreadable => drop(unreadable.insert(&task.store)),
                    Looked::OutOfTime => {
                        tracing::info!(days_left = tasks.len() - index, "out of time; the next run goes on");
                        break;
                    }
                }
            }
            let named = answer.unfinished.remove(0);
            if unreadable.contains(&task.store) {
                answer.unreadable.push(named);
            }
            if self.out_of_time(invoked.deadline) {
                break;
            }
        }
        Ok(())
    }

    /// The days that are due: whoever was looked at longest ago is first, the latest of those that never were.
    async fn due(&self, now: DateTime<Utc>, metrics: &mut Metrics) -> Result<Vec<Task>, Failed> {
        let (mut tasks, mut overdue, mut quiet) = (Vec::new(), 0, 0);
        for care in self.in_care().await? {
            for day in due::days(care.cursor, &care.marks, care.zone, now) {
                let task = care.task(day, false);
                let known = self.known(&task).await?;
                if known.is_overdue(now) {
                    overdue += 1;
                    let (store, business_day) = (care.store.as_str(), day.to_string());
                    tracing::warn!(flow = FLOW, store, business_day, "due for more than a month and not complete");
                }
                quiet += usize::from(known.is_quiet_news(now));
                if known.is_due(now) {
                    tasks.push((known.turn(), std::cmp::Reverse(day), task));
                }
            }
        }
        metrics.count(Metric::DaysOverdue, None, overdue);
        metrics.count(Metric::QuietDays, None, quiet);
        tasks.sort_by(|a, b| (a.0, a.1, &a.2.store).cmp(&(b.0, b.1, &b.2.store)));
        Ok(tasks.into_iter().map(|(_, _, task)| task).collect())
    }

    /// A day that a person asks for: of one store, or of every one.
    async fn by_hand(&self, day: BusinessDay, only: Option<StoreName>) -> Result<Vec<Task>, Failed> {
        let care = self.in_care().await?;
        let stores = match only {
            Some(store) => vec![store],
            None => self.stores_and_unrouted(),
        };
        let task = |store: StoreName| {
            let known = care.iter().find(|care| care.store == store).map(|care| care.task(day, true));
            known.unwrap_or(Task { store, day, settled: false, by_hand: true, mark: None })
        };
        Ok(stores.into_iter().map(task).collect())
    }

    fn stores_and_unrouted(&self) -> Vec<StoreName> {
        let mut stores: Vec<StoreName> = self.config.stores.keys().cloned().collect();
        // Without a field to route by, every order is the one store's.
        if self.config.salesforce.route_by.is_some() {
            stores.push(StoreName::unrouted());
        }
        stores
    }

    /// How far each store is settled, and its days that are marked; the orders of no store are settled with the last of the
    /// stores.
    async fn in_care(&self) -> Result<Vec<InCare>, Failed> {
        let mut cursors = Vec::new();
        for (name, store) in &self.config.stores {
            cursors.push((name.clone(), store.time_zone, self.ledger.cursor(name.as_str()).await?));
        }
        if self.config.salesforce.route_by.is_some() {
            let all: Option<Vec<Cursor>> = cursors.iter().map(|(_, _, cursor)| *cursor).collect();
            cursors.push((StoreName::unrouted(), self.config.time_zone, all.and_then(due::of_all)));
        }
        let mut care = Vec::new();
        for (store, zone, cursor) in cursors {
            let marks = due::marks(self.ledger.due(store.as_str()).await?);
            care.push(InCare { store, zone, cursor, marks });
        }
        Ok(care)
    }

    async fn measure_what_is_open(&self, metrics: &mut Metrics) -> Result<(), Failed> {
        let open = self.ledger.open().await?;
        let now = self.millis();
        let age = |since: Option<Millis>| since.map_or(0.0, |since| since.until(now).as_secs_f64().round());
        metrics.count(Metric::OpenDeliveries, None, open.deliveries);
        metrics.measure(Metric::OldestOpenSeconds, age(open.oldest));
        metrics.measure(Metric::OldestUncertainSeconds, age(open.oldest_uncertain));
        let expires_on = [self.salesforce.expires_on(), self.stores.expires_on()].into_iter().flatten().min();
        if let Some(days) =
            expires_on.and_then(|last| i32::try_from((last - (self.now)().date_naive()).num_days()).ok())
        {
            metrics.measure(Metric::CredentialDaysLeft, days.into());
        }
        Ok(())
    }

    fn sender<'a>(&'a self, fields: &'a Fields, invoked: &Invoked) -> Orders<'a> {
        let publisher = Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: self.config.reviews.batch_size,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        };
        Orders { config: &self.config, fields, salesforce: &self.salesforce, publisher }
    }

    fn millis(&self) -> Millis {
        (self.now)().into()
    }

    fn out_of_time(&self, deadline: DateTime<Utc>) -> bool {
        deadline - (self.now)()
            < chrono::TimeDelta::from_std(self.config.protocol.producer_stop_before).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An answer with a certificate of `default`, complete or not.
    fn certified(complete: bool) -> Answer {
        let day = "2026-11-20".parse().unwrap();
        let certificate = Certificate {
            store: "default".to_owned().try_into().unwrap(),
            business_day: day,
            issued_at: DateTime::UNIX_EPOCH,
            config_sha256: String::new(),
            source: Completed { completed: 0 },
            ledger: Tally::default(),
            destination: Destination::default(),
            repaired: 0,
            quiet: false,
            complete,
        };
        Answer { certificates: vec![certificate], ..Answer::default() }
    }

    #[test]
    fn a_run_that_left_a_day_out_does_not_say_complete() {
        let left = || vec![StoreDay { store: StoreName::unrouted(), business_day: "2026-11-20".parse().unwrap() }];
        assert_eq!(Answer::default().ended(), Ended::NothingCertified);
        assert_eq!([true, false].map(|complete| certified(complete).ended()), [Ended::Complete, Ended::NotComplete]);
        for complete in [true, false] {
            let unreadable = Answer { unreadable: left(), ..certified(complete) };
            let unfinished = Answer { unfinished: left(), ..certified(complete) };
            assert_eq!([unreadable.ended(), unfinished.ended()], [Ended::NotFinished; 2]);
        }
        let said = serde_json::to_value(Answer { unreadable: left(), ..Answer::default() }).unwrap();
        let day = json!({"store": "unrouted", "business_day": "2026-11-20"});
        assert_eq!(said, json!({"certificates": [], "unreadable": [day], "unfinished": []}));
    }
}
