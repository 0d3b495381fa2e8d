//! The source, as commands read it.

use crate::{failure::Failure, place::Place, progress};
use delivery::{Anew, redrive::Resend};
use ledger::DeliveryKey;
use reviews::{
    anew::{Orders, source_id},
    fields::Fields,
    operate::Operator,
};
use std::collections::HashMap;

/// What each of these orders asks for now, by its key. Salesforce is not asked for none.
pub(crate) async fn ask(
    place: &Place,
    operator: &Operator,
    keys: impl IntoIterator<Item = &DeliveryKey>,
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let keys: Vec<&DeliveryKey> = keys.into_iter().collect();
    let by_id: HashMap<_, _> = keys.iter().filter_map(|key| Some((source_id(key)?, (*key).clone()))).collect();
    if by_id.is_empty() {
        return Ok(HashMap::new());
    }
    let spinner = progress::spinner(format!("asking Salesforce for {} orders", by_id.len()));
    let client = operator.salesforce().await;
    let client = client.map_err(|error| Failure::undone("use Salesforce's secret", &error))?;
    let undone = |error| Failure::undone("ask Salesforce", &error);
    let orders = Orders::of(client, operator.ledger.clone(), &place.config, (place.now)()).await.map_err(undone)?;
    let ids: Vec<_> = by_id.keys().cloned().collect();
    let found = orders.ask(&ids).await.map_err(undone)?;
    spinner.finish_and_clear();
    Ok(found.into_iter().filter_map(|(id, anew)| Some((by_id.get(&id)?.clone(), anew))).collect())
}

/// The message of an order that can be sent, or why there is none.
pub(crate) fn message(anew: Option<Anew>) -> Result<Resend, String> {
    Err(match anew {
        Some(Anew::Send(resend)) => return Ok(resend),
        Some(Anew::Skip(reason)) => format!("it would be skipped: {reason}"),
        Some(Anew::Park(reason)) => format!("it would be parked again: {reason}"),
        Some(Anew::NotOver) => "its business day is not over; the producer will send it".to_owned(),
        Some(Anew::Gone) => "Salesforce has no such completed order".to_owned(),
        None => "its key names no order".to_owned(),
    })
}

/// Logs in, and finds the configured fields.
pub(crate) async fn open(operator: &Operator) -> Result<(salesforce::Client, Fields), Failure> {
    let client = operator.salesforce().await;
    let client = client.map_err(|error| Failure::undone("set up Salesforce", &error))?;
    let found = Fields::find(&client.schema(), &operator.config).await;
    let fields = found.map_err(|error| {
        Failure::undone("find the configured fields in Salesforce", &error).hint("`relay check` looks at all of them")
    })?;
    Ok((client, fields))
}
