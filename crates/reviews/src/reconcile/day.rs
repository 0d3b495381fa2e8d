//! One store's business day, from the source's first page to the certificate.

use super::{
    Certificate, Completed, Destination, Failed, Looked, Reconciler, Tally, Task,
    classify::{Class, Remedy, Rules},
    destination::{Ended, Reading},
    entry::Entries,
    source::Source,
};
use crate::{FLOW, event::Invoked, fields::Fields, produce::instant, select::Pass};
use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, StoreName};
use ledger::{Checkpoint, ErrorClass, Kept, Millis, State};
use std::time::Duration;
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// A reading that was begun longer ago is not gone on with: too much has happened since.
const READING_LASTS: TimeDelta = TimeDelta::hours(24);

impl Reconciler {
    /// Looks at one day. The run's `first` look at the source is not given up for lack of time: it would never end.
    pub(super) async fn look(
        &self,
        task: &Task,
        fields: &Fields,
        invoked: &Invoked,
        first: bool,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let deadline = invoked.deadline;
        let pass = Pass::of_store(task.day, &task.store, &self.config, (self.now)())?;
        let source =
            Source { config: &self.config, salesforce: &self.salesforce, fields, ledger: &self.ledger, invoked };
        let Some(mut entries) = source.orders(&pass, || !first && self.out_of_time(deadline)).await? else {
            return Ok(Looked::OutOfTime);
        };
        let kept = self.kept(&task.store, task.day).await?.map(|(_, certificate)| certificate);
        let to_be_read = !pass.is_unrouted() && (task.by_hand || is_anything_to_be_found(&entries));
        let (destination, read_at) = if to_be_read {
            match self.read_back(task, &source, &mut entries, deadline, metrics).await? {
                Ok((destination, begun_at)) => (destination, Some(begun_at)),
                Err(unfinished) => return Ok(unfinished),
            }
        } else {
            (kept.as_ref().map(|kept| kept.destination).unwrap_or_default(), None)
        };
        let depth = self.queue.depth().await?;
        let protocol = &self.config.protocol;
        let rules = Rules {
            now: self.millis(),
            read_at,
            missing_after: protocol.missing_after,
            patience: protocol.backoff_cap,
            repair_limit: protocol.repair_limit,
            idle: depth.visible + depth.delayed == 0,
            settled: task.settled,
            exhausted: entries.reasons.of(ErrorClass::Exhausted.as_str()),
        };
        let judged: Vec<(Class, Remedy)> = entries.all().iter().map(|entry| rules.judge(entry)).collect();
        let remedies = entries.all().iter().zip(judged.iter().map(|(_, remedy)| *remedy));
        let remedies: Vec<_> = remedies.filter(|(_, remedy)| *remedy != Remedy::Nothing).collect();
        let publisher = self.publisher(fields, invoked);
        let late = || self.out_of_time(deadline);
        let repaired = self.repair(&pass, &source, &publisher, &remedies, late, metrics).await?;
        let tally = Tally::tally(judged.iter().map(|(class, _)| *class), &entries.reasons);
        let certificate = Certificate {
            store: task.store.clone(),
            business_day: task.day,
            issued_at: (self.now)(),
            config_sha256: self.config.sha256.clone(),
            source: Completed { completed: entries.all().len() },
            complete: tally.is_complete(),
            ledger: tally,
            destination,
            repaired: repaired + kept.as_ref().map_or(0, |kept| kept.repaired),
        };
        self.certify(certificate, kept, metrics).await
    }

    /// What the destination shows, and when the reading of it began; or why that is not known yet.
    async fn read_back(
        &self,
        task: &Task,
        source: &Source<'_>,
        entries: &mut Entries,
        deadline: DateTime<Utc>,
        metrics: &mut Metrics,
    ) -> Result<Result<(Destination, Millis), Looked>, Failed> {
        let (version, mut reading) = self.reading(task, entries).await?;
        let latest = Instant::now() + self.room(deadline);
        let ended = self.read(&task.store, &mut reading, source, entries, latest, metrics).await?;
        let done = ended == Ended::Complete;
        if version > 0 || !done {
            let state = if done { String::new() } else { serde_json::to_string(&reading)? };
            if self.ledger.save_checkpoint(&checkpoint(&task.store), version, &state).await?.is_none() {
                tracing::info!(store = task.store.as_str(), "another run reads this store; its checkpoint stands");
            }
        }
        // What an earlier run saw on earlier pages it has confirmed.
        let earlier = reading.goes_on_from_another_run();
        let found = entries.all().iter().filter(|entry| entry.seen || (earlier && entry.is_confirmed())).count();
        Ok(match ended {
            Ended::OutOfTime => Err(Looked::OutOfTime),
            Ended::Unreadable => Err(Looked::Unreadable),
            Ended::Complete => Ok((Destination { found, unexpected: reading.unexpected() }, reading.begun_at)),
        })
    }

