//! The accounts, and what each has received and created.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use super::arrival::Arrival;
use super::settings::Settings;
use super::utokens::Utokens;

/// All accounts, and what they have in common.
pub(crate) struct Accounts {
    pub(crate) by_key: BTreeMap<String, Account>,
    pub(crate) utokens: Utokens,
    /// Order ids that are refused with 400.
    pub(crate) refused: BTreeSet<String>,
    pub(crate) settings: Settings,
}

impl Default for Accounts {
    /// One account, `sandbox-default`.
    fn default() -> Self {
        let mut accounts = Self {
            by_key: BTreeMap::new(),
            utokens: Utokens::default(),
            refused: BTreeSet::new(),
            settings: Settings::default(),
        };
        accounts.open("sandbox-default");
        accounts
    }
}

impl Accounts {
    /// The account with this app key, new if need be.
    pub(crate) fn open(&mut self, app_key: &str) -> &mut Account {
        self.by_key.entry(app_key.to_owned()).or_insert_with(|| Account {
            app_key: app_key.to_owned(),
            secret: format!("{app_key}-secret"),
            arrivals: BTreeMap::new(),
            rows: Vec::new(),
        })
    }
}

/// One order x product, as it is read back.
pub(crate) struct PurchaseRow {
    pub(crate) id: u64,
    pub(crate) order_id: String,
    pub(crate) product_id: String,
    pub(crate) order_date: NaiveDate,
    pub(crate) created_at: DateTime<Utc>,
    /// When it can first be read; never before the previous row.
    pub(crate) visible_at: DateTime<Utc>,
}

pub(crate) struct Account {
    app_key: String,
    pub(crate) secret: String,
    /// By order id: everything that was posted, created or not.
    pub(crate) arrivals: BTreeMap<String, Arrival>,
    /// What was created, in that order.
    pub(crate) rows: Vec<PurchaseRow>,
}

impl Account {
    /// The entry of an order id, new if need be.
    pub(crate) fn arrival(&mut self, order_id: &str) -> &mut Arrival {
        self.arrivals.entry(order_id.to_owned()).or_insert_with(|| Arrival::new(&self.app_key, order_id))
    }

    /// The purchase takes effect: a row for each of its products.
    pub(crate) fn create(
        &mut self,
        order_id: &str,
        purchase: &Value,
        order_date: NaiveDate,
        now: DateTime<Utc>,
        delay: TimeDelta,
    ) {
        let previous = self.rows.last().map(|row| row.visible_at);
        let visible_at = previous.unwrap_or(now).max(now + delay);
        for product_id in purchase["products"].as_object().into_iter().flat_map(|products| products.keys()) {
            self.rows.push(PurchaseRow {
                id: 3_000_000 + self.rows.len() as u64,
                order_id: order_id.to_owned(),
                product_id: product_id.clone(),
                order_date,
                created_at: now,
                visible_at,
            });
        }
    }
}
