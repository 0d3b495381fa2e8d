//! Whether the table is there and may be used.

use crate::{Error, Ledger, expression::text};

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
}
