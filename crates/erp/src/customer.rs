//! A customer at NetSuite: looked for first, then linked, updated or created.

use crate::{account::Slotted, map::CustomerEffect, outcome::unread};
use delivery::Undelivered;
use ledger::ErrorClass;
use netsuite::{Creation, RecordId, RecordKey, suiteql::literal};
use serde::Deserialize;
use serde_json::Value;

const CUSTOMER: &str = "customer";

#[derive(Deserialize)]
struct Row {
    id: RecordId,
    #[serde(default)]
    externalid: Option<String>,
    #[serde(default)]
    email: Option<String>,
    isinactive: String,
}

/// What is there of a customer.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Ours, by external id.
    Ours(RecordId),
    /// The one active customer with the address, whom no integration has named.
    ToLink(RecordId),
    /// Nobody, or several: how many have the address.
    Nobody(usize),
}

/// Brings a customer to what `effect` asks for; NetSuite's number of it.
///
/// # Errors
/// As its calls'; parked where both its names are taken.
pub(crate) async fn bring(effect: &CustomerEffect, netsuite: &Slotted<'_>) -> Result<RecordId, Undelivered> {
    match find(effect, netsuite).await? {
        Found::Ours(id) => update(effect, id, false, netsuite).await,
        Found::ToLink(id) => {
            tracing::info!(netsuite_id = id.as_str(), "linked by its address");
            update(effect, id, true, netsuite).await
        }
        Found::Nobody(others) => {
            if others > 1 {
                tracing::warn!(others, "several customers have the address; one of our own is created");
            }
            create(effect, netsuite).await
        }
    }
}

/// Like [`bring`], and left as it is where it is there.
///
/// # Errors
/// As [`bring`].
pub(crate) async fn ensure(effect: &CustomerEffect, netsuite: &Slotted<'_>) -> Result<RecordId, Undelivered> {
    match find(effect, netsuite).await? {
        Found::Ours(id) => Ok(id),
        Found::ToLink(id) => update(effect, id, true, netsuite).await,
        Found::Nobody(_) => create(effect, netsuite).await,
    }
}

/// NetSuite's number of the customer that we know by `external_id`.
///
/// # Errors
/// When NetSuite cannot be asked.
pub(crate) async fn number(external_id: &str, netsuite: &Slotted<'_>) -> Result<Option<RecordId>, Undelivered> {
    let Ok(external_id) = literal(external_id) else { return Ok(None) };
    let query = format!("SELECT id, externalid, email, isinactive FROM customer WHERE externalid = {external_id}");
    Ok(netsuite.query::<Row>(&query).await?.into_iter().next().map(|row| row.id))
}

/// Whether NetSuite shows the customer as `effect` has it.
///
/// # Errors
/// When NetSuite cannot be asked.
pub(crate) async fn is_there(effect: &CustomerEffect, netsuite: &Slotted<'_>) -> Result<bool, Undelivered> {
    let key = RecordKey::External(&effect.external_id);
    let record = netsuite.get(CUSTOMER, key).await.map_err(|error| unread(&error))?;
    Ok(record.is_some_and(|record| effect.is_in(&record)))
}

async fn find(effect: &CustomerEffect, netsuite: &Slotted<'_>) -> Result<Found, Undelivered> {
    let Ok(external_id) = literal(&effect.external_id) else { return Ok(Found::Nobody(0)) };
    let email = effect.email.as_deref().and_then(|email| literal(email).ok());
    let or = email.map_or_else(String::new, |email| format!(" OR email = {email}"));
    let query = format!("SELECT id, externalid, email, isinactive FROM customer WHERE externalid = {external_id}{or}");
    Ok(judge(effect, netsuite.query(&query).await?))
}

fn judge(effect: &CustomerEffect, rows: Vec<Row>) -> Found {
    let (ours, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.externalid.as_deref() == Some(effect.external_id.as_str()));
    if let Some(row) = ours.into_iter().next() {
        return Found::Ours(row.id);
    }
    let same = |row: &Row| row.email.is_some() && row.email == effect.email;
    let mut active: Vec<Row> = others.into_iter().filter(|row| row.isinactive == "F" && same(row)).collect();
    match active.pop() {
        Some(row) if active.is_empty() && row.externalid.is_none() => Found::ToLink(row.id),
        Some(_) => Found::Nobody(active.len() + 1),
        None => Found::Nobody(0),
    }
}

async fn update(
    effect: &CustomerEffect,
    id: RecordId,
    link: bool,
    netsuite: &Slotted<'_>,
) -> Result<RecordId, Undelivered> {
    let mut body = effect.update();
    if link {
        body["externalId"] = Value::from(effect.external_id.clone());
    }
    netsuite.patch(CUSTOMER, RecordKey::Internal(&id), &body).await?;
    Ok(id)
}

async fn create(effect: &CustomerEffect, netsuite: &Slotted<'_>) -> Result<RecordId, Undelivered> {
    for body in [effect.create(), effect.create_named()] {
        if let Creation::Created(id) = netsuite.create(CUSTOMER, &body).await? {
            return Ok(id);
        }
        // The name is taken, or an earlier call created it after we had looked.
        if let Some(id) = number(&effect.external_id, netsuite).await? {
            return Ok(id);
        }
    }
    let error = "NetSuite has an entity of this name, and one of its other name".to_owned();
    Err(Undelivered::Parked { class: ErrorClass::BadRecord, reason: "already_exists", error })
}
