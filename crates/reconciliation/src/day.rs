//! How a day stands, from what was read of it: each record judged, and the certificate.

use crate::{
    Certificate, Compared, Destination, Entries, Failed, Read, Reconciliation, SourceCount, Tally, Task,
    classify::{Class, Remedy, Rules},
    due::{Known, Seen},
    entry::DayEntry,
    quiet::{is_quiet, weeks_before},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use ledger::{DeliveryKey, ErrorClass, Kept};
use telemetry::{Metric, Metrics};

/// How a look at a day ended.
pub enum Looked {
    /// With a certificate.
    Certified(Box<Certificate>),
    /// There is nothing to certify: no record fits no store.
    Nothing,
    /// Time is up.
    OutOfTime,
    /// The store's account cannot be read now.
    Unreadable,
}

/// A day's records, judged.
pub struct Judged<'a> {
    pub(crate) task: &'a Task,
    pub(crate) entries: &'a Entries,
    pub(crate) each: Vec<(Class, Remedy)>,
    destination: Option<Destination>,
    begun_at: DateTime<Utc>,
}

impl Reconciliation<'_> {
    /// Judges each record; the outcome of a reading that came to no end is that of the look.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn judge<'a>(
        &self,
        task: &'a Task,
        entries: &'a Entries,
        read: Read,
        begun_at: DateTime<Utc>,
    ) -> Result<Result<Judged<'a>, Looked>, Failed> {
        let (destination, read_at) = match read {
            Read::Done(destination, read_at) => (Some(destination), read_at),
            Read::NotShown => (None, None),
            Read::OutOfTime => return Ok(Err(Looked::OutOfTime)),
            Read::Unreadable => return Ok(Err(Looked::Unreadable)),
        };
        let idle = self.is_idle().await?;
        let protocol = &self.config.protocol;
        let rules = Rules {
            now: self.millis(),
            read_at,
            shown: destination.is_some(),
            missing_after: protocol.missing_after,
            patience: protocol.backoff_cap,
            repair_limit: protocol.repair_limit,
            idle,
            settled: task.settled,
            exhausted: entries.reasons.known(ErrorClass::Exhausted.as_str()),
        };
        let policies = &self.ledger.flow().policies;
        let supersedes = |place| {
            let key = DeliveryKey::try_from(entries.key_of(place).to_owned());
            key.is_ok_and(|key| policies.of(&key).supersedes)
        };
        let each = entries.all().iter().enumerate();
        let each = each.map(|(place, entry)| rules.judge(entry, supersedes(place))).collect();
        Ok(Ok(Judged { task, entries, each, destination, begun_at }))
    }

    /// Issues the certificate, keeps it and says it; what said the same before keeps its date.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn certify(
        &self,
        judged: Judged<'_>,
        repaired: usize,
        compared: Compared,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let (totals, balances) = compared.split();
        if let Some(totals) = &totals {
            metrics.count(Metric::TotalsDiffer, None, totals.differs);
        }
        if let Some(balances) = &balances {
            metrics.count(Metric::BalancesDiffer, None, balances.differ);
        }
        let Judged { task, entries, destination, .. } = judged;
        let shown = destination.is_some();
        let kept = self.kept(&task.store, task.day).await?.map(|(_, certificate)| certificate);
        let tally = Tally::of(judged.each.iter().map(|(class, _)| *class), &entries.reasons);
        let mut certificate = Certificate {
            store: task.store.clone(),
            business_day: task.day,
            issued_at: self.now(),
            config_sha256: self.config.sha256.clone(),
            source: SourceCount { completed: entries.all().len() },
            complete: tally.is_complete(shown) && totals.as_ref().is_none_or(|totals| totals.differs == 0),
            ledger: tally,
            destination,
            repaired: repaired + kept.as_ref().map_or(0, |kept| kept.repaired),
            totals,
            balances,
            quiet: false,
        };
        certificate.quiet = task.store.as_str() != StoreName::UNROUTED && self.is_quiet(&certificate).await?;
        let (complete, quiet) = (certificate.complete, certificate.quiet);
        let looked = self.keep(certificate, kept, metrics).await?;
        // Of a day that nobody is to deliver as a whole, what was delivered counts.
        let in_care = task.settled || task.mark.is_none_or(|mark| mark.asked);
        let open = |(entry, (class, _)): (&DayEntry, &(Class, Remedy))| entry.known.is_some() && class.is_open(shown);
        let done = complete || (!in_care && !entries.all().iter().zip(&judged.each).any(open));
        self.proven(task, done, quiet, judged.begun_at).await?;
        if let Some(version) = entries.checkpoint {
            self.forget_source(task, version).await?;
        }
        Ok(looked)
    }

    async fn keep(
        &self,
        mut certificate: Certificate,
        kept: Option<Certificate>,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let flow = self.ledger.flow().name;
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
            tracing::warn!(flow, store, business_day = day, completed, "a quiet day");
        }
        tracing::info!(
            flow,
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

    /// Takes the day's mark away if this look, which began `at`, was the last: nothing was sent for it since.
    async fn proven(&self, task: &Task, done: bool, quiet: bool, at: DateTime<Utc>) -> Result<(), Failed> {
        let Some(mark) = task.mark else { return Ok(()) };
        let known = Known { end: self.end(task), mark: Some(mark), kept: None };
        if known.is_proven(done, quiet, at) {
            self.ledger.no_longer_due(task.store.as_str(), &task.day.to_string(), &mark).await?;
        }
        Ok(())
    }

    /// Whether no message is waiting to be received, so that what has no record has no message either.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn is_idle(&self) -> Result<bool, Failed> {
        let depth = self.queue.depth().await?;
        Ok(depth.visible + depth.delayed == 0)
    }

    /// What is known of a day before it is looked at.
    pub(crate) async fn known(&self, task: &Task) -> Result<Known, Failed> {
        let kept = self.kept(&task.store, task.day).await?.map(|(looked_at, certificate)| Seen {
            looked_at,
            issued_at: certificate.issued_at,
            complete: certificate.complete,
            quiet: certificate.quiet,
        });
        Ok(Known { end: self.end(task), mark: task.mark, kept })
    }

    fn end(&self, task: &Task) -> DateTime<Utc> {
        task.day.window(self.zone(&task.store)).end
    }

    async fn is_quiet(&self, certificate: &Certificate) -> Result<bool, Failed> {
        let mut weeks = Vec::new();
        for day in weeks_before(certificate.business_day) {
            weeks.extend(self.kept(&certificate.store, day).await?.map(|(_, certificate)| certificate));
        }
        Ok(is_quiet(certificate, &weeks))
    }

    /// The last certificate of a day, and when the day was last looked at.
    pub(crate) async fn kept(
        &self,
        store: &StoreName,
        day: BusinessDay,
    ) -> Result<Option<(DateTime<Utc>, Certificate)>, Failed> {
        let kept = self.ledger.certificate(store.as_str(), &day.to_string()).await?;
        // One that an older version wrote otherwise is issued anew.
        Ok(kept.and_then(|kept| Some((DateTime::from(kept.looked_at), serde_json::from_str(&kept.certificate).ok()?))))
    }
}
