//! One Yotpo client a store, from the secret; read again when Yotpo refuses what we have.

use chrono::{DateTime, NaiveDate, Utc};
use config::{Relay, StoreName};
use function::ColdStart;
use secrets::{Rotating, Secrets};
use std::{collections::BTreeMap, sync::Arc};
use yotpo::{Credentials, Reviews};

/// The stores' clients.
pub struct Stores {
    loaded: Rotating<Loaded, Misconfigured>,
}

/// What the secret says.
struct Loaded {
    clients: BTreeMap<StoreName, Arc<Reviews>>,
    expires_on: Option<NaiveDate>,
}

#[derive(Clone)]
struct Source {
    secrets: Secrets,
    name: String,
    http: yotpo::Http,
    names: Vec<StoreName>,
    now: fn() -> DateTime<Utc>,
}

/// Why the stores' credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// A store of the configuration is not in the secret.
    #[error("misconfigured: secret `{secret}` has no entry `stores.{store}`, which the configuration names")]
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
    #[error("misconfigured: secret `{secret}`, `reviews_url`: {source}")]
    Url {
        /// The secret.
        secret: String,
        /// Why.
        source: yotpo::BadUrl,
    },
}

impl Stores {
    /// Reads the secret and builds a client for each store of the configuration.
    ///
    /// # Errors
    /// When the secret or a store's entry is missing or unusable.
    pub async fn load(
        secrets: Secrets,
        name: String,
        http: yotpo::Http,
        config: &Relay,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Self, Misconfigured> {
        let source = Source { secrets, name, http, names: config.stores.keys().cloned().collect(), now };
        let read = move || {
            let source = source.clone();
            async move { source.read().await }
        };
        Ok(Self { loaded: Rotating::load(read).await? })
    }

    /// The client of a store.
    pub fn get(&self, store: &StoreName) -> Option<Arc<Reviews>> {
        self.loaded.get().clients.get(store).cloned()
    }

    /// The last day on which the credentials are valid, where the secret says so.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.loaded.get().expires_on
    }

    /// Reads the secret again after `refused` was refused: it may have been rotated under a warm function.
    /// However many deliveries find out at once, it is read once. `None` if nothing can be read.
    pub async fn reload(&self, store: &StoreName, refused: &Arc<Reviews>) -> Option<Arc<Reviews>> {
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
        let url = credentials.reviews_url().map_err(|source| Misconfigured::Url { secret: secret(), source })?;
        let mut clients = BTreeMap::new();
        for store in &self.names {
            let entry = credentials
                .stores
                .get(store.as_str())
                .ok_or_else(|| Misconfigured::NoStore { secret: secret(), store: store.clone() })?;
            let client = Reviews::new(self.http.clone(), &url, entry, self.now)
                .map_err(|source| Misconfigured::NoKey { secret: secret(), store: store.clone(), source })?;
            clients.insert(store.clone(), Arc::new(client));
        }
        Ok(Loaded { clients, expires_on: credentials.expires_on })
    }
}
