//! An account at NetSuite, tried out: a customer and two orders are made, changed and taken away again.

use super::{
    burst::burst,
    found::{self, Posted, Shipped},
    made::{CUSTOMER, FULFILMENT, Made, SALES_ORDER},
};
use crate::{failure::Failure, probe::finding::Finding};
use config::{Relay, Shop};
use futures_util::future::join;
use indicatif::ProgressBar;
use netsuite::{Client, Creation, Error, RecordId, RecordKey};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// Between two bursts: the account is to have answered all of the last one.
const PAUSE: Duration = Duration::from_millis(500);
/// Calls for a token that are made beside readings.
const TOKENS: usize = 3;
/// How often: what runs at the same time is a matter of chance.
const ROUNDS: usize = 3;

/// What is to be tried out, and with what.
pub(super) struct Trial<'a> {
    pub(super) client: &'a Client,
    /// A second login of the same account.
    pub(super) other: &'a Client,
    pub(super) made: &'a Made<'a>,
    pub(super) config: &'a Relay,
    pub(super) shop: &'a Shop,
    /// Begins every external id.
    pub(super) name: &'a str,
    /// An item that is no product.
    pub(super) charge: &'a RecordId,
    /// One that the warehouse ships.
    pub(super) ships: Option<&'a RecordId>,
    /// Readings of a burst.
    pub(super) at_once: usize,
    pub(super) spinner: &'a ProgressBar,
}

