//! What a source record asks for: sent, or why not, with the name and version that the ledger knows it by.

use crate::Unmapped;
use config::{BusinessDay, StoreName};
use ledger::{Delivery, ErrorClass};
use queue::{Entry, body};

/// One record of the source, on its way.
#[derive(Clone, Debug)]
pub struct Item {
    /// What the ledger knows it by.
    pub delivery: Delivery,
    /// The store that it is counted in; `unrouted` where it fits none.
    pub store: StoreName,
    /// The business day that it is counted with.
    pub day: BusinessDay,
    /// What is to become of it.
    pub fate: Fate,
}

/// What is to become of a record.
#[derive(Clone, Debug)]
pub enum Fate {
    /// To the queue.
    Send(Entry),
    /// Recorded as skipped, for this reason.
    Skip(&'static str),
    /// Recorded as parked, for this reason, with a copy in the dead-letter queue.
    Park(&'static str, ErrorClass),
    /// The same, since another record has its name: also over what waits at its very version.
    GiveWay(&'static str, ErrorClass),
}

impl AsRef<Self> for Item {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Item {
    /// The same record, parked for `reason` since another has its name: its copy is made anew from the source when a person
    /// releases it.
    #[must_use]
    pub fn gives_way(self, reason: &'static str, class: ErrorClass) -> Self {
        Self { fate: Fate::GiveWay(reason, class), ..self }
    }

    /// The message, if it is to be sent.
    pub fn entry(&self) -> Option<&Entry> {
        if let Fate::Send(entry) = &self.fate { Some(entry) } else { None }
    }

    /// A copy for the dead-letter queue, from which the message is made anew: `error` says why.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn letter(&self, class: ErrorClass, error: &str) -> Result<Entry, serde_json::Error> {
        let body = body::json(&Unmapped::of(self.delivery.clone()))?;
        Ok(letter(&self.delivery, body, class, error))
    }

    /// A copy for the dead-letter queue of a message that was sent and is given up.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn given_up(&self, error: &str) -> Result<Entry, serde_json::Error> {
        match self.entry() {
            Some(entry) => Ok(letter(&self.delivery, entry.body.clone(), ErrorClass::Exhausted, error)),
            None => self.letter(ErrorClass::Exhausted, error),
        }
    }
}

/// A copy for the dead-letter queue that says what it is of and why it is there.
pub(crate) fn letter(delivery: &Delivery, body: String, class: ErrorClass, error: &str) -> Entry {
    let attributes = vec![
        ("error_class", class.as_str().to_owned()),
        ("delivery_key", delivery.key.to_string()),
        ("error", error.to_owned()),
    ];
    Entry::letter(body, attributes, None)
}
