//! How far a flow's sources have been read: a cursor per store, a checkpoint per pass.

use crate::{
    expression::{Item, get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};
use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use std::collections::HashMap;

/// How far a store's days are settled. It only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Start of the first business day in the flow's care.
    pub first: Millis,
    /// End of the last settled business day.
    pub settled_until: Millis,
}

/// Where an unfinished pass stands. The text is the flow's own; the version fences two runs of one pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Grows by one with every write.
    pub version: i64,
    /// What the flow keeps.
    pub state: String,
}

impl Ledger {
    /// The cursor of a store, if the flow has begun there.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn cursor(&self, store: &str) -> Result<Option<Cursor>, Error> {
        let item = self.item(&cursor_key(self.flow.name, store)).await?;
        Ok(item.and_then(|item| {
            Some(Cursor {
                first: Millis(get_number(&item, "first")?),
                settled_until: Millis(get_number(&item, "settled_until")?),
            })
        }))
    }

    /// Begins a store at `first` unless it has begun; the cursor in force comes back.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn begin(&self, store: &str, first: Millis) -> Result<Cursor, Error> {
        let begun = self
            .write(
                &cursor_key(self.flow.name, store),
                "attribute_not_exists(k)",
                "SET #a = :a, settled_until = :a",
                &[("#a", "first")],
                [(":a", number(first.0))],
            )
            .await?;
        if !begun && let Some(cursor) = self.cursor(store).await? {
            return Ok(cursor);
        }
        Ok(Cursor { first, settled_until: first })
    }

    /// Moves a store's cursor forward to `to`; false if it was there or beyond already.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn settle_until(&self, store: &str, to: Millis) -> Result<bool, Error> {
        self.write(
            &cursor_key(self.flow.name, store),
            "settled_until < :a",
            "SET settled_until = :a",
            &[],
            [(":a", number(to.0))],
        )
        .await
    }

    /// The checkpoint of an unfinished pass; the pass that the schedule goes on with may have no name (`""`).
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn checkpoint(&self, pass: &str) -> Result<Option<Checkpoint>, Error> {
        let item = self.item(&pass_key(self.flow.name, pass)).await?;
        Ok(item.and_then(|item| {
            Some(Checkpoint { version: get_number(&item, "version")?, state: get_text(&item, "pass")?.to_owned() })
        }))
    }

    /// Replaces the checkpoint of version `from` (0: there is none) and returns its new version, or `None`
    /// if another run was faster.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn save_checkpoint(&self, pass: &str, from: i64, state: &str) -> Result<Option<i64>, Error> {
        let update = "SET #v = :to, #p = :p";
        let names = [("#v", "version"), ("#p", "pass")];
        let values = [(":to", number(from + 1)), (":p", text(state))];
        let key = pass_key(self.flow.name, pass);
        let saved = if from == 0 {
            self.write(&key, "attribute_not_exists(k)", update, &names, values).await?
        } else {
            let [to, p] = values;
            let values = [to, p, (":from", number(from))];
            self.write(&key, "#v = :from", update, &names, values).await?
        };
        Ok(saved.then_some(from + 1))
    }

    pub(crate) async fn item(&self, key: &str) -> Result<Option<Item>, Error> {
        self.client
            .get_item()
            .table_name(&self.table)
            .key("k", text(key))
            .consistent_read(true)
            .send()
            .await
            .map(|answer| answer.item)
            .map_err(|e| Error::unavailable("read a cursor", e))
    }

    pub(crate) async fn write<'a>(
        &self,
        key: &str,
        condition: &str,
        update: &str,
        names: &[(&str, &str)],
        values: impl IntoIterator<Item = (&'a str, AttributeValue)>,
    ) -> Result<bool, Error> {
        let names: HashMap<_, _> = names.iter().map(|(n, a)| ((*n).to_owned(), (*a).to_owned())).collect();
        let values: HashMap<_, _> = values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("k", text(key))
            .set_condition_expression((!condition.is_empty()).then(|| condition.to_owned()))
            .update_expression(update)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(_) => Ok(false),
                other => Err(Error::unavailable("move a cursor", other)),
            },
        }
    }
}

fn cursor_key(flow: &str, store: &str) -> String {
    format!("cursor/{flow}/{store}")
}

fn pass_key(flow: &str, pass: &str) -> String {
    let slash = if pass.is_empty() { "" } else { "/" };
    format!("pass/{flow}{slash}{pass}")
}
