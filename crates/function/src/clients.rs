//! A vendor's clients, one a store, made of its secret; made anew when the vendor refuses what we have.

use crate::{BoxError, ColdStart};
use chrono::NaiveDate;
use config::StoreName;
use secrets::Rotating;
use std::{collections::BTreeMap, sync::Arc};

/// The stores' clients, each with its own store's credentials and no others. `C`: the vendor's client.
pub struct StoreClients<C> {
    loaded: Rotating<LoadedClients<C>, Misconfigured>,
}

/// What a secret said.
pub struct LoadedClients<C> {
    /// By the name that the configuration gives the store.
    pub clients: BTreeMap<StoreName, Arc<C>>,
    /// The last day on which the credentials are valid, where the secret says so.
    pub expires_on: Option<NaiveDate>,
}

/// Why a vendor's secret cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// It cannot be read, or is not of its shape.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// A store of the configuration is not in it.
    #[error("misconfigured: secret `{secret}` has no entry `stores.{store}`, which {needed}")]
    NoStore {
        /// Its name.
        secret: String,
        /// The store.
        store: StoreName,
        /// Why there must be one: "the configuration names".
        needed: &'static str,
    },
    /// A store's entry lacks a key.
    #[error("misconfigured: secret `{secret}`, `stores.{store}`: {source}")]
    NoKey {
        /// Its name.
        secret: String,
        /// The store.
        store: StoreName,
        /// Which key.
        source: BoxError,
    },
    /// The vendor's URL cannot be used.
    #[error("misconfigured: secret `{secret}`, `{key}`: {source}")]
    Url {
        /// Its name.
        secret: String,
        /// The secret's key.
        key: &'static str,
        /// What is wrong with it.
        source: BoxError,
    },
}

impl<C: Send + Sync + 'static> StoreClients<C> {
    /// Reads the secret for the first time; `read` reads it, and makes the clients.
    ///
    /// # Errors
    /// When it cannot be read, or a store's entry is missing or unusable.
    pub async fn load<F>(read: impl Fn() -> F + Send + Sync + 'static) -> Result<Self, Misconfigured>
    where
        F: Future<Output = Result<LoadedClients<C>, Misconfigured>> + Send + 'static,
    {
        Ok(Self { loaded: Rotating::load(read).await? })
    }

    /// The client of a store.
    pub fn get(&self, store: &StoreName) -> Option<Arc<C>> {
        self.loaded.get().clients.get(store).cloned()
    }

    /// Every store's.
    pub fn all(&self) -> Vec<(StoreName, Arc<C>)> {
        self.loaded.get().clients.iter().map(|(name, client)| (name.clone(), Arc::clone(client))).collect()
    }

    /// The last day on which the credentials are valid, where the secret says so.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.loaded.get().expires_on
    }

    /// Reads the secret again after `refused` was refused: it may have been rotated under a warm function.
    /// However many deliveries find out at once, it is read once. `None` if nothing can be read.
    pub async fn reload(&self, store: &StoreName, refused: &Arc<C>) -> Option<Arc<C>> {
        let is_refused =
            |loaded: &LoadedClients<C>| loaded.clients.get(store).is_some_and(|known| Arc::ptr_eq(known, refused));
        self.loaded.renew(is_refused).await?.clients.get(store).cloned()
    }
}

/// A client for each of `stores`, which the secret called `secret` has among its `entries`; `needed`: why it must.
///
/// # Errors
/// When it has not, or an entry lacks what its client is made of.
pub fn by_store<'a, S, C, E: Into<BoxError>>(
    secret: &str,
    needed: &'static str,
    stores: impl IntoIterator<Item = &'a StoreName>,
    entries: &BTreeMap<String, S>,
    make: impl Fn(&StoreName, &S) -> Result<C, E>,
) -> Result<BTreeMap<StoreName, Arc<C>>, Misconfigured> {
    let (secret, mut clients) = (|| secret.to_owned(), BTreeMap::new());
    for store in stores {
        let entry = entries.get(store.as_str());
        let entry = entry.ok_or_else(|| Misconfigured::NoStore { secret: secret(), store: store.clone(), needed })?;
        let client = make(store, entry);
        let client = client.map_err(|error| Misconfigured::NoKey {
            secret: secret(),
            store: store.clone(),
            source: error.into(),
        })?;
        clients.insert(store.clone(), Arc::new(client));
    }
    Ok(clients)
}

impl Misconfigured {
    /// For `map_err`: the URL under `key` of the secret called `secret` cannot be used.
    pub fn url<E: Into<BoxError>>(secret: &str, key: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Url { secret: secret.to_owned(), key, source: error.into() }
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
