//! The reconciler, started by hand to look at a day; and what it did not look at, which no older certificate stands in for.

use crate::{failure::Failure, flow::Flow, place::Place, producing::event, progress};
use config::{BusinessDay, StoreName};
use reconciliation::{Answer, Certificate, StoreDay};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::sleep;

/// A reconciler that is out of time goes on the next time; a day that needs more is left to its schedule.
const LOOKS: u32 = 5;
/// Between two of them, where an account could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// What came of looking at a day.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Look {
    /// Of the stores that were looked at.
    pub(crate) certificates: BTreeMap<StoreName, Certificate>,
    pub(crate) not_looked_at: Vec<NotLookedAt>,
}

/// A store that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NotLookedAt {
    pub(crate) store: StoreName,
    pub(crate) why: String,
}

const UNFINISHED: &str = "the reconciler ran out of time, or of the org's quota of calls; its schedule goes on";
const NOT_NAMED: &str = "the reconciler does not say why; is it of this version?";

fn unreadable(flow: Flow) -> String {
    format!("its account at {} cannot be read now", flow.destination())
}

/// Lets the reconciler look at the day, again if need be: at one store, or at every one and at the orders that fit none.
pub(crate) async fn look(
    place: &Place,
    flow: Flow,
    day: BusinessDay,
    store: Option<&StoreName>,
) -> Result<Look, Failure> {
    let spinner = progress::spinner(format!("the reconciler looks at {day}"));
    let mut asked: BTreeSet<StoreName> = match store {
        Some(store) => [store.clone()].into(),
        None => place.stores(flow).await?.into_iter().collect(),
    };
    let mut look = Look::default();
    for tries in 1..=LOOKS {
        // What was looked at is not read again where one store is left.
        let only = if asked.len() == 1 && tries > 1 { asked.first() } else { store };
        let answer = place.invoke(flow.reconciler().output, &event(day, only)).await?;
        look.add(answer, flow, day, &mut asked)?;
        if look.not_looked_at.is_empty() {
            break;
        }
        if tries < LOOKS && look.not_looked_at.iter().any(|store| store.why == unreadable(flow)) {
            sleep(PAUSE).await;
        }
    }
    spinner.finish_and_clear();
    Ok(look)
}

impl Look {
    /// What an answer says of the stores that are still asked for; afterwards these are the ones not looked at.
    fn add(
        &mut self,
        answer: Value,
        flow: Flow,
        day: BusinessDay,
        asked: &mut BTreeSet<StoreName>,
    ) -> Result<(), Failure> {
        let answer: Answer = serde_json::from_value(answer)
            .map_err(|error| Failure::undone("read the reconciler's answer", &error).hint("deploy this version"))?;
        let of_day = |named: &&StoreDay| named.business_day == day;
        // The orders that fit no store are looked at too where every store is.
        let named = answer.unreadable.iter().chain(&answer.unfinished).filter(of_day);
        let new = named.filter(|named| !self.certificates.contains_key(&named.store));
        asked.extend(new.map(|named| named.store.clone()));
        for certificate in answer.certificates.into_iter().filter(|certificate| certificate.business_day == day) {
            asked.remove(&certificate.store);
            self.certificates.insert(certificate.store.clone(), certificate);
        }
        let is_in =
            |list: &[StoreDay], store: &StoreName| list.iter().filter(of_day).any(|named| named.store == *store);
        let unrouted = StoreName::unrouted();
        // None that fits no store: there is nothing to certify.
        if !is_in(&answer.unreadable, &unrouted) && !is_in(&answer.unfinished, &unrouted) {
            asked.remove(&unrouted);
        }
        let why = |store: &StoreName| {
            if is_in(&answer.unreadable, store) {
                unreadable(flow)
            } else if is_in(&answer.unfinished, store) {
                UNFINISHED.to_owned()
            } else {
                NOT_NAMED.to_owned()
            }
        };
        self.not_looked_at = asked.iter().map(|store| NotLookedAt { store: store.clone(), why: why(store) }).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DAY: &str = "2026-11-20";
    const FLOW: Flow = Flow::ALL[0];

    fn certificate(store: &str) -> Value {
        json!({
            "store": store, "business_day": DAY, "issued_at": "2026-11-21T06:30:00Z", "config_sha256": "", "repaired": 0,
            "source": {"completed": 0}, "destination": {"found": 0, "unexpected": 0}, "complete": true,
            "ledger": {"confirmed": 0, "accepted": 0, "pending": 0, "skipped": {}, "rejected": {}, "parked": 0, "uncertain": 0,
                "missing": 0},
        })
    }

    fn stores(names: &[&str]) -> BTreeSet<StoreName> {
        names.iter().map(|name| StoreName::try_from((*name).to_owned()).unwrap()).collect()
    }

    /// The stores that were looked at, and those that were not with why, after these answers.
    fn after(asked: &[&str], answers: Vec<Value>) -> (Vec<String>, Vec<(String, String)>) {
        let (mut look, mut asked) = (Look::default(), stores(asked));
        for answer in answers {
            look.add(answer, FLOW, DAY.parse().unwrap(), &mut asked).unwrap();
        }
        let not = look.not_looked_at.iter().map(|not| (not.store.to_string(), not.why.clone())).collect();
        (look.certificates.keys().map(ToString::to_string).collect(), not)
    }

    #[test]
    fn every_store_that_was_asked_for_must_have_been_looked_at() {
        let named = |store: &str| json!([{"store": store, "business_day": DAY}]);
        let both = json!({"certificates": [certificate("a"), certificate("b")], "unreadable": [], "unfinished": []});
        assert_eq!(after(&["a", "b"], vec![both.clone()]), (vec!["a".into(), "b".into()], vec![]));
        // The first answer that is not empty names one of two.
        let one =
            json!({"certificates": [certificate("a")], "unreadable": named("b"), "unfinished": named("unrouted")});
        let left = vec![("b".to_owned(), unreadable(FLOW)), ("unrouted".to_owned(), UNFINISHED.to_owned())];
        assert_eq!(after(&["a", "b"], vec![one.clone()]), (vec!["a".into()], left));
        // The next one has the rest, and does not take back what was seen.
        let rest = json!({"certificates": [certificate("b")], "unreadable": named("a"), "unfinished": []});
        assert_eq!(after(&["a", "b"], vec![one, rest]), (vec!["a".into(), "b".into()], vec![]));
        // An answer of before these lists, and one of another day.
        let old = json!({"certificates": []});
        assert_eq!(after(&["a"], vec![old]), (vec![], vec![("a".to_owned(), NOT_NAMED.to_owned())]));
        let mut other = certificate("a");
        other["business_day"] = "2026-11-19".into();
        assert_eq!(after(&["a"], vec![json!({"certificates": [other]})]).1, [("a".to_owned(), NOT_NAMED.to_owned())]);
        // No order fits no store: nothing to certify, and nothing left out.
        assert_eq!(after(&["unrouted"], vec![json!({"certificates": []})]), (vec![], vec![]));
        let mut look = Look::default();
        let failure = look.add(json!(null), FLOW, DAY.parse().unwrap(), &mut stores(&["a"])).unwrap_err();
        assert_eq!(failure.exit_code(), 3);
    }
}
