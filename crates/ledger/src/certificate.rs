//! The last certificate of each business day, as the flow wrote it.

use crate::{
    decide::RECORD_LIFE,
    expression::{get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};

/// A certificate as it is kept. The text is the flow's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// When the day was last looked at, whether or not anything had changed.
    pub looked_at: Millis,
    /// What the flow keeps.
    pub certificate: String,
}

impl Ledger {
    /// The kept certificate of a store's business day.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn certificate(&self, store: &str, day: &str) -> Result<Option<Kept>, Error> {
        let item = self.item(&certificate_key(self.flow.name, store, day)).await?;
        Ok(item.and_then(|item| {
            Some(Kept {
                looked_at: Millis(get_number(&item, "looked_at")?),
                certificate: get_text(&item, "certificate")?.to_owned(),
            })
        }))
    }

    /// Keeps a certificate; false if one of a later look is there already.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn keep_certificate(&self, store: &str, day: &str, kept: &Kept) -> Result<bool, Error> {
        self.write(
            &certificate_key(self.flow.name, store, day),
            "attribute_not_exists(k) OR looked_at <= :at",
            "SET looked_at = :at, certificate = :c, expires_at = :e",
            &[],
            [
                (":at", number(kept.looked_at.0)),
                (":c", text(&kept.certificate)),
                (":e", number(kept.looked_at.plus(RECORD_LIFE).0 / 1000)),
            ],
        )
        .await
    }
}

fn certificate_key(flow: &str, store: &str, day: &str) -> String {
    format!("certificate/{flow}/{store}/{day}")
}
