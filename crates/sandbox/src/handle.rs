//! The sandbox from inside the process.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::faults::{Active, Rule};
use crate::report::{Arrival, Report, Sums};
use crate::salesforce::BadRecord;
use crate::salesforce::schema::{Field, Kind, Object};
use crate::settings::Settings;
use crate::world::Shared;
use crate::yotpo::Account;

/// Reads and changes the sandbox; cheap to clone. Every method takes effect at once.
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
    base_url: Arc<str>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, base_url: String) -> Self {
        Self { shared, base_url: base_url.into() }
    }

    /// `http://127.0.0.1:PORT`, without a slash: Salesforce's `login_url` and Yotpo's `reviews_url` alike.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The content of the secret `{stack}/salesforce` (client credentials).
    pub fn salesforce_secret(&self) -> Value {
        let app = self.shared.lock().salesforce.app.clone();
        json!({"login_url": self.base_url(), "client_id": app.client_id, "client_secret": app.client_secret})
    }

    /// The content of the secret `{stack}/salesforce` for the JWT bearer flow, without `private_key_pem`: any
    /// RS256 key will do, since the signature is not verified.
    pub fn salesforce_jwt_secret(&self) -> Value {
        let app = self.shared.lock().salesforce.app.clone();
        json!({"login_url": self.base_url(), "client_id": app.client_id, "username": app.username})
    }

    /// The content of the secret `{stack}/yotpo`, with these stores and the app keys of their accounts.
    /// Accounts that do not exist yet are made.
    pub fn yotpo_secret(&self, stores: &[(&str, &str)]) -> Value {
        let mut world = self.shared.lock();
        let mut content = Map::new();
        for (store, app_key) in stores {
            let new = || Account::new(format!("{app_key}-secret"));
            let account = world.yotpo.accounts.entry((*app_key).to_owned()).or_insert_with(new);
            content.insert((*store).to_owned(), json!({"app_key": app_key, "secret_key": account.secret}));
        }
        json!({"reviews_url": self.base_url(), "stores": content})
    }

    /// The connected app gets another secret; every session ends.
    pub fn rotate_salesforce_secret(&self, secret: &str) {
        let mut world = self.shared.lock();
        secret.clone_into(&mut world.salesforce.app.client_secret);
        world.salesforce.sessions.clear();
    }

    /// The account gets another secret; its utokens become invalid.
    pub fn rotate_yotpo_secret(&self, app_key: &str, secret: &str) {
        let mut world = self.shared.lock();
        if let Some(account) = world.yotpo.accounts.get_mut(app_key) {
            secret.clone_into(&mut account.secret);
        }
        world.yotpo.tokens.clear_of(app_key);
    }

    /// Adds an order, or replaces the one of the same `Id` or `OrderNumber`. The document is nested:
    /// fields, `BillToContact`, `Account`, and `OrderItems` as an array with `Product2`. Absent ids are generated,
    /// `SystemModstamp` is now unless given. Returns the order's id.
    ///
    /// # Errors
    /// When a key is not in the org's schema, or a value does not fit its field.
    pub fn put_order(&self, document: &Value) -> Result<String, BadRecord> {
        let mut world = self.shared.lock();
        let now = world.clock.now();
        let empty = Map::new();
        let id = world.salesforce.org.put_order(document.as_object().unwrap_or(&empty), now)?;
        Ok(id.to_string())
    }

    /// Changes fields of an order, named by id or order number; `OrderItems`, if given, replaces its lines.
    /// `SystemModstamp` is now unless given.
    ///
    /// # Errors
    /// When there is no such order, or the fields do not fit.
    pub fn patch_order(&self, key: &str, fields: &Value) -> Result<(), BadRecord> {
        let mut world = self.shared.lock();
        let now = world.clock.now();
        let empty = Map::new();
        world.salesforce.org.patch_order(key, fields.as_object().unwrap_or(&empty), now)?;
        Ok(())
    }

    /// As a job does that changes nothing but the stamp.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn touch_order(&self, key: &str, stamp: DateTime<Utc>) -> Result<(), BadRecord> {
        self.patch_order(key, &json!({"SystemModstamp": stamp.to_rfc3339()}))
    }

    /// An order got this status then, as its history says: from now on the org tracks it.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn note_status(&self, key: &str, status: &str, at: DateTime<Utc>) -> Result<(), BadRecord> {
        self.shared.lock().salesforce.org.note_status(key, status, at)
    }

    /// A mass update of the whole history.
    pub fn touch_all_orders(&self, stamp: DateTime<Utc>) {
        let mut world = self.shared.lock();
        let org = &mut world.salesforce.org;
        let rows: Vec<u32> = org.table(Object::Order).all().collect();
        for row in rows {
            org.touch(row, stamp);
        }
    }

    /// Removes an order, named by id or order number.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn remove_order(&self, key: &str) -> Result<(), BadRecord> {
        let mut world = self.shared.lock();
        let row = world.salesforce.org.find_order(key).ok_or(BadRecord::NotFound)?;
        world.salesforce.org.remove_order(row);
        Ok(())
    }

    /// An order as a nested document, by id or order number.
    pub fn order(&self, key: &str) -> Option<Value> {
        let world = self.shared.lock();
        let row = world.salesforce.org.find_order(key)?;
        Some(world.salesforce.org.document(row))
    }

    /// Adds a custom field to `Order`, or replaces the field of that name. `kind` is a type in describe's words
    /// (`datetime`, `date`, `string`, `boolean`, …); false when there is no such type.
    pub fn add_order_field(&self, name: &str, kind: &str, calculated: bool) -> bool {
        let Some(kind) = Kind::find(kind) else { return false };
        let field = Field { calculated, ..Field::new(name, kind) };
        self.shared.lock().salesforce.org.schema_mut(Object::Order).add(field);
        true
    }

    /// Removes a field from an object, as in an org that does not have it (`CurrencyIsoCode`, `PersonEmail`).
    /// False when there is no such object.
    pub fn remove_field(&self, object: &str, name: &str) -> bool {
        let Some(object) = Object::find(object) else { return false };
        self.shared.lock().salesforce.org.schema_mut(object).remove(name);
        true
    }

    /// Everything that was posted to Yotpo, by app key and order id.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let world = self.shared.lock();
        world.yotpo.accounts.values().flat_map(|account| account.arrivals.values().cloned()).collect()
    }

    /// What was posted under one order id to one account.
    pub fn arrival(&self, app_key: &str, order_id: &str) -> Option<Arrival> {
        self.shared.lock().yotpo.accounts.get(app_key)?.arrivals.get(order_id).cloned()
    }

    /// The state in numbers: cheap, for a progress display.
    pub fn report(&self) -> Report {
        let world = self.shared.lock();
        let sums = |account: &Account| {
            let mut sums = Sums::default();
            account.arrivals.values().for_each(|arrival| sums.add(arrival));
            sums
        };
        Report {
            orders: world.salesforce.org.table(Object::Order).len(),
            accounts: world.yotpo.accounts.iter().map(|(key, account)| (key.clone(), sums(account))).collect(),
            counters: world.counters.0.clone(),
            faults: world.faults.rules().to_vec(),
        }
    }

    /// Yotpo refuses these order ids with 400 from now on.
    pub fn refuse(&self, order_ids: impl IntoIterator<Item = String>) {
        self.shared.lock().yotpo.refused.extend(order_ids);
    }

    /// Adds a rule; returns its number. Of several that strike the same call, the one added first wins.
    pub fn add_fault(&self, rule: Rule) -> u64 {
        let mut world = self.shared.lock();
        let now = world.clock.now();
        world.faults.add(rule, now)
    }

    /// The rules in force.
    pub fn faults(&self) -> Vec<Active> {
        self.shared.lock().faults.rules().to_vec()
    }

    /// No more faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Salesforce forgets every query locator.
    pub fn expire_cursors(&self) {
        self.shared.lock().salesforce.cursors.expire();
    }

    /// Yotpo forgets every utoken.
    pub fn expire_utokens(&self) {
        self.shared.lock().yotpo.tokens.clear();
    }

    /// Changes settings: `handle.set(|settings| settings.page_size = Some(25))`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.lock().settings);
    }

    /// The sandbox's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.lock().clock.now()
    }

    /// For the vendors it is now `now`, and time goes on from there: expiry, outages, six months.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shared.lock().clock.set(now);
    }
}
