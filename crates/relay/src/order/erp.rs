//! An order of the erp flow: what Shopify, the ledger, the queues and NetSuite say of it, and of what belongs to it.

mod found;
mod netsuite;
mod shown;

use super::places::AtLedger;
use crate::{failure::Failure, flow::Flow, place::Place, progress};
use erp::{
    map::Settings,
    message::{customer_key, order_key, refund_key},
};
use found::Found;
use ledger::{DeliveryKey, Record, State};
use queue::{Queue, Taken};
use shopify::{Order, ShopDomain};
use std::collections::{BTreeSet, HashMap};

pub(super) use shown::Life;
use shown::{Copy, Part, Source};

/// How far to look.
pub(super) struct Far {
    /// With what would be sent, and the messages.
    pub(super) payload: bool,
    /// Messages of the queue, at the most.
    pub(super) messages: usize,
}

pub(super) async fn look(place: &Place, typed: &str, far: &Far) -> Result<Life, Failure> {
    let named = found::Named::parse(typed).map_err(Failure::input)?;
    let operator = place.operator(Flow::Erp)?;
    let mut life = Life::of(typed);
    let spinner = progress::spinner("asking Shopify");
    let (admins, account) = (place.admins().await?, place.netsuite().await?);
    let seen = found::find(&named, place, &admins, &account, &mut life.failed).await?;
    let Some(Found { shop, id, order }) = seen else {
        spinner.finish_and_clear();
        return Ok(life);
    };
    let erp = place.config.erp.as_ref().ok_or_else(|| Failure::input("the settings have no section [erp]"))?;
    let settings = Settings::of(erp, shop.as_str());
    let key = order_key(&shop, id).map_err(|error| Failure::undone("name the order's delivery", &error))?;
    let parts = parts(&shop, &key, order.as_deref());

    spinner.set_message("asking the ledger");
    let keys: Vec<DeliveryKey> = parts.iter().map(|(_, key)| key.clone()).collect();
    let records = match operator.ledger.read(&keys).await {
        Ok(records) => records,
        Err(error) => {
            life.failed.insert("ledger", Failure::undone("read the ledger", &error).what().to_owned());
            HashMap::new()
        }
    };
    life.key = Some(key.clone());
    life.source = order.as_deref().map(|order| Source::of(order, &shop, &settings, records.get(&key), far.payload));
    if order.is_none() && admins.of(&shop).is_none() {
        life.notes.push(format!("{shop} was not asked: its secret gives no access to the Admin API"));
    }
    life.ledger = at_the_ledger(&parts, &records, order.as_deref());

    spinner.set_message("looking through the queues");
    let wanted: BTreeSet<&DeliveryKey> = keys.iter().collect();
    let places = [("queue", &operator.queue, far.messages), ("dead-letter queue", &operator.dead_letters, usize::MAX)];
    let mut whole = true;
    for (name, queue, limit) in places {
        whole &= at_a_queue(name, queue, limit, &wanted, far.payload, &mut life).await;
    }
    let settled = |record: &Record| matches!(record.state, State::Accepted | State::Confirmed);
    life.may_be_unseen = life.messages.is_empty() && !whole && !records.get(&key).is_some_and(settled);

    spinner.set_message("asking NetSuite");
    let refunds = order.iter().flat_map(|order| order.refunds.iter().map(|refund| refund.id));
    match netsuite::transactions(id, refunds, &account).await {
        Ok(held) => life.destination = held,
        Err(failure) => drop(life.failed.insert("destination", failure.what().to_owned())),
    }
    spinner.finish_and_clear();
    Ok(life)
}

/// The order's delivery, and those that belong to it: its customer's, its refunds'.
fn parts(shop: &ShopDomain, key: &DeliveryKey, order: Option<&Order>) -> Vec<(String, DeliveryKey)> {
    let mut parts = vec![("order".to_owned(), key.clone())];
    let Some(order) = order else { return parts };
    let customer = order.customer.as_ref().and_then(|customer| customer_key(shop, customer.id).ok());
    parts.extend(customer.map(|key| ("customer".to_owned(), key)));
    for refund in &order.refunds {
        parts.extend(refund_key(shop, refund.id).ok().map(|key| (format!("refund {}", refund.id), key)));
    }
    parts
}

fn at_the_ledger(
    parts: &[(String, DeliveryKey)],
    records: &HashMap<DeliveryKey, Record>,
    order: Option<&Order>,
) -> Vec<Part> {
    let newest = |what: &str| order.filter(|_| what == "order").map(|order| erp::message::revision(order.updated_at));
    let part = |(what, key): &(String, DeliveryKey)| {
        let record = records.get(key)?;
        let newer = newest(what).map(|revision| revision > record.revision);
        Some(Part { what: what.clone(), key: key.clone(), of: AtLedger::of(record, Flow::Erp, newer) })
    };
    parts.iter().filter_map(part).collect()
}

/// Whether all of the queue was looked at.
async fn at_a_queue(
    name: &'static str,
    queue: &Queue,
    limit: usize,
    wanted: &BTreeSet<&DeliveryKey>,
    payload: bool,
    life: &mut Life,
) -> bool {
    let of = |taken: &Taken| Copy::of(name, taken, payload).filter(|copy| wanted.contains(&copy.key));
    match delivery::copies::copies(queue, limit, of).await {
        Ok(found) => {
            life.messages.extend(found.copies);
            if !found.whole {
                let more = if name == "queue" { "; --messages looks at more" } else { ", which has more" };
                life.notes.push(format!("{} messages of the {name} were looked at{more}", found.looked_at));
            } else if found.unseen > 0 {
                life.notes
                    .push(format!("{} more of the {name} could not be looked at: in flight or delayed", found.unseen));
            }
            found.whole && found.unseen == 0
        }
        Err(error) => {
            let why = Failure::undone(&format!("look at the {name}"), &error).what().to_owned();
            life.failed.insert(name, why);
            false
        }
    }
}
