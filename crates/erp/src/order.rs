//! An order at NetSuite: created once, by its external id; after that only brought up to date, and never what was shipped or edited.

use crate::{
    account::Slotted,
    apply::{Applier, parked, say_mended},
    customer,
    items::names,
    map::{self, Buyer, Ids, NetSuiteOrder, OrderEffect, Patch, STAMP_FIELD, Settings, Skip, Stamp, due},
    outcome::unread,
};
use delivery::{Claim, Undelivered};
use ledger::ErrorClass;
use netsuite::{Creation, Error, RecordId, RecordKey, RefusalReason, suiteql::literal};
use serde::Deserialize;
use shopify::Order;

const SALES_ORDER: &str = "salesOrder";

/// What SuiteQL shows of a transaction: also of one that a workflow has locked.
#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) id: RecordId,
    #[serde(rename = "custbody_order_relay", default)]
    stamp: Option<String>,
}

/// Whether NetSuite shows this very version of the order.
///
/// # Errors
/// When it cannot be asked.
pub(crate) async fn is_there(
    order: &Order,
    settings: &Settings<'_>,
    netsuite: &Slotted<'_>,
) -> Result<bool, Undelivered> {
    let effect = map::order(order, settings).map_err(parked)?;
    let row = transaction(&effect.external_id, netsuite).await?;
    Ok(row.and_then(|row| row.stamp()).is_some_and(|stamp| stamp.effect == effect.hash()))
}

/// The transaction that we know by `external_id`.
pub(crate) async fn transaction(external_id: &str, netsuite: &Slotted<'_>) -> Result<Option<Row>, Undelivered> {
    let Ok(external_id) = literal(external_id) else { return Ok(None) };
    let query = format!("SELECT id, {STAMP_FIELD} FROM transaction WHERE externalid = {external_id}");
    Ok(netsuite.query::<Row>(&query).await?.into_iter().next())
}

impl Row {
    fn stamp(&self) -> Option<Stamp> {
        self.stamp.as_deref()?.parse().ok()
    }
}

impl Applier {
    /// Brings an order to NetSuite; its number there.
    pub(crate) async fn order(
        &self,
        order: &Order,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let effect = map::order(order, settings).map_err(parked)?;
        say_mended(&effect.mended, claim);
        say_sums(&effect);
        let due = due(order, settings, false);
        // What NetSuite may have is read first: an order that is due and was never tried costs no look.
        let tried = claim.applied.is_some() || claim.read_back_first || claim.attempt > 1;
        if tried || due.is_err_and(Skip::may_be_there) {
            match read(&effect, netsuite).await? {
                Current::There(current) => return self.update(&effect, &current, settings, claim, netsuite).await,
                Current::Same(id) => return Ok(id),
                Current::Absent => {}
            }
        }
        due.map_err(|skip| Undelivered::Skipped(skip.as_str().to_owned()))?;
        self.create(order, &effect, settings, claim, netsuite).await
    }

    async fn create(
        &self,
        order: &Order,
        effect: &OrderEffect,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let entity = self.entity(order, settings, claim, netsuite).await?;
        let items = self.items.find(&names(&effect.lines), netsuite).await?;
        let currency = self.currencies.find(effect.currency.as_str(), netsuite).await?;
        let ids = Ids { entity: &entity, currency: currency.as_ref(), items: &items };
        let body = map::order_record(effect, &ids, claim.delivery.revision, settings).map_err(parked)?;
        match netsuite.create(SALES_ORDER, &body).await? {
            Creation::Created(id) => Ok(id),
            // An earlier call made it, or the ledger has forgotten.
            Creation::AlreadyExists => match read(effect, netsuite).await? {
                Current::There(current) => self.update(effect, &current, settings, claim, netsuite).await,
                Current::Same(id) => Ok(id),
                Current::Absent => Err(gone()),
            },
        }
    }

