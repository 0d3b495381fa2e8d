//! The shell: sends the protocol's writes to DynamoDB and reads records back. It decides nothing.

use crate::{
    backoff::Backoff,
    decide::{Event, Verdict, conclude, decide},
    expression::{self, Item, primary_key},
    flow::Flow,
    key::DeliveryKey,
    millis::Millis,
    record::Record,
    write::{Attempt, Write},
};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tokio::time::sleep;

/// `BatchGetItem` takes at most this many keys.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const KEYS_PER_READ: usize = 100;
/// How long keys that DynamoDB did not come to are left alone before they are asked for again.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html#Programming.Errors.BatchOperations>
const BETWEEN_READS: Backoff = Backoff { base: Duration::from_millis(50), cap: Duration::from_secs(2) };
/// How often in a row DynamoDB may come to none of them: some ten seconds.
const READS_IN_VAIN: u32 = 10;

/// The ledger of one flow, in a DynamoDB table with the partition key `k` that all flows share.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) client: Client,
    pub(crate) table: String,
    pub(crate) flow: Flow,
    now: fn() -> DateTime<Utc>,
}

/// Why the ledger could not be used. Nothing is known to have been written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// DynamoDB did not answer, or answered with an error.
    #[error("the ledger did not {operation}")]
    Unavailable {
        /// What was asked of it.
        operation: &'static str,
        /// The SDK's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item in the table is not one of ours.
    #[error("the ledger's item `{key}` has no readable attribute `{attribute}`")]
    Unreadable {
        /// The item's key.
        key: String,
        /// The attribute.
        attribute: &'static str,
    },
}

/// DynamoDB answers, and comes to none of the keys.
#[derive(Debug, thiserror::Error)]
#[error("it came to none of {keys} keys, however often it was asked")]
struct Throttled {
    keys: usize,
}

impl Error {
    pub(crate) fn unavailable(operation: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable { operation, source: Box::new(source) }
    }
}

impl Ledger {
    /// The ledger of `flow` in `table`, with the clock that tells it when things happen.
    pub fn new(config: &SdkConfig, table: impl Into<String>, flow: Flow, now: fn() -> DateTime<Utc>) -> Self {
        Self { client: Client::new(config), table: table.into(), flow, now }
    }

    /// The flow that it speaks for.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The clock's time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    pub(crate) fn millis(&self) -> Millis {
        self.now().into()
    }

    /// Puts `event` to the ledger, by the policy of its delivery's kind: one conditional write, no read before it.
    ///
    /// # Errors
    /// When DynamoDB cannot be used; the write may have happened all the same, and asking again with the
    /// same token is safe.
    pub async fn put(&self, event: &Event) -> Result<Verdict, Error> {
        let (policy, now) = (self.flow.policies.of(event.key()), self.millis());
        let attempt = self.run(&decide(event, policy, now)).await?;
        Ok(conclude(event, policy, &attempt, now))
    }

    /// Runs one conditional write; the record as it was comes back either way.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn run(&self, write: &Write) -> Result<Attempt, Error> {
        let expression = expression::translate(write);
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(primary_key(&write.key)))
            .condition_expression(expression.condition)
            .update_expression(expression.update)
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(done) => Ok(Attempt::Applied(old(&write.key, done.attributes)?)),
            Err(error) => match error.into_service_error() {
                aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Attempt::Refused(old(&write.key, refused.item)?))
                }
                other => Err(Error::unavailable("write a record", other)),
            },
        }
    }

    /// Reads many records, in batches; a key may be there twice, and keys without a record are absent from the answer.
    /// Eventually consistent: good for leaving work out that is done, never for deciding that it is not.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or does not get on with it.
    pub async fn read(&self, keys: &[DeliveryKey]) -> Result<HashMap<DeliveryKey, Record>, Error> {
        // DynamoDB refuses a call with a key that is there twice.
        let keys: Vec<&DeliveryKey> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut records = HashMap::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_PER_READ) {
            let mut wanted: Vec<Item> = chunk.iter().map(|key| primary_key(key)).collect();
            let mut in_vain = 0;
            loop {
                let asked = wanted.len();
                wanted = self.read_some(wanted, &mut records).await?;
                if wanted.is_empty() {
                    break;
                }
                in_vain = if wanted.len() < asked { 0 } else { in_vain + 1 };
                if in_vain == READS_IN_VAIN {
                    return Err(Error::unavailable("read records", Throttled { keys: asked }));
                }
                // Keys are left because too much is asked for.
                sleep(BETWEEN_READS.delay(in_vain + 1, fastrand::f64(), None)).await;
            }
        }
        Ok(records)
    }

    /// Reads one record as it is now, whoever wrote it last.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn read_now(&self, key: &DeliveryKey) -> Result<Option<Record>, Error> {
        self.item(key.as_str()).await?.map_or(Ok(None), |item| parse(key.as_str(), &item))
    }

    /// One call; the keys that DynamoDB did not come to.
    async fn read_some(
        &self,
        wanted: Vec<Item>,
        records: &mut HashMap<DeliveryKey, Record>,
    ) -> Result<Vec<Item>, Error> {
        let request = KeysAndAttributes::builder().set_keys(Some(wanted)).build();
        let request = request.map_err(|e| Error::unavailable("read records", e))?;
        let call = self.client.batch_get_item().request_items(&self.table, request).send();
        let answer = call.await.map_err(|e| Error::unavailable("read records", e))?;
        for item in answer.responses.into_iter().filter_map(|mut tables| tables.remove(&self.table)).flatten() {
            let key = expression::get_text(&item, "k").unwrap_or_default().to_owned();
            if let (Ok(key), Some(record)) = (DeliveryKey::try_from(key.clone()), parse(&key, &item)?) {
                records.insert(key, record);
            }
        }
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        Ok(left.map(|left| left.keys).unwrap_or_default())
    }
}

fn old(key: &DeliveryKey, item: Option<Item>) -> Result<Option<Record>, Error> {
    item.filter(|item| !item.is_empty()).map_or(Ok(None), |item| parse(key.as_str(), &item))
}

pub(crate) fn parse(key: &str, item: &Item) -> Result<Option<Record>, Error> {
    expression::record(item).map(Some).map_err(|attribute| Error::Unreadable { key: key.to_owned(), attribute })
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
