//! What the destination shows, read back page by page: what is seen is confirmed at once, so that a reading that is cut short has
//! not been for nothing.

use crate::{Destination, Entries, Failed, Reconciliation, Task, entry::fingerprint};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use config::BusinessDay;
use delivery::{Item, Pace};
use futures_util::{StreamExt as _, stream};
use ledger::{Checkpoint, Delivery, ErrorClass, Event, Millis, State, Verdict};
use queue::{Entry as Copy, PATIENCE, Queue};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// Rows that a page is asked for at first: vendors recommend no more.
/// <https://core-api.yotpo.com/v1.0/reference/retrieve-all-orders>
pub const ROWS: u32 = 200;
/// Pages are made no smaller.
const FEWEST_ROWS: u32 = 25;
/// Ledger writes under way at once.
const CONCURRENT_WRITES: usize = 16;
/// A reading that was begun longer ago is not gone on with: too much has happened since.
pub(crate) const READING_LASTS: TimeDelta = TimeDelta::hours(24);

/// A page that is asked of the destination.
#[derive(Clone, Copy, Debug)]
pub struct PageAsked {
    /// From this date on.
    pub since: NaiveDate,
    /// Which, from 1.
    pub page: u32,
    /// Its rows, at most.
    pub count: u32,
    /// Rows of the pages before it.
    pub rows_before: u64,
}

/// A page that the destination shows.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its rows.
    pub rows: Vec<Seen>,
    /// There are no more.
    pub last: bool,
}

/// A row of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The record's name there.
    pub name: String,
    /// The record's day there, in the destination's words: `YYYY-MM-DD`, and more.
    pub day: Option<String>,
}

/// The destination does not answer as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// A smaller page may be answered in time.
    pub late: bool,
}

/// What a day's destination shows.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// As of a reading that came to its end, with when it began; `None`: nothing was to be read.
    Done(Destination, Option<Millis>),
    /// The destination shows no such records, whoever asks.
    NotShown,
    /// Time is up.
    OutOfTime,
    /// The account cannot be read now.
    Unreadable,
}

/// A reading of the destination: what a later run needs to go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// The business day that it is for.
    pub(crate) day: BusinessDay,
    /// When it began.
    pub(crate) begun_at: Millis,
    since: NaiveDate,
    /// Rows that a page is asked for.
    #[serde(default = "rows_of_a_page")]
    count: u32,
    /// Pages read.
    pages: u32,
    /// Rows on them.
    rows: u64,
    unexpected: usize,
    /// Fingerprint of the last unexpected order, whose rows may go on on the next page.
    last_unexpected: Option<u128>,
    #[serde(skip)]
    goes_on: bool,
}

/// How a reading ended for this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// With the last page.
    Complete,
    /// The run is out of time.
    OutOfTime,
    /// The destination does not answer as it should.
    Unreadable,
}

fn rows_of_a_page() -> u32 {
    ROWS
}

impl Reading {
    /// A reading from the beginning.
    pub(crate) fn begin(day: BusinessDay, first_accepted: Option<Millis>, now: Millis) -> Self {
        let since = read_from(day, first_accepted);
        Self {
            day,
            begun_at: now,
            since,
            count: ROWS,
            pages: 0,
            rows: 0,
            unexpected: 0,
            last_unexpected: None,
            goes_on: false,
        }
    }

    /// The same from the beginning in smaller pages, where pages of this size are not answered in time: what would be the same page
    /// of another size is not known, since Yotpo may give fewer rows than it is asked for. `None` if they are small.
    fn in_smaller_pages(&self, now: Millis) -> Option<Self> {
        let count = self.count / 2;
        let begun = Self { since: self.since, count, ..Self::begin(self.day, None, now) };
        (count >= FEWEST_ROWS).then_some(begun)
    }

    /// As this run goes on with it.
    pub(crate) fn by_another_run(self) -> Self {
        Self { goes_on: self.pages > 0, ..self }
    }

    /// Whether earlier pages were read by another run.
    pub(crate) fn goes_on_from_another_run(&self) -> bool {
        self.goes_on
    }

    pub(crate) fn unexpected(&self) -> usize {
        self.unexpected
    }

