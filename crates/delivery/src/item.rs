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

    /// A copy for the dead-letter queue, from which the message is made anew: `reason` says why, in a word.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn letter(&self, class: ErrorClass, reason: &str) -> Result<Entry, serde_json::Error> {
        self.letter_about(class, reason, reason)
    }

    /// The same, with a sentence about it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn letter_about(
        &self,
        class: ErrorClass,
        reason: &str,
        error: &str,
    ) -> Result<Entry, serde_json::Error> {
        let body = body::json(&Unmapped::of(self.delivery.clone()))?;
        Ok(letter(&self.delivery, body, (class, reason), error))
    }

    /// A copy for the dead-letter queue of a message that was sent and is given up.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn given_up(&self, error: &str) -> Result<Entry, serde_json::Error> {
        match self.entry() {
            Some(entry) => Ok(letter(&self.delivery, entry.body.clone(), GIVEN_UP, error)),
            None => self.letter_about(GIVEN_UP.0, GIVEN_UP.1, error),
        }
    }
}

/// Of a message that was sent, and is given up.
const GIVEN_UP: (ErrorClass, &str) = (ErrorClass::Exhausted, ErrorClass::Exhausted.as_str());

/// A copy for the dead-letter queue that says what it is of and why it is there: of what class the trouble is, the reason in a word, and
/// a sentence.
pub(crate) fn letter(delivery: &Delivery, body: String, why: (ErrorClass, &str), error: &str) -> Entry {
    let (class, reason) = why;
    let attributes = vec![
        ("error_class", class.as_str().to_owned()),
        ("delivery_key", delivery.key.to_string()),
        ("reason", reason.to_owned()),
        ("error", error.to_owned()),
    ];
    Entry::letter(body, attributes, None)
}
