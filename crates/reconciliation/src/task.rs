//! Which business days are to be looked at.

use crate::{Failed, Reconciliation, due};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName, Zone};
use function::Event;
use ledger::{Cursor, Due, Mark, Millis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use telemetry::{Metric, Metrics};

/// A store's business day, named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreDay {
    /// The store; `unrouted` for the records that fit none.
    pub store: StoreName,
    /// The business day.
    pub business_day: BusinessDay,
}

/// A store's business day that is to be looked at.
#[derive(Clone, Debug)]
pub struct Task {
    /// The store; `unrouted` for the records that fit none.
    pub store: StoreName,
    /// The business day.
    pub day: BusinessDay,
    /// The producer has settled it.
    pub(crate) settled: bool,
    /// Asked for by a person: the destination is read whatever the ledger says.
    pub(crate) by_hand: bool,
    /// The day's mark when this run began.
    pub(crate) mark: Option<Due>,
}

impl Task {
    /// Its name.
    pub fn named(&self) -> StoreDay {
        StoreDay { store: self.store.clone(), business_day: self.day }
    }

    /// Whether the producer has settled it: what has no record was lost, not left alone.
    pub fn is_settled(&self) -> bool {
        self.settled
    }
}

/// A store with its time zone, how far it is settled and its days that are marked.
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

impl Reconciliation<'_> {
    /// The days that an event asks for, in their turn, but for those of stores that are paused. `routed`: there may be records that fit
    /// no store, which have a certificate of their own.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn tasks(&self, event: Event, routed: bool, metrics: &mut Metrics) -> Result<Vec<Task>, Failed> {
        let mut tasks = match event {
            Event::Scheduled { at } => self.due(at.min(self.now()), routed, metrics).await?,
            Event::Day { day, store, .. } => self.by_hand(day, store, routed).await?,
        };
        let pauses = self.ledger.pauses().await?;
        tasks.retain(|task| pauses.of(task.store.as_str()).is_none());
        Ok(tasks)
    }

    /// Notes that a look at a day begins, so that the others have their turn before it comes again.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn begin(&self, task: &Task) -> Result<(), Failed> {
        if !task.by_hand {
            self.ledger.mark_due(task.store.as_str(), &task.day.to_string(), Mark::Begun).await?;
        }
        Ok(())
    }

    /// The days that are due: whoever was looked at longest ago is first, the latest of those that never were.
    async fn due(&self, now: DateTime<Utc>, routed: bool, metrics: &mut Metrics) -> Result<Vec<Task>, Failed> {
        let (mut tasks, mut overdue, mut quiet) = (Vec::new(), 0, 0);
        for care in self.in_care(routed).await? {
            for day in due::days(care.cursor, &care.marks, care.zone, now) {
                let task = care.task(day, false);
                let known = self.known(&task).await?;
                if known.is_overdue(now) {
                    overdue += 1;
                    let (store, business_day) = (care.store.as_str(), day.to_string());
                    let flow = self.ledger.flow().name;
                    tracing::warn!(flow, store, business_day, "due for more than a month and not complete");
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
    async fn by_hand(&self, day: BusinessDay, only: Option<StoreName>, routed: bool) -> Result<Vec<Task>, Failed> {
        let care = self.in_care(routed).await?;
        let stores = match only {
            Some(store) => vec![store],
            None => care.iter().map(|care| care.store.clone()).collect(),
        };
        let task = |store: StoreName| {
            let known = care.iter().find(|care| care.store == store).map(|care| care.task(day, true));
            known.unwrap_or(Task { store, day, settled: false, by_hand: true, mark: None })
        };
        Ok(stores.into_iter().map(task).collect())
    }

    /// How far each store is settled, and its days that are marked; the records of no store are settled with the last of the
    /// stores.
    async fn in_care(&self, routed: bool) -> Result<Vec<InCare>, Failed> {
        let mut cursors = Vec::new();
        for (name, zone) in self.stores {
            cursors.push((name.clone(), *zone, self.ledger.cursor(name.as_str()).await?));
        }
        if routed {
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

    /// Measures what is open in the flow, and for how long something of it has been paused.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn measure_open(&self, metrics: &mut Metrics) -> Result<(), Failed> {
        let open = self.ledger.open().await?;
        let now = self.millis();
        let age = |since: Option<Millis>| since.map_or(0.0, |since| since.until(now).as_secs_f64().round());
        metrics.count(Metric::OpenDeliveries, None, open.deliveries);
        metrics.measure(Metric::OldestOpenSeconds, age(open.oldest));
        metrics.measure(Metric::OldestUncertainSeconds, age(open.oldest_uncertain));
        let pauses = self.ledger.pauses().await?;
        let since = pauses.lasting().map(|(_, pause)| pause.since).min();
        metrics.measure(Metric::PausedHours, (age(since) / 3600.0).floor());
        Ok(())
    }
}
