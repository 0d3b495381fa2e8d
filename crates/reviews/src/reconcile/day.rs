//! One store's business day, from the source's first page to the certificate.

use super::{
    Certificate, Completed, Destination, Failed, Looked, Reconciler, Tally, Task,
    classify::{Class, Remedy, Rules},
    destination::{Ended, Reading},
    due::{Known, Seen},
    entry::{Entries, Entry},
    parts::Progress,
    quiet::{is_quiet, weeks_before},
    source::{Orders, Source},
};
use crate::{FLOW, fields::Fields, select::Pass};
use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, StoreName};
use function::Invoked;
use ledger::{Checkpoint, ErrorClass, Kept, Millis, State};
use std::time::Duration;
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// A reading that was begun longer ago is not gone on with: too much has happened since.
pub(super) const READING_LASTS: TimeDelta = TimeDelta::hours(24);

impl Reconciler {
    /// Looks at one day.
    pub(super) async fn look(
        &self,
        task: &Task,
        fields: &Fields,
        invoked: &Invoked,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let (deadline, begun_at) = (invoked.deadline, (self.now)());
        let pass = Pass::of_store(task.day, &task.store, &self.config, (self.now)())?;
        let source =
            Source { config: &self.config, salesforce: &self.salesforce, fields, ledger: &self.ledger, invoked };
        let mut progress = self.progress(task).await?;
        let Some(mut entries) = self.orders(task, &pass, &source, &mut progress, deadline).await? else {
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
        let sender = self.sender(fields, invoked);
        let late = || self.out_of_time(deadline);
        let repaired = self.repair(&pass, &source, &sender, &remedies, late, metrics).await?;
        let tally = Tally::tally(judged.iter().map(|(class, _)| *class), &entries.reasons);
        let mut certificate = Certificate {
            store: task.store.clone(),
            business_day: task.day,
            issued_at: (self.now)(),
            config_sha256: self.config.sha256.clone(),
            source: Completed { completed: entries.all().len() },
            complete: tally.is_complete(),
            ledger: tally,
            destination,
            repaired: repaired + kept.as_ref().map_or(0, |kept| kept.repaired),
            quiet: false,
        };
        certificate.quiet = !pass.is_unrouted() && self.is_quiet(&certificate).await?;
        let (complete, quiet) = (certificate.complete, certificate.quiet);
        let looked = self.certify(certificate, kept, metrics).await?;
        // Of a day that nobody is to deliver as a whole, what was delivered counts.
        let in_care = task.settled || task.mark.is_none_or(|mark| mark.asked);
        let open = |(entry, (class, _)): (&Entry, &(Class, Remedy))| entry.known.is_some() && class.is_open();
        let done = complete || (!in_care && !entries.all().iter().zip(&judged).any(open));
        self.proven(task, done, quiet, begun_at).await?;
        self.forget_progress(task, &progress).await?;
        Ok(looked)
    }

    /// The day's orders, as far as runs before have not read them from the source, and theirs; `None` if time is up before.
    async fn orders(
        &self,
        task: &Task,
        pass: &Pass,
        source: &Source<'_>,
        progress: &mut Progress,
        deadline: DateTime<Utc>,
    ) -> Result<Option<Entries>, Failed> {
        let mut entries = Entries::default();
        if !progress.is_whole() {
            let pass = progress.pass().unwrap_or(pass);
            let Orders { entries: read, pass, whole } = source.orders(pass, || self.out_of_time(deadline)).await?;
            if !whole || progress.is_begun() {
                let orders = read.all().len();
                tracing::warn!(store = task.store.as_str(), business_day = %task.day, orders, whole, "the source takes longer than a run; the next goes on from here");
                if !self.keep_progress(task, progress, &read, pass, whole).await? {
                    return Ok(None);
                }
            }
            if !whole {
                return Ok(None);
            }
            entries = read;
        }
        if progress.is_begun() {
            let Some(earlier) = self.earlier(task, progress).await? else {
                tracing::warn!(store = task.store.as_str(), business_day = %task.day, "what was read of the source is gone; it is read anew");
                self.forget_progress(task, progress).await?;
                return Ok(None);
            };
            entries = earlier;
        }
        entries.sort();
        Ok(Some(entries))
    }

    /// Takes the day's mark away if this look, which began `at`, was the last: nothing was sent for it since.
    async fn proven(&self, task: &Task, done: bool, quiet: bool, at: DateTime<Utc>) -> Result<(), Failed> {
        let Some(mark) = task.mark else { return Ok(()) };
        let known = Known { end: self.end(task), mark: Some(mark), kept: None };
        if known.is_proven(done, quiet, at) {
            self.ledger.no_longer_due(task.store.as_str(), &task.day.to_string(), &mark).await?;
        }
        Ok(())
    }

    /// What is known of a day before it is looked at.
    pub(super) async fn known(&self, task: &Task) -> Result<Known, Failed> {
        let kept = self.kept(&task.store, task.day).await?.map(|(looked_at, certificate)| Seen {
            looked_at,
            issued_at: certificate.issued_at,
            complete: certificate.complete,
            quiet: certificate.quiet,
        });
        Ok(Known { end: self.end(task), mark: task.mark, kept })
    }

    fn end(&self, task: &Task) -> DateTime<Utc> {
        let store = self.config.stores.get(&task.store);
        task.day.window(store.map_or(self.config.time_zone, |store| store.time_zone)).end
    }

    async fn is_quiet(&self, certificate: &Certificate) -> Result<bool, Failed> {
        let mut weeks = Vec::new();
        for day in weeks_before(certificate.business_day) {
            weeks.extend(self.kept(&certificate.store, day).await?.map(|(_, certificate)| certificate));
        }
        Ok(is_quiet(certificate, &weeks))
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
            if self.ledger.save_checkpoint(&checkpoint(task), version, &state).await?.is_none() {
                tracing::info!(store = task.store.as_str(), "another run reads this day; its checkpoint stands");
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
        let was_quiet = kept.as_ref().is_some_and(|kept| kept.quiet);
        if let Some(kept) = kept.filter(|kept| kept.says_the_same(&certificate)) {
            certificate = kept;
        }
        let json = serde_json::to_string(&certificate)?;
        let look = Kept { looked_at: self.millis(), certificate: json.clone() };
        self.ledger.keep_certificate(&store, &day, &look).await?;
        if store == StoreName::UNROUTED && certificate.source.completed == 0 {
            return Ok(Looked::Nothing);
        }
        metrics.count(Metric::Missing, Some(&store), certificate.ledger.missing);
        if certificate.quiet {
            // That it was quiet before is counted where the days that are due are.
            metrics.count(Metric::QuietDays, None, usize::from(!was_quiet));
            let completed = certificate.source.completed;
            tracing::warn!(flow = FLOW, store, business_day = day, completed, "a quiet day");
        }
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
        let kept = self.ledger.certificate(store.as_str(), &day.to_string()).await?;
        // One that an older version wrote otherwise is issued anew.
        Ok(kept.and_then(|kept| Some((DateTime::from(kept.looked_at), serde_json::from_str(&kept.certificate).ok()?))))
    }

    /// The reading to go on with and the version of its checkpoint (0: there is none), or a new one.
    async fn reading(&self, task: &Task, entries: &Entries) -> Result<(i64, Reading), Failed> {
        let checkpoint = self.ledger.checkpoint(&checkpoint(task)).await?;
        let version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let begun = checkpoint.and_then(|checkpoint| self.usable(&checkpoint)).filter(|begun| begun.day == task.day);
        let new = || Reading::begin(task.day, entries.first_accepted, self.millis());
        Ok((version, begun.map_or_else(new, Reading::by_another_run)))
    }

    fn usable(&self, checkpoint: &Checkpoint) -> Option<Reading> {
        let begun = serde_json::from_str::<Reading>(&checkpoint.state).ok()?;
        ((self.now)() - DateTime::from(begun.begun_at) < READING_LASTS).then_some(begun)
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

fn checkpoint(task: &Task) -> String {
    format!("reconcile/{}/{}", task.store, task.day)
}
