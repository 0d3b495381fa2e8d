//! What the ledger keeps of a backfill: the days that are done. Whoever begins takes it over, and another one of the same days
//! that is under way ends before its next day: no two of them wait for each other, and none waits for one that was killed.

use crate::{failure::Failure, producing::Done};
use config::{BusinessDay, StoreName};
use ledger::{Checkpoint, Ledger};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Which days a backfill is of.
pub(super) struct Days {
    pub(super) from: BusinessDay,
    pub(super) to: BusinessDay,
    pub(super) store: Option<StoreName>,
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, store } = self;
        write!(f, "backfill/{from}..{to}/{}", store.as_ref().map_or("*", StoreName::as_str))
    }
}

/// A backfill as the ledger keeps it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Who wrote it last.
    by: String,
    done: BTreeMap<BusinessDay, Done>,
}

/// A backfill: under way, or looked at.
pub(super) struct Backfill<'a> {
    ledger: &'a Ledger,
    name: String,
    version: i64,
    state: State,
}

impl<'a> Backfill<'a> {
    /// As it stands; `again` as if none of it were done.
    pub(super) async fn look(ledger: &'a Ledger, days: &Days, again: bool) -> Result<Self, Failure> {
        let name = days.to_string();
        let (version, kept) = read(ledger, &name).await?;
        let done = if again { BTreeMap::new() } else { kept.done };
        Ok(Self { ledger, name, version, state: State { by: uuid::Uuid::new_v4().to_string(), done } })
    }

    /// The days that are done, and what was done.
    pub(super) fn done(&self) -> &BTreeMap<BusinessDay, Done> {
        &self.state.done
    }

    /// Notes that a day is done.
    pub(super) async fn finish(&mut self, day: BusinessDay, done: Done) -> Result<(), Failure> {
        self.state.done.insert(day, done);
        self.save().await
    }

    /// Takes it over, or goes on: writes it down, unless another one has taken it over.
    pub(super) async fn save(&mut self) -> Result<(), Failure> {
        let undone =
            |error: &(dyn std::error::Error + 'static)| Failure::undone("write down which days are done", error);
        let state = serde_json::to_string(&self.state).map_err(|error| undone(&error))?;
        let saved = self.ledger.save_checkpoint(&self.name, self.version, &state).await;
        if saved.map_err(|error| undone(&error))?.is_none() {
            // What was refused may have been the SDK's second try of a write that had gone well.
            let (version, state) = read(self.ledger, &self.name).await?;
            if (version, &state.by) != (self.version + 1, &self.state.by) {
                return Err(Failure::because("another backfill of these days was started and goes on, this one ends")
                    .hint("nothing is lost or doubled by it; the days that are done stay so"));
            }
        }
        self.version += 1;
        Ok(())
    }
}

async fn read(ledger: &Ledger, name: &str) -> Result<(i64, State), Failure> {
    let kept = ledger.checkpoint(name).await;
    let kept = kept.map_err(|error| Failure::undone("read which days are done", &error))?;
    let Some(Checkpoint { version, state }) = kept else { return Ok((0, State::default())) };
    let state = serde_json::from_str(&state);
    Ok((version, state.map_err(|error| Failure::undone(&format!("read the checkpoint `{name}`"), &error))?))
}
