//! The NetSuite account: called in one of its slots, never by more callers at a time than it bears.

use crate::outcome::{status, undelivered, unread};
use chrono::{DateTime, Utc};
use config::Relay;
use delivery::{Slots, Undelivered};
use ledger::{ErrorClass, Ledger, Slot};
use netsuite::{Client, Creation, Credentials, Error, Http, RecordKey};
use secrets::{Rotating, Secrets};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use telemetry::Metric;
use tokio::time::Instant;

/// NetSuite, for whoever has a slot.
pub struct NetSuiteAccount {
    client: Rotating<Client, secrets::Error>,
    settings: config::NetSuite,
    slots: Slots,
}

/// A slot, and the calls that are made in it, one after the other. One that is dropped comes back when its lease is over.
pub struct Slotted<'a> {
    account: &'a NetSuiteAccount,
    slot: Slot,
    client: Mutex<Arc<Client>>,
    tally: Mutex<Vec<(Metric, f64)>>,
    unanswered: AtomicBool,
}

impl NetSuiteAccount {
    /// Reads the secret called `name`; the account's slots are kept in `ledger`.
    ///
    /// # Errors
    /// When it cannot be read, or is not of its shape.
    pub async fn load(
        secrets: Secrets,
        name: String,
        http: Http,
        config: &Relay,
        ledger: Ledger,
        now: fn() -> DateTime<Utc>,
        random: fn() -> f64,
    ) -> Result<Self, secrets::Error> {
        let read = move || {
            let (secrets, name, http) = (secrets.clone(), name.clone(), http.clone());
            async move {
                let credentials: Credentials = secrets.get(&name).await?;
                Ok(Client::new(http, credentials, now, rand::random))
            }
        };
        let (client, settings) = (Rotating::load(read).await?, config.netsuite.clone());
        let slots = Slots {
            ledger,
            account: client.get().account().to_string(),
            of: settings.slots,
            unanswered_hold: settings.unanswered_hold,
            clock_skew: config.protocol.clock_skew,
            random,
        };
        Ok(Self { client, settings, slots })
    }

    /// The client, for what asks for no slot: a token.
    pub fn client(&self) -> Arc<Client> {
        self.client.get()
    }

    /// Makes calls in a slot, which is waited for until `latest` and given back afterwards; `put` is told what was counted and measured.
    ///
    /// # Errors
    /// [`Undelivered::Spared`] when there is none in time, and those of the calls.
    pub async fn with<T>(
        &self,
        latest: Instant,
        put: impl FnMut(Metric, f64),
        calls: impl AsyncFnOnce(&Slotted<'_>) -> Result<T, Undelivered>,
    ) -> Result<T, Undelivered> {
        let netsuite = self.slot(latest).await?;
        let result = calls(&netsuite).await;
        let mut put = put;
        netsuite.tally().into_iter().for_each(|(metric, value)| put(metric, value));
        netsuite.end().await;
        result
    }

    /// Waits until `latest` for a slot, which is held for as long as a call or two may take; [`Self::with`] gives it back by itself.
    ///
    /// # Errors
    /// [`Undelivered::Spared`] when there is none in time.
    pub async fn slot(&self, latest: Instant) -> Result<Slotted<'_>, Undelivered> {
        // Whoever calls as late as that is answered, or given up, by then.
        let last = latest.saturating_duration_since(Instant::now()) + self.settings.call_timeout;
        let slot = self.slots.take((self.slots.ledger.now() + last).into(), latest).await?;
        Ok(Slotted {
            account: self,
            slot,
            client: Mutex::new(self.client.get()),
            tally: Mutex::default(),
            unanswered: AtomicBool::new(false),
        })
    }
}

impl Slotted<'_> {
    /// Creates a record.
    ///
    /// # Errors
    /// As [`undelivered`] says.
    pub async fn create(&self, record_type: &str, body: &Value) -> Result<Creation, Undelivered> {
        let name = format!("POST {record_type}");
        self.call(&name, async |client| client.create(record_type, body).await)
            .await
            .map_err(|error| undelivered(&error))
    }

    /// Changes a record.
    ///
    /// # Errors
    /// As [`undelivered`] says.
    pub async fn patch(&self, record_type: &str, key: RecordKey<'_>, body: &Value) -> Result<(), Undelivered> {
        let name = format!("PATCH {record_type}");
        let patch = async |client: &Client| client.patch(record_type, key, body, None).await;
        self.call(&name, patch).await.map_err(|error| undelivered(&error))
    }

    /// Reads a record with its lines, or finds that there is none.
    ///
    /// # Errors
    /// NetSuite's own: a record may be locked for this way of reading.
    pub async fn get(&self, record_type: &str, key: RecordKey<'_>) -> Result<Option<Value>, Error> {
        let name = format!("GET {record_type}");
        self.call(&name, async |client| client.get(record_type, key, true).await).await
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// As [`unread`] says.
    pub async fn query<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, Undelivered> {
        self.call("SuiteQL", async |client| client.suiteql(query).await).await.map_err(|error| unread(&error))
    }

    /// Gives the slot back, unless a call had no answer: it may be running still.
    pub async fn end(self) {
        self.account.slots.give_back(&self.slot, !self.unanswered.load(Ordering::Relaxed)).await;
    }

    /// What was counted and measured so far, which is then forgotten.
    fn tally(&self) -> Vec<(Metric, f64)> {
        std::mem::take(&mut *self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a call, which is measured and said. If the login is refused, with a fresh token too, the secret is read again, once.
    async fn call<T>(&self, name: &str, call: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, Error> {
        let client = || Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner));
        let first = client();
        let mut result = self.timed(name, &first, &call).await;
        if matches!(result, Err(Error::Unauthorized { .. }))
            && let Some(renewed) = self.account.client.renew(|known| std::ptr::eq(known, first.as_ref())).await
        {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&renewed);
            result = self.timed(name, &renewed, &call).await;
        }
        match &result {
            Err(Error::Unauthorized { code }) => {
                self.count(Metric::LoginFailed, 1.0);
                let error_class = ErrorClass::Unauthorized;
                tracing::error!(%error_class, status = 401, error = code, "NetSuite refuses the login");
            }
            Err(Error::RateLimited { retry_after }) => {
                self.count(Metric::OverLimit, 1.0);
                let retry_in_ms = retry_after.map(millis);
                tracing::warn!(status = 429, retry_in_ms, "over NetSuite's limit");
            }
            Err(error) => tracing::warn!(error = error as &dyn std::error::Error, "the call failed"),
            Ok(_) => {}
        }
        result
    }

    async fn timed<T>(
        &self,
        name: &str,
        client: &Client,
        call: &impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // Until it is answered; a caller that is dropped meanwhile does not give the slot back either.
        let begun = Instant::now();
        let result = call(client).await;
        let elapsed_ms = millis(begun.elapsed());
        if result.as_ref().is_err_and(|error| error.may_land() || error.is_late()) {
            self.unanswered.store(true, Ordering::Relaxed);
        }
        #[expect(clippy::cast_precision_loss, reason = "no call takes 2^53 milliseconds")]
        self.count(Metric::VendorCallMs, elapsed_ms as f64);
        tracing::info!(call = name, status = result.as_ref().map_or_else(status, |_| 200), elapsed_ms, "call");
        result
    }

    fn count(&self, metric: Metric, value: f64) {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).push((metric, value));
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
