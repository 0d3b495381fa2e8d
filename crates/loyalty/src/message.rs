//! What travels to the consumer, and what names it: made here, so that producer, command line and tests make the same.

mod customer;
mod order;
mod refund;

pub use customer::{CustomerAsked, Gone, Membership};
pub use order::{GoodsAsked, OrderAsked, OrderCustomer};
pub use refund::{ActionAsked, CancellationAsked, ReturnAsked};

use crate::keys;
use config::{BusinessDay, StoreName};
use ledger::{Delivery, DeliveryKey, EffectHash, Revision};
use serde::{Deserialize, Serialize};

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "asks", rename_all = "snake_case")]
pub enum Payload {
    /// That a customer is as the org has it.
    Customer(CustomerAsked),
    /// That a completed order earns its points.
    Order(OrderAsked),
    /// That a return takes its part back.
    Return(ReturnAsked),
    /// That a cancelled order takes back what is left.
    Cancellation(CancellationAsked),
    /// That a lifecycle event is known.
    Action(ActionAsked),
}

/// What travels to the consumer.
pub type Message = delivery::Message<Payload>;

/// A message that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// Of what is asked for.
    #[error("what is asked for cannot be written")]
    Json(#[from] serde_json::Error),
    /// Of its name.
    #[error(transparent)]
    Key(#[from] ledger::InvalidKey),
}

/// A refund and an action never change: all their messages have this revision.
pub const CONSTANT: Revision = Revision(0);

fn delivery(key: DeliveryKey, revision: Revision, hash: EffectHash, store: &StoreName) -> Delivery {
    Delivery { key, revision, hash, store: store.to_string(), day: None, triggered_at: None }
}

fn hash(effect: &impl Serialize) -> Result<EffectHash, Unmade> {
    Ok(EffectHash::of(&serde_json::to_vec(effect)?))
}

/// A customer's delivery; `revision`: the record's `SystemModstamp` in milliseconds.
///
/// # Errors
/// Never in practice, here and below.
pub fn customer_delivery(store: &StoreName, revision: Revision, asked: &CustomerAsked) -> Result<Delivery, Unmade> {
    Ok(delivery(keys::customer(store, &asked.contact)?, revision, asked.hash()?, store))
}

/// The message of a customer.
///
/// # Errors
/// As [`customer_delivery`].
pub fn customer(store: &StoreName, revision: Revision, asked: CustomerAsked) -> Result<Message, Unmade> {
    let delivery = customer_delivery(store, revision, &asked)?;
    Ok(Message { delivery, payload: Payload::Customer(asked) })
}

/// The message of an order; `revision`: its `SystemModstamp` in milliseconds; `day`: on which it was completed.
///
/// # Errors
/// As [`customer_delivery`].
pub fn order(store: &StoreName, revision: Revision, day: &BusinessDay, asked: OrderAsked) -> Result<Message, Unmade> {
    let key = keys::order(store, &asked.order)?;
    let delivery = Delivery { day: Some(day.to_string()), ..delivery(key, revision, asked.hash(store)?, store) };
    Ok(Message { delivery, payload: Payload::Order(asked) })
}

/// The message of a return; the store is that of its order.
///
/// # Errors
/// As [`customer_delivery`].
pub fn a_return(store: &StoreName, asked: ReturnAsked) -> Result<Message, Unmade> {
    let key = keys::refund(store, &asked.order, &asked.refund)?;
    let delivery = delivery(key, CONSTANT, hash(&asked.amount)?, store);
    Ok(Message { delivery, payload: Payload::Return(asked) })
}

/// The message of a cancellation; the store is that of its order.
///
/// # Errors
/// As [`customer_delivery`].
pub fn cancellation(store: &StoreName, asked: CancellationAsked) -> Result<Message, Unmade> {
    let key = keys::cancellation(store, &asked.order)?;
    // What it takes is what is left: the same whatever the message says.
    let delivery = delivery(key, CONSTANT, hash(&asked.order)?, store);
    Ok(Message { delivery, payload: Payload::Cancellation(asked) })
}

/// The message of a lifecycle event.
///
/// # Errors
/// As [`customer_delivery`].
pub fn action(store: &StoreName, asked: ActionAsked) -> Result<Message, Unmade> {
    let key = keys::action(store, &asked.record, &asked.word)?;
    let delivery = delivery(key, CONSTANT, hash(&(&asked.word, &asked.record, &asked.at))?, store);
    Ok(Message { delivery, payload: Payload::Action(asked) })
}

#[cfg(test)]
#[path = "message/tests.rs"]
mod tests;
