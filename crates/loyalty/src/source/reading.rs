//! A kind of record read from its checkpoint on, page by page, the next one fetched while one is published.

use super::{
    item::{BadRow, Mapping},
    publish::Sender,
    select::{Pass, Source, Which, start},
};
use crate::failed::Failed;
use chrono::{DateTime, TimeDelta, Utc};
use delivery::Report;
use ledger::Checkpoint;
use org::Position;

/// One reading of a kind of record.
pub(crate) struct Reading<'a> {
    pub(crate) source: Source,
    pub(crate) which: Which<'a>,
    /// What its checkpoint is kept under.
    pub(crate) name: String,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every page is published.
    Complete,
    /// Time, quota or another run put an end to it.
    Stopped,
}

/// Reads and publishes.
pub(crate) struct Reader<'a> {
    pub(crate) sender: Sender<'a>,
    pub(crate) now: fn() -> DateTime<Utc>,
    /// When the invocation ends.
    pub(crate) deadline: DateTime<Utc>,
}

impl Reader<'_> {
    /// Reads on from the checkpoint to the last record, or until time is up.
    ///
    /// # Errors
    /// When source, ledger or queues fail: what is published stays, and the next reading goes on from the checkpoint.
    pub(crate) async fn read(&self, reading: &Reading<'_>, report: &mut Report) -> Result<Ended, Failed> {
        let (Reading { source, which, name }, Sender { mapping, .. }) = (reading, &self.sender);
        let (ledger, Mapping { config, ours, .. }) = (self.sender.publisher.ledger, *mapping);
        let (mut version, kept) = self.kept(name).await?;
        let pass = kept.clone().unwrap_or_else(|| Pass::from_start(start(config, ours).0));
        let (mut pass, mut pages) = (pass, self.sender.salesforce.pages());
        loop {
            match pages.next(|| source.query(&pass, *which, mapping)).await {
                Ok(page) => {
                    if let Some(page) = page {
                        let last = page.records.last().map(Position::of).transpose().map_err(BadRow::from)?;
                        let work = Box::pin(self.sender.page(source, *which, page.records, report));
                        pages.while_handling(work).await?;
                        if let Some(last) = last {
                            pass.handled(last);
                        }
                    }
                    if pages.is_at_end() {
                        let following = pass.following(matches!(which, Which::Changed));
                        // Nothing is written where nothing has happened.
                        if following != kept {
                            let state = following.map(|pass| serde_json::to_string(&pass)).transpose()?;
                            ledger.save_checkpoint(name, version, &state.unwrap_or_default()).await?;
                        }
                        return Ok(Ended::Complete);
                    }
                }
                // The next run does not begin with too much again.
                Err(error) if pass.narrow(&error) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(saved) = ledger.save_checkpoint(name, version, &serde_json::to_string(&pass)?).await? else {
                tracing::info!(pass = name, "another run has this pass; this one ends");
                return Ok(Ended::Stopped);
            };
            version = saved;
            if self.out_of_time() {
                tracing::info!(pass = name, "out of time after a committed page; the next run goes on from it");
                return Ok(Ended::Stopped);
            }
        }
    }

    /// How far a reading has come, and the version of what is kept of it.
    async fn kept(&self, name: &str) -> Result<(i64, Option<Pass>), Failed> {
        let Some(Checkpoint { version, state }) = self.sender.publisher.ledger.checkpoint(name).await? else {
            return Ok((0, None));
        };
        let pass = serde_json::from_str(&state).ok();
        if pass.is_none() && !state.is_empty() {
            tracing::warn!(pass = name, "the checkpoint is none of ours; the pass begins anew");
        }
        Ok((version, pass))
    }

    fn out_of_time(&self) -> bool {
        let stop_before = self.sender.mapping.config.protocol.producer_stop_before;
        self.deadline - (self.now)() < TimeDelta::from_std(stop_before).unwrap_or_default()
    }
}
