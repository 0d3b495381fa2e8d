//! One Yotpo client a store, from the secret; read again when Yotpo refuses what we have.

use chrono::{DateTime, NaiveDate, Utc};
use config::{Relay, StoreName};
use secrets::Secrets;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Mutex;
use yotpo::{Credentials, Reviews};

/// The stores' clients.
pub struct Stores {
    loaded: RwLock<Loaded>,
    reading: Mutex<()>,
    /// Those whose account refused what the secret says, when it was last asked.
    refused: RwLock<BTreeSet<StoreName>>,
    source: Source,
}

/// What the secret says.
struct Loaded {
    clients: BTreeMap<StoreName, Arc<Reviews>>,
    expires_on: Option<NaiveDate>,
}

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
        let loaded = RwLock::new(source.read().await?);
        Ok(Self { loaded, reading: Mutex::new(()), refused: RwLock::default(), source })
    }

    /// The client of a store.
    pub fn get(&self, store: &StoreName) -> Option<Arc<Reviews>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clients.get(store).cloned()
    }

    /// Whether the store's account refused our credentials when it was last asked.
    pub fn is_refused(&self, store: &StoreName) -> bool {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).contains(store)
    }

    /// Notes whether the store's account refuses our credentials.
    pub(crate) fn note(&self, store: &StoreName, refused: bool) {
        if refused != self.is_refused(store) {
            let mut all = self.refused.write().unwrap_or_else(PoisonError::into_inner);
            if refused {
                all.insert(store.clone());
            } else {
                all.remove(store);
            }
        }
    }

    /// The last day on which the credentials are valid, where the secret says so.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).expires_on
    }

    /// Reads the secret again after `refused` was refused: it may have been rotated under a warm function.
    /// However many deliveries find out at once, it is read once. `None` if nothing can be read.
    pub async fn reload(&self, store: &StoreName, refused: &Arc<Reviews>) -> Option<Arc<Reviews>> {
        let _one_at_a_time = self.reading.lock().await;
        let known = self.get(store)?;
        if !Arc::ptr_eq(&known, refused) {
            return Some(known);
        }
        match self.source.read().await {
            Ok(loaded) => {
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
                self.get(store)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the secret cannot be read again");
                None
            }
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
