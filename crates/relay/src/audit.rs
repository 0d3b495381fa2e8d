//! Every change by hand leaves a note in the ledger: who, when, what was selected, how it ended.

use crate::{failure::Failure, place::Place};
use ledger::{Ledger, Note};
use serde_json::{Value, json};
use std::pin::Pin;

/// What is to be done.
pub(crate) struct Action {
    /// The command.
    pub(crate) name: &'static str,
    /// What was selected, in selections and counts; nothing personal.
    pub(crate) detail: Value,
}

/// Does `work` between two notes; without the first nothing is done. The second says with `numbers` how it ended, or how it failed.
pub(crate) async fn noted<T>(
    place: &Place,
    ledger: &Ledger,
    Action { name, detail }: Action,
    // Boxed: it is large.
    work: Pin<Box<impl Future<Output = Result<T, Failure>>>>,
    numbers: impl FnOnce(&T) -> Value,
) -> Result<T, Failure> {
    let who = place.who().await?;
    let note = async |step: &str, detail: &Value| {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let (at, who) = ((place.now)().into(), who.clone());
        let note = Note { at, who, action: format!("{name} {step}"), detail: detail.to_string() };
        let kept = ledger.note(&nonce, &note).await;
        kept.map_err(|error| Failure::undone("note in the ledger what is done", &error))
    };
    note("begun", &detail).await?;
    let result = work.await;
    let ended = match &result {
        Ok(done) => numbers(done),
        Err(failure) => json!({ "failed": failure.what() }),
    };
    let ended = note("ended", &ended).await;
    let done = result?;
    ended.map(|()| done)
}
