//! One Yotpo Loyalty client a store, from the secret; read again when Yotpo refuses what we have.

use chrono::{DateTime, NaiveDate, Utc};
use config::{Loyalty, Platform, StoreName};
use function::ColdStart;
use secrets::{Rotating, Secrets};
use std::{collections::BTreeMap, sync::Arc};
use yotpo::{Credentials, loyalty::Client};

type ByStore = BTreeMap<StoreName, Arc<Client>>;

/// What the secret said.
struct Loaded {
    clients: ByStore,
    expires_on: Option<NaiveDate>,
}

/// The clients of the stores that take part, each with its own store's credentials and no others.
pub struct LoyaltyClients {
    loaded: Rotating<Loaded, Misconfigured>,
}

/// Why the stores' credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// A store of the configuration is not in the secret.
    #[error("misconfigured: secret `{secret}` has no entry `stores.{store}`, which takes part in the loyalty flow")]
    NoStore {
        /// The secret.
        secret: String,
        /// The store.
        store: StoreName,
    },
    /// A store's entry lacks a key.
    #[error("misconfigured: secret `{secret}`, `stores.{store}`: {source}")]
    NoKey {
        /// The secret.
        secret: String,
        /// The store.
        store: StoreName,
        /// Which key.
        source: yotpo::MissingKey,
    },
    /// The URL of Yotpo cannot be used.
    #[error("misconfigured: secret `{secret}`, `loyalty_url`: {source}")]
    Url {
        /// The secret.
        secret: String,
        /// Why.
        source: yotpo::BadUrl,
    },
}

#[derive(Clone)]
struct Source {
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    stores: Vec<(StoreName, yotpo::loyalty::Platform)>,
    now: fn() -> DateTime<Utc>,
}

impl LoyaltyClients {
    /// Reads the secret and builds a client for each store that takes part.
    ///
    /// # Errors
    /// When the secret or a store's entry is missing or unusable.
    pub async fn load(
        secrets: Secrets,
        name: String,
        http: yotpo::Http,
        loyalty: &Loyalty,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Self, Misconfigured> {
        let stores = loyalty.stores.iter().map(|(name, market)| (name.clone(), platform(market.platform))).collect();
        let source = Source { secrets, name, http, stores, now };
        let read = move || {
            let source = source.clone();
            async move { source.read().await }
        };
        Ok(Self { loaded: Rotating::load(read).await? })
    }

    /// The client of a store.
    pub fn get(&self, store: &StoreName) -> Option<Arc<Client>> {
        self.loaded.get().clients.get(store).cloned()
    }

    /// Every store's.
    pub fn all(&self) -> Vec<(StoreName, Arc<Client>)> {
        self.loaded.get().clients.iter().map(|(name, client)| (name.clone(), Arc::clone(client))).collect()
    }

    /// The last day on which the credentials are valid, where somebody has written it down.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.loaded.get().expires_on
    }

    /// Reads the secret again after `refused` was refused: it may have been rotated under a warm function.
    /// However many deliveries find out at once, it is read once. `None` if nothing can be read.
    pub async fn reload(&self, store: &StoreName, refused: &Arc<Client>) -> Option<Arc<Client>> {
        let is_refused = |loaded: &Loaded| loaded.clients.get(store).is_some_and(|known| Arc::ptr_eq(known, refused));
        self.loaded.renew(is_refused).await?.clients.get(store).cloned()
    }
}

impl From<Misconfigured> for ColdStart {
    fn from(error: Misconfigured) -> Self {
        match error {
            Misconfigured::Secret(error) => error.into(),
            other => Self::Secret(other.into()),
        }
    }
}

impl Source {
    async fn read(&self) -> Result<Loaded, Misconfigured> {
        let secret = || self.name.clone();
        let credentials: Credentials = self.secrets.get(&self.name).await?;
        let url = credentials.loyalty_url().map_err(|source| Misconfigured::Url { secret: secret(), source })?;
        let mut clients = ByStore::new();
        for (store, platform) in &self.stores {
            let entry = credentials
                .stores
                .get(store.as_str())
                .ok_or_else(|| Misconfigured::NoStore { secret: secret(), store: store.clone() })?;
            let client = Client::new(self.http.clone(), &url, *platform, entry, self.now)
                .map_err(|source| Misconfigured::NoKey { secret: secret(), store: store.clone(), source })?;
            clients.insert(store.clone(), Arc::new(client));
        }
        Ok(Loaded { clients, expires_on: credentials.expires_on })
    }
}

/// As the vendor's client calls it.
fn platform(platform: Platform) -> yotpo::loyalty::Platform {
    match platform {
        Platform::Generic => yotpo::loyalty::Platform::Generic,
        Platform::CommerceCloud => yotpo::loyalty::Platform::CommerceCloud,
    }
}