    async fn update(
        &self,
        effect: &OrderEffect,
        current: &NetSuiteOrder,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let id: RecordId = current.id.parse().map_err(|_| gone())?;
        let items = self.items.find(&names(&effect.lines), netsuite).await?;
        // Neither changes by an update.
        let ids = Ids { entity: &id, currency: None, items: &items };
        let patch = map::patch(effect, current, &ids, claim.delivery.revision, settings).map_err(parked)?;
        let key = RecordKey::Internal(&id);
        if let Some(body) = patch.body(true) {
            match netsuite.patch(SALES_ORDER, key, &body).await {
                Err(Undelivered::Rejected(_)) if patch.has_addresses() => {
                    return without_addresses(&patch, key, claim, netsuite).await;
                }
                patched => patched?,
            }
            if patch.locked.is_some() {
                // A part of it is there: the version before would not pass for unchanged any more.
                claim.forget_applied();
            }
        }
        match patch.locked {
            Some(reason) => Err(locked(reason, "somebody shipped, billed or edited what Shopify has changed")),
            None => Ok(id),
        }
    }

    /// Whom the order is for, there before it.
    async fn entity(
        &self,
        order: &Order,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        match (map::buyer(order, settings).map_err(parked)?, &order.customer) {
            (Buyer::Customer(_, effect), Some(known)) => self.ensured(known, &effect, settings, claim, netsuite).await,
            (Buyer::Customer(_, effect) | Buyer::Guest(effect), _) => {
                customer::ensure(&effect, netsuite).await.map_err(before_the_order)
            }
            (Buyer::Named(id), _) => id.as_str().parse().map_err(|_| locked("unknown_company", "it is no number")),
        }
    }
}

/// An address that NetSuite does not let change is a person's; all else goes.
async fn without_addresses(
    patch: &Patch,
    key: RecordKey<'_>,
    claim: &Claim<'_>,
    netsuite: &Slotted<'_>,
) -> Result<RecordId, Undelivered> {
    if let Some(body) = patch.body(false) {
        netsuite.patch(SALES_ORDER, key, &body).await?;
        claim.forget_applied();
    }
    Err(locked("address_locked", "NetSuite refuses the order's new address"))
}

/// Lines that do not add up to Shopify's total, where the settings do not park the order for it.
fn say_sums(effect: &OrderEffect) {
    let map::Sums { ours, shopify } = &effect.sums;
    if effect.sums.differ() {
        tracing::warn!(%ours, %shopify, "the lines do not add up to Shopify's total");
    }
}

/// The order as NetSuite has it.
enum Current {
    Absent,
    There(Box<NetSuiteOrder>),
    /// Locked by a workflow, which records do not show, at this very version.
    Same(RecordId),
}

async fn read(effect: &OrderEffect, netsuite: &Slotted<'_>) -> Result<Current, Undelivered> {
    match netsuite.get(SALES_ORDER, RecordKey::External(&effect.external_id)).await {
        Ok(None) => Ok(Current::Absent),
        Ok(Some(record)) => match NetSuiteOrder::parse(&record) {
            Ok(order) => Ok(Current::There(Box::new(order))),
            Err(error) => Err(locked("unreadable", &error.to_string())),
        },
        Err(Error::Refused { reason: RefusalReason::Locked, said }) => {
            match transaction(&effect.external_id, netsuite).await? {
                Some(row) if row.stamp().is_some_and(|stamp| stamp.effect == effect.hash()) => {
                    Ok(Current::Same(row.id))
                }
                _ => Err(locked("locked", &format!("NetSuite does not let it be read or changed: {said}"))),
            }
        }
        Err(error) => Err(unread(&error)),
    }
}

fn locked(reason: &'static str, error: &str) -> Undelivered {
    Undelivered::Parked { class: ErrorClass::BadRecord, reason, error: error.to_owned() }
}

/// The order itself was not sent: its guest may land, and is looked for by its external id, under which there is never another.
fn before_the_order(why: Undelivered) -> Undelivered {
    match why {
        Undelivered::Failed { may_land: true, floor, .. } => {
            Undelivered::Failed { class: ErrorClass::Unavailable, may_land: false, floor }
        }
        other => other,
    }
}

/// It was there a moment ago.
fn gone() -> Undelivered {
    Undelivered::Failed { class: ErrorClass::Unavailable, may_land: false, floor: None }
}
