//! A client of each shop's Admin API, where the secret gives access to it; made anew when the secret has changed.

use chrono::{DateTime, Utc};
use config::Shopify;
use function::clients::Misconfigured;
use secrets::{Rotating, Secrets};
use shopify::{Credentials, ShopDomain, admin::Client};
use std::{collections::BTreeMap, sync::Arc};

/// The shops whose orders can be read.
pub struct Admins {
    loaded: Rotating<Clients, Misconfigured>,
}

/// Every shop of the secret; without a client, where the secret gives no access.
type Clients = BTreeMap<ShopDomain, Option<Arc<Client>>>;

impl Admins {
    /// Reads the secret called `name`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn load(
        secrets: Secrets,
        name: String,
        http: shopify::Http,
        settings: Shopify,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Self, Misconfigured> {
        let read = move || {
            let (secrets, name, http, version) =
                (secrets.clone(), name.clone(), http.clone(), settings.api_version.clone());
            async move {
                let credentials: Credentials = secrets.get(&name).await?;
                let client = |shop: &ShopDomain| -> Result<Option<Arc<Client>>, Misconfigured> {
                    let Some(access) = credentials.shops.get(shop).and_then(shopify::ShopCredentials::access) else {
                        return Ok(None);
                    };
                    let url = credentials.admin_url(shop);
                    let url = url.map_err(Misconfigured::url(&name, "admin_url"))?;
                    Ok(Some(Arc::new(Client::new(http.clone(), url, access, &version, now))))
                };
                credentials.shops.keys().map(|shop| Ok((shop.clone(), client(shop)?))).collect()
            }
        };
        Ok(Self { loaded: Rotating::load(read).await? })
    }

    /// Every shop that the secret names.
    pub fn shops(&self) -> Vec<ShopDomain> {
        self.loaded.get().keys().cloned().collect()
    }

    /// The shop's client; none: its orders cannot be read.
    pub fn of(&self, shop: &ShopDomain) -> Option<Arc<Client>> {
        self.loaded.get().get(shop)?.clone()
    }

    /// The shop's client after `refused` was refused, if the secret says something else by now.
    pub async fn renewed(&self, shop: &ShopDomain, refused: &Arc<Client>) -> Option<Arc<Client>> {
        let is_refused = |clients: &Clients| {
            clients.get(shop).and_then(Option::as_ref).is_some_and(|known| Arc::ptr_eq(known, refused))
        };
        self.loaded.renew(is_refused).await?.get(shop)?.clone().filter(|client| !Arc::ptr_eq(client, refused))
    }
}
