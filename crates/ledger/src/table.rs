//! The shell: sends the protocol's writes to DynamoDB and reads records back. It decides nothing.

use crate::{
    decide::{Event, Policy, Verdict, conclude, decide},
    expression::{self, Item, primary_key},
    key::DeliveryKey,
    record::{Millis, Record},
    write::{Attempt, Write},
};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use std::collections::HashMap;

/// `BatchGetItem` takes at most this many keys.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const KEYS_PER_READ: usize = 100;

/// The ledger: one DynamoDB table with the partition key `k`.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) client: Client,
    pub(crate) table: String,
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

impl Error {
    pub(crate) fn unavailable(operation: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable { operation, source: Box::new(source) }
    }
}

impl Ledger {
    /// A ledger in `table`.
    pub fn new(config: &SdkConfig, table: impl Into<String>) -> Self {
        Self { client: Client::new(config), table: table.into() }
    }

    /// Puts `event` to the ledger: one conditional write, no read before it.
    ///
    /// # Errors
    /// When DynamoDB cannot be used; the write may have happened all the same, and asking again with the
    /// same token is safe.
    pub async fn put(&self, event: &Event, policy: &Policy, now: Millis) -> Result<Verdict, Error> {
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

    /// Reads many records, in batches; keys without a record are absent from the answer. Eventually
    /// consistent: good for leaving work out that is done, never for deciding that it is not.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn read(&self, keys: &[DeliveryKey]) -> Result<HashMap<DeliveryKey, Record>, Error> {
        let mut records = HashMap::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_PER_READ) {
            let mut wanted: Vec<Item> = chunk.iter().map(primary_key).collect();
            while !wanted.is_empty() {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .build()
                    .map_err(|e| Error::unavailable("read records", e))?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, request)
                    .send()
                    .await
                    .map_err(|e| Error::unavailable("read records", e))?;
                for item in answer.responses.into_iter().filter_map(|mut tables| tables.remove(&self.table)).flatten() {
                    let key = expression::get_text(&item, "k").unwrap_or_default().to_owned();
                    if let (Ok(key), Some(record)) = (DeliveryKey::try_from(key.clone()), parse(&key, &item)?) {
                        records.insert(key, record);
                    }
                }
                wanted = answer
                    .unprocessed_keys
                    .and_then(|mut tables| tables.remove(&self.table))
                    .map(|left| left.keys)
                    .unwrap_or_default();
            }
        }
        Ok(records)
    }
}

fn old(key: &DeliveryKey, item: Option<Item>) -> Result<Option<Record>, Error> {
    item.filter(|item| !item.is_empty()).map_or(Ok(None), |item| parse(key.as_str(), &item))
}

pub(crate) fn parse(key: &str, item: &Item) -> Result<Option<Record>, Error> {
    expression::record(item).map(Some).map_err(|attribute| Error::Unreadable { key: key.to_owned(), attribute })
}
