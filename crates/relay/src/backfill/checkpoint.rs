//! What the ledger keeps of a backfill: the days that are done. Whoever works on it writes its version anew every few seconds;
//! by that a second one sees that somebody is at it, and one that was killed is told from one that is alive, whatever their
//! clocks say.

use crate::{failure::Failure, producing::Done, progress};
use config::{BusinessDay, StoreName};
use ledger::{Checkpoint, Ledger};
use reviews::FLOW;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, time::Duration};
use tokio::time::{sleep, timeout};

/// How often a sign of life is given.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// Whoever gives none for so long is dead.
const WATCHED: Duration = Duration::from_secs(8);

/// Which days a backfill is of.
pub(super) struct Days {
    pub(super) from: BusinessDay,
    pub(super) to: BusinessDay,
    pub(super) store: Option<StoreName>,
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, store } = self;
        write!(f, "{FLOW}/backfill/{from}..{to}/{}", store.as_ref().map_or("*", StoreName::as_str))
    }
}

/// A backfill as the ledger keeps it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Somebody works on it, or was killed at it.
    running: bool,
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
    /// Only looked at: nothing is written.
    looked_at: bool,
}

impl<'a> Backfill<'a> {
    /// As it stands; `again` as if none of it were done.
    pub(super) async fn look(ledger: &'a Ledger, days: &Days, again: bool) -> Result<Self, Failure> {
        let name = days.to_string();
        let (version, state) = read(ledger, &name).await?;
        let state = if again { State { done: BTreeMap::new(), ..state } } else { state };
        Ok(Self { ledger, name, version, state, looked_at: true })
    }

    /// Takes it up, unless somebody is at it.
    pub(super) async fn begin(ledger: &'a Ledger, days: &Days, again: bool) -> Result<Self, Failure> {
        let looked_at = Self::look(ledger, days, again).await?;
        if looked_at.state.running {
            let spinner = progress::spinner("this backfill was not ended: is somebody still at it?");
            sleep(WATCHED).await;
            spinner.finish_and_clear();
            if read(ledger, &looked_at.name).await?.0 != looked_at.version {
                return Err(under_way());
            }
        }
        let mut begun = Self { looked_at: false, ..looked_at };
        begun.state.running = true;
        begun.state.by = uuid::Uuid::new_v4().to_string();
        begun.save().await?;
        Ok(begun)
    }

    pub(super) fn is_done(&self, day: BusinessDay) -> bool {
        self.state.done.contains_key(&day)
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

    /// Notes that nobody works on it any more.
    pub(super) async fn end(&mut self) -> Result<(), Failure> {
        self.state.running = false;
        self.save().await
    }

    /// Works, and gives signs of life meanwhile. Ends early if another one has taken over.
    pub(super) async fn keep<T>(&mut self, mut work: impl Future<Output = T> + Unpin) -> Result<T, Failure> {
        loop {
            match timeout(SIGN_OF_LIFE, &mut work).await {
                Ok(done) => return Ok(done),
                Err(_still_at_it) => self.save().await?,
            }
        }
    }

    async fn save(&mut self) -> Result<(), Failure> {
        if self.looked_at {
            return Ok(());
        }
        let state = serde_json::to_string(&self.state);
        let state = state.map_err(|error| Failure::undone("write down which days are done", &error))?;
        let saved = self.ledger.save_checkpoint(&self.name, self.version, &state).await;
        let saved = saved.map_err(|error| Failure::undone("write down which days are done", &error))?;
        if saved.is_none() {
            // What was refused may have been the SDK's second try of a write that had gone well.
            let (version, state) = read(self.ledger, &self.name).await?;
            if (version, &state.by) != (self.version + 1, &self.state.by) {
                return Err(under_way());
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

fn under_way() -> Failure {
    Failure::because("another backfill of these days is under way, this one ends")
        .hint("nothing is lost or doubled by it; the days that are done stay so")
}
