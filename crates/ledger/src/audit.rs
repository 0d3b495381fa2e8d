//! Who changed what by hand, and when. A note has no delivery's name: it stands beside the records, in the same sparse index
//! under a flow of its own, so that the latest are found without reading anything else.

use crate::{
    decide::RECORD_LIFE,
    expression::{Item, get_number, get_text, number, text},
    millis::Millis,
    table::{Error, Ledger},
};

/// What a person did at the command line. Never personal data: selections and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Millis,
    /// Who, as AWS names its caller: an ARN.
    pub who: String,
    /// Which command, in words such as `dlq redrive`.
    pub action: String,
    /// The flow's own JSON: what was selected, how many there were.
    pub detail: String,
}

impl Note {
    fn of(item: &Item) -> Option<Self> {
        let words = |name| get_text(item, name).map(str::to_owned);
        Some(Self {
            at: Millis(get_number(item, "open_since")?),
            who: words("who")?,
            action: words("action")?,
            detail: words("detail")?,
        })
    }
}

impl Ledger {
    /// Keeps a note as long as a record. `nonce` tells two notes of one millisecond apart; the same one again changes nothing.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn note(&self, nonce: &str, note: &Note) -> Result<(), Error> {
        self.write(
            &audit_key(self.flow.name, note.at, nonce),
            "attribute_not_exists(k)",
            "SET open_flow = :f, open_since = :t, #w = :w, #a = :a, #d = :d, expires_at = :e",
            &[("#w", "who"), ("#a", "action"), ("#d", "detail")],
            [
                (":f", text(audit_flow(self.flow.name))),
                (":t", number(note.at.0)),
                (":w", text(&note.who)),
                (":a", text(&note.action)),
                (":d", text(&note.detail)),
                (":e", number(note.at.plus(RECORD_LIFE).0 / 1000)),
            ],
        )
        .await
        .map(drop)
    }

    /// The notes since an instant, the oldest first.
    ///
    /// # Errors
    /// When DynamoDB cannot be used.
    pub async fn notes(&self, since: Millis) -> Result<Vec<Note>, Error> {
        let mut notes = Vec::new();
        self.in_index(&audit_flow(self.flow.name), Some(since), None, |item| {
            notes.extend(Note::of(item));
            Ok(())
        })
        .await?;
        Ok(notes)
    }
}

fn audit_flow(flow: &str) -> String {
    format!("audit/{flow}")
}

fn audit_key(flow: &str, at: Millis, nonce: &str) -> String {
    format!("audit/{flow}/{}-{nonce}", at.0)
}
