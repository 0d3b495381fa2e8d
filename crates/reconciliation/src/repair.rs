//! What is missing, lost, or may be sent now after all is sent again, made anew from the source: no payload was kept.

use crate::{Entries, Failed, Judged, Reconciliation, classify::Remedy};
use delivery::{Fate, Item, Publisher};
use ledger::{Delivery, ErrorClass, Event, Repair, Verdict, decide::MISSING};
use std::collections::BTreeMap;
use telemetry::{Metric, Metrics};

impl Reconciliation<'_> {
    /// Does what is to be done, `at_once` records at a time, until time is up; how many were reopened. What is left is found again by
    /// the next run. `anew` asks the source what it wants of these ids now (one that has left the day meanwhile is another day's), and
    /// `send` sends the ones and records the others.
    ///
    /// # Errors
    /// Those of `anew` and `send`, of the ledger and of the dead-letter queue.
    pub async fn repair<T, E>(
        &self,
        judged: &Judged<'_>,
        at_once: usize,
        publisher: &Publisher<'_>,
        metrics: &mut Metrics,
        anew: impl AsyncFn(&[String]) -> Result<Vec<T>, E>,
        send: impl AsyncFn(Vec<T>, Vec<Item>, &mut Metrics) -> Result<(), E>,
    ) -> Result<usize, E>
    where
        T: AsRef<Item> + Into<Item>,
        E: From<Failed>,
    {
        let Judged { task, entries, .. } = judged;
        let remedies = judged.each.iter().enumerate().map(|(place, (_, remedy))| (place, *remedy));
        let remedies: Vec<(usize, Remedy)> = remedies.filter(|(_, remedy)| *remedy != Remedy::Nothing).collect();
        let mut repaired = 0;
        for chunk in remedies.chunks(at_once) {
            let by_key: BTreeMap<&str, (usize, Remedy)> =
                chunk.iter().map(|(place, remedy)| (entries.key_of(*place), (*place, *remedy))).collect();
            let ids: Vec<String> = chunk.iter().map(|(place, _)| entries.id_of(*place)).collect();
            let (mut again, mut settled) = (Vec::new(), Vec::new());
            for record in anew(&ids).await? {
                let item = record.as_ref();
                let sendable = matches!(item.fate, Fate::Send(_));
                let Some((place, remedy)) = by_key.get(item.delivery.key.as_str()) else { continue };
                match remedy {
                    Remedy::Again if sendable => again.push(record),
                    Remedy::Again => settled.push(record.into()),
                    Remedy::Reopen(repair) if sendable => {
                        if self.reopen(entries, *place, item.delivery.clone(), *repair).await? {
                            repaired += 1;
                            again.push(record);
                        }
                    }
                    Remedy::Withdraw if !sendable => {
                        let known = entries.as_seen(*place, task.store.as_str(), &item.day.to_string());
                        if let Some(known) = known
                            && self.reopen(entries, *place, known, Repair::Missing).await?
                        {
                            settled.push(record.into());
                        }
                    }
                    Remedy::GiveUp => self.give_up(item, publisher, metrics).await?,
                    // It has changed since it was judged: the next look sees how.
                    Remedy::Reopen(_) | Remedy::Withdraw | Remedy::Nothing => {}
                }
            }
            send(again, settled, metrics).await?;
            if self.out_of_time() {
                tracing::info!("out of time after some repairs; the next run goes on");
                break;
            }
        }
        Ok(repaired)
    }

    /// Not if another run has reopened it since it was judged: what that run sent may be accepted by now, and is not missing then.
    async fn reopen(
        &self,
        entries: &Entries,
        place: usize,
        delivery: Delivery,
        repair: Repair,
    ) -> Result<bool, Failed> {
        let repairs = entries.all()[place].known.map_or(0, |known| known.repairs);
        let limit = self.config.protocol.repair_limit.min(repairs + 1);
        let key = delivery.key.clone();
        let verdict = self.ledger.put(&Event::Reopen { delivery, repair, limit }).await?;
        let reopened = verdict == Verdict::Recorded;
        let why = if repair == Repair::Missing { MISSING } else { "exhausted" };
        tracing::warn!(delivery_key = %key, why, reopened, "to be sent again");
        Ok(reopened)
    }

    /// A copy goes to the dead-letter queue before the ledger says so: a crash in between repeats harmlessly.
    async fn give_up(&self, item: &Item, publisher: &Publisher<'_>, metrics: &mut Metrics) -> Result<(), Failed> {
        let error = "accepted again and again, and never seen at the destination";
        publisher.dead_letter(item.given_up(error)?).await?;
        let event = Event::GiveUp { delivery: item.delivery.clone(), reason: MISSING.to_owned() };
        if self.ledger.put(&event).await? == Verdict::Recorded {
            metrics.count(Metric::Parked, Some(item.store.as_str()), 1);
        }
        tracing::error!(delivery_key = %item.delivery.key, error_class = %ErrorClass::Exhausted, error, "to the dead-letter queue");
        Ok(())
    }
}
