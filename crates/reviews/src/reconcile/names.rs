//! A purchase proves one order of its name. Where the org does not keep names unique, the source is asked whose it is before
//! it confirms one, and the others wait for a person.

use super::{Failed, Reconciler, source::Source};
use crate::{
    item::DUPLICATE_ORDER_ID,
    twins::{Group, Namesakes, Twin, keeper},
};
use ledger::State;
use reconciliation::{Entries, Reconciliation, Shown, Task, fingerprint};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use telemetry::Metrics;

/// Whose the names are that a store's account shows.
pub(super) struct Names<'a> {
    pub(super) reconciler: &'a Reconciler,
    pub(super) source: &'a Source<'a>,
    pub(super) task: &'a Task,
    pub(super) day: &'a Reconciliation<'a>,
}

/// Whether the name is another's of the same day: where the org keeps names unique, two may become one all the same on their
/// way to the destination.
fn is_second_of_the_day(entries: &Entries, place: usize) -> bool {
    let rank = |place: usize| {
        let known = entries.all()[place].known();
        let has_it = match known.map(|known| known.state) {
            Some(State::Confirmed) => 0,
            Some(State::Accepted) => 1,
            Some(State::Claimed | State::Uncertain | State::Pending) => 2,
            Some(State::Skipped | State::Rejected | State::Parked) | None => 3,
        };
        (has_it, known.map(|known| known.since).filter(|_| has_it == 1), entries.key_of(place))
    };
    entries.of_its_name(place).map(rank).min() < Some(rank(place))
}

impl Names<'_> {
    /// Those of `shown`, places of entries that `page` shows, that the purchase of their name is of. The others are not there,
    /// whatever Yotpo said of them.
    pub(super) async fn kept(
        &self,
        page: &Shown,
        shown: Vec<usize>,
        entries: &mut Entries,
        metrics: &mut Metrics,
    ) -> Result<Vec<usize>, Failed> {
        let names: HashMap<u128, &str> =
            page.rows.iter().map(|row| (fingerprint(&row.name), row.name.as_str())).collect();
        let name =
            |entries: &Entries, place: usize| names.get(&entries.all()[place].name()).copied().unwrap_or_default();
        let namesakes = self.namesakes();
        let asked: BTreeSet<&str> = shown.iter().map(|place| name(entries, *place)).collect();
        let groups = namesakes.of(&asked, false).await?;
        let account = namesakes.account(self.task.store.as_str());
        let mut kept = Vec::with_capacity(shown.len());
        for place in shown {
            let second = entries.is_parked_for(place, DUPLICATE_ORDER_ID)
                || match groups.get(name(entries, place)) {
                    None => is_second_of_the_day(entries, place),
                    Some(Group::Many) => true,
                    Some(Group::Few(all)) => {
                        let of_account = all.iter().filter(|one| one.account.as_ref() == Some(&account));
                        let twins: Vec<Twin> = of_account.map(|one| one.twin.clone()).collect();
                        keeper(&twins).is_some_and(|keeper| keeper.id.as_str() != entries.id_of(place))
                    }
                };
            if second {
                let letters = &self.reconciler.dead_letters;
                self.day.is_not_there(self.task, place, DUPLICATE_ORDER_ID, entries, letters, metrics).await?;
            } else {
                kept.push(place);
            }
        }
        Ok(kept)
    }

    fn namesakes(&self) -> Namesakes<'_> {
        let (config, stores) = (&self.reconciler.config, &self.reconciler.stores);
        let accounts = config.stores.keys().filter_map(|name| Some((name.clone(), stores.get(name)?)));
        let accounts: BTreeMap<_, _> = accounts.map(|(name, client)| (name, client.account().to_owned())).collect();
        let Source { config, salesforce, fields, ledger } = *self.source;
        Namesakes { config, fields, salesforce, ledger, accounts, now: ledger.now() }
    }
}
