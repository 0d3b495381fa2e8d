//! One shop: its secrets, its orders, its buyers.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset, Offset as _, TimeDelta, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::change::{Change, Privacy};
use super::customer::Customer;
use super::delivery::Webhook;
use super::draft::{self, Mix, Terms};
use super::ids::Ids;
use super::money::{Currency, EUR, JPY, KWD, USD};
use super::order::Order;
use super::webhook;

pub(super) struct Shop {
    pub(super) domain: String,
    pub(super) client_id: String,
    pub(super) secret: String,
    /// Not yet revoked, or revoked within the hour.
    pub(super) previous: Option<String>,
    pub(super) admin_token: String,
    pub(super) tokens: HashMap<String, DateTime<Utc>>,
    pub(super) terms: Terms,
    pub(super) offset: FixedOffset,
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) customers: BTreeMap<u64, Customer>,
    /// Points of its bucket, and when there were so many.
    pub(super) bucket: Option<(f64, DateTime<Utc>)>,
    ids: Ids,
    pub(super) rng: ChaCha8Rng,
    pub(super) minted: u64,
}

/// Currency, whether prices have the tax in them, its rate in thousandths, hours east of Greenwich.
const SHAPES: [(Currency, bool, i64, i32); 4] =
    [(USD, false, 82, -5), (EUR, true, 190, 1), (JPY, true, 100, 9), (KWD, false, 50, 3)];

impl Shop {
    /// The first shop sells in dollars, the next in euros, yen, dinars, and so on.
    pub(super) fn new(domain: &str, place: usize, seed: u64) -> Self {
        let (currency, taxes_included, tax_rate, hours) = SHAPES[place % SHAPES.len()];
        let mut ids = Ids::default();
        ids.skip(place as u64 * 1_000_000_000);
        Self {
            domain: domain.to_owned(),
            client_id: format!("sandbox-app-{place}"),
            secret: format!("shpss_sandbox-{place}-1"),
            previous: None,
            admin_token: format!("shpat_sandbox-{place}"),
            tokens: HashMap::new(),
            terms: Terms { currency, taxes_included, tax_rate },
            offset: FixedOffset::east_opt(hours * 3_600).unwrap_or_else(|| Utc.fix()),
            orders: BTreeMap::new(),
            customers: BTreeMap::new(),
            bucket: None,
            ids,
            rng: ChaCha8Rng::seed_from_u64(seed.wrapping_add(place as u64)),
            minted: 0,
        }
    }

    /// Somebody orders: the order's id, and what tells of it.
    pub(super) fn place(&mut self, mix: &Mix, at: DateTime<Utc>) -> (u64, Vec<Webhook>) {
        let number = 1_001 + self.orders.len() as u64;
        let mut order = draft::order(self.terms, mix, number, at, &mut self.ids, &mut self.rng);
        let mut topics = vec!["orders/create"];
        if !self.rng.random_bool(mix.guests) {
            let known: Vec<u64> = self.customers.keys().copied().collect();
            let id = if !known.is_empty() && self.rng.random_bool(mix.returning) {
                known[self.rng.random_range(0..known.len())]
            } else {
                let customer = Customer::draw(&mut self.ids, &mut self.rng, at);
                let id = customer.id;
                self.customers.insert(id, customer);
                topics.push("customers/create");
                id
            };
            let customer = &self.customers[&id];
            (order.customer, order.email) = (Some(id), customer.email.clone());
            order.name = (customer.first_name.clone(), customer.last_name.clone());
            order.address = customer.address.clone();
        }
        let id = order.id;
        self.orders.insert(id, order);
        (id, self.tell(id, &topics, at))
    }

    /// What tells of a change; nothing if the order is in no state for it.
    pub(super) fn change(&mut self, id: u64, change: Change, at: DateTime<Utc>) -> Option<Vec<Webhook>> {
        let order = self.orders.get_mut(&id)?;
        // Stamps have whole seconds, and never go back.
        let at = at.max(order.updated_at + TimeDelta::seconds(1));
        change.apply(order, at, &mut self.ids, &mut self.rng).then(|| self.tell(id, change.topics(), at))
    }

    /// A buyer moves.
    pub(super) fn move_customer(&mut self, id: u64, at: DateTime<Utc>) -> Option<Vec<Webhook>> {
        let address = super::customer::Address::draw(&mut self.ids, &mut self.rng);
        let customer = self.customers.get_mut(&id)?;
        (customer.address, customer.updated_at) = (address, at.max(customer.updated_at + TimeDelta::seconds(1)));
        let body = webhook::customer(customer, self.terms.currency.code, self.offset, false);
        let event = self.uuid();
        Some(vec![self.webhook("customers/update", &body, &event, at)])
    }

    /// What a privacy topic says: of a customer and all of its orders, or of the shop.
    pub(super) fn privacy(&mut self, topic: Privacy, at: DateTime<Utc>) -> Option<Webhook> {
        let of = |shop: &Self, id: u64, name: &str| {
            let orders = shop.orders.values().filter(|order| order.customer == Some(id)).map(|order| order.id);
            let orders: Vec<u64> = orders.collect();
            Some(webhook::person(&shop.domain, shop.customers.get(&id)?, name, &orders))
        };
        let (topic, body) = match topic {
            Privacy::DataRequest(id) => ("customers/data_request", of(self, id, "orders_requested")?),
            Privacy::CustomerRedact(id) => ("customers/redact", of(self, id, "orders_to_redact")?),
            Privacy::ShopRedact => ("shop/redact", webhook::shop(&self.domain)),
        };
        let event = self.uuid();
        Some(self.webhook(topic, &body, &event, at))
    }

    fn tell(&mut self, id: u64, topics: &[&'static str], at: DateTime<Utc>) -> Vec<Webhook> {
        let event = self.uuid();
        let bodies: Vec<_> = topics.iter().filter_map(|topic| Some((*topic, self.body(id, topic)?))).collect();
        bodies.into_iter().map(|(topic, body)| self.webhook(topic, &body, &event, at)).collect()
    }

    fn body(&self, id: u64, topic: &str) -> Option<Value> {
        let order = self.orders.get(&id)?;
        let customer = order.customer.and_then(|id| self.customers.get(&id));
        match topic {
            "customers/create" => Some(webhook::customer(customer?, self.terms.currency.code, self.offset, false)),
            "refunds/create" => Some(webhook::refund(order, order.refunds.last()?, self.offset)),
            "orders/edited" => Some(webhook::edit(order, self.offset)),
            _ => Some(webhook::order(order, customer, self.offset)),
        }
    }

    fn webhook(&mut self, topic: &'static str, body: &Value, event_id: &str, at: DateTime<Utc>) -> Webhook {
        Webhook {
            shop: self.domain.clone(),
            topic,
            webhook_id: self.uuid(),
            event_id: event_id.to_owned(),
            triggered_at: at,
            body: body.to_string(),
        }
    }

    fn uuid(&mut self) -> String {
        let bits: u128 = self.rng.random();
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}
