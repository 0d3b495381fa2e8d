//! Yotpo from inside the process.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value, json};

use super::accounts::{Account, Accounts};
use super::arrival::{Arrival, Sums};
use super::routes::routes;
use super::settings::Settings;
use crate::call::Host;
use crate::controls::Controls;

/// Reads and changes Yotpo's accounts; cheap to clone. Every method takes effect at once.
#[derive(Clone)]
pub struct Yotpo {
    host: Arc<Host<Accounts>>,
    base_url: Arc<str>,
}

impl Yotpo {
    pub(crate) fn new(base_url: Arc<str>, controls: Arc<Controls>) -> Self {
        Self { host: Arc::new(Host::new(Accounts::default(), controls)), base_url }
    }

    pub(crate) fn routes(&self) -> Router {
        routes().with_state(Arc::clone(&self.host))
    }

    /// The content of the secret `{stack}/yotpo`, with these stores and the app keys of their accounts.
    /// Accounts that do not exist yet are made.
    pub fn secret(&self, stores: &[(&str, &str)]) -> Value {
        let mut accounts = self.host.lock();
        let mut content = Map::new();
        for (store, app_key) in stores {
            let secret = &accounts.open(app_key).secret;
            content.insert((*store).to_owned(), json!({"app_key": app_key, "secret_key": secret}));
        }
        json!({"reviews_url": &*self.base_url, "stores": content})
    }

    /// The account gets another secret; its utokens become invalid.
    pub fn rotate_secret(&self, app_key: &str, secret: &str) {
        let mut accounts = self.host.lock();
        if let Some(account) = accounts.by_key.get_mut(app_key) {
            secret.clone_into(&mut account.secret);
        }
        accounts.utokens.clear_of(app_key);
    }

    /// Every utoken is forgotten.
    pub fn expire_utokens(&self) {
        self.host.lock().utokens.clear();
    }

    /// Everything that was posted, by app key and order id.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.host.lock().by_key.values().flat_map(|account| account.arrivals.values().cloned()).collect()
    }

    /// What was posted under one order id to one account.
    pub fn arrival(&self, app_key: &str, order_id: &str) -> Option<Arrival> {
        self.host.lock().by_key.get(app_key)?.arrivals.get(order_id).cloned()
    }

    /// What arrived in numbers, by app key: cheap, for a progress display.
    pub fn sums(&self) -> std::collections::BTreeMap<String, Sums> {
        let sums = |account: &Account| {
            let mut sums = Sums::default();
            account.arrivals.values().for_each(|arrival| sums.add(arrival));
            sums
        };
        self.host.lock().by_key.iter().map(|(key, account)| (key.clone(), sums(account))).collect()
    }

    /// These order ids are refused with 400 from now on.
    pub fn refuse(&self, order_ids: impl IntoIterator<Item = String>) {
        self.host.lock().refused.extend(order_ids);
    }

    /// Changes settings: `yotpo.set(|settings| settings.repeats_create = true)`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.host.lock().settings);
    }
}
