//! How each store stands: how far it is settled, the pass under way, and what is proven of its last business days. It is read,
//! and nothing is written.

use crate::{operate::Operator, select::Pass};
use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, StoreName, Zone};
use futures_util::future::try_join_all;
use ledger::{Cursor, Due};
use reconciliation::{Certificate, due};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A day that is over for longer than this, and not settled, is late.
const SETTLED_WITHIN: TimeDelta = TimeDelta::hours(12);
/// A day that is over for longer than this, and not complete, is late.
const COMPLETE_WITHIN: TimeDelta = TimeDelta::hours(24);
/// So many days are shown whatever their state.
const WEEK: u32 = 7;

/// A store's standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The store; `unrouted` for the orders that fit none.
    pub store: StoreName,
    /// The last settled business day; `None` before there is one.
    pub settled: Option<BusinessDay>,
    /// How many days are over and not settled.
    pub behind_days: usize,
    /// The pass that settles them, if one was begun and stopped.
    pub pass: Option<UnderWay>,
    /// Those of the last days that are in the flow's care, and earlier ones that are due and not complete; the latest first.
    pub days: Vec<Day>,
}

/// A pass that goes on at the producer's next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnderWay {
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// Orders that were changed until then are published.
    pub changed_until: Option<DateTime<Utc>>,
}

/// A business day of the last week, or an earlier one that is not complete.
#[expect(clippy::struct_excessive_bools, reason = "each says a thing of its own about the day")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Which.
    pub business_day: BusinessDay,
    /// How far it has come.
    pub state: DayState,
    /// Completed orders at the source, as of its certificate.
    pub completed: Option<usize>,
    /// It is from before the store's first night: a person has asked for it.
    pub by_hand: bool,
    /// It should have come further by now.
    pub late: bool,
    /// Completed orders that the pass which settled the day left out, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outside: BTreeMap<String, u64>,
    /// It is due for more than a month.
    pub overdue: bool,
    /// It has hardly an order, or sends hardly one, though it should.
    pub quiet: bool,
    /// Of a day that is not complete: how many orders are in each state that keeps it open.
    pub open: BTreeMap<&'static str, usize>,
}

/// How far a business day has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// Not every order is on the queue or accounted for.
    NotSettled,
    /// Settled, and no certificate yet.
    NotCertified,
    /// An order is still open.
    NotComplete,
    /// Every order is confirmed, skipped or rejected.
    Complete,
}

impl DayState {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSettled => "not settled",
            Self::NotCertified => "no certificate",
            Self::NotComplete => "not complete",
            Self::Complete => "complete",
        }
    }

    fn is_late(self, over_for: TimeDelta) -> bool {
        match self {
            Self::NotSettled => over_for > SETTLED_WITHIN,
            Self::NotCertified | Self::NotComplete => over_for > COMPLETE_WITHIN,
            Self::Complete => false,
        }
    }
}

