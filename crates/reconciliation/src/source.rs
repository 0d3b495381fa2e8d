//! A source that cannot be read within one invocation: what was read of a day is kept in parts, and the next run goes on after
//! them. Of a day that is read in one go nothing is kept.

use crate::{Entries, Failed, Reconciliation, Task, reading::READING_LASTS};
use chrono::{DateTime, Utc};
use ledger::{EffectHash, Millis, Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a run reads of a day's source.
pub struct Part<S> {
    /// The day's records, not sorted yet.
    pub entries: Entries,
    /// Where the next run goes on.
    pub left: S,
    /// Nothing is left.
    pub whole: bool,
}

/// What was read of a day's source so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept<S> {
    /// SHA-256 of the configuration it was read with.
    config: String,
    /// When the last part was read.
    read_at: Millis,
    /// The name of each part, and how many items it takes.
    parts: Vec<(String, usize)>,
    /// What is left to be read.
    pass: Option<S>,
    /// Nothing is.
    whole: bool,
}

/// A day's source under way.
struct Progress<S> {
    /// The checkpoint's version; 0: there is none.
    version: i64,
    kept: Kept<S>,
}

impl<S> Progress<S> {
    /// Whether runs before have read some of it.
    fn is_begun(&self) -> bool {
        !self.kept.parts.is_empty()
    }
}

impl Reconciliation<'_> {
    /// The day's records at the source: what runs before have read, and what `read` reads on from where they stopped (`None`: from
    /// the beginning); `None` if time is up before the end.
    ///
    /// # Errors
    /// Those of `read`, and of the ledger.
    pub async fn source<S, E>(
        &self,
        task: &Task,
        read: impl AsyncFnOnce(Option<&S>) -> Result<Part<S>, E>,
    ) -> Result<Option<Entries>, E>
    where
        S: Clone + Serialize + DeserializeOwned,
        E: From<Failed>,
    {
        let mut progress = self.progress::<S>(task).await?;
        let (store, business_day) = (task.store.as_str(), task.day);
        let mut entries = Entries::default();
        if !progress.kept.whole {
            let part = read(progress.kept.pass.as_ref()).await?;
            if !part.whole || progress.is_begun() {
                let (orders, whole) = (part.entries.all().len(), part.whole);
                tracing::warn!(store, %business_day, orders, whole, "the source takes longer than a run; the next goes on from here");
                if !self.keep_progress(task, &mut progress, &part).await? {
                    return Ok(None);
                }
            }
            if !part.whole {
                return Ok(None);
            }
            entries = part.entries;
        }
        if progress.is_begun() {
            let Some(earlier) = self.earlier(task, &progress).await? else {
                tracing::warn!(store, %business_day, "what was read of the source is gone; it is read anew");
                self.forget_source(task, progress.version).await?;
                return Ok(None);
            };
            entries = earlier;
            entries.checkpoint = Some(progress.version);
        }
        entries.sort();
        Ok(Some(entries))
    }

    /// How far the day's source was read by runs before.
    async fn progress<S: DeserializeOwned>(&self, task: &Task) -> Result<Progress<S>, Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(task)).await?;
        let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let kept = checkpoint.and_then(|checkpoint| serde_json::from_str::<Kept<S>>(&checkpoint.state).ok());
        let usable = |kept: &Kept<S>| {
            kept.config == self.config.sha256 && self.now() - DateTime::<Utc>::from(kept.read_at) < READING_LASTS
        };
        let (config, read_at) = (self.config.sha256.clone(), self.millis());
        let new = || Kept { config, read_at, parts: Vec::new(), pass: None, whole: false };
        Ok(Progress { version, kept: kept.filter(usable).unwrap_or_else(new) })
    }

    /// Keeps what was read since. Of two runs at a time one goes on from there: false if this is the other, whose parts have names
    /// that the checkpoint does not have.
    async fn keep_progress<S: Clone + Serialize>(
        &self,
        task: &Task,
        progress: &mut Progress<S>,
        part: &Part<S>,
    ) -> Result<bool, Failed> {
        let items = part.entries.pack();
        // It was planned by a run of its own, at an instant of its own.
        let read = EffectHash::of(&serde_json::to_vec(&(&part.left, self.millis()))?).as_str().to_owned();
        for (n, item) in items.iter().enumerate() {
            self.ledger.keep_part(&name(task, &read), n, item).await?;
        }
        let mut kept = progress.kept.clone();
        kept.parts.push((read, items.len()));
        (kept.pass, kept.whole, kept.read_at) = (Some(part.left.clone()), part.whole, self.millis());
        let state = serde_json::to_string(&kept)?;
        let Some(version) = self.ledger.save_checkpoint(&checkpoint(task), progress.version, &state).await? else {
            tracing::info!(store = task.store.as_str(), "another run reads this day; its checkpoint stands");
            return Ok(false);
        };
        *progress = Progress { version, kept };
        Ok(true)
    }

    /// What runs before have read, with what the ledger says of it now; `None` if a part is gone.
    async fn earlier<S>(&self, task: &Task, progress: &Progress<S>) -> Result<Option<Entries>, Failed> {
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
        let known = self.ledger.read(&entries.keys()).await?;
        entries.know(&known, task.store.as_str());
        Ok(Some(entries))
    }

    /// Nothing is to be gone on with any more.
    pub(crate) async fn forget_source(&self, task: &Task, version: i64) -> Result<(), Failed> {
        self.ledger.save_checkpoint(&checkpoint(task), version, "").await?;
        Ok(())
    }
}

fn name(task: &Task, part: &str) -> String {
    format!("{}/{}/{part}", task.store, task.day)
}

fn checkpoint(task: &Task) -> String {
    format!("source/{}/{}", task.store, task.day)
}
