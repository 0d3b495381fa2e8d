//! Asks the four places, one after the other: each may know what the next one needs.

use super::{
    life::Life,
    places::{AtLedger, Copy, QUEUES, Source},
};
use crate::{failure::Failure, flow::Flow, place::Place, progress, source};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use delivery::Pace;
use ledger::{DeliveryKey, Record, State};
use reviews::{
    item::version_of,
    life::{AtSource, Sought, Where, at_destination, at_source, copies},
    message::key,
    named::Named,
    operate::Operator,
};

/// Which order, and how far to look.
pub(super) struct Asked {
    pub(super) order: Named,
    pub(super) payload: bool,
    pub(super) messages: usize,
    pub(super) pages: u32,
}

/// What is known of the order on the way.
#[derive(Default)]
struct Known {
    source: Option<AtSource>,
    record: Option<Record>,
    /// Order id, store and day, as a message has them.
    message: Option<(Option<String>, String, Option<String>)>,
}

pub(super) async fn look(place: &Place, asked: &Asked) -> Result<Life, Failure> {
    let named = &asked.order;
    let flow = Flow::Reviews;
    let operator = place.reviews()?;
    let mut life = Life::of(flow, named);
    let mut known = Known::default();
    let spinner = progress::spinner("asking the source");

    match at_the_source(&operator, asked).await {
        Ok(mut found) => {
            if let [one, another, ..] = found.as_slice() {
                let what = format!("several orders are named {named}: {}, {}", one.id, another.id);
                return Err(Failure::input(what).hint(format!("name one by its {} id", flow.source())));
            }
            known.source = found.pop();
        }
        Err(failure) => drop(life.failed.insert("source", failure.what().to_owned())),
    }
    life.source = known.source.as_ref().map(|source| Source::of(source, asked.payload));

    spinner.set_message("asking the ledger");
    let delivery = known.source.as_ref().map(|source| source.key.clone()).or_else(|| key(named.id()?).ok());
    match (&delivery, life.failed.contains_key("source")) {
        (Some(delivery), _) => match operator.ledger.read(std::slice::from_ref(delivery)).await {
            Ok(mut records) => known.record = records.remove(delivery),
            Err(error) => {
                let why = Failure::undone("read the ledger", &error);
                life.failed.insert("ledger", why.what().to_owned());
            }
        },
        (None, true) => {
            let id = format!("{} id", flow.source());
            let why = format!("it knows orders by their {id}, which the source did not say; name the order by it");
            life.failed.insert("ledger", why);
        }
        (None, false) => {}
    }
    life.ledger = known.record.as_ref().map(|record| {
        AtLedger::of(record, flow, known.source.as_ref().map(|source| source.revision > version_of(record)))
    });
    if known.record.is_none() {
        life.notes.extend(before_start(&operator, known.source.as_ref()).await);
    }

    spinner.set_message("looking through the queues");
    at_the_queues(&operator, asked, delivery.as_ref(), &mut known, &mut life).await;

    spinner.set_message("reading purchases back");
    at_the_destination(&operator, asked, &known, &mut life).await;
    spinner.finish_and_clear();
    Ok(life)
}

/// That an order of which the ledger knows nothing was completed before its store's first day.
async fn before_start(operator: &Operator, source: Option<&AtSource>) -> Option<String> {
    let source = source.filter(|source| source.completed)?;
    let (store, day) = (source.store.as_ref()?, source.business_day?);
    let zone = operator.config.stores.get(store)?.time_zone;
    // The ledger has just been read; what it does not say now is left out.
    let cursor = operator.ledger.cursor(store.as_str()).await.ok()??;
    let first: DateTime<Utc> = cursor.first.into();
    (day.window(zone).end <= first).then(|| {
        let first = BusinessDay::of(first, zone);
        format!("it was completed before {first}, where store {store} begins: no night sends it, `relay run --day {day}` would")
    })
}

async fn at_the_source(operator: &Operator, asked: &Asked) -> Result<Vec<AtSource>, Failure> {
    let (client, fields) = source::open(operator).await?;
    let found = at_source(&asked.order, &client, &fields, &operator.config, (operator.now)()).await;
    found.map_err(|error| Failure::undone("ask Salesforce for the order", &error))
}

