//! The shipped settings, changed, and the simulated org that they are found in.

use crate::source::{fields::Fields, item::Mapping};
use chrono::{DateTime, Utc};
use config::{Loyalty, Relay};
use salesforce::{Client, Record};
use sandbox::InProcess;
use serde_json::Value;
use std::time::Duration;

/// Monday noon, in every zone that the tests name.
pub(crate) const NOON: &str = "2026-11-23T12:00:00Z";

pub(crate) fn noon() -> DateTime<Utc> {
    NOON.parse().unwrap()
}

/// An org, and what the settings say of it.
pub(crate) struct Bench {
    pub(crate) config: Relay,
    pub(crate) loyalty: Loyalty,
    pub(crate) vendors: InProcess,
    pub(crate) client: Client,
}

impl Bench {
    /// The shipped settings, with `changes` made in their text.
    pub(crate) fn new(changes: &[(&str, &str)]) -> Self {
        let mut text = include_str!("../../../../infra/config/relay.toml").to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let config = Relay::parse(&text, "test").unwrap();
        let vendors = InProcess::new(1, "https://vendors.invalid", noon);
        let credentials = serde_json::from_value(vendors.salesforce.secret()).unwrap();
        let called = vendors.clone();
        let http = salesforce::Http::in_process(Duration::from_secs(20), move |request| {
            let called = called.clone();
            Box::pin(async move { Ok(called.call(request).await) })
        });
        let client = Client::new(http, credentials, &config.salesforce.api_version, 0.8, noon);
        Self { loyalty: config.loyalty.clone().unwrap(), config, vendors, client }
    }

    /// Two stores: one by its name, one by name and currency, and every order with a currency.
    pub(crate) fn two_stores(changes: &[(&str, &str)]) -> Self {
        let mut all = vec![
            (
                "#currency = \"CurrencyIsoCode\"\n\n# The field whose",
                "currency = \"CurrencyIsoCode\"\n\n# The field whose",
            ),
            ("[loyalty.route_by]", "[loyalty.route_by]\nstore = \"Store__c\"\n"),
            ("[loyalty.customer.route_by]", "[loyalty.customer.route_by]\nstore = \"Store__c\"\n"),
            (
                "[loyalty.stores.default]",
                "[loyalty.stores.eu]\nroutes = [{ store = \"EU\" }]\n[loyalty.stores.default]\nroutes = [{ store = \"US\", currency = \"USD\" }, { store = \"USA\" }]\n",
            ),
            (
                "\n[stores.default]",
                "\n[stores.eu]\ntime_zone = \"Europe/Vienna\"\nroutes = [\"EU\"]\n\n[stores.default]\nroutes = [\"US\"]\n",
            ),
            ("#route_by = \"Brand__c\"", "route_by = \"Store__c\""),
        ];
        all.extend_from_slice(changes);
        Self::new(&all)
    }

    pub(crate) async fn fields(&self) -> Fields {
        Fields::find(&self.client.schema(), &self.config, &self.loyalty).await.unwrap()
    }

    pub(crate) fn mapping<'a>(&'a self, fields: &'a Fields) -> Mapping<'a> {
        Mapping { config: &self.config, ours: &self.loyalty, fields, now: noon(), history: false }
    }
}

/// A row as Salesforce answers with it.
pub(crate) fn row(json: Value) -> Record {
    serde_json::from_value(json).unwrap()
}

/// `one` with what `more` says.
pub(crate) fn with(one: &Value, more: &Value) -> Value {
    let mut all = one.clone();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}
