//! What a run over a pass would do with each order. The pages are read as the producer reads them and judged as it judges;
//! nothing is sent and nothing written.

use crate::{
    fields::Fields,
    item::{BadRow, DUPLICATE_ORDER_ID, Order},
    map::order_id,
    message::Message,
    named::Named,
    pages::Pages,
    select::Pass,
    twins::{Candidate, Namesakes, Ruling, UnknownNames},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay, StoreName};
use delivery::{Judgement, judge};
use ledger::{Ledger, Policy, Record as Known};
use salesforce::{Client, Error, Record as Row};
use std::collections::BTreeMap;
use yotpo::Purchase;

/// Orders that one query asks for by name: their names have to fit into a URL.
const NAMED_A_QUERY: usize = 20;

/// What a preview reads.
pub struct Preview<'a> {
    /// The configuration.
    pub config: &'a Relay,
    /// The configured fields as the org spells them.
    pub fields: &'a Fields,
    /// The source.
    pub salesforce: &'a Client,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Why a preview came to no end.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] Error),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] UnknownNames),
}

/// One order, and what a run would do with it now.
#[derive(Clone, Debug)]
pub struct Previewed {
    /// Its Salesforce id.
    pub source_id: String,
    /// Its id at Yotpo.
    pub order_id: String,
    /// The store; `unrouted` if it fits none.
    pub store: StoreName,
    /// The business day that it counts for.
    pub business_day: BusinessDay,
    /// What would be done.
    pub fate: Foreseen,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// Lines without a product id that Yotpo takes.
    pub lines_left_out: usize,
    /// What Yotpo is asked to create, as the consumer reads it from its message; none for an order that is not to be sent.
    pub purchase: Option<Purchase>,
}

/// What a run does with an order: the first three it would do, the others are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Foreseen {
    /// It would be sent.
    Send,
    /// It is not sent, by rule.
    Skip,
    /// It would be parked.
    Park,
    /// Yotpo has accepted it.
    Delivered,
    /// It was refused for good.
    Rejected,
    /// It waits for a person.
    Parked,
}

impl Foreseen {
    /// One word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Skip => "skip",
            Self::Park => "park",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Parked => "parked",
        }
    }
}

impl Preview<'_> {
    /// Tells `each` of the pass's orders, page by page: of all, or of those in `only`. An order that is written while the
    /// pages are read may come twice.
    ///
    /// # Errors
    /// When source or ledger cannot be read to the end.
    pub async fn orders(&self, pass: &Pass, only: &[Named], mut each: impl FnMut(Previewed)) -> Result<(), Unread> {
        let mut chunks = only.chunks(NAMED_A_QUERY);
        self.of_one_query(pass, chunks.next().unwrap_or_default(), &mut each).await?;
        for some in chunks {
            self.of_one_query(pass, some, &mut each).await?;
        }
        Ok(())
    }

    async fn of_one_query(&self, pass: &Pass, only: &[Named], each: &mut impl FnMut(Previewed)) -> Result<(), Unread> {
        let mut pass = pass.clone();
        let mut pages = Pages::new(self.salesforce, self.fields, self.config, only);
        loop {
            let rows = pages.read(&mut pass).await?;
            pages.while_handling(Box::pin(self.page(&pass, &rows.records, each))).await?;
            if !pages.handled(&mut pass, &rows)? {
                return Ok(());
            }
        }
    }

    async fn page(&self, pass: &Pass, rows: &[Row], each: &mut impl FnMut(Previewed)) -> Result<(), Unread> {
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            let order = Order::of(row, pass, self.fields, self.config)?;
            orders.extend(order.map(|order| (order, order_id(row, self.fields))));
        }
        let keys: Vec<_> = orders.iter().map(|(order, _)| order.item.delivery.key.clone()).collect();
        let known = self.ledger.read(&keys).await?;
        let mut candidates = Vec::new();
        for (order, name) in orders {
            let key = &order.item.delivery.key;
            let policy = self.ledger.flow().policies.of(key);
            let previewed = Previewed::of(&order, name.clone(), known.get(key), policy);
            match previewed.fate {
                Foreseen::Send => candidates.push((Candidate { order, name }, previewed)),
                _ => each(previewed),
            }
        }
        let (candidates, previewed): (Vec<_>, Vec<_>) = candidates.into_iter().unzip();
        for (ruling, previewed) in self.namesakes().rule(&candidates).await?.into_iter().zip(previewed) {
            each(match ruling {
                Ruling::Keeps(_) => previewed,
                Ruling::Second => previewed.second(),
            });
        }
        Ok(())
    }

    fn namesakes(&self) -> Namesakes<'_> {
        let Self { config, fields, salesforce, ledger, now } = *self;
        Namesakes { config, fields, salesforce, ledger, accounts: BTreeMap::new(), now }
    }
}

