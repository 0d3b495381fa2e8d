//! Which business days somebody is to look at: an item a store, in which a day stands from before the first message is sent for
//! it until it is proven.
//!
//! It says that a day is due, never that one is not: a day that is not in it may be due by the store's cursor.

use crate::{
    expression::{Item, get_number, number},
    millis::Millis,
    table::{Error, Ledger},
};
use std::collections::BTreeMap;

/// Digits of a day, `YYYY-MM-DD`: an attribute's name is the day and what it is about.
const DAY: usize = 10;
const SINCE: &str = "since";
const LAST: &str = "last";
const ASKED: &str = "asked";
const SETTLED: &str = "settled";
const BEGUN: &str = "begun";

/// A business day that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Since when.
    pub since: Millis,
    /// When something was last sent for it, or the day was last asked for.
    pub last: Millis,
    /// A person has asked for the whole day.
    pub asked: bool,
    /// Such a request came to its end: whatever the day has is on the queue or accounted for.
    pub settled: bool,
    /// When a look at it last began.
    pub begun: Option<Millis>,
}

/// What makes a day due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Messages are about to be sent for it.
    Sent,
    /// A person asks for the whole day.
    Asked,
    /// What a person asked for is settled.
    Settled,
    /// A look at it begins.
    Begun,
}

impl Mark {
    /// The attributes that are set, in DynamoDB's language.
    const fn update(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Sent => ("SET #since = if_not_exists(#since, :at), #last = :at", &[SINCE, LAST]),
            Self::Asked => {
                ("SET #since = if_not_exists(#since, :at), #last = :at, #asked = :at", &[SINCE, LAST, ASKED])
            }
            Self::Settled => {
                ("SET #since = if_not_exists(#since, :at), #last = :at, #settled = :at", &[SINCE, LAST, SETTLED])
            }
            Self::Begun => (
                "SET #since = if_not_exists(#since, :at), #last = if_not_exists(#last, :at), #begun = :at",
                &[SINCE, LAST, BEGUN],
            ),
        }
    }
}

impl Ledger {
    /// The days of a store that are due, by their dates (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn due(&self, store: &str) -> Result<BTreeMap<String, Due>, Error> {
        Ok(self.item(&due_key(self.flow.name, store)).await?.map(|item| days(&item)).unwrap_or_default())
    }

    /// Makes a day due now, or keeps it so.
    ///
    /// # Errors
    /// When DynamoDB cannot be used: nothing is to be sent for the day then.
    pub async fn mark_due(&self, store: &str, day: &str, mark: Mark) -> Result<(), Error> {
        let (update, about) = mark.update();
        self.write_due(store, day, "", update, about, self.millis()).await.map(drop)
    }

    /// The day is proven, as it stood when it was `seen`: false if something was sent for it since.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn no_longer_due(&self, store: &str, day: &str, seen: &Due) -> Result<bool, Error> {
        let update = "REMOVE #since, #last, #asked, #settled, #begun";
        let about = [SINCE, LAST, ASKED, SETTLED, BEGUN];
        self.write_due(store, day, "#last = :at", update, &about, seen.last).await
    }

    async fn write_due(
        &self,
        store: &str,
        day: &str,
        condition: &str,
        update: &str,
        about: &[&str],
        at: Millis,
    ) -> Result<bool, Error> {
        let names: Vec<_> = about.iter().map(|about| (format!("#{about}"), attribute(day, about))).collect();
        let names: Vec<_> = names.iter().map(|(name, attribute)| (name.as_str(), attribute.as_str())).collect();
        self.write(&due_key(self.flow.name, store), condition, update, &names, [(":at", number(at.0))]).await
    }
}

fn attribute(day: &str, about: &str) -> String {
    format!("{day} {about}")
}

fn days(item: &Item) -> BTreeMap<String, Due> {
    let dates = item.keys().filter_map(|name| Some((name.get(..DAY)?, name.get(DAY + 1..)?)));
    let due = dates.filter(|(_, about)| *about == SINCE).filter_map(|(day, _)| {
        let at = |about| get_number(item, &attribute(day, about)).map(Millis);
        let since = at(SINCE)?;
        let due = Due {
            since,
            last: at(LAST).unwrap_or(since),
            asked: at(ASKED).is_some(),
            settled: at(SETTLED).is_some(),
            begun: at(BEGUN),
        };
        Some((day.to_owned(), due))
    });
    due.collect()
}

fn due_key(flow: &str, store: &str) -> String {
    format!("due/{flow}/{store}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::text;

    #[test]
    fn an_items_days_are_read_and_nothing_else_of_it() {
        let mut item: Item = [
            ("2026-11-20 since", 5),
            ("2026-11-20 last", 9),
            ("2026-11-20 asked", 6),
            ("2026-11-19 since", 7),
            ("2026-11-19 last", 7),
            ("2026-11-19 begun", 8),
            // Left over from a day that was taken out.
            ("2026-11-18 begun", 1),
        ]
        .into_iter()
        .map(|(name, n)| (name.to_owned(), number(n)))
        .collect();
        item.insert("k".to_owned(), text("due/reviews/default"));
        let due = |since, last, asked, begun| Due { since, last, asked, settled: false, begun };
        let expected = [
            ("2026-11-19".to_owned(), due(Millis(7), Millis(7), false, Some(Millis(8)))),
            ("2026-11-20".to_owned(), due(Millis(5), Millis(9), true, None)),
        ];
        assert_eq!(days(&item), expected.into());
    }
}
