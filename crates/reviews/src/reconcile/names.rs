//! A purchase proves one order of its name. Where the org does not keep names unique, the source is asked whose it is before
//! it confirms one, and the others wait for a person.

use super::{
    Failed, Reconciler,
    entry::{Entries, fingerprint},
    source::Source,
};
use crate::{
    item::DUPLICATE_ORDER_ID,
    twins::{Group, Namesakes, Twin, keeper},
};
use config::{BusinessDay, StoreName};
use delivery::Unmapped;
use ledger::{ErrorClass, Event, State, Verdict};
use queue::{Entry as Copy, PATIENCE, body};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use telemetry::{Metric, Metrics};
use yotpo::PurchasePage;

/// Whether the name is another's of the same day: where the org keeps names unique, two may become one all the same on their
/// way to the destination.
fn is_second_of_the_day(entries: &Entries, place: usize) -> bool {
    let rank = |place: usize| {
        let entry = &entries.all()[place];
        let (state, since) = entry.known.map_or((None, None), |known| (Some(known.state), Some(known.since)));
        let has_it = match state {
            Some(State::Confirmed) => 0,
            Some(State::Accepted) => 1,
            Some(State::Claimed | State::Uncertain | State::Pending) => 2,
            Some(State::Skipped | State::Rejected | State::Parked) | None => 3,
        };
        (has_it, since.filter(|_| has_it == 1), entry.id)
    };
    entries.of_its_name(place).map(rank).min() < Some(rank(place))
}

impl Reconciler {
    /// Those of `shown`, places of entries that `page` shows, that the purchase of their name is of. The others are not there,
    /// whatever Yotpo said of them.
    #[expect(clippy::too_many_arguments, reason = "a step of a reading, with what the reading has")]
    pub(super) async fn that_keep_their_name(
        &self,
        store: &StoreName,
        day: BusinessDay,
        page: &PurchasePage,
        shown: Vec<usize>,
        source: &Source<'_>,
        entries: &mut Entries,
        metrics: &mut Metrics,
    ) -> Result<Vec<usize>, Failed> {
        let names: HashMap<u128, &str> =
            page.purchases.iter().map(|row| (fingerprint(&row.order_id), row.order_id.as_str())).collect();
        let name =
            |entries: &Entries, place: usize| names.get(&entries.all()[place].order).copied().unwrap_or_default();
        let namesakes = self.namesakes(source);
        let asked: BTreeSet<&str> = shown.iter().map(|place| name(entries, *place)).collect();
        let groups = namesakes.of(&asked, false).await?;
        let account = namesakes.account(store.as_str());
        let mut kept = Vec::with_capacity(shown.len());
        for place in shown {
            let second = entries.gave_way(place)
                || match groups.get(name(entries, place)) {
                    None => is_second_of_the_day(entries, place),
                    Some(Group::Many) => true,
                    Some(Group::Few(all)) => {
                        let of_account = all.iter().filter(|one| one.account.as_ref() == Some(&account));
                        let twins: Vec<Twin> = of_account.map(|one| one.twin.clone()).collect();
                        keeper(&twins).is_some_and(|keeper| keeper.id.as_str() != entries.all()[place].id())
                    }
                };
            if second {
                self.is_not_there(store, day, place, source, entries, metrics).await?;
            } else {
                kept.push(place);
            }
        }
        Ok(kept)
    }

    /// What Yotpo shows is another order of this name. If it said yes to this one too, a person decides: a copy goes to the
    /// dead-letter queue before the ledger says so.
    async fn is_not_there(
        &self,
        store: &StoreName,
        day: BusinessDay,
        place: usize,
        source: &Source<'_>,
        entries: &mut Entries,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        entries.get_mut(place).seen = false;
        let entry = &entries.all()[place];
        let Some(known) = entry.known.filter(|known| known.state == State::Accepted) else { return Ok(()) };
        let mut delivery = entry.as_seen(store.as_str(), &day.to_string())?;
        delivery.revision = known.revision.max(entry.revision);
        let body = body::json(&Unmapped::of(delivery.clone()))?;
        let attributes = vec![
            ("error_class", ErrorClass::BadRecord.as_str().to_owned()),
            ("error", DUPLICATE_ORDER_ID.to_owned()),
            ("delivery_key", delivery.key.to_string()),
        ];
        let copy = Copy::letter(body, attributes, source.invoked.trace.clone());
        self.dead_letters.send_one(copy, source.invoked.room((self.now)()).min(PATIENCE)).await?;
        let event = Event::GiveUp { delivery: delivery.clone(), reason: DUPLICATE_ORDER_ID.to_owned() };
        if self.ledger.put(&event).await? == Verdict::Recorded {
            metrics.count(Metric::Parked, Some(store.as_str()), 1);
            entries.parked_as_second(place, delivery.revision, self.millis());
        }
        let error_class = ErrorClass::BadRecord;
        tracing::error!(delivery_key = %delivery.key, %error_class, error = DUPLICATE_ORDER_ID, "to the dead-letter queue");
        Ok(())
    }

    fn namesakes<'a>(&self, source: &Source<'a>) -> Namesakes<'a> {
        let accounts = self.config.stores.keys().filter_map(|name| Some((name.clone(), self.stores.get(name)?)));
        let accounts: BTreeMap<_, _> = accounts.map(|(name, client)| (name, client.account().to_owned())).collect();
        let Source { config, salesforce, fields, ledger, .. } = *source;
        Namesakes { config, fields, salesforce, ledger, accounts, now: (self.now)() }
    }
}
