//! A page of the source is published: looked up, mapped, and what the ledger has settled left out.

use crate::{
    keys::{self, kind},
    source::{
        fields::Original,
        item::{BadRow, Mapped, Mapping},
        returns::Earlier,
        select::{Pass, Source, Which},
        twins::{People, Unlooked},
    },
};
use delivery::{Item, Judgement, Publisher, Report, Unpublished, judge};
use ledger::{Record as Known, State};
use salesforce::{Client, Id, Query, Record, soql};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Records that are asked for at once by their ids.
pub(crate) const IDS_A_QUERY: usize = 200;

/// Where a page's records go.
pub(crate) struct Sender<'a> {
    pub(crate) mapping: Mapping<'a>,
    pub(crate) salesforce: &'a Client,
    pub(crate) publisher: Publisher<'a>,
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
    /// The source could not be asked for what belongs to the page.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
}

impl From<Unlooked> for Unsent {
    fn from(error: Unlooked) -> Self {
        match error {
            Unlooked::Salesforce(error) => Self::Salesforce(error),
            Unlooked::Row(error) => Self::Row(error),
        }
    }
}

impl Sender<'_> {
    /// Publishes a page's rows; when it returns, every row is accepted by SQS or recorded.
    ///
    /// # Errors
    /// When part of it failed: the page is to be published again.
    pub(crate) async fn page(
        &self,
        source: &Source,
        which: Which<'_>,
        rows: Vec<Record>,
        report: &mut Report,
    ) -> Result<(), Unsent> {
        let mut asked_for = Vec::with_capacity(rows.len());
        for row in rows {
            if source.is_asked_for(&row, which, &self.mapping).map_err(BadRow::from)? {
                asked_for.push(row);
            }
        }
        let mapped = self.mapped(source, &asked_for).await?;
        self.with_returns(mapped, report).await
    }

    /// Sends what is to be sent and records the rest. An order that is sent though it was skipped before brings along what gives it
    /// back, which was skipped with it.
    pub(crate) async fn with_returns(&self, mapped: Vec<Mapped>, report: &mut Report) -> Result<(), Unsent> {
        let again = self.publish(mapped, report).await?;
        self.returns_of(&again, report).await
    }

    /// Publishes what gives these orders back.
    pub(crate) async fn returns_of(&self, again: &[String], report: &mut Report) -> Result<(), Unsent> {
        let fields = self.mapping.fields;
        for source in Source::all(fields).into_iter().filter(Source::gives_back) {
            for ids in again.chunks(IDS_A_QUERY) {
                let query = source.query(&Pass::whole(), Which::Of(ids), &self.mapping);
                let rows = self.salesforce.all(&query).await?;
                let mapped = self.mapped(&source, &rows).await?;
                self.publish(mapped, report).await?;
            }
        }
        Ok(())
    }

    /// What becomes of rows.
    pub(crate) async fn mapped(&self, source: &Source, rows: &[Record]) -> Result<Vec<Mapped>, Unsent> {
        let (mapping, fields) = (&self.mapping, self.mapping.fields);
        let people = People { salesforce: self.salesforce, mapping: *mapping };
        let one: Result<Vec<_>, BadRow> = match source {
            Source::Customers => {
                let people = people.in_rows(rows).await?;
                let mut mapped = Vec::with_capacity(rows.len());
                for row in rows {
                    if let Some(person) = people.get(&row.id().map_err(BadRow::from)?) {
                        mapped.push(mapping.customer(row, person)?);
                    }
                }
                Ok(mapped)
            }
            Source::Orders => {
                let people = people.of(rows.iter().filter_map(|row| mapping.customer_of(row)).collect()).await?;
                rows.iter().map(|row| mapping.order(row, &people)).collect()
            }
            Source::Actions(at) => {
                let action = &fields.actions[*at];
                let people = people.of(rows.iter().filter_map(|row| action.customer_of(row)).collect()).await?;
                rows.iter().map(|row| mapping.action(row, action, &people)).collect()
            }
            Source::Cancellations => {
                let earlier = self.earlier(rows, &fields.order.own).await?;
                rows.iter().map(|row| mapping.cancellation(row, &earlier)).collect()
            }
            Source::Returns => match &fields.returns {
                Some(returns) => {
                    let earlier = self.earlier(rows, &returns.of).await?;
                    rows.iter().map(|row| mapping.a_return(row, returns, &earlier)).collect()
                }
                None => Ok(Vec::new()),
            },
        };
        Ok(one?)
    }

    /// What there is to know of those of the rows' orders that were completed before the start: which were sent all the same,
    /// since somebody has asked for them, and what those are worth that were imported.
    async fn earlier(&self, rows: &[Record], of: &Original) -> Result<Earlier, Unsent> {
        let (mapping, mut earlier) = (&self.mapping, Earlier::default());
        let (mut keys, mut imported) = (BTreeMap::new(), BTreeSet::new());
        for row in rows {
            if let Some((order, at)) = mapping.is_earlier(row, of)? {
                keys.insert(keys::order(at.name, &order).map_err(BadRow::from)?, order.clone());
                imported.extend((at.market.history == config::PriorOrders::Imported).then_some(order));
            }
        }
        let asked: Vec<_> = keys.keys().cloned().collect();
        for (key, known) in self.publisher.ledger.read(&asked).await? {
            if known.state != State::Skipped {
                earlier.sent.extend(keys.get(&key).cloned());
            }
        }
        let imported: Vec<Id> = imported.into_iter().collect();
        for ids in imported.chunks(IDS_A_QUERY) {
            let ids: Vec<String> = ids.iter().map(|id| soql::quote(id.as_str())).collect();
            let soql = format!("SELECT {} FROM Order WHERE Id IN ({})", mapping.fields.order.list(), ids.join(", "));
            for row in self.salesforce.all(&Query::new(soql)).await? {
                let Some(at) = mapping.route(&row, &mapping.fields.order.own.routing) else { continue };
                if let Ok(amount) = mapping.worth_of(&row, &at) {
                    earlier.imported.insert(row.id().map_err(BadRow::from)?, amount);
                }
            }
        }
        Ok(earlier)
    }

    /// Sends what is to be sent and records the rest; the ids of orders that go out over a skip.
    pub(crate) async fn publish(&self, mapped: Vec<Mapped>, report: &mut Report) -> Result<Vec<String>, Unsent> {
        let keys: Vec<_> = mapped.iter().filter_map(|mapped| Some(mapped.item()?.delivery.key.clone())).collect();
        let known = self.publisher.ledger.read(&keys).await?;
        let (mut send, mut settle, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for mapped in mapped {
            let Some(item) = mapped.counted(&known, report) else { continue };
            let key = &item.delivery.key;
            let (record, policy) = (known.get(key), self.publisher.ledger.flow().policies.of(key));
            let counts = report.of(&item.store, item.day);
            counts.fetched += 1;
            match judge(&item, record, policy) {
                Judgement::Delivered => counts.already_delivered += 1,
                Judgement::Rejected(reason) => *counts.rejected.entry(reason.to_owned()).or_default() += 1,
                Judgement::Parked(reason) => *counts.parked.entry(reason.to_owned()).or_default() += 1,
                Judgement::Skipped(reason) => *counts.skipped.entry(reason).or_default() += 1,
                Judgement::Send => {
                    if key.kind() == Some(kind::ORDER) && record.is_some_and(|known| known.state == State::Skipped) {
                        again.push(key.id().to_owned());
                    }
                    send.push(item);
                }
                Judgement::Skip(_) | Judgement::Park(_) => settle.push(item),
            }
        }
        self.publisher.publish(send, &settle, report).await?;
        Ok(again)
    }
}

impl Mapped {
    pub(crate) fn item(&self) -> Option<&Item> {
        match self {
            Self::Item(item) | Self::IfKnown(item) => Some(item),
            Self::Outside(..) => None,
        }
    }

    /// The item, if there is something to do; else it is counted.
    fn counted(self, known: &HashMap<ledger::DeliveryKey, Known>, report: &mut Report) -> Option<Item> {
        let (store, day, reason) = match self {
            Self::Item(item) => return Some(item),
            Self::IfKnown(item) => match known.get(&item.delivery.key) {
                Some(record) if record.state != State::Skipped => return Some(item),
                _ => (item.store, item.day, "gone"),
            },
            Self::Outside(store, day, reason) => (store, day, reason),
        };
        *report.of(&store, day).outside.entry(reason).or_default() += 1;
        None
    }
}
