//! A source that cannot be read within one invocation: what was read of a day is kept in parts, and the next run goes on after
//! them. Of a day that is read in one go nothing is kept.

use super::{Failed, Reconciler, Task, day::READING_LASTS, entry::Entries};
use crate::select::Pass;
use chrono::{DateTime, Utc};
use ledger::{EffectHash, Millis, Parts};
use serde::{Deserialize, Serialize};

/// What was read of a day's source so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// SHA-256 of the configuration it was read with.
    config: String,
    /// When the last part was read.
    read_at: Millis,
    /// The name of each part, and how many items it takes.
    parts: Vec<(String, usize)>,
    /// What is left to be read.
    pass: Option<Pass>,
    /// Nothing is.
    whole: bool,
}

/// A day's source under way.
pub(super) struct Progress {
    /// The checkpoint's version; 0: there is none.
    version: i64,
    kept: Kept,
}

impl Progress {
    /// What is left to be read; `None` at the beginning.
    pub(super) fn pass(&self) -> Option<&Pass> {
        self.kept.pass.as_ref()
    }

    /// Whether runs before have read some of it.
    pub(super) fn is_begun(&self) -> bool {
        !self.kept.parts.is_empty()
    }

    /// Whether nothing is left to be read.
    pub(super) fn is_whole(&self) -> bool {
        self.kept.whole
    }
}

impl Reconciler {
    /// How far the day's source was read by runs before.
    pub(super) async fn progress(&self, task: &Task) -> Result<Progress, Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(task)).await?;
        let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let kept = checkpoint.and_then(|checkpoint| serde_json::from_str::<Kept>(&checkpoint.state).ok());
        let usable = |kept: &Kept| {
            kept.config == self.config.sha256 && (self.now)() - DateTime::<Utc>::from(kept.read_at) < READING_LASTS
        };
        let new = || Kept { config: self.config.sha256.clone(), read_at: self.millis(), ..Kept::default() };
        Ok(Progress { version, kept: kept.filter(usable).unwrap_or_else(new) })
    }

    /// Keeps what was read since; `pass` is left. Of two runs at a time one goes on from there: false if this is the other,
    /// whose parts have names that the checkpoint does not have.
    pub(super) async fn keep_progress(
        &self,
        task: &Task,
        progress: &mut Progress,
        entries: &Entries,
        pass: Pass,
        whole: bool,
    ) -> Result<bool, Failed> {
        let items = entries.pack();
        // It was planned by a run of its own, at an instant of its own.
        let read = EffectHash::of(&serde_json::to_vec(&(&pass, self.millis()))?).as_str().to_owned();
        for (n, item) in items.iter().enumerate() {
            self.ledger.keep_part(&name(task, &read), n, item).await?;
        }
        let mut kept = progress.kept.clone();
        kept.parts.push((read, items.len()));
        (kept.pass, kept.whole, kept.read_at) = (Some(pass), whole, self.millis());
        let state = serde_json::to_string(&kept)?;
        let Some(version) = self.ledger.save_checkpoint(&checkpoint(task), progress.version, &state).await? else {
            tracing::info!(store = task.store.as_str(), "another run reads this day; its checkpoint stands");
            return Ok(false);
        };
        *progress = Progress { version, kept };
        Ok(true)
    }

    /// What runs before have read, with what the ledger says of it now; `None` if a part is gone.
    pub(super) async fn earlier(&self, task: &Task, progress: &Progress) -> Result<Option<Entries>, Failed> {
        let mut entries = Entries::default();
        for (part, items) in &progress.kept.parts {
            let Parts(items) = self.ledger.parts(&name(task, part), *items).await?;
            for item in items {
                let Some(item) = item else { return Ok(None) };
                if !entries.unpack(&item) {
                    return Ok(None);
                }
            }
        }
        let keys = entries.keys()?;
        let known = self.ledger.read(&keys).await?;
        entries.know(&known, task.store.as_str());
        Ok(Some(entries))
    }

    /// Nothing is to be gone on with any more.
    pub(super) async fn forget_progress(&self, task: &Task, progress: &Progress) -> Result<(), Failed> {
        if progress.is_begun() {
            self.ledger.save_checkpoint(&checkpoint(task), progress.version, "").await?;
        }
        Ok(())
    }
}

fn name(task: &Task, part: &str) -> String {
    format!("{}/{}/{part}", task.store, task.day)
}

fn checkpoint(task: &Task) -> String {
    format!("source/{}/{}", task.store, task.day)
}
