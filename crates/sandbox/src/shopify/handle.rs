//! Shopify from inside the process.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::admin::routes;
use super::change::{Change, Privacy};
use super::delivery::{Delivery, Webhook};
use super::draft::Mix;
use super::mischief::Mischief;
use super::settings::Settings;
use super::shop::Shop;
use super::story::Story;
use super::truth::{Truth, truth};
use super::world::World;
use crate::call::Host;
use crate::controls::Controls;
use crate::seed::Personal;

/// Reads and changes the shops; cheap to clone. Every method takes effect at once; a shop that is named is opened if
/// there is none.
#[derive(Clone)]
pub struct Shopify {
    host: Arc<Host<World>>,
    base_url: Arc<str>,
}

impl Shopify {
    pub(crate) fn new(seed: u64, base_url: Arc<str>, controls: Arc<Controls>) -> Self {
        Self { host: Arc::new(Host::new(World::new(seed), controls)), base_url }
    }

    pub(crate) fn routes(&self) -> Router {
        routes().with_state(Arc::clone(&self.host))
    }

    /// The content of the secret `{stack}/shopify` for these shops, by client credentials.
    pub fn secret(&self, shops: &[&str]) -> Value {
        self.content(shops, |shop| json!({"client_id": shop.client_id}))
    }

    /// The same with tokens that do not end, as apps have that were made in a shop's admin.
    pub fn token_secret(&self, shops: &[&str]) -> Value {
        self.content(shops, |shop| json!({"admin_token": shop.admin_token}))
    }

    /// The same without access to the Admin API.
    pub fn webhook_secret(&self, shops: &[&str]) -> Value {
        self.content(shops, |_| json!({}))
    }

    fn content(&self, shops: &[&str], access: impl Fn(&Shop) -> Value) -> Value {
        let mut world = self.host.lock();
        let mut content = Map::new();
        for domain in shops {
            let shop = world.open(domain);
            let mut one = access(shop);
            one["client_secret"] = json!(shop.secret);
            if let Some(previous) = &shop.previous {
                one["previous_client_secret"] = json!(previous);
            }
            content.insert((*domain).to_owned(), one);
        }
        json!({"admin_url": format!("{}/shops/{{shop}}", self.base_url), "shops": content})
    }

    /// The shop's app gets another secret. Shopify goes on signing with the old one until it is revoked, and for a
    /// while after that: see [`Mischief::old_secret`].
    pub fn rotate(&self, shop: &str) {
        let mut world = self.host.lock();
        let shop = world.open(shop);
        let (stem, number) = shop.secret.rsplit_once('-').unwrap_or((shop.secret.as_str(), "0"));
        let next = format!("{stem}-{}", number.parse::<u64>().unwrap_or(0) + 1);
        shop.previous = Some(std::mem::replace(&mut shop.secret, next));
    }

    /// The previous secret is good for nothing any more.
    pub fn revoke_previous(&self, shop: &str) {
        self.host.lock().open(shop).previous = None;
    }

    /// Somebody orders: the order's id, and the webhooks that tell of it.
    pub fn place(&self, shop: &str, mix: &Mix, at: DateTime<Utc>) -> (u64, Vec<Webhook>) {
        self.host.lock().open(shop).place(mix, at)
    }

    /// An order changes, at `at` or a second after its last change: the webhooks that tell of it. `None`: there is no
    /// such order, or it is in no state for that.
    pub fn change(&self, shop: &str, order: u64, change: Change, at: DateTime<Utc>) -> Option<Vec<Webhook>> {
        self.host.lock().open(shop).change(order, change, at)
    }

    /// A customer moves: the webhooks that tell of it. `None`: there is no such customer.
    pub fn move_customer(&self, shop: &str, customer: u64, at: DateTime<Utc>) -> Option<Vec<Webhook>> {
        self.host.lock().open(shop).move_customer(customer, at)
    }

    /// The webhook of a privacy topic. `None`: there is no such customer.
    pub fn privacy(&self, shop: &str, topic: Privacy, at: DateTime<Utc>) -> Option<Webhook> {
        self.host.lock().open(shop).privacy(topic, at)
    }

    /// Many orders and what becomes of them: all webhooks, by the time at which they came about.
    pub fn tell(&self, story: &Story) -> Vec<Webhook> {
        story.happen(self.host.lock().open(&story.shop))
    }

    /// How webhooks arrive, as requests to make.
    pub fn plan(&self, webhooks: &[Webhook], mischief: &Mischief) -> Vec<Delivery> {
        let world = self.host.lock();
        mischief.plan(webhooks, &world.settings.api_version, |shop| {
            world.shops.get(shop).map(|shop| (shop.secret.as_str(), shop.previous.as_deref()))
        })
    }

    /// What each order of every shop is now.
    pub fn truths(&self) -> Vec<Truth> {
        let world = self.host.lock();
        let shops = world.shops.values();
        shops.flat_map(|shop| shop.orders.values().map(|order| truth(&shop.domain, order))).collect()
    }

    /// What an order of a shop is now.
    pub fn truth(&self, shop: &str, order: u64) -> Option<Truth> {
        let world = self.host.lock();
        let shop = world.shops.get(shop)?;
        Some(truth(&shop.domain, shop.orders.get(&order)?))
    }

    /// Changes settings: `shopify.set(|settings| settings.points = 100.0)`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.host.lock().settings);
    }

    /// Names and e-mail addresses of all buyers, which must appear nowhere but at vendors.
    pub fn personal(&self) -> Personal {
        let world = self.host.lock();
        let mut personal = Personal { emails: BTreeSet::new(), names: BTreeSet::new() };
        for shop in world.shops.values() {
            for customer in shop.customers.values() {
                personal.emails.insert(customer.email.clone());
                personal.names.insert(format!("{} {}", customer.first_name, customer.last_name));
                personal.names.insert(customer.last_name.clone());
            }
            for order in shop.orders.values() {
                personal.emails.insert(order.email.clone());
                personal.names.insert(format!("{} {}", order.name.0, order.name.1));
            }
        }
        personal
    }
}