    /// Takes in a page; the places of entries that it shows and the ledger has not confirmed.
    fn take(&mut self, page: &Shown, entries: &mut Entries) -> Vec<usize> {
        let mut shown = Vec::new();
        for row in &page.rows {
            let name = fingerprint(&row.name);
            let places = entries.see(name);
            if places.is_empty() && self.is_of_the_day(row) && self.last_unexpected != Some(name) {
                self.unexpected += 1;
                self.last_unexpected = Some(name);
            }
            shown.extend(places.filter(|place| !entries.all()[*place].is_confirmed()));
        }
        // A record may have several rows, such as one for each of its products.
        shown.sort_unstable();
        shown.dedup();
        self.pages += 1;
        self.rows += page.rows.len() as u64;
        shown
    }

    fn is_of_the_day(&self, row: &Seen) -> bool {
        row.day.as_deref().and_then(|date| date.get(..10)) == Some(self.day.to_string().as_str())
    }
}

/// From which date on a day's purchases are read. What `since_date` is compared with is not documented: it may be the order's
/// date or the instant at which Yotpo took it, in whatever time zone.
pub fn read_from(day: BusinessDay, first_accepted: Option<Millis>) -> NaiveDate {
    let accepted = first_accepted.map_or(day.date(), |at| DateTime::<Utc>::from(at).date_naive());
    accepted.min(day.date()) - Days::new(1)
}

