//! One Yotpo Loyalty client a store, from the secret.

use chrono::{DateTime, Utc};
use config::{Loyalty, Platform, StoreName};
use function::clients::{LoadedClients, Misconfigured, StoreClients, by_store};
use secrets::Secrets;
use std::collections::BTreeMap;
use yotpo::{Credentials, loyalty::Client};

/// The clients of the stores that take part.
pub type LoyaltyClients = StoreClients<Client>;

/// What the clients are made of.
#[derive(Clone)]
struct Source {
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    stores: BTreeMap<StoreName, yotpo::loyalty::Platform>,
    now: fn() -> DateTime<Utc>,
}

/// Reads the secret called `name` and makes a client for each store that takes part.
///
/// # Errors
/// When the secret or a store's entry is missing or unusable.
pub async fn load(
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    loyalty: &Loyalty,
    now: fn() -> DateTime<Utc>,
) -> Result<LoyaltyClients, Misconfigured> {
    let stores = loyalty.stores.iter().map(|(name, market)| (name.clone(), platform(market.platform))).collect();
    let source = Source { secrets, name, http, stores, now };
    StoreClients::load(move || source.clone().read()).await
}

impl Source {
    async fn read(self) -> Result<LoadedClients<Client>, Misconfigured> {
        let credentials: Credentials = self.secrets.get(&self.name).await?;
        let url = credentials.loyalty_url().map_err(Misconfigured::url(&self.name, "loyalty_url"))?;
        let needed = "takes part in the loyalty flow";
        let clients = by_store(&self.name, needed, self.stores.keys(), &credentials.stores, |store, entry| {
            Client::new(self.http.clone(), &url, self.stores[store], entry, self.now)
        })?;
        Ok(LoadedClients { clients, expires_on: credentials.expires_on })
    }
}

/// As the vendor's client calls it.
fn platform(platform: Platform) -> yotpo::loyalty::Platform {
    match platform {
        Platform::Generic => yotpo::loyalty::Platform::Generic,
        Platform::CommerceCloud => yotpo::loyalty::Platform::CommerceCloud,
    }
}
