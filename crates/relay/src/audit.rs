//! Every change by hand leaves a note in the ledger: who, when, what was selected, how it ended.

use crate::{failure::Failure, place::Place};
use ledger::{Ledger, Note};
use reviews::FLOW;
use serde::Serialize;
use serde_json::{Value, json};

/// Somebody who is about to change something.
pub(crate) struct Audit<'a> {
    place: &'a Place,
    ledger: &'a Ledger,
    who: String,
    action: &'static str,
}

impl<'a> Audit<'a> {
    /// Notes that `action` begins; nothing is changed without it. `detail` holds selections and counts, nothing personal.
    pub(crate) async fn begin(
        place: &'a Place,
        ledger: &'a Ledger,
        action: &'static str,
        detail: &Value,
    ) -> Result<Self, Failure> {
        let answer = aws_sdk_sts::Client::new(&place.aws).get_caller_identity().send().await;
        let answer = answer.map_err(|error| Failure::undone("ask AWS who you are", &error))?;
        let audit = Self { place, ledger, who: answer.arn().unwrap_or("unknown").to_owned(), action };
        audit.note("begun", detail).await?;
        Ok(audit)
    }

    /// Notes how it ended, in numbers or with a failure.
    pub(crate) async fn close<T: Serialize>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        let detail = match &result {
            Ok(done) => serde_json::to_value(done).unwrap_or_default(),
            Err(failure) => json!({ "failed": failure.what() }),
        };
        let noted = self.end(&detail).await;
        let result = result?;
        noted.map(|()| result)
    }

    /// Notes how it ended.
    pub(crate) async fn end(&self, detail: &Value) -> Result<(), Failure> {
        self.note("ended", detail).await
    }

    async fn note(&self, step: &str, detail: &Value) -> Result<(), Failure> {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let (action, detail) = (format!("{} {step}", self.action), detail.to_string());
        let note = Note { at: (self.place.now)().into(), who: self.who.clone(), action, detail };
        let kept = self.ledger.note(FLOW, &nonce, &note).await;
        kept.map_err(|error| Failure::undone("note in the ledger what is done", &error))
    }
}
