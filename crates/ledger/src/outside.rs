//! What a pass left out, as the flow wrote it down: one small item for a store's business day, where there was anything.

use crate::{
    decide::RECORD_LIFE,
    expression::{get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};

/// What was left out, as it is kept. The text is the flow's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// When it was counted.
    pub at: Millis,
    /// What the flow keeps: numbers by reason.
    pub counts: String,
}

impl Ledger {
    /// What was left out by the pass that settled a store's business day; `None` if that was nothing.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn outside(&self, store: &str, day: &str) -> Result<Option<Outside>, Error> {
        let item = self.item(&outside_key(self.flow.name, store, day)).await?;
        Ok(item.and_then(|item| {
            Some(Outside {
                at: Millis(get_number(&item, "counted_at")?),
                counts: get_text(&item, "counts")?.to_owned(),
            })
        }))
    }

    /// Keeps what was left out; false if a later count is there already.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn keep_outside(&self, store: &str, day: &str, outside: &Outside) -> Result<bool, Error> {
        self.write(
            &outside_key(self.flow.name, store, day),
            "attribute_not_exists(k) OR counted_at <= :at",
            "SET counted_at = :at, counts = :c, expires_at = :e",
            &[],
            [
                (":at", number(outside.at.0)),
                (":c", text(&outside.counts)),
                (":e", number(outside.at.plus(RECORD_LIFE).0 / 1000)),
            ],
        )
        .await
    }
}

fn outside_key(flow: &str, store: &str, day: &str) -> String {
    format!("outside/{flow}/{store}/{day}")
}
