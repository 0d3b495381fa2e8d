//! Whether a flow is to call and send nothing for now, or a store of it: one item a flow, which every function of it reads before
//! it does anything.
//!
//! When a pause ended stays in it: whoever waited through it has not waited for what it waits for.

use crate::{
    expression::{Item, get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};
use std::collections::BTreeMap;

/// The whole flow. No store's name begins like this.
const WHOLE: &str = "*";
const SINCE: &str = "since";
const BY: &str = "by";
const WHY: &str = "why";
const ENDED: &str = "ended";

/// A pause that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Millis,
    /// Who asked for it, as AWS names its caller: an ARN.
    pub by: String,
    /// Why, in that person's words.
    pub why: String,
}

/// What is paused of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    lasting: BTreeMap<String, Pause>,
    ended: BTreeMap<String, Millis>,
}

impl Pauses {
    /// The pause of the whole flow.
    pub fn whole(&self) -> Option<&Pause> {
        self.lasting.get(WHOLE)
    }

    /// The pause that holds for a store: the flow's, else its own.
    pub fn of(&self, store: &str) -> Option<&Pause> {
        self.whole().or_else(|| self.lasting.get(store))
    }

    /// All that last: of the whole flow (`None`) and of stores.
    pub fn lasting(&self) -> impl Iterator<Item = (Option<&str>, &Pause)> {
        self.lasting.iter().map(|(of, pause)| ((of != WHOLE).then_some(of.as_str()), pause))
    }

    /// When the last pause ended that held for a store, if there was one.
    pub fn ended(&self, store: &str) -> Option<Millis> {
        self.ended.get(WHOLE).max(self.ended.get(store)).copied()
    }

    fn read(item: &Item) -> Self {
        let mut pauses = Self::default();
        let named = |name: &str, what: &str| name.strip_suffix(what)?.strip_suffix(' ').map(str::to_owned);
        for name in item.keys() {
            if let (Some(of), Some(ended)) = (named(name, ENDED), get_number(item, name)) {
                pauses.ended.insert(of, Millis(ended));
            } else if let (Some(of), Some(since)) = (named(name, SINCE), get_number(item, name)) {
                let words = |what| get_text(item, &attribute(&of, what)).unwrap_or("unknown").to_owned();
                let pause = Pause { since: Millis(since), by: words(BY), why: words(WHY) };
                pauses.lasting.insert(of, pause);
            }
        }
        pauses
    }
}

impl Ledger {
    /// What is paused of the flow, as it is now.
    ///
    /// # Errors
    /// When DynamoDB cannot be used: nothing is to be called or sent then.
    pub async fn pauses(&self) -> Result<Pauses, Error> {
        Ok(self.item(&pause_key(self.flow.name)).await?.map(|item| Pauses::read(&item)).unwrap_or_default())
    }

    /// Whether the flow is paused as a whole: nothing of it is to be called or sent then.
    ///
    /// # Errors
    /// As [`Self::pauses`].
    pub async fn is_paused(&self) -> Result<bool, Error> {
        Ok(self.pauses().await?.whole().is_some())
    }

    /// Pauses the flow, or one store of it; false if it is paused, and stays so as it is.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn pause(&self, store: Option<&str>, by: &str, why: &str) -> Result<bool, Error> {
        let update = "SET #since = :at, #by = :by, #why = :why";
        self.write_pause(store, "attribute_not_exists(#since)", update, &[SINCE, BY, WHY], Some((by, why))).await
    }

    /// Ends the pause of the flow, or of one store; false if there is none.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn resume(&self, store: Option<&str>) -> Result<bool, Error> {
        let update = "SET #ended = :at REMOVE #since, #by, #why";
        self.write_pause(store, "attribute_exists(#since)", update, &[SINCE, BY, WHY, ENDED], None).await
    }

    async fn write_pause(
        &self,
        store: Option<&str>,
        condition: &str,
        update: &str,
        about: &[&str],
        said: Option<(&str, &str)>,
    ) -> Result<bool, Error> {
        let of = store.unwrap_or(WHOLE);
        let names: Vec<_> = about.iter().map(|about| (format!("#{about}"), attribute(of, about))).collect();
        let names: Vec<_> = names.iter().map(|(name, attribute)| (name.as_str(), attribute.as_str())).collect();
        let said = said.into_iter().flat_map(|(by, why)| [(":by", text(by)), (":why", text(why))]);
        let values = said.chain([(":at", number(self.millis().0))]);
        self.write(&pause_key(self.flow.name), condition, update, &names, values).await
    }
}

fn attribute(of: &str, about: &str) -> String {
    format!("{of} {about}")
}

fn pause_key(flow: &str) -> String {
    format!("pause/{flow}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(numbers: &[(&str, i64)], words: &[(&str, &str)]) -> Item {
        let numbers = numbers.iter().map(|(name, n)| ((*name).to_owned(), number(*n)));
        numbers.chain(words.iter().map(|(name, word)| ((*name).to_owned(), text(*word)))).collect()
    }

    #[test]
    fn a_store_is_paused_alone_and_the_flow_pauses_every_store() {
        let words = [("k", "pause/erp"), ("acme by", "jane"), ("acme why", "wrong prices")];
        let one = Pauses::read(&item(&[("acme since", 5)], &words));
        let pause = Pause { since: Millis(5), by: "jane".to_owned(), why: "wrong prices".to_owned() };
        assert_eq!((one.whole(), one.of("acme"), one.of("other")), (None, Some(&pause), None));
        assert_eq!(one.lasting().collect::<Vec<_>>(), [(Some("acme"), &pause)]);
        let all = Pauses::read(&item(&[("* since", 7), ("acme since", 5)], &words));
        assert_eq!(all.of("other").map(|pause| pause.since), Some(Millis(7)));
        assert_eq!(all.of("acme"), all.whole());
    }

    #[test]
    fn a_pause_that_ended_is_remembered_and_holds_nothing() {
        let over = Pauses::read(&item(&[("* ended", 9), ("acme ended", 4)], &[("k", "pause/erp")]));
        assert_eq!((over.of("acme"), over.lasting().count()), (None, 0));
        assert_eq!((over.ended("acme"), over.ended("other")), (Some(Millis(9)), Some(Millis(9))));
        assert_eq!(Pauses::default().ended("acme"), None);
    }
}
