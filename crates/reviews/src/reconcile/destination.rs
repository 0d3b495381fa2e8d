//! The store's purchases, read back page by page: what is seen is confirmed at once, so that a reading that is cut short has
//! not been for nothing.

use super::{
    Failed, Reconciler,
    entry::{Entries, fingerprint},
    source::Source,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use config::{BusinessDay, StoreName};
use futures_util::{StreamExt as _, stream};
use ledger::{ErrorClass, Event, Millis, Verdict};
use serde::{Deserialize, Serialize};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;
use yotpo::{PurchasePage, PurchaseRow};

/// Yotpo recommends no more rows a page.
/// <https://core-api.yotpo.com/v1.0/reference/retrieve-all-orders>
pub(crate) const ROWS: u32 = 200;
/// Pages are made no smaller.
const FEWEST_ROWS: u32 = 25;
/// Ledger writes under way at once.
const CONCURRENT_WRITES: usize = 16;

/// A reading of the destination: what a later run needs to go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reading {
    /// The business day that it is for.
    pub(super) day: BusinessDay,
    /// When it began.
    pub(super) begun_at: Millis,
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
pub(super) enum Ended {
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
    pub(super) fn begin(day: BusinessDay, first_accepted: Option<Millis>, now: Millis) -> Self {
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
    pub(super) fn by_another_run(self) -> Self {
        Self { goes_on: self.pages > 0, ..self }
    }

    /// Whether earlier pages were read by another run.
    pub(super) fn goes_on_from_another_run(&self) -> bool {
        self.goes_on
    }

    pub(super) fn unexpected(&self) -> usize {
        self.unexpected
    }

    /// Takes in a page; the places of entries that it shows and the ledger has not confirmed, and whether it is the last.
    fn take(&mut self, page: &PurchasePage, entries: &mut Entries) -> (Vec<usize>, bool) {
        let mut shown = Vec::new();
        for row in &page.purchases {
            let order = fingerprint(&row.order_id);
            let places = entries.see(order);
            if places.is_empty() && self.is_of_the_day(row) && self.last_unexpected != Some(order) {
                self.unexpected += 1;
                self.last_unexpected = Some(order);
            }
            shown.extend(places.filter(|place| !entries.all()[*place].is_confirmed()));
        }
        // An order has a row for each of its products.
        shown.sort_unstable();
        shown.dedup();
        self.pages += 1;
        self.rows += page.purchases.len() as u64;
        (shown, page.is_last(self.count, self.rows))
    }

    fn is_of_the_day(&self, row: &PurchaseRow) -> bool {
        row.order_date.as_deref().and_then(|date| date.get(..10)) == Some(self.day.to_string().as_str())
    }
}

/// From which date on a day's purchases are read. What `since_date` is compared with is not documented: it may be the order's
/// date or the instant at which Yotpo took it, in whatever time zone.
pub(crate) fn read_from(day: BusinessDay, first_accepted: Option<Millis>) -> NaiveDate {
    let accepted = first_accepted.map_or(day.date(), |at| DateTime::<Utc>::from(at).date_naive());
    accepted.min(day.date()) - Days::new(1)
}

impl Reconciler {
    /// Reads on from where `reading` stands, to the end or as far as time allows. At least one page is read.
    pub(super) async fn read(
        &self,
        store: &StoreName,
        reading: &mut Reading,
        source: &Source<'_>,
        entries: &mut Entries,
        latest: Instant,
        metrics: &mut Metrics,
    ) -> Result<Ended, Failed> {
        let Some(share) = self.pace.get(store) else { return Ok(Ended::Unreadable) };
        let mut first = true;
        loop {
            // A run that begins late reads a page all the same: else a day might never be read.
            let by = if first { latest.max(Instant::now() + share.period() * 2) } else { latest };
            if (!first && Instant::now() >= latest) || !share.wait(by).await {
                return Ok(Ended::OutOfTime);
            }
            first = false;
            let page = match self.page(store, reading, metrics).await {
                Ok(page) => page,
                Err(error) => {
                    let error_class = crate::outcome::class(&error);
                    if error_class == ErrorClass::RateLimited {
                        metrics.count(Metric::RateLimited, Some(store.as_str()), 1);
                    }
                    if let Some(smaller) = reading.in_smaller_pages(self.millis()).filter(|_| error.is_late()) {
                        *reading = smaller;
                    }
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, %error_class, store = store.as_str(), "purchases cannot be read back; a later run goes on");
                    return Ok(Ended::Unreadable);
                }
            };
            let (shown, last) = reading.take(&page, entries);
            let shown = self.that_keep_their_name(store, reading.day, &page, shown, source, entries, metrics).await?;
            self.confirm(store, reading.day, &shown, entries, metrics).await?;
            if last {
                return Ok(Ended::Complete);
            }
        }
    }

    /// One page; a refusal of our credentials reads the secret again once.
    async fn page(
        &self,
        store: &StoreName,
        reading: &Reading,
        metrics: &mut Metrics,
    ) -> Result<PurchasePage, yotpo::Error> {
        let client = self.stores.get(store).ok_or(yotpo::Error::Unauthorized)?;
        let begun = Instant::now();
        let (since, page, count) = (reading.since, reading.pages + 1, reading.count);
        let mut result = client.purchases(since, page, count).await;
        if matches!(result, Err(yotpo::Error::Unauthorized))
            && let Some(renewed) = self.stores.reload(store, &client).await
        {
            result = renewed.purchases(since, page, count).await;
        }
        metrics.measure(Metric::VendorCallMs, (begun.elapsed().as_secs_f64() * 1000.0).round());
        result
    }

    /// One write for each order that is shown and not confirmed yet.
    async fn confirm(
        &self,
        store: &StoreName,
        day: BusinessDay,
        places: &[usize],
        entries: &mut Entries,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let all = &*entries;
        let (store, day) = (store.as_str(), day.to_string());
        let mut writes = stream::iter(places)
            .map(|place| async {
                let event = Event::Confirm { delivery: all.all()[*place].as_seen(store, &day)? };
                let verdict = self.ledger.put(&event).await?;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Fate, Item};
    use ledger::{Delivery, DeliveryKey, EffectHash, Revision};
    use serde_json::json;

    fn page(orders: &[(&str, &str)], total: Option<u64>) -> PurchasePage {
        let rows: Vec<_> = orders
            .iter()
            .map(|(id, date)| json!({"order_id": id, "order_date": format!("{date}T00:00:00Z")}))
            .collect();
        serde_json::from_value(json!({"purchases": rows, "total_purchases": total})).unwrap()
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
            let item = Item { delivery, store: StoreName::unrouted(), day, fate: Fate::Skip("x") };
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
        let first = page(&[("a", "2026-11-20"), ("a", "2026-11-20"), ("x", "2026-11-20")], Some(6));
        let (shown, last) = reading.take(&first, &mut entries);
        assert_eq!((shown.len(), last), (1, false));
        // The stranger's rows go on on the next page; another one is of another day.
        let second = page(&[("x", "2026-11-20"), ("y", "2026-11-19"), ("b", "2026-11-20")], Some(6));
        let (shown, last) = reading.take(&second, &mut entries);
        assert_eq!((shown.len(), last, reading.unexpected()), (1, true, 1));
        assert!(entries.all().iter().all(|entry| entry.seen));
        let kept: Reading = serde_json::from_str(&serde_json::to_string(&reading).unwrap()).unwrap();
        assert_eq!(kept, reading);
    }

    #[test]
    fn what_is_not_answered_in_time_is_read_from_the_beginning_in_smaller_pages() {
        let mut reading = reading();
        let full: Vec<_> = (0..ROWS).map(|_| ("x", "2026-11-20")).collect();
        reading.take(&page(&full, None), &mut entries(&[]));
        let mut counts = Vec::new();
        while let Some(smaller) = reading.in_smaller_pages(Millis(7)) {
            assert_eq!((smaller.pages, smaller.rows, smaller.unexpected, smaller.begun_at), (0, 0, 0, Millis(7)));
            assert_eq!((smaller.day, smaller.since), (reading.day, reading.since));
            counts.push(smaller.count);
            reading = smaller;
        }
        assert_eq!(counts, [100, 50, 25]);
        // A full page of these is not the last.
        assert!(!reading.take(&page(&full[..25], None), &mut entries(&[])).1);
        // One that an older version kept.
        let kept = serde_json::to_string(&reading).unwrap().replace(r#""count":25,"#, "");
        assert_eq!(serde_json::from_str::<Reading>(&kept).unwrap().count, ROWS);
    }

    #[test]
    fn the_last_page_is_empty_or_not_full() {
        let full: Vec<_> = (0..ROWS).map(|_| ("a", "2026-11-20")).collect();
        for (rows, total, last) in [
            (&full[..], None, false),
            (&full[..], Some(200), false),
            (&full[..7], None, true),
            (&full[..7], Some(7), true),
            // Yotpo gives fewer rows a page than it was asked for.
            (&full[..100], Some(150), false),
            (&[], Some(150), true),
        ] {
            let mut reading = reading();
            assert_eq!(reading.take(&page(rows, total), &mut entries(&[])).1, last, "{} {total:?}", rows.len());
        }
    }
}
