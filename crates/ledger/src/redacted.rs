//! Whom or what a vendor has told us to forget: a small item, by a hash, so that a copy of before is dropped wherever it turns up.

use crate::{
    decide::RECORD_LIFE,
    expression::{get_number, number},
    key::EffectHash,
    millis::Millis,
    table::{Error, Ledger},
};

impl Ledger {
    /// Keeps that all is to be forgotten that was received of `subject` (a person or a shop, by an id of the vendor's) until `at`;
    /// false if a later instant is kept already. The table does not hold the id itself.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn redact(&self, subject: &str, at: Millis) -> Result<bool, Error> {
        self.write(
            &redacted_key(self.flow.name, subject),
            "attribute_not_exists(k) OR redacted_at < :at",
            "SET redacted_at = :at, expires_at = :e",
            &[],
            [(":at", number(at.0)), (":e", number(at.plus(RECORD_LIFE).0 / 1000))],
        )
        .await
    }

    /// Whether a copy that was received of `subject` at this instant is to be dropped.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn is_redacted(&self, subject: &str, received_at: Millis) -> Result<bool, Error> {
        let item = self.item(&redacted_key(self.flow.name, subject)).await?;
        Ok(item.and_then(|item| get_number(&item, "redacted_at")).is_some_and(|at| received_at.0 <= at))
    }
}

fn redacted_key(flow: &str, subject: &str) -> String {
    format!("redacted/{flow}/{}", EffectHash::of(subject.as_bytes()).as_str())
}
