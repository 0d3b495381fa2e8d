//! A page's orders are published: what the ledger has settled is left out, and of the orders that ask for one name at most one is
//! sent.

use crate::{
    fields::Fields,
    item::{BadRow, DUPLICATE_ORDER_ID, Order, second},
    select::Pass,
    twins::{Candidate, Namesakes, Ruling, UnknownNames},
};
use config::Relay;
use delivery::{Item, Judgement, Publisher, Report, Unpublished, judge};
use ledger::DeliveryKey;
use salesforce::{Client, Record as Row};
use std::collections::{BTreeMap, HashSet};

/// Where a page's orders go.
pub struct Sender<'a> {
    /// The configuration.
    pub config: &'a Relay,
    /// The configured fields as the org spells them.
    pub fields: &'a Fields,
    /// The source, to be asked for orders that share a name.
    pub salesforce: &'a Client,
    /// What sends and records them.
    pub publisher: Publisher<'a>,
}

/// Why a page is not published as a whole. What was published stays so; doing it again is harmless.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// Ledger or queues could not be used.
    #[error(transparent)]
    Unpublished(#[from] Unpublished),
    /// The ledger could not be asked.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] UnknownNames),
}

impl Unsent {
    /// The source's error, if it is that.
    pub(crate) fn of_the_source(&self) -> Option<&salesforce::Error> {
        if let Self::Names(UnknownNames::Salesforce(error)) = self { Some(error) } else { None }
    }
}

impl Sender<'_> {
    /// Publishes a page's rows; when it returns, every row is accepted by SQS or recorded.
    ///
    /// # Errors
    /// When part of it failed: the page is to be published again.
    pub async fn page(&self, pass: &Pass, rows: &[Row], report: &mut Report) -> Result<(), Unsent> {
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            orders.extend(Order::of(row, pass, self.fields, self.config)?.map(|order| (order, row)));
        }
        let keys: Vec<_> = orders.iter().map(|(order, _)| order.item.delivery.key.clone()).collect();
        let known = self.publisher.ledger.read(&keys).await?;
        let policies = &self.publisher.ledger.flow().policies;
        let (mut send, mut settle) = (Vec::new(), Vec::new());
        for (order, row) in orders {
            let (item, key) = (&order.item, &order.item.delivery.key);
            let counts = report.of(&item.store, item.day);
            counts.fetched += 1;
            match judge(item, known.get(key), policies.of(key)) {
                Judgement::Delivered => counts.already_delivered += 1,
                Judgement::Rejected(reason) => *counts.rejected.entry(reason.to_owned()).or_default() += 1,
                Judgement::Parked(reason) => *counts.parked.entry(reason.to_owned()).or_default() += 1,
                Judgement::Skipped(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Judgement::Send => send.push(Candidate::of(order, row, self.fields)),
                Judgement::Skip(_) | Judgement::Park(_) => settle.push(order.item),
            }
        }
        self.send(send, settle, report).await
    }

    /// Sends those that keep their name, and records the others and these, whatever the ledger says of them.
    ///
    /// # Errors
    /// When part of it failed: it is to be done again.
    pub(crate) async fn send(
        &self,
        candidates: Vec<Candidate>,
        mut settle: Vec<Item>,
        report: &mut Report,
    ) -> Result<(), Unsent> {
        let send = self.first_of_each_name(candidates, &mut settle, report).await?;
        Ok(self.publisher.publish(send, &settle, report).await?)
    }

    /// Of orders that ask for one name, at most one is sent, once the others are parked: each of them may have a message
    /// already, which nobody takes any more then. Those of these orders that are parked for it go to `settle`.
    async fn first_of_each_name(
        &self,
        candidates: Vec<Candidate>,
        settle: &mut Vec<Item>,
        report: &mut Report,
    ) -> Result<Vec<Item>, Unsent> {
        let rulings = self.namesakes().rule(&candidates).await?;
        let (mut send, mut seconds, mut parked) = (Vec::with_capacity(candidates.len()), Vec::new(), HashSet::new());
        let met: HashSet<_> = candidates.iter().map(|candidate| candidate.order.item.delivery.key.clone()).collect();
        for (Candidate { order, .. }, ruling) in candidates.into_iter().zip(rulings) {
            let keeps = match ruling {
                Ruling::Keeps(others) => self.give_way(others, &met, &mut parked, report).await?,
                Ruling::Second => false,
            };
            if keeps {
                order.remark();
                send.push(order.item);
            } else {
                seconds.push(order.item);
            }
        }
        settle.extend(seconds.into_iter().filter(|item| !parked.contains(&item.delivery.key)).map(second));
        Ok(send)
    }

    /// Parks these, whosever day they are of, and counts them; false as soon as one of them has, or may have, the name. `met`:
    /// the orders of the page that are counted as fetched.
    async fn give_way(
        &self,
        others: Vec<Item>,
        met: &HashSet<DeliveryKey>,
        parked: &mut HashSet<DeliveryKey>,
        report: &mut Report,
    ) -> Result<bool, Unsent> {
        for other in others.into_iter().map(second) {
            if !self.publisher.give_way(&other).await? {
                return Ok(false);
            }
            let counts = report.of(&other.store, other.day);
            counts.fetched += usize::from(!met.contains(&other.delivery.key));
            *counts.parked.entry(DUPLICATE_ORDER_ID.to_owned()).or_default() += 1;
            parked.insert(other.delivery.key);
        }
        Ok(true)
    }

    fn namesakes(&self) -> Namesakes<'_> {
        let Self { config, fields, salesforce, publisher } = self;
        let (ledger, now) = (publisher.ledger, publisher.ledger.now());
        Namesakes { config, fields, salesforce, ledger, accounts: BTreeMap::new(), now }
    }
}
