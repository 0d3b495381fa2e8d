//! The shell: the one item an order that is neither record, cursor nor certificate. It decides nothing.

use super::translated::{self, Translated};
use super::{Balance, BalanceChange, BalanceEvent, BalanceVerdict, BalanceWrite, Next, SeenBalance, decide};
use crate::{
    decide::RECORD_LIFE,
    expression::{Item, text},
    table::{Error, Ledger},
};
use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::ReturnValuesOnConditionCheckFailure};

/// So often another refund of the same order may come in between.
const TRIES: u32 = 20;

/// Others wrote whenever we did.
#[derive(Debug, thiserror::Error)]
#[error("others wrote it {TRIES} times in a row")]
struct Crowded;

impl Ledger {
    /// Puts `event` to the balance of an order, by the order's id alone, so that no second store can open another. One conditional
    /// write where nothing is wrong; safe to ask again.
    ///
    /// # Errors
    /// When DynamoDB cannot be used; the write may have happened all the same.
    pub async fn put_to_balance(&self, order: &str, event: &BalanceEvent) -> Result<BalanceVerdict, Error> {
        let mut seen = SeenBalance::Unseen;
        for _ in 0..TRIES {
            match decide(event, &seen) {
                Next::Look => seen = self.balance(order).await?.into(),
                Next::Say(verdict) => return Ok(verdict),
                Next::Write(write) => match (self.write_balance(order, &write).await?, &write.change) {
                    (Written::Yes, BalanceChange::Take { part, .. }) => return Ok(BalanceVerdict::Has(part.taken)),
                    // What is there now says what has come of it.
                    (Written::Yes, _) => seen = after(&write, seen),
                    (Written::No(before), _) => seen = before,
                },
            }
        }
        Err(Error::unavailable("write a balance", Crowded))
    }

    /// The balance of an order, as it is now.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn balance(&self, order: &str) -> Result<Option<Balance>, Error> {
        let key = self.balance_key(order);
        self.item(&key).await?.map(|item| read(&key, &item)).transpose()
    }

    /// Runs a write.
    async fn write_balance(&self, order: &str, write: &BalanceWrite) -> Result<Written, Error> {
        let key = self.balance_key(order);
        let translated = Translated::of(write, self.millis().plus(RECORD_LIFE).0 / 1000);
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("k", text(&key))
            .condition_expression(translated.condition.join(" AND "))
            .update_expression(translated.update())
            .set_expression_attribute_names(Some(translated.names.into_iter().collect()))
            .set_expression_attribute_values(Some(translated.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(Written::Yes),
            Err(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                let item = refused.item.filter(|item| !item.is_empty());
                Ok(Written::No(item.map(|item| read(&key, &item)).transpose()?.into()))
            }
            Err(other) => Err(Error::unavailable("write a balance", other)),
        }
    }

    fn balance_key(&self, order: &str) -> String {
        format!("balance/{}/{order}", self.flow.name)
    }
}

/// What became of a write.
enum Written {
    Yes,
    /// Its condition did not hold of this.
    No(SeenBalance),
}

/// The item as a write leaves it that held of it as it was seen.
fn after(write: &BalanceWrite, seen: SeenBalance) -> SeenBalance {
    let mut item = match seen {
        SeenBalance::Item(balance) => Some(balance),
        SeenBalance::Absent | SeenBalance::Unseen => None,
    };
    write.run(&mut item);
    item.into()
}

impl From<Option<Balance>> for SeenBalance {
    fn from(item: Option<Balance>) -> Self {
        item.map_or(Self::Absent, Self::Item)
    }
}

fn read(key: &str, item: &Item) -> Result<Balance, Error> {
    translated::balance(item).map_err(|attribute| Error::Unreadable { key: key.to_owned(), attribute })
}