impl Trial<'_> {
    /// What is found of records: one after the other, a call at a time, but for two.
    pub(super) async fn records(&self) -> Result<Vec<Finding>, Failure> {
        self.spinner.set_message("making a customer and an order");
        let customer = self.customer().await?;
        let first = format!("{}-1", self.name);
        let body = self.order(&first, &customer);
        let order = match self.made.create(SALES_ORDER, &first, &body).await {
            Ok(Creation::Created(id)) => id,
            Ok(Creation::AlreadyExists) => return Err(Failure::because(format!("there is an order `{first}`"))),
            Err(error) => return Err(undone("make an order", &error)),
        };
        let again = self.post(&first, &body).await;
        let repeat = found::repeat(&again, self.made.of(&first).await.map_err(|error| unread(&error))?.len());

        self.spinner.set_message("making an order twice at the same time");
        let second = format!("{}-2", self.name);
        let body = self.order(&second, &customer);
        let (one, two) = join(self.post(&second, &body), self.post(&second, &body)).await;
        let records = self.made.of(&second).await.map_err(|error| unread(&error))?.len();
        let at_once = found::at_once(&[one, two], records);

        self.spinner.set_message("changing the order");
        let address = found::address(self.readdressed(&order).await);
        let shipped = found::shipped(self.shipped(&order).await);
        Ok(vec![repeat, at_once, address, shipped])
    }

    /// What is found of many calls at a time.
    pub(super) async fn concurrency(&self) -> Vec<Finding> {
        self.spinner.set_message("calling at the same time");
        let slots = self.config.netsuite.slots;
        let most = burst(self.client, self.at_once, self.other, 0).await;
        let mut findings = vec![found::limit(&most, slots), found::refusal(&most)];
        let limit = most.limit().filter(|_| self.client.asks_for_tokens());
        let Some(limit) = limit else {
            findings.push(found::tokens(None, slots));
            return findings;
        };
        let (mut alone, mut beside) = (found::Burst::default(), found::Burst::default());
        for _ in 0..ROUNDS {
            for (sum, tokens) in [(&mut alone, 0), (&mut beside, TOKENS)] {
                sleep(PAUSE).await;
                sum.join(burst(self.client, limit, self.other, tokens).await);
            }
        }
        findings.push(found::tokens(Some((&alone, &beside)), slots));
        findings
    }

    async fn customer(&self) -> Result<RecordId, Failure> {
        let mut body = json!({
            "externalId": self.name, "isPerson": true, "firstName": "Relay", "lastName": format!("Probe {}", self.name),
        });
        if let Some(subsidiary) = &self.shop.subsidiary {
            body["subsidiary"] = json!({"id": subsidiary.as_str()});
        }
        match self.made.create(CUSTOMER, self.name, &body).await {
            Ok(Creation::Created(id)) => Ok(id),
            Ok(Creation::AlreadyExists) => Err(Failure::because(format!("there is a customer `{}`", self.name))),
            Err(error) => Err(undone("make a customer", &error)),
        }
    }

    /// Two pieces of the item that is shipped, and a charge.
    fn order(&self, external_id: &str, customer: &RecordId) -> Value {
        let line = |item: &RecordId, quantity: u32| json!({"item": {"id": item}, "quantity": quantity, "rate": 1, "price": {"id": "-1"}});
        let lines: Vec<Value> =
            self.ships.map(|item| line(item, 2)).into_iter().chain([line(self.charge, 1)]).collect();
        let mut order = json!({
            "externalId": external_id, "entity": {"id": customer}, "memo": "relay probe",
            "shippingAddress": address("1 Probe St"), "item": {"items": lines},
        });
        let shop = self.shop;
        let references = [
            ("subsidiary", &shop.subsidiary),
            ("location", &shop.location),
            ("customForm", &shop.form),
            ("class", &shop.class),
            ("department", &shop.department),
        ];
        for (field, id) in references {
            if let Some(id) = id {
                order[field] = json!({"id": id.as_str()});
            }
        }
        order
    }

    async fn post(&self, external_id: &str, body: &Value) -> Posted {
        match self.made.create(SALES_ORDER, external_id, body).await {
            Ok(Creation::Created(_)) => Posted::Created,
            Ok(Creation::AlreadyExists) => Posted::Exists,
            Err(error) => Posted::Otherwise(error.to_string()),
        }
    }

    /// Whether another address is kept.
    async fn readdressed(&self, order: &RecordId) -> Result<bool, String> {
        let (key, new) = (RecordKey::Internal(order), "2 Probe St");
        let body = json!({"shippingAddress": address(new)});
        self.client.patch(SALES_ORDER, key, &body, None).await.map_err(|error| error.to_string())?;
        let kept = self.client.get(SALES_ORDER, key, true).await.map_err(|error| error.to_string())?;
        Ok(kept.is_some_and(|order| order["shippingAddress"]["addr1"] == new))
    }

    /// One of two pieces leaves; the other is closed, and the charge's description changed.
    async fn shipped(&self, order: &RecordId) -> Result<Shipped, String> {
        if self.ships.is_none() {
            return Err("no item that the warehouse ships; --item names one".to_owned());
        }
        let key = RecordKey::Internal(order);
        let body = json!({"item": {"items": [{"orderLine": 1, "quantity": 1, "itemReceive": true}]}});
        let left = self.made.transform(SALES_ORDER, order, FULFILMENT, &body).await;
        left.map_err(|error| format!("nothing could be shipped: {error}"))?;
        let change = async |line: Value| {
            let body = json!({"item": {"items": [line]}});
            self.client.patch(SALES_ORDER, key, &body, None).await.map_err(|error| error.to_string())
        };
        let closed = change(json!({"line": 1, "isClosed": true})).await;
        let other = change(json!({"line": 2, "quantity": 2})).await;
        Ok(Shipped { closed, other })
    }
}

impl found::Burst {
    /// Both together.
    fn join(&mut self, more: Self) {
        self.asked += more.asked;
        self.answered += more.answered;
        self.limited += more.limited;
        self.logins += more.logins;
        self.otherwise.extend(more.otherwise);
        self.retry_after = self.retry_after.max(more.retry_after);
    }
}

fn address(street: &str) -> Value {
    json!({"addressee": "Relay Probe", "addr1": street, "city": "Albany", "state": "NY", "zip": "12203", "country": {"id": "US"}})
}

fn undone(doing: &str, error: &Error) -> Failure {
    Failure::undone(doing, error).hint("`relay check` looks at what the account must have")
}

fn unread(error: &Error) -> Failure {
    Failure::undone("look for the orders", error)
}
