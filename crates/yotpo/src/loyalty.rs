//! The Loyalty & Referrals API of one store: <https://loyaltyapi.yotpo.com/reference/guidelines-and-conventions>.
//!
//! Only customers and their history can be read. An order or a refund that was taken is never shown again, and a refund is worked
//! on after it was answered: `Ok` of a `POST` means that Yotpo has it, not that it has counted.

mod action;
mod answer;
mod customer;
mod details;
mod event;
mod history;
mod lenient;
mod order;
mod platform;
mod rate;
mod refund;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use rest::{BaseUrl, Method, Reply, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::credentials::ending;
use crate::{Error, MissingKey, StoreCredentials};

pub use action::ActionRecord;
pub use customer::CustomerRecord;
pub use details::{CustomerDetails, CustomerQuery};
pub use event::{LoyaltyEvent, ToldReward};
pub use history::HistoryItem;
pub use order::{OrderRecord, PricedItem};
pub use platform::Platform;
pub use refund::{RefundRecord, ReturnedItem};

/// The Loyalty API of one store. It makes each call once, and repeats nothing.
pub struct Client {
    http: rest::Client,
    base: BaseUrl,
    platform: Platform,
    guid: String,
    api_key: SecretString,
    now: fn() -> DateTime<Utc>,
    /// Until when the last answers ask not to be called.
    resumes: Mutex<Option<DateTime<Utc>>>,
}

impl Client {
    /// A client that has called nobody yet. `now` is what dates in `Retry-After` are compared with.
    pub fn new(
        http: rest::Client,
        loyalty_url: &BaseUrl,
        platform: Platform,
        store: &StoreCredentials,
        now: fn() -> DateTime<Utc>,
    ) -> Result<Self, MissingKey> {
        let (guid, api_key) = store.loyalty()?;
        Ok(Self {
            http,
            base: loyalty_url.clone(),
            platform,
            guid: guid.to_owned(),
            api_key: api_key.clone(),
            now,
            resumes: Mutex::default(),
        })
    }

    /// A customer, `None` if Yotpo knows none: `GET /customers`
    /// (<https://loyaltyapi.yotpo.com/reference/fetch-customer-details>). The history comes only where it is asked for, and costs
    /// Yotpo more.
    pub async fn customer(
        &self,
        query: CustomerQuery<'_>,
        with_history: bool,
    ) -> Result<Option<CustomerDetails>, Error> {
        let (key, value) = query.pair();
        let mut url = self.base.join(&self.platform.path("customers"));
        url.query_pairs_mut().append_pair(key, value).append_pair("with_referral_code", "true");
        if with_history {
            url.query_pairs_mut().append_pair("with_history", "true");
        }
        // Nothing that a reading fails with has an effect.
        let read = async {
            let reply = self.send(Request::get(url), &[value]).await?;
            if answer::is_unknown(&reply) { Ok(None) } else { Ok(Some(reply.json()?)) }
        };
        read.await.map_err(Error::before_the_call)
    }

    /// Creates the customer with this id, or changes it: `POST /customers`
    /// (<https://loyaltyapi.yotpo.com/reference/createupdate-customer-records>). Fields that are absent stay as they are; `tags` replace
    /// those that there are.
    pub async fn record_customer(&self, customer: &CustomerRecord) -> Result<(), Error> {
        self.post("customers", customer, &customer.personal()).await
    }

    /// Hands an order in: `POST /orders` (<https://loyaltyapi.yotpo.com/reference/create-order>). What becomes of an id that Yotpo has
    /// already is not documented.
    pub async fn record_order(&self, order: &OrderRecord) -> Result<(), Error> {
        self.post("orders", order, &order.personal()).await
    }

    /// Hands a refund in: `POST /refunds` (<https://loyaltyapi.yotpo.com/reference/create-refund>). Yotpo works on it later, and drops
    /// it without a word where it does not know the order or the currency differs.
    pub async fn record_refund(&self, refund: &RefundRecord) -> Result<(), Error> {
        self.post("refunds", refund, &[]).await
    }

    /// Hands an action in: `POST /actions` (<https://loyaltyapi.yotpo.com/reference/record-a-customer-action>).
    pub async fn record_action(&self, action: &ActionRecord) -> Result<(), Error> {
        self.post("actions", action, &action.personal()).await
    }

    /// Whether the keys are good: `GET /vip_tiers`, which changes nothing and is about nobody.
    pub async fn check_keys(&self) -> Result<(), Error> {
        let url = self.base.join(&self.platform.path("vip_tiers"));
        self.send(Request::get(url), &[]).await.map(drop).map_err(Error::before_the_call)
    }

    /// The guid: clients that have the same share an account.
    pub fn account(&self) -> &str {
        &self.guid
    }

    /// The end of the guid, for a person to recognise the account by: four characters, of a short guid none.
    pub fn account_ending(&self) -> &str {
        ending(&self.guid)
    }

    /// How long the account asks not to be called, by the rate headers of the last answers: a limit for each second and one for
    /// each minute.
    pub fn rests(&self) -> Option<Duration> {
        let resumes = *self.resumes.lock().unwrap_or_else(PoisonError::into_inner);
        (resumes? - (self.now)()).to_std().ok().filter(|wait| !wait.is_zero())
    }

    async fn post(&self, resource: &str, body: &impl Serialize, personal: &[&str]) -> Result<(), Error> {
        let url = self.base.join(&self.platform.path(resource));
        let reply = self.send(Request::json(Method::Post, url, body)?, personal).await?;
        // Nothing of ours is unknown there but by its address.
        if answer::is_unknown(&reply) { Err(answer::absent(&reply)) } else { Ok(()) }
    }

    /// Every call. `personal` is blacked out of what Yotpo says.
    async fn send<'a>(&'a self, mut request: Request<'a>, personal: &[&str]) -> Result<Reply, Error> {
        request.headers.extend([("x-guid", self.guid.as_str()), ("x-api-key", self.api_key.expose_secret())]);
        let reply = self.http.send(request).await?;
        let now = (self.now)();
        let wait = rate::rest(&reply);
        if let Some(until) = wait.and_then(|wait| now.checked_add_signed(wait)) {
            let mut resumes = self.resumes.lock().unwrap_or_else(PoisonError::into_inner);
            *resumes = (*resumes).max(Some(until));
        }
        answer::judge(&reply, now, wait.and_then(|wait| wait.to_std().ok()), personal)?;
        Ok(reply)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({}, {:?})", self.base, self.platform)
    }
}

#[cfg(test)]
mod tests;
