//! The shops, as the secret names them: what makes a shop known, and what its requests are signed with.

use chrono::{DateTime, TimeDelta, Utc};
use secrets::{Error, Rotating, Secrets};
use shopify::{Credentials, ShopCredentials, ShopDomain};
use std::{sync::Arc, time::Duration};

/// What the secret said is believed for so long: one that was taken out of it is refused within a minute.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// When a known shop's signature fails, the secret is read again, unless that was just done.
const JUST_READ: TimeDelta = TimeDelta::seconds(5);
/// Shopify waits five seconds in all.
const READING: Duration = Duration::from_millis(1_500);

/// The shops that are known.
pub struct Shops {
    loaded: Rotating<Loaded, Error>,
    now: fn() -> DateTime<Utc>,
}

/// What the secret said, and when.
pub struct Loaded {
    credentials: Credentials,
    read_at: DateTime<Utc>,
}

impl Shops {
    /// Reads the secret called `name`.
    ///
    /// # Errors
    /// When it cannot be read, or is not of its shape.
    pub async fn load(secrets: Secrets, name: String, now: fn() -> DateTime<Utc>) -> Result<Self, Error> {
        let read = move || {
            let (secrets, name) = (secrets.clone(), name.clone());
            async move { Ok(Loaded { credentials: secrets.get(&name).await?, read_at: now() }) }
        };
        Ok(Self { loaded: Rotating::load(read).await?, now })
    }

    /// What the secret says, at most a minute old; older only while it cannot be read.
    pub async fn current(&self) -> Arc<Loaded> {
        self.not_older_than(FRESH).await
    }

    /// What it says now: to be asked where it seems to be out of date.
    pub async fn anew(&self) -> Arc<Loaded> {
        self.not_older_than(JUST_READ).await
    }

    async fn not_older_than(&self, age: TimeDelta) -> Arc<Loaded> {
        let known = self.loaded.get();
        let is_old = |loaded: &Loaded| (self.now)() - loaded.read_at >= age;
        if !is_old(&known) {
            return known;
        }
        tokio::time::timeout(READING, self.loaded.renew(is_old)).await.ok().flatten().unwrap_or(known)
    }
}

impl Loaded {
    /// A shop's part of the secret; none: it is not known.
    pub fn of(&self, shop: &ShopDomain) -> Option<&ShopCredentials> {
        self.credentials.shops.get(shop)
    }
}
