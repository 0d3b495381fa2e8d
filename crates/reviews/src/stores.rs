//! One Yotpo client a store, from the secret.

use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use function::clients::{LoadedClients, Misconfigured, StoreClients, by_store};
use secrets::Secrets;
use yotpo::{Credentials, Reviews};

/// The stores' clients.
pub type Stores = StoreClients<Reviews>;

/// What the clients are made of.
#[derive(Clone)]
struct Source {
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    stores: Vec<StoreName>,
    now: fn() -> DateTime<Utc>,
}

/// Reads the secret called `name` and makes a client for each store of the configuration.
///
/// # Errors
/// When the secret or a store's entry is missing or unusable.
pub async fn load(
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    config: &Relay,
    now: fn() -> DateTime<Utc>,
) -> Result<Stores, Misconfigured> {
    let source = Source { secrets, name, http, stores: config.stores.keys().cloned().collect(), now };
    StoreClients::load(move || source.clone().read()).await
}

impl Source {
    async fn read(self) -> Result<LoadedClients<Reviews>, Misconfigured> {
        let credentials: Credentials = self.secrets.get(&self.name).await?;
        let url = credentials.reviews_url().map_err(Misconfigured::url(&self.name, "reviews_url"))?;
        let needed = "the configuration names";
        let clients = by_store(&self.name, needed, &self.stores, &credentials.stores, |_, entry| {
            Reviews::new(self.http.clone(), &url, entry, self.now)
        })?;
        Ok(LoadedClients { clients, expires_on: credentials.expires_on })
    }
}