impl Reconciliation<'_> {
    /// Reads the destination back, from where an earlier run stopped or from the beginning, if anything is to be found there: `ask`
    /// gives a page, paced by `pace`; of what it shows, `keep` says what is there indeed. That is confirmed.
    ///
    /// # Errors
    /// Those of `keep`, and of the ledger.
    pub async fn read_back<E: From<Failed>>(
        &self,
        task: &Task,
        entries: &mut Entries,
        pace: &Pace,
        metrics: &mut Metrics,
        ask: impl AsyncFn(PageAsked, &mut Metrics) -> Result<Shown, NoAnswer>,
        keep: impl AsyncFn(&Shown, Vec<usize>, &mut Entries, &mut Metrics) -> Result<Vec<usize>, E>,
    ) -> Result<Read, E> {
        if !task.by_hand && !is_anything_to_be_found(entries) {
            return Ok(self.as_last_read(task).await?);
        }
        let (version, mut reading) = self.reading(task, entries).await?;
        let latest = Instant::now() + self.room();
        let mut first = true;
        let ended = loop {
            // A run that begins late reads a page all the same: else a day might never be read.
            let by = if first { latest.max(Instant::now() + pace.period() * 2) } else { latest };
            if (!first && Instant::now() >= latest) || !pace.wait(by).await {
                break Ended::OutOfTime;
            }
            first = false;
            let Reading { since, pages, count, rows, .. } = reading;
            let asked = PageAsked { since, page: pages + 1, count, rows_before: rows };
            let shown = match ask(asked, metrics).await {
                Ok(shown) => shown,
                Err(unread) => {
                    if let Some(smaller) = reading.in_smaller_pages(self.millis()).filter(|_| unread.late) {
                        reading = smaller;
                    }
                    break Ended::Unreadable;
                }
            };
            let places = reading.take(&shown, entries);
            let places = keep(&shown, places, entries, metrics).await?;
            self.confirm(task, &places, entries, metrics).await?;
            if shown.last {
                break Ended::Complete;
            }
        };
        Ok(self.read(task, version, &reading, ended, entries).await?)
    }

    /// Takes in what the destination shows, read as a whole since `begun_at`. Its names tell the version that is there: what the ledger
    /// knows at another one is not confirmed, and no day is complete before it knows better.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn take_in(
        &self,
        task: &Task,
        entries: &mut Entries,
        shown: &Shown,
        begun_at: DateTime<Utc>,
        metrics: &mut Metrics,
    ) -> Result<Read, Failed> {
        let begun_at = begun_at.into();
        let mut reading = Reading::begin(task.day, entries.first_accepted, begun_at);
        let mut places = reading.take(shown, entries);
        places.retain(|place| entries.all()[*place].known.is_none_or(|known| known.same));
        self.confirm(task, &places, entries, metrics).await?;
        entries.doubt_unseen(self.millis());
        let found = entries.all().iter().filter(|entry| entry.seen).count();
        Ok(Read::Done(Destination { found, unexpected: reading.unexpected() }, Some(begun_at)))
    }

    /// What is known of the destination without reading it.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn as_last_read(&self, task: &Task) -> Result<Read, Failed> {
        let kept = self.kept(&task.store, task.day).await?;
        Ok(Read::Done(kept.and_then(|(_, kept)| kept.destination).unwrap_or_default(), None))
    }

    /// Keeps how far the reading came; what it found, if it came to its end.
    async fn read(
        &self,
        task: &Task,
        version: i64,
        reading: &Reading,
        ended: Ended,
        entries: &Entries,
    ) -> Result<Read, Failed> {
        let done = ended == Ended::Complete;
        if version > 0 || !done {
            let state = if done { String::new() } else { serde_json::to_string(reading)? };
            if self.ledger.save_checkpoint(&checkpoint(task), version, &state).await?.is_none() {
                tracing::info!(store = task.store.as_str(), "another run reads this day; its checkpoint stands");
            }
        }
        // What an earlier run saw on earlier pages it has confirmed.
        let earlier = reading.goes_on_from_another_run();
        let found = entries.all().iter().filter(|entry| entry.seen || (earlier && entry.is_confirmed())).count();
        Ok(match ended {
            Ended::OutOfTime => Read::OutOfTime,
            Ended::Unreadable => Read::Unreadable,
            Ended::Complete => {
                Read::Done(Destination { found, unexpected: reading.unexpected() }, Some(reading.begun_at))
            }
        })
    }

    /// The reading to go on with and the version of its checkpoint (0: there is none), or a new one.
    async fn reading(&self, task: &Task, entries: &Entries) -> Result<(i64, Reading), Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(task)).await?;
        let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let begun = checkpoint.and_then(|checkpoint| self.usable(&checkpoint)).filter(|begun| begun.day == task.day);
        let new = || Reading::begin(task.day, entries.first_accepted, self.millis());
        Ok((version, begun.map_or_else(new, Reading::by_another_run)))
    }

    fn usable(&self, checkpoint: &Checkpoint) -> Option<Reading> {
        let begun = serde_json::from_str::<Reading>(&checkpoint.state).ok()?;
        (self.now() - DateTime::<Utc>::from(begun.begun_at) < READING_LASTS).then_some(begun)
    }

    /// How long the destination may be read: what is to be done afterwards takes time too.
    fn room(&self) -> Duration {
        let room = (self.invoked.deadline - self.now()).to_std().unwrap_or(Duration::ZERO);
        room.saturating_sub(self.config.protocol.producer_stop_before)
    }

    /// One write for each record that is shown and not confirmed yet.
    async fn confirm(
        &self,
        task: &Task,
        places: &[usize],
        entries: &mut Entries,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let all = &*entries;
        let (store, day) = (task.store.as_str(), task.day.to_string());
        let mut writes = stream::iter(places)
            .map(|place| async {
                let Some(delivery) = all.as_seen(*place, store, &day) else { return Ok(None) };
                let verdict = self.ledger.put(&Event::Confirm { delivery }).await?;
                // Refused: it has changed since it was read, and the next look sees how.
                Ok::<_, Failed>((verdict == Verdict::Recorded).then_some(*place))
            })
            .buffer_unordered(CONCURRENT_WRITES);
        let (mut confirmed, mut failed) = (Vec::new(), None);
        while let Some(written) = writes.next().await {
            match written {
                Ok(place) => confirmed.extend(place),
                Err(error) => failed = Some(error),
            }
        }
        drop(writes);
        metrics.count(Metric::Confirmed, None, confirmed.len());
        for place in confirmed {
            entries.get_mut(place).confirmed(self.millis());
        }
        failed.map_or(Ok(()), Err)
    }

    /// What the destination shows at `place` is another record of that name. If it said yes to this one too, a person decides, for
    /// `reason`: a copy goes to the dead-letter queue before the ledger says so.
    ///
    /// # Errors
    /// When ledger or dead-letter queue fail.
    pub async fn is_not_there(
        &self,
        task: &Task,
        place: usize,
        reason: &'static str,
        entries: &mut Entries,
        dead_letters: &Queue,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        entries.get_mut(place).seen = false;
        let entry = &entries.all()[place];
        let (revision, known) = (entry.revision, entry.known);
        let Some(known) = known.filter(|known| known.state == State::Accepted) else { return Ok(()) };
        let (store, day) = (task.store.clone(), task.day);
        let Some(seen) = entries.as_seen(place, store.as_str(), &day.to_string()) else { return Ok(()) };
        let delivery = Delivery { revision: known.revision.max(revision), ..seen };
        let (error_class, revision) = (ErrorClass::BadRecord, delivery.revision);
        let item = Item { delivery, store, day, fate: delivery::Fate::Park(reason, error_class) };
        let copy: Copy = item.letter(error_class, reason)?.traced(self.invoked.trace.clone());
        dead_letters.send_one(copy, self.invoked.room(self.now()).min(PATIENCE)).await?;
        let event = Event::GiveUp { delivery: item.delivery.clone(), reason: reason.to_owned() };
        if self.ledger.put(&event).await? == Verdict::Recorded {
            metrics.count(Metric::Parked, Some(task.store.as_str()), 1);
            entries.parked(place, revision, reason, self.millis());
        }
        tracing::error!(delivery_key = %item.delivery.key, %error_class, error = reason, "to the dead-letter queue");
        Ok(())
    }
}

