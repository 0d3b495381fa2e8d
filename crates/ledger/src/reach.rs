//! Whether the table is there and may be used.

use crate::{
    Error, Ledger,
    expression::{number, text},
    key::DeliveryKey,
};

/// The key that a check reads. Nothing has it: deliveries, cursors and checkpoints have a `/` in theirs.
const KEY: &str = "check";

impl Ledger {
    /// Asks the table for an item that it does not have.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or has no such table for us.
    pub async fn reach(&self) -> Result<(), Error> {
        let asked = self.client.get_item().table_name(&self.table).key("k", text(KEY));
        asked.send().await.map(drop).map_err(|error| Error::unavailable("answer", error))
    }

    /// Asks for records, of a delivery that nobody has: whether they may be read in batches.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or does not let us.
    pub async fn may_read(&self) -> Result<(), Error> {
        let key = DeliveryKey::try_from(format!("{KEY}/{KEY}"));
        self.read(&key.into_iter().collect::<Vec<_>>()).await.map(drop)
    }

    /// Asks for a write whose condition cannot hold: whether writing is allowed. Nothing is written.
    ///
    /// # Errors
    /// When DynamoDB cannot be used, or does not let us.
    pub async fn may_write(&self) -> Result<(), Error> {
        // An item's key is what it was asked for by.
        let values = [(":a", number(0)), (":other", text("another"))];
        let asked = self.write(KEY, "k = :other", "SET #a = :a", &[("#a", "checked")], values).await;
        asked.map(drop).map_err(|error| match error {
            Error::Unavailable { source, .. } => Error::Unavailable { operation: "let us write", source },
            other @ Error::Unreadable { .. } => other,
        })
    }
}
