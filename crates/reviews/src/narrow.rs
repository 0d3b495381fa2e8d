//! A pass that asks for less at once: which part of it is under way, and the condition for that.

use crate::{
    fields::Fields,
    portion::{DAY, LEAST, Part, Range},
    select::Pass,
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay, StoreName};
use org::{Completed, Position};
use salesforce::{Error, soql};

impl Pass {
    /// Asks for less from now on; false if less cannot be asked for, or if that would not cure `error`.
    pub(crate) fn narrow(&mut self, error: &Error, fields: &Fields, config: &Relay) -> bool {
        let range = self.range(fields, config);
        let narrowed = self.portion.narrow(&range, &mut self.after, error);
        if narrowed {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, portion = ?self.portion, "too much for one query; asking for less");
        }
        narrowed
    }

    /// Goes on to the next part, when one is read to its end; false if all is read.
    pub(crate) fn next_part(&mut self, fields: &Fields, config: &Relay) -> bool {
        let range = self.range(fields, config);
        self.after = None;
        self.portion.next_part(&range)
    }

    /// How far the part under way is read.
    pub(crate) fn read_to(&self, fields: &Fields, config: &Relay) -> Option<&Position> {
        self.after.as_ref().or_else(|| self.portion.read(&self.range(fields, config)))
    }

    /// The condition that an order is of the part under way, to be added to that of the pass.
    pub(crate) fn part(&self, fields: &Fields, config: &Relay) -> String {
        let (at, kind) = (&fields.completed_at.0, fields.completed_at.1);
        let range = self.range(fields, config);
        match &self.portion.cut {
            None => String::new(),
            Some(cut) => match cut.part {
                Part::Undated => format!(" AND {at} = null"),
                Part::Earlier => format!(" AND {at} < {}", literal(kind, range.first)),
                Part::From(from) => {
                    let to = cut.to(from, &range);
                    format!(" AND {at} >= {} AND {at} < {}", literal(kind, from), literal(kind, to))
                }
                Part::Later => format!(" AND {at} >= {}", literal(kind, range.end)),
            },
        }
    }

    fn range(&self, fields: &Fields, config: &Relay) -> Range {
        let kind = fields.completed_at.1;
        let floor = self.oldest_day(config).window(config.time_zone).start;
        let millis = |name: &StoreName, at: DateTime<Utc>| match kind {
            Completed::DateTime => at.timestamp_millis(),
            Completed::Date => {
                let zone = config.stores.get(name).map_or(config.time_zone, |store| store.time_zone);
                BusinessDay::of(at, zone).date().and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
            }
        };
        let open = self.only.is_none();
        let first =
            self.spans.iter().map(|(name, span)| millis(name, if open { span.first.max(floor) } else { span.from }));
        let end = self.spans.iter().map(|(name, span)| millis(name, span.until));
        Range {
            first: first.min().unwrap_or_default(),
            end: end.max().unwrap_or_default(),
            least: if kind == Completed::Date { DAY } else { LEAST },
            open,
        }
    }
}

fn literal(kind: Completed, millis: i64) -> String {
    let at = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    match kind {
        Completed::DateTime => soql::datetime(at),
        Completed::Date => soql::date(at.date_naive()),
    }
}