async fn at_the_queues(
    operator: &Operator,
    asked: &Asked,
    key: Option<&DeliveryKey>,
    known: &mut Known,
    life: &mut Life,
) {
    let sought = Sought { named: &asked.order, key };
    let mut whole = true;
    let places = [(QUEUES[0], &operator.queue, asked.messages), (QUEUES[1], &operator.dead_letters, usize::MAX)];
    for (name, queue, limit) in places {
        match copies(queue, &sought, limit).await {
            Ok(found) => {
                if !found.whole {
                    whole = false;
                    let more = if name == QUEUES[0] { "; --messages looks at more" } else { ", which has more" };
                    life.notes.push(format!("{} messages of the {name} were looked at{more}", found.looked_at));
                }
                if found.whole && found.unseen > 0 {
                    whole = false;
                    life.notes.push(format!(
                        "{} more of the {name} could not be looked at: in flight or delayed",
                        found.unseen
                    ));
                }
                for copy in found.copies {
                    let delivery = &copy.delivery;
                    known.message = Some((copy.order_id.clone(), delivery.store.clone(), delivery.day.clone()));
                    life.messages.push(Copy::of(name, copy, asked.payload));
                }
            }
            Err(error) => {
                whole = false;
                let why = Failure::undone(&format!("look at the {name}"), &error).what().to_owned();
                life.failed.insert(name, why);
            }
        }
    }
    let state = known.record.as_ref().map(|record| record.state);
    // One whose message may be anywhere was not looked at to the end.
    life.may_be_unseen =
        life.messages.is_empty() && !whole && !matches!(state, Some(State::Accepted | State::Confirmed));
    if life.messages.is_empty() && whole && matches!(state, Some(State::Pending | State::Claimed)) {
        life.notes
            .push("its message was not seen: hidden while it is being delivered, or waiting for its time".to_owned());
    }
}

async fn at_the_destination(operator: &Operator, asked: &Asked, known: &Known, life: &mut Life) {
    let (source, record, message) = (known.source.as_ref(), known.record.as_ref(), known.message.as_ref());
    // An order is delivered under the store and day that it was sent with, whatever the source says of it now.
    let store = record.map(|record| record.store.clone()).or_else(|| source?.store.as_ref().map(ToString::to_string));
    let store = store.or_else(|| Some(message?.1.clone()));
    let store = store.and_then(|name| StoreName::try_from(name).ok());
    let store = store.filter(|name| operator.config.stores.contains_key(name));
    let day = record.and_then(|record| record.day.clone()).and_then(|day| day.parse::<BusinessDay>().ok());
    let day = day.or_else(|| source?.business_day).or_else(|| message?.2.as_ref()?.parse().ok());
    let order_id = source.map(|source| source.order_id.clone()).or_else(|| message?.0.clone());
    let order_id = order_id.or_else(|| asked.order.id().is_none().then(|| asked.order.to_string()));
    let (Some(store), Some(day), Some(order_id)) = (store, day, order_id) else {
        let to = life.flow.destination();
        let why = "nobody says of which store and day the order is, or by which id it is known there";
        life.notes.push(format!("{to} was not asked: {why}"));
        return;
    };
    let read = async {
        let stores = operator.stores().await.map_err(|error| Failure::undone("set up Yotpo", &error))?;
        let pace = Pace::new(operator.config.pace.yotpo_reviews, 1);
        let accepted_at = record.and_then(|record| record.accepted_at);
        let sought = Where { order_id: &order_id, day, accepted_at, pace: &pace, pages: asked.pages };
        let Some(client) = stores.get(&store) else {
            return Err(Failure::because(format!("the secret has no store `{store}`")));
        };
        at_destination(&client, &sought).await.map_err(|error| Failure::undone("read purchases back", &error))
    };
    match read.await {
        Ok(at) => life.destination = Some(at),
        Err(failure) => drop(life.failed.insert("destination", failure.what().to_owned())),
    }
}