/// Whether reading the destination can change anything: a record is neither confirmed nor settled without it.
fn is_anything_to_be_found(entries: &Entries) -> bool {
    entries.all().iter().any(|entry| {
        let state = entry.known.map(|known| known.state);
        !matches!(state, Some(State::Confirmed | State::Skipped | State::Rejected))
    })
}

fn checkpoint(task: &Task) -> String {
    format!("reconcile/{}/{}", task.store, task.day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Fate, Item};
    use ledger::{Delivery, DeliveryKey, EffectHash, Revision};

    fn page(orders: &[(&str, &str)]) -> Shown {
        let row =
            |(name, date): &(&str, &str)| Seen { name: (*name).to_owned(), day: Some(format!("{date}T00:00:00Z")) };
        Shown { rows: orders.iter().map(row).collect(), last: false }
    }

    fn entries(orders: &[&str]) -> Entries {
        let mut entries = Entries::default();
        for (n, order) in orders.iter().enumerate() {
            let delivery = Delivery {
                key: DeliveryKey::try_from(format!("reviews/{n:018}")).unwrap(),
                revision: Revision(1),
                hash: EffectHash::of(b""),
                store: "default".to_owned(),
                day: None,
                triggered_at: None,
            };
            let day = "2026-11-20".parse().unwrap();
            let item = Item { delivery, store: config::StoreName::unrouted(), day, fate: Fate::Skip("x") };
            entries.add(&item, order, None);
        }
        entries.sort();
        entries
    }

    fn reading() -> Reading {
        Reading::begin("2026-11-20".parse().unwrap(), None, Millis(0))
    }

    #[test]
    fn it_begins_a_day_before_whatever_the_date_may_mean() {
        let day: BusinessDay = "2026-11-20".parse().unwrap();
        let since = |accepted: Option<&str>| {
            let accepted = accepted.map(|at| Millis::from(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap()));
            Reading::begin(day, accepted, Millis(0)).since.to_string()
        };
        assert_eq!(since(None), "2026-11-19");
        assert_eq!(since(Some("2026-11-21T01:00:00Z")), "2026-11-19");
        // East of Greenwich a day is over before its date is.
        assert_eq!(since(Some("2026-11-19T20:00:00Z")), "2026-11-18");
    }

    #[test]
    fn an_order_of_several_rows_counts_once_and_a_stranger_too() {
        let (mut reading, mut entries) = (reading(), entries(&["a", "b"]));
        let first = page(&[("a", "2026-11-20"), ("a", "2026-11-20"), ("x", "2026-11-20")]);
        assert_eq!(reading.take(&first, &mut entries).len(), 1);
        // The stranger's rows go on on the next page; another one is of another day.
        let second = page(&[("x", "2026-11-20"), ("y", "2026-11-19"), ("b", "2026-11-20")]);
        let shown = reading.take(&second, &mut entries);
        assert_eq!((shown.len(), reading.unexpected()), (1, 1));
        assert!(entries.all().iter().all(|entry| entry.seen));
        let kept: Reading = serde_json::from_str(&serde_json::to_string(&reading).unwrap()).unwrap();
        assert_eq!(kept, reading);
    }

    #[test]
    fn what_is_not_answered_in_time_is_read_from_the_beginning_in_smaller_pages() {
        let mut reading = reading();
        let full: Vec<_> = (0..ROWS).map(|_| ("x", "2026-11-20")).collect();
        reading.take(&page(&full), &mut entries(&[]));
        let mut counts = Vec::new();
        while let Some(smaller) = reading.in_smaller_pages(Millis(7)) {
            assert_eq!((smaller.pages, smaller.rows, smaller.unexpected, smaller.begun_at), (0, 0, 0, Millis(7)));
            assert_eq!((smaller.day, smaller.since), (reading.day, reading.since));
            counts.push(smaller.count);
            reading = smaller;
        }
        assert_eq!(counts, [100, 50, 25]);
        // One that an older version kept.
        let kept = serde_json::to_string(&reading).unwrap().replace(r#""count":25,"#, "");
        assert_eq!(serde_json::from_str::<Reading>(&kept).unwrap().count, ROWS);
    }
}
