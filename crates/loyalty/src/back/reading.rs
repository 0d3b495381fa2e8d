//! Yotpo's customers, read anew: one reading for all hints at one customer.

use crate::{clients::LoyaltyClients, hint::Hint, outcome};
use chrono::{DateTime, Utc};
use config::StoreName;
use delivery::{Claim, Claimed, Undelivered, Worker};
use futures_util::{StreamExt as _, stream};
use ledger::ErrorClass;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::sleep;
use tracing::Instrument as _;
use yotpo::loyalty::{Client, CustomerDetails, CustomerQuery};

/// Readings under way at once; the account's pace is slower.
const AT_ONCE: usize = 10;
/// An account that asks for a rest of no more than this is waited for; a longer one goes back to the queue.
const SHORT_REST: Duration = Duration::from_secs(3);

/// A customer of one store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    /// As the message says it.
    pub(crate) store: String,
    /// The id by which Yotpo knows the customer.
    pub(crate) customer: String,
}

/// What Yotpo showed.
#[derive(Clone, Debug)]
pub(crate) struct Glance {
    pub(crate) store: StoreName,
    /// When it was asked.
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) details: CustomerDetails,
}

/// By customer: what was shown, or why nothing was.
pub(crate) type Glances = BTreeMap<Subject, Result<Glance, Undelivered>>;

/// Whom a hint is about.
pub(crate) fn subject(claimed: &Claimed<'_, Hint>) -> Subject {
    let message = claimed.message;
    Subject { store: message.delivery.store.clone(), customer: message.payload.customer().to_owned() }
}

/// Reads each customer once, with the history, each by the credentials of its own store.
pub(crate) async fn read(clients: &LoyaltyClients, worker: &Worker, claimed: &[Claimed<'_, Hint>]) -> Glances {
    let mut met = BTreeSet::new();
    let firsts = claimed.iter().filter(|one| met.insert(subject(one)));
    stream::iter(firsts)
        .map(|one| async move {
            let subject = subject(one);
            let glance = glance(clients, worker, &subject, &one.claim).instrument(one.span.clone()).await;
            (subject, glance)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn glance(
    clients: &LoyaltyClients,
    worker: &Worker,
    subject: &Subject,
    claim: &Claim<'_>,
) -> Result<Glance, Undelivered> {
    let unknown = || {
        let error = "no store of that name takes part in the loyalty flow";
        outcome::parked(ErrorClass::Misconfigured, "unknown_store", error)
    };
    let store = StoreName::try_from(subject.store.clone()).map_err(|_| unknown())?;
    let client = clients.get(&store).ok_or_else(unknown)?;
    match client.rests() {
        Some(rest) if rest <= SHORT_REST => sleep(rest).await,
        Some(rest) => {
            if let Some(account) = worker.accounts.get(&subject.store) {
                account.pace.hold(rest);
            }
        }
        None => {}
    }
    claim.turn().await?;
    let read_at = worker.ledger.now();
    let read = claim.call(
        client,
        async |refused| clients.reload(&store, refused).await,
        || clients.get(&store),
        |error| matches!(error, yotpo::Error::Unauthorized),
        async |client: &Client| client.customer(CustomerQuery::Id(&subject.customer), true).await,
    );
    let details = read.await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "the customer could not be read");
        outcome::undelivered(&error)
    })?;
    let Some(details) = details else { return Err(Undelivered::Skipped("no_customer".to_owned())) };
    if details.external_id().is_some_and(|id| id != subject.customer) {
        let error = "Yotpo shows a customer of another id than it was asked for";
        return Err(outcome::parked(ErrorClass::Conflict, "identity_conflict", error));
    }
    Ok(Glance { store, read_at, details })
}