impl Operator {
    /// Every store's standing; that of `unrouted` where there are orders that fit no store.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn standings(&self) -> Result<Vec<Standing>, ledger::Error> {
        let pass = self.ledger.checkpoint("").await?;
        let pass: Option<Pass> = pass.and_then(|pass| serde_json::from_str(&pass.state).ok());
        let (mut standings, mut cursors) = (Vec::new(), Vec::new());
        for (name, store) in &self.config.stores {
            let cursor = self.ledger.cursor(name.as_str()).await?;
            let under_way = pass.as_ref().filter(|pass| pass.spans.contains_key(name));
            let standing = Standing {
                pass: under_way.map(|pass| UnderWay {
                    begun_at: pass.begun_at,
                    changed_until: pass.after.as_ref().map(|after| after.stamp),
                }),
                ..self.standing(name.clone(), store.time_zone, cursor).await?
            };
            standings.push(standing);
            cursors.extend(cursor);
        }
        if self.config.salesforce.route_by.is_some() && cursors.len() == self.config.stores.len() {
            let cursor = due::of_all(cursors);
            let mut unrouted = self.standing(StoreName::unrouted(), self.config.time_zone, cursor).await?;
            // A day without such orders wants no certificate.
            unrouted.days.retain(|day| day.completed.is_some_and(|completed| completed > 0) || !day.outside.is_empty());
            if !unrouted.days.is_empty() {
                standings.push(unrouted);
            }
        }
        Ok(standings)
    }

    /// What the pass that settled a store's business day left out, by reason; nothing too where an older version counted
    /// otherwise.
    async fn outside(&self, store: &StoreName, day: BusinessDay) -> Result<BTreeMap<String, u64>, ledger::Error> {
        let kept = self.ledger.outside(store.as_str(), &day.to_string()).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept.counts).ok()).unwrap_or_default())
    }

    async fn standing(&self, store: StoreName, zone: Zone, cursor: Option<Cursor>) -> Result<Standing, ledger::Error> {
        let now = (self.now)();
        let marks = due::marks(self.ledger.due(store.as_str()).await?);
        let days = in_care(cursor, &marks, zone, now);
        let kept = try_join_all(days.iter().map(|day| self.certificate(&store, *day))).await?;
        let outside = try_join_all(days.iter().map(|day| self.outside(&store, *day))).await?;
        let week = BusinessDay::last(WEEK, zone, now).last();
        let days = days.iter().zip(kept).zip(outside).filter_map(|((day, kept), outside)| {
            let day = of_day(*day, zone, cursor, marks.get(day), kept.as_ref(), now)?;
            Some(Day { outside, ..day })
        });
        // Of earlier days, those that are proven want nobody; of days that are not in care, an order was sent by hand.
        let days = days.filter(|day| Some(day.business_day) >= week || day.state != DayState::Complete);
        let days = days.collect();
        let Some(cursor) = cursor else {
            return Ok(Standing { store, settled: None, behind_days: 0, pass: None, days });
        };
        let (first, until) = (DateTime::from(cursor.first), DateTime::from(cursor.settled_until));
        let today = BusinessDay::of(now, zone);
        let next = BusinessDay::of(until, zone);
        Ok(Standing {
            settled: (until > first).then(|| next.previous()),
            behind_days: usize::try_from((today.date() - next.date()).num_days()).unwrap_or(0),
            pass: None,
            days,
            store,
        })
    }
}

/// The days of the last month since the flow began, and those that are marked, the latest first.
fn in_care(
    cursor: Option<Cursor>,
    marks: &BTreeMap<BusinessDay, Due>,
    zone: Zone,
    now: DateTime<Utc>,
) -> Vec<BusinessDay> {
    let week = BusinessDay::last(WEEK, zone, now)
        .filter(|day| cursor.is_some_and(|cursor| DateTime::from(cursor.first) <= day.window(zone).start));
    let days: BTreeSet<BusinessDay> = due::days(cursor, marks, zone, now).into_iter().chain(week).collect();
    days.into_iter().rev().collect()
}