impl Previewed {
    /// What would become of `item`, of which the ledger says `known`.
    pub(crate) fn of(order: &Order, order_id: String, known: Option<&Known>, policy: &Policy) -> Self {
        let Order { item, lines_left_out, .. } = order;
        let purchase =
            item.entry().and_then(|entry| Message::parse(&entry.body).ok()).map(|message| message.payload.purchase);
        // What the client would not even send.
        let invalid = || Some(format!("will be rejected: {}", purchase.as_ref()?.check().err()?));
        let (fate, reason) = match judge(item, known, policy) {
            Judgement::Send => (Foreseen::Send, invalid()),
            Judgement::Skip(reason) | Judgement::Skipped(reason) => (Foreseen::Skip, Some(reason.to_owned())),
            Judgement::Park(reason) => (Foreseen::Park, Some(reason.to_owned())),
            Judgement::Delivered => (Foreseen::Delivered, None),
            Judgement::Rejected(reason) => (Foreseen::Rejected, Some(reason.to_owned())),
            Judgement::Parked(reason) => (Foreseen::Parked, Some(reason.to_owned())),
        };
        let source_id = item.delivery.key.id().to_owned();
        let (store, business_day, lines_left_out) = (item.store.clone(), item.day, *lines_left_out);
        Self { source_id, order_id, store, business_day, fate, reason, lines_left_out, purchase }
    }

    /// The same, parked because another order has its name.
    fn second(self) -> Self {
        Self { fate: Foreseen::Park, reason: Some(DUPLICATE_ORDER_ID.to_owned()), purchase: None, ..self }
    }

    /// The ids of its products.
    pub fn products(&self) -> Vec<String> {
        self.purchase.iter().flat_map(|purchase| purchase.products.keys().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::Item;
    use ledger::{DeliveryKey, Revision};
    use queue::{Entry, body};
    use serde_json::json;

    fn sent(currency: &str) -> Order {
        let purchase: Purchase = serde_json::from_value(json!({
            "email": "a@example.com", "customer_name": "A", "order_id": "7", "order_date": "2026-11-20",
            "currency_iso": currency, "platform": "general", "products": {"P-2": {}, "P-1": {}},
        }))
        .unwrap();
        let key = DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap();
        let message = crate::message::message(key, Revision(5), "default", purchase).unwrap();
        let fate = delivery::Fate::Send(Entry::new(body::json(&message).unwrap()));
        let (store, day) = (StoreName::unrouted(), "2026-11-20".parse().unwrap());
        let item = Item { delivery: message.delivery, store, day, fate };
        Order { item, lines_left_out: 1, texts_shortened: 0 }
    }

    fn shown(order: &Order) -> Previewed {
        let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap();
        let flow = crate::start::flow(&config);
        Previewed::of(order, "7".to_owned(), None, flow.policies.of(&order.item.delivery.key))
    }

    #[test]
    fn what_would_be_sent_is_shown_as_yotpo_gets_it() {
        let shown = shown(&sent("USD"));
        assert_eq!((shown.fate, shown.reason.as_deref()), (Foreseen::Send, None));
        assert_eq!((shown.source_id.as_str(), shown.lines_left_out), ("801RO000000AbcDYAS", 1));
        assert_eq!(shown.products(), ["P-1", "P-2"]);
        let body = serde_json::to_value(shown.purchase.unwrap().as_sent()).unwrap();
        assert_eq!(
            (&body["validate_data"], &body["order_id"], &body["utoken"]),
            (&json!(true), &json!("7"), &json!(null))
        );
    }

    #[test]
    fn what_the_client_would_refuse_is_told_beforehand() {
        let shown = shown(&sent("usd"));
        let reason = "will be rejected: `currency_iso`: expected three capital letters";
        assert_eq!((shown.fate, shown.reason.as_deref()), (Foreseen::Send, Some(reason)));
    }
}
