//! What is open: the deliveries that something went wrong with and that have not ended.

use crate::{
    expression::{Item, get_number, get_text, number, text},
    key::DeliveryKey,
    millis::Millis,
    record::{Record, State},
    table::{Error, Ledger, parse},
};
use std::collections::{BTreeMap, HashMap};

/// The sparse index: only deliveries that something went wrong with are in it, by flow and time.
const INDEX: &str = "open";

/// The open deliveries of a flow in numbers. Those that were rejected are in the index too, and have ended: they do not
/// count. Those that are parked wait for a person, who may take weeks: they count, and are not the oldest, else one that is
/// forgotten would hide whatever gets stuck after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// How many there are.
    pub deliveries: usize,
    /// Since when the oldest is open of those that are to end by themselves.
    pub oldest: Option<Millis>,
    /// Since when the oldest of those is open of which nobody knows whether they took effect.
    pub oldest_uncertain: Option<Millis>,
}

impl Open {
    fn count(&mut self, state: State, since: Millis) {
        if state == State::Rejected {
            return;
        }
        let earlier = |oldest: Option<Millis>| Some(oldest.map_or(since, |oldest| oldest.min(since)));
        self.deliveries += 1;
        if state == State::Parked {
            return;
        }
        self.oldest = earlier(self.oldest);
        if state == State::Uncertain {
            self.oldest_uncertain = earlier(self.oldest_uncertain);
        }
    }
}

/// The deliveries of one state that something went wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenIn {
    /// How many there are.
    pub deliveries: usize,
    /// Since when the oldest is there.
    pub oldest: Millis,
}

impl Ledger {
    /// Counts what is open in a flow.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn open(&self) -> Result<Open, Error> {
        let mut open = Open::default();
        self.each_open(|state, since| open.count(state, since)).await?;
        Ok(open)
    }

    /// Counts what something went wrong with, by state: those that were rejected, too.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn open_by_state(&self) -> Result<BTreeMap<State, OpenIn>, Error> {
        let mut states: BTreeMap<State, OpenIn> = BTreeMap::new();
        self.each_open(|state, since| {
            let of_state = states.entry(state).or_insert(OpenIn { deliveries: 0, oldest: since });
            *of_state = OpenIn { deliveries: of_state.deliveries + 1, oldest: of_state.oldest.min(since) };
        })
        .await?;
        Ok(states)
    }

    async fn each_open(&self, mut found: impl FnMut(State, Millis)) -> Result<(), Error> {
        self.in_index(self.flow.name, None, Some("#state, open_since"), |item| {
            let state = get_text(item, "state").and_then(State::parse);
            if let (Some(state), Some(since)) = (state, get_number(item, "open_since")) {
                found(state, Millis(since));
            }
            Ok(())
        })
        .await
    }

    /// The records of a flow with which something went wrong, those that were rejected among them; the oldest trouble first.
    /// Eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or an item is not one of ours.
    pub async fn open_records(&self) -> Result<Vec<(DeliveryKey, Record)>, Error> {
        let mut records = Vec::new();
        self.in_index(self.flow.name, None, None, |item| {
            let key = get_text(item, "k").unwrap_or_default().to_owned();
            if let Some(record) = parse(&key, item)? {
                let key = DeliveryKey::try_from(key.clone()).map_err(|_| Error::Unreadable { key, attribute: "k" })?;
                records.push((key, record));
            }
            Ok(())
        })
        .await?;
        Ok(records)
    }

    /// Every item that stands in the index under `flow`, page by page, the oldest first: those since an instant, or all; as far
    /// as `projection` says, or whole.
    pub(crate) async fn in_index(
        &self,
        flow: &str,
        since: Option<Millis>,
        projection: Option<&str>,
        mut found: impl FnMut(&Item) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let condition =
            if since.is_some() { "open_flow = :flow AND open_since >= :since" } else { "open_flow = :flow" };
        let mut values = Item::from([(":flow".to_owned(), text(flow))]);
        values.extend(since.map(|since| (":since".to_owned(), number(since.0))));
        let names = projection.map(|_| HashMap::from([("#state".to_owned(), "state".to_owned())]));
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(INDEX)
                .key_condition_expression(condition)
                .set_projection_expression(projection.map(str::to_owned))
                .set_expression_attribute_names(names.clone())
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|e| Error::unavailable("say what is open", e))?;
            page.items().iter().try_for_each(&mut found)?;
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rejected_has_ended_and_what_is_parked_hides_nothing() {
        let mut open = Open::default();
        for (state, since) in [
            (State::Rejected, 1),
            (State::Parked, 2),
            (State::Uncertain, 30),
            (State::Pending, 10),
            (State::Uncertain, 40),
        ] {
            open.count(state, Millis(since));
        }
        let expected = Open { deliveries: 4, oldest: Some(Millis(10)), oldest_uncertain: Some(Millis(30)) };
        assert_eq!(open, expected);
        assert_eq!(Open::default().oldest, None);
    }
}