fn of_day(
    day: BusinessDay,
    zone: Zone,
    cursor: Option<Cursor>,
    mark: Option<&Due>,
    kept: Option<&Certificate>,
    now: DateTime<Utc>,
) -> Option<Day> {
    let window = day.window(zone);
    let by_hand = cursor.is_none_or(|cursor| DateTime::from(cursor.first) > window.start);
    if by_hand && !mark.is_some_and(|mark| mark.asked || mark.settled) {
        return None;
    }
    let settled = cursor.is_some_and(|cursor| due::is_settled(cursor, day, zone)) || mark.is_some_and(|it| it.settled);
    let state = match kept {
        _ if !settled => DayState::NotSettled,
        None => DayState::NotCertified,
        Some(certificate) if certificate.complete => DayState::Complete,
        Some(_) => DayState::NotComplete,
    };
    let since = mark.map_or(window.end, |mark| DateTime::from(mark.since).max(window.end));
    let open = kept.filter(|_| state == DayState::NotComplete).map(|kept| {
        let of = &kept.ledger;
        let open = [
            ("accepted", of.accepted),
            ("pending", of.pending),
            ("parked", of.parked),
            ("uncertain", of.uncertain),
            ("missing", of.missing),
        ];
        open.into_iter().filter(|(_, n)| *n > 0).collect()
    });
    let (completed, quiet) = (kept.map(|kept| kept.source.completed), kept.is_some_and(|kept| kept.quiet));
    let (late, overdue) = (state.is_late(now - since), state != DayState::Complete && now - since > due::OVERDUE);
    let (outside, open) = (BTreeMap::new(), open.unwrap_or_default());
    Some(Day { business_day: day, state, completed, by_hand, late, outside, overdue, quiet, open })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn certificate(pending: usize) -> Certificate {
        serde_json::from_value(json!({
            "store": "default", "business_day": "2026-11-19", "issued_at": "2026-11-20T06:00:00Z", "config_sha256": "",
            "source": {"completed": pending}, "destination": {"found": 0, "unexpected": 0}, "repaired": 0,
            "ledger": {"confirmed": 0, "accepted": 0, "pending": pending, "skipped": {}, "rejected": {}, "parked": 0,
                       "uncertain": 0, "missing": 0},
            "complete": pending == 0,
        }))
        .unwrap()
    }

    #[test]
    fn a_day_is_late_half_a_day_unsettled_and_a_day_incomplete() {
        let day: BusinessDay = "2026-11-19".parse().unwrap();
        let first = at("2026-11-18T00:00:00Z").into();
        let state = |settled_until: &str, kept: Option<usize>, now: &str| {
            let (cursor, kept) = (Cursor { first, settled_until: at(settled_until).into() }, kept.map(certificate));
            let day = of_day(day, Zone::UTC, Some(cursor), None, kept.as_ref(), at(now)).unwrap();
            (day.state, day.late)
        };
        let (before, after) = ("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z");
        assert_eq!(state(before, None, "2026-11-20T11:59:00Z"), (DayState::NotSettled, false));
        assert_eq!(state(before, Some(0), "2026-11-20T12:01:00Z"), (DayState::NotSettled, true));
        assert_eq!(state(after, None, "2026-11-20T23:59:00Z"), (DayState::NotCertified, false));
        assert_eq!(state(after, None, "2026-11-21T00:01:00Z"), (DayState::NotCertified, true));
        assert_eq!(state(after, Some(2), "2026-11-20T23:59:00Z"), (DayState::NotComplete, false));
        assert_eq!(state(after, Some(2), "2026-11-21T00:01:00Z"), (DayState::NotComplete, true));
        assert_eq!(state(after, Some(0), "2026-11-29T00:01:00Z"), (DayState::Complete, false));
    }

    #[test]
    fn an_open_day_says_in_numbers_what_keeps_it_open() {
        let cursor =
            Cursor { first: at("2026-11-18T00:00:00Z").into(), settled_until: at("2026-11-20T00:00:00Z").into() };
        let day = of_day(
            "2026-11-19".parse().unwrap(),
            Zone::UTC,
            Some(cursor),
            None,
            Some(&certificate(2)),
            at("2026-11-20T06:00:00Z"),
        );
        let day = day.unwrap();
        let expected = json!({"business_day": "2026-11-19", "state": "not_complete", "completed": 2, "by_hand": false, "late": false, "overdue": false, "quiet": false, "open": {"pending": 2}});
        assert_eq!(serde_json::to_value(day).unwrap(), expected);
        let days = in_care(Some(cursor), &BTreeMap::new(), Zone::UTC, at("2026-11-20T06:00:00Z"));
        assert_eq!(days.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-11-19", "2026-11-18"]);
    }
}
