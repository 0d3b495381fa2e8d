//! What has no message any more, beside the day's orders: returns and cancellations of them, and whatever has gone wrong and waits for
//! nobody. It is made anew of the source and sent.

use super::{Failed, Reconciler};
use crate::{
    keys::kind,
    source::{
        item::BadRow,
        publish::Sender,
        select::{Pass, Source, Which},
    },
};
use config::StoreName;
use delivery::Report;
use ledger::{DeliveryKey, Millis, Record, State};
use reconciliation::{Reconciliation, Task};
use std::{collections::HashMap, time::Duration};
use telemetry::Metrics;

/// Deliveries that are made anew in one run at most; the oldest trouble comes first.
const A_RUN: usize = 1000;

/// Whether nothing is on its way to a delivery: it was never met, or was not touched for longer than the longest back-off.
fn is_lost(known: Option<&Record>, now: Millis, patience: Duration) -> bool {
    known.is_none_or(|known| {
        let since = known.not_before.map_or(known.updated_at, |at| at.max(known.updated_at));
        let is_open = matches!(known.state, State::Pending | State::Claimed | State::Uncertain);
        is_open && since.plus(patience) <= now
    })
}

impl Reconciler {
    /// Sends the returns and cancellations of a settled day's orders of which the ledger has never heard, or which are stuck. While
    /// messages wait to be received nothing is lost yet.
    pub(super) async fn send_lost_returns(
        &self,
        task: &Task,
        sender: &Sender<'_>,
        day: &Reconciliation<'_>,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let unrouted = task.store.as_str() == StoreName::UNROUTED;
        if unrouted || !task.is_settled() || !day.is_idle().await? {
            return Ok(());
        }
        let (mapping, mut report) = (&sender.mapping, Report::default());
        let which = Which::Day { day: task.day, store: Some(&task.store) };
        for source in Source::all(mapping.fields).into_iter().filter(Source::gives_back) {
            if day.out_of_time() {
                break;
            }
            let mut rows = self.salesforce.all(&source.query(&Pass::whole(), which, mapping)).await?;
            let mut asked_for = Vec::with_capacity(rows.len());
            for row in rows.drain(..) {
                if source.is_asked_for(&row, which, mapping).map_err(BadRow::from)? {
                    asked_for.push(row);
                }
            }
            let mut mapped = sender.mapped(&source, &asked_for).await?;
            let keys = mapped.iter().filter_map(|mapped| Some(mapped.item()?.delivery.key.clone())).collect::<Vec<_>>();
            let known = self.ledger.read(&keys).await?;
            let (now, patience) = (self.ledger.now().into(), self.config.protocol.backoff_cap);
            mapped.retain(|one| one.item().is_some_and(|item| is_lost(known.get(&item.delivery.key), now, patience)));
            if !mapped.is_empty() {
                tracing::warn!(store = %task.store, business_day = %task.day, lost = mapped.len(), "returns that nobody sent, or that are stuck");
            }
            sender.publish(mapped, &mut report).await?;
        }
        report.count_exceptions(metrics);
        Ok(())
    }

    /// Sends what is stuck though its trouble is over: its message is gone.
    pub(super) async fn send_overdue(
        &self,
        sender: &Sender<'_>,
        day: &Reconciliation<'_>,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        if !day.is_idle().await? {
            return Ok(());
        }
        let (now, patience) = (self.ledger.now().into(), self.config.protocol.backoff_cap);
        let ours = |key: &DeliveryKey| matches!(key.kind(), Some(kind::CUSTOMER | kind::REFUND | kind::ACTION));
        let open: HashMap<DeliveryKey, Record> = self.ledger.open_records().await?.into_iter().collect();
        let stuck = open.iter().filter(|(key, record)| ours(key) && is_lost(Some(record), now, patience));
        let mut stuck: Vec<(&DeliveryKey, &Record)> = stuck.collect();
        stuck.sort_by_key(|(key, record)| (record.open_since, key.as_str()));
        let keys: Vec<&DeliveryKey> = stuck.into_iter().map(|(key, _)| key).take(A_RUN).collect();
        if keys.is_empty() {
            return Ok(());
        }
        tracing::warn!(stuck = keys.len(), "deliveries without a message are sent again");
        let mut report = Report::default();
        let mapped = sender.anew(&keys).await?.into_iter().map(|(_, mapped)| mapped).collect();
        let sent = sender.publish(mapped, &mut report).await;
        report.count_exceptions(metrics);
        sent?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Delivery, EffectHash, Revision};

    #[test]
    fn what_is_on_its_way_or_done_is_not_lost() {
        let patience = Duration::from_mins(30);
        let delivery = Delivery {
            key: DeliveryKey::try_from("loyalty/default/refund/801000000000001AAA/cancel".to_owned()).unwrap(),
            revision: Revision(0),
            hash: EffectHash::of(b""),
            store: "default".to_owned(),
            day: None,
            triggered_at: None,
        };
        let (old, late) = (Millis(0), Millis(0).plus(patience));
        let of = |state, not_before| Record { updated_at: old, not_before, ..Record::new(&delivery, state) };
        assert!(is_lost(None, old, patience));
        for state in [State::Pending, State::Claimed, State::Uncertain] {
            assert!(!is_lost(Some(&of(state, None)), Millis(late.0 - 1), patience), "{state:?}");
            assert!(is_lost(Some(&of(state, None)), late, patience), "{state:?}");
            assert!(!is_lost(Some(&of(state, Some(Millis(1)))), late, patience), "{state:?}");
        }
        for state in [State::Accepted, State::Confirmed, State::Skipped, State::Rejected, State::Parked] {
            assert!(!is_lost(Some(&of(state, None)), late, patience), "{state:?}");
        }
    }
}
