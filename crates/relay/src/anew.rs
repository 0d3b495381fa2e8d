//! What a delivery asks for now, for whoever sends it again.

use crate::{
    failure::Failure,
    flow::Flow,
    hand::{DEAD_LETTERS, Hand, LOOK},
    operator::Operator,
    place::Place,
    progress,
};
use delivery::{
    Anew, Marked, Publisher,
    letter::{Content, Letter},
    redrive::Resend,
};
use ledger::{Delivery, DeliveryKey, Record};
use loyalty::source::anew::Records;
use queue::PATIENCE;
use reviews::anew::{Orders, source_id};
use std::collections::{HashMap, HashSet};

/// What each of these deliveries asks for now: reviews' made anew from the source, which is not asked for none; erp's as their
/// latest copies in the dead-letter queue have it; loyalty's so too, and where none is whole made anew from the source.
pub(crate) async fn anew(
    place: &Place,
    flow: Flow,
    operator: &Operator,
    keys: impl IntoIterator<Item = &DeliveryKey>,
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let keys: HashSet<DeliveryKey> = keys.into_iter().cloned().collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    match flow {
        Flow::Reviews => orders(&place.reviews()?, &keys).await,
        Flow::Erp => copies(flow, operator, &keys).await,
        Flow::Loyalty => {
            let mut found = copies(flow, operator, &keys).await?;
            let left: Vec<&DeliveryKey> = keys.iter().filter(|key| !found.contains_key(*key)).collect();
            found.extend(records(place, operator, &left).await?);
            Ok(found)
        }
    }
}

/// The message of a delivery that can be sent, or why there is none.
pub(crate) fn message(flow: Flow, anew: Option<Anew>) -> Result<Resend, String> {
    Err(match (flow, anew) {
        (_, Some(Anew::Send(resend))) => return Ok(*resend),
        (_, Some(Anew::Skip(reason))) => format!("it would be skipped: {reason}"),
        (_, Some(Anew::Park(reason))) => format!("it would be parked again: {reason}"),
        (_, Some(Anew::NotOver)) => "its business day is not over; the producer will send it".to_owned(),
        (Flow::Reviews, Some(Anew::Gone)) => format!("{} has no such completed order", flow.source()),
        (Flow::Reviews, None) => "its key names no order".to_owned(),
        (Flow::Loyalty, Some(Anew::Gone) | None) => {
            "Salesforce has no such record that is to be sent, and no copy that holds it can be seen in the dead-letter queue"
                .to_owned()
        }
        (Flow::Erp, Some(Anew::Gone) | None) => {
            "no copy that holds it can be seen in the dead-letter queue: a change in Shopify sends it, and so does the \
             reconciler where it may read the shop"
                .to_owned()
        }
    })
}

async fn orders(
    operator: &reviews::operate::Operator,
    keys: &HashSet<DeliveryKey>,
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let by_id: HashMap<_, _> = keys.iter().filter_map(|key| Some((source_id(key)?, key.clone()))).collect();
    if by_id.is_empty() {
        return Ok(HashMap::new());
    }
    let spinner = progress::spinner(format!("asking Salesforce for {} orders", by_id.len()));
    let client = operator.salesforce().await;
    let client = client.map_err(|error| Failure::undone("use Salesforce's secret", &error))?;
    let undone = |error| Failure::undone("ask Salesforce", &error);
    let orders = Orders::of(client, operator.ledger.clone(), &operator.config, (operator.now)()).await;
    let ids: Vec<_> = by_id.keys().cloned().collect();
    let found = orders.map_err(undone)?.ask(&ids).await.map_err(undone)?;
    spinner.finish_and_clear();
    Ok(found.into_iter().filter_map(|(id, anew)| Some((by_id.get(&id)?.clone(), anew))).collect())
}

/// What the org asks for now of customers, orders, returns and lifecycle events. What comes back from Yotpo is not asked for: the
/// next hint brings it.
async fn records(
    place: &Place,
    operator: &Operator,
    keys: &[&DeliveryKey],
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let Some(ours) = place.config.loyalty.as_ref().filter(|_| !keys.is_empty()) else { return Ok(HashMap::new()) };
    let spinner = progress::spinner(format!("asking Salesforce for {} records", keys.len()));
    let undone = |error| Failure::undone("ask Salesforce", &error);
    let (client, now) = (place.salesforce(Flow::Loyalty).await?, (operator.now)());
    let records = Records::of(&client, &place.config, ours, now).await.map_err(undone)?;
    let publisher = Publisher {
        ledger: &operator.ledger,
        queue: &operator.queue,
        dead_letters: &operator.dead_letters,
        batch_size: 1,
        trace: None,
        until: now + PATIENCE,
        marked: Marked::default(),
    };
    let mut found = records.ask(keys, publisher).await.map_err(undone)?;
    let asked: Vec<DeliveryKey> = keys.iter().map(|key| (*key).clone()).collect();
    let known = operator.ledger.read(&asked).await.map_err(|error| Failure::undone("read the ledger", &error))?;
    for (key, anew) in &mut found {
        // What fitted no store has another name by now.
        if let Anew::Send(resend) = anew
            && resend.delivery.key != *key
        {
            resend.instead_of = known.get(key).map(|record| version(key, record));
        }
    }
    spinner.finish_and_clear();
    Ok(found)
}

/// The latest copy of each in the dead-letter queue, which is left as it is.
async fn copies(
    flow: Flow,
    operator: &Operator,
    keys: &HashSet<DeliveryKey>,
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let is_message = |letter: &Letter| matches!(letter.content, Content::Message(_));
    Hand::with(&operator.dead_letters, DEAD_LETTERS, LOOK, async |_, taken| {
        let mut latest: HashMap<DeliveryKey, Resend> = HashMap::new();
        let letters = taken.into_iter().map(|one| Letter::of(one, flow.as_str()));
        for resend in letters.filter(is_message).filter_map(|letter| Option::<Resend>::from(&letter)) {
            let is_older = |known: &Resend| age(&known.delivery) < age(&resend.delivery);
            if keys.contains(&resend.delivery.key) && latest.get(&resend.delivery.key).is_none_or(is_older) {
                latest.insert(resend.delivery.key.clone(), resend);
            }
        }
        Ok(latest.into_iter().map(|(key, resend)| (key, Anew::Send(Box::new(resend)))).collect())
    })
    .await
}

/// The version that the ledger has.
fn version(key: &DeliveryKey, record: &Record) -> Delivery {
    Delivery {
        key: key.clone(),
        revision: record.revision,
        hash: record.hash.clone(),
        store: record.store.clone(),
        day: record.day.clone(),
        triggered_at: record.triggered_at,
    }
}

/// What orders a record's versions.
fn age(delivery: &Delivery) -> impl PartialOrd {
    (delivery.revision, delivery.triggered_at)
}