    /// Keeps the certificate and says it; what said the same before keeps its date.
    async fn certify(
        &self,
        mut certificate: Certificate,
        kept: Option<Certificate>,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let (store, day) = (certificate.store.as_str().to_owned(), certificate.business_day.to_string());
        if let Some(kept) = kept.filter(|kept| kept.says_the_same(&certificate)) {
            certificate = kept;
        }
        let json = serde_json::to_string(&certificate)?;
        let look = Kept { looked_at: self.millis(), certificate: json.clone() };
        self.ledger.keep_certificate(FLOW, &store, &day, &look).await?;
        if store == StoreName::UNROUTED && certificate.source.completed == 0 {
            return Ok(Looked::Nothing);
        }
        metrics.count(Metric::Missing, Some(&store), certificate.ledger.missing);
        tracing::info!(
            flow = FLOW,
            store,
            business_day = day,
            complete = certificate.complete,
            repaired = certificate.repaired,
            missing = certificate.ledger.missing,
            parked = certificate.ledger.parked,
            certificate = json,
            "certificate"
        );
        Ok(Looked::Certified(Box::new(certificate)))
    }

    /// The last certificate of a day, and when the day was last looked at.
    pub(super) async fn kept(
        &self,
        store: &StoreName,
        day: BusinessDay,
    ) -> Result<Option<(DateTime<Utc>, Certificate)>, Failed> {
        let kept = self.ledger.certificate(FLOW, store.as_str(), &day.to_string()).await?;
        // One that an older version wrote otherwise is issued anew.
        Ok(kept.and_then(|kept| Some((instant(kept.looked_at), serde_json::from_str(&kept.certificate).ok()?))))
    }

    /// The reading of this store that was begun and not ended.
    pub(super) async fn begun(&self, store: &StoreName) -> Result<Option<Reading>, Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(store)).await?;
        Ok(checkpoint.and_then(|checkpoint| self.usable(&checkpoint)))
    }

    /// The reading to go on with and the version of its checkpoint (0: there is none), or a new one.
    async fn reading(&self, task: &Task, entries: &Entries) -> Result<(i64, Reading), Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(&task.store)).await?;
        let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let begun = checkpoint.and_then(|checkpoint| self.usable(&checkpoint)).filter(|begun| begun.day == task.day);
        let new = || Reading::begin(task.day, entries.first_accepted, self.millis());
        Ok((version, begun.map_or_else(new, Reading::by_another_run)))
    }

    fn usable(&self, checkpoint: &Checkpoint) -> Option<Reading> {
        let begun = serde_json::from_str::<Reading>(&checkpoint.state).ok()?;
        ((self.now)() - instant(begun.begun_at) < READING_LASTS).then_some(begun)
    }

    /// How long the destination may be read: what is to be done afterwards takes time too.
    fn room(&self, deadline: DateTime<Utc>) -> Duration {
        let room = (deadline - (self.now)()).to_std().unwrap_or(Duration::ZERO);
        room.saturating_sub(self.config.protocol.producer_stop_before)
    }
}

/// Whether reading the destination can change anything: an order is neither confirmed nor settled without it.
fn is_anything_to_be_found(entries: &Entries) -> bool {
    entries.all().iter().any(|entry| {
        let state = entry.known.map(|known| known.state);
        !matches!(state, Some(State::Confirmed | State::Skipped | State::Rejected))
    })
}

/// One reading a store at a time: what was begun for another day is begun anew.
fn checkpoint(store: &StoreName) -> String {
    format!("{FLOW}/reconcile/{store}")
}
