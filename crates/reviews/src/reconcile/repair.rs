//! What is missing, lost, or may be sent now after all is sent again, made anew from the source: no payload was kept.

use super::{Failed, Reconciler, classify::Remedy, entry::Entry, source::Source};
use crate::{
    publish::Orders,
    select::{IDS_A_QUERY, Pass},
    twins::Candidate,
};
use delivery::{Fate, Item, Report};
use ledger::{Delivery, Event, Repair, Verdict, decide::MISSING};
use salesforce::Record;
use std::collections::BTreeMap;
use telemetry::{Metric, Metrics};

impl Reconciler {
    /// Does what is to be done, a few orders at a time, until `out_of_time`; how many were reopened. What is left is found
    /// again by the next run.
    pub(super) async fn repair(
        &self,
        pass: &Pass,
        source: &Source<'_>,
        sender: &Orders<'_>,
        remedies: &[(&Entry, Remedy)],
        out_of_time: impl Fn() -> bool,
        metrics: &mut Metrics,
    ) -> Result<usize, Failed> {
        let mut repaired = 0;
        for chunk in remedies.chunks(IDS_A_QUERY) {
            let by_id: BTreeMap<&str, (&Entry, Remedy)> = chunk.iter().map(|due| (due.0.id(), *due)).collect();
            let rows = source.rows(pass, by_id.keys().copied()).await?;
            repaired += self.repair_chunk(pass, source, sender, &by_id, &rows, metrics).await?;
            if out_of_time() {
                tracing::info!("out of time after some repairs; the next run goes on");
                break;
            }
        }
        Ok(repaired)
    }

    async fn repair_chunk(
        &self,
        pass: &Pass,
        source: &Source<'_>,
        sender: &Orders<'_>,
        remedies: &BTreeMap<&str, (&Entry, Remedy)>,
        rows: &[Record],
        metrics: &mut Metrics,
    ) -> Result<usize, Failed> {
        let (mut send, mut settle, mut repaired) = (Vec::new(), Vec::new(), 0);
        for row in rows {
            let id = row.id()?;
            // One that has left the day meanwhile is another day's.
            let Some(order) = source.order(pass, row)? else { continue };
            let sendable = matches!(order.item.fate, Fate::Send(_));
            let Some((entry, remedy)) = remedies.get(id.as_str()) else { continue };
            match remedy {
                Remedy::Again if sendable => send.push(Candidate::of(order, row, source.fields)),
                Remedy::Again => settle.push(order.item),
                Remedy::Reopen(repair) if sendable => {
                    if self.reopen(order.item.delivery.clone(), *repair).await? {
                        repaired += 1;
                        send.push(Candidate::of(order, row, source.fields));
                    }
                }
                Remedy::Withdraw if !sendable => {
                    let known = entry.as_seen(order.item.store.as_str(), &order.item.day.to_string())?;
                    if self.reopen(known, Repair::Missing).await? {
                        settle.push(order.item);
                    }
                }
                Remedy::GiveUp => self.give_up(&order.item, sender, metrics).await?,
                // It has changed since it was judged: the next look sees how.
                Remedy::Reopen(_) | Remedy::Withdraw | Remedy::Nothing => {}
            }
        }
        let mut report = Report::default();
        let done = sender.send(send, settle, &mut report).await;
        report.count_exceptions(metrics);
        done?;
        Ok(repaired)
    }

    async fn reopen(&self, delivery: Delivery, repair: Repair) -> Result<bool, Failed> {
        let limit = self.config.protocol.repair_limit;
        let key = delivery.key.clone();
        let event = Event::Reopen { delivery, repair, limit };
        let verdict = self.ledger.put(&event).await?;
        let reopened = verdict == Verdict::Recorded;
        let why = if repair == Repair::Missing { MISSING } else { "exhausted" };
        tracing::warn!(delivery_key = %key, why, reopened, "to be sent again");
        Ok(reopened)
    }

    /// A copy goes to the dead-letter queue before the ledger says so: a crash in between repeats harmlessly.
    async fn give_up(&self, item: &Item, sender: &Orders<'_>, metrics: &mut Metrics) -> Result<(), Failed> {
        let error = "accepted again and again, and never seen at the destination";
        sender.publisher.dead_letter(item.given_up(error)?).await?;
        let event = Event::GiveUp { delivery: item.delivery.clone(), reason: MISSING.to_owned() };
        let verdict = self.ledger.put(&event).await?;
        if verdict == Verdict::Recorded {
            metrics.count(Metric::Parked, Some(item.store.as_str()), 1);
        }
        tracing::error!(delivery_key = %item.delivery.key, error_class = %ledger::ErrorClass::Exhausted, error, "to the dead-letter queue");
        Ok(())
    }
}
