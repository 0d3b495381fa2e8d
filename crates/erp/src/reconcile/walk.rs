//! What no webhook brought: a shop's orders in the order in which they changed, from where the last walk over them ended.

use super::{
    Failed, Reconciler,
    shop::{Shop, Whole},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::BusinessDay;
use delivery::{Fate, Item, Judgement, Publisher, Report, judge};
use ledger::{Policies, Record, State};
use serde::{Deserialize, Serialize};
use shopify::admin::{EndCursor, Search};
use telemetry::{Metric, Metrics};

/// A shop is silent when so many of its orders in a row had to be fetched.
const SILENT: usize = 3;
/// A walk that was begun longer ago is not gone on with: Shopify may not know the place any more.
const WALK_LASTS: TimeDelta = TimeDelta::hours(24);

/// How far a shop's orders are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    /// Whatever changed before this is sent, recorded, or was brought by a webhook.
    read_until: DateTime<Utc>,
    /// A walk that has not come to its end.
    walk: Option<Walk>,
    /// When the last order changed that was heard of before it was read.
    heard_at: Option<DateTime<Utc>>,
    /// Orders that were not, since then.
    unheard: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Walk {
    since: DateTime<Utc>,
    begun_at: DateTime<Utc>,
    after: Option<EndCursor>,
    /// The first change that was left alone, since its webhook may be on its way.
    left: Option<DateTime<Utc>>,
}

impl Walk {
    /// What changed then is left to the next walk.
    fn leave(&mut self, updated_at: DateTime<Utc>) {
        self.left = Some(self.left.map_or(updated_at, |left| left.min(updated_at)));
    }
}

/// How a walk ended for this run.
pub(super) struct Walked {
    /// All was read, up to when it began.
    pub(super) whole: bool,
    /// Nothing was heard of the shop's orders before they were read.
    pub(super) silent: bool,
}

/// What sorting depends on, beside the orders.
struct Rules<'a> {
    policies: &'a Policies,
    /// The longest back-off: the webhook of what changed longer ago has come, or does not come any more.
    patience: TimeDelta,
    /// No message is waiting to be received, so that what has no record has no message either.
    idle: bool,
    now: DateTime<Utc>,
}

/// What to do with a page.
#[derive(Default)]
struct Sorted {
    send: Vec<Item>,
    settle: Vec<Item>,
}

impl Reconciler {
    /// Reads what has changed until `until`, sends what nobody has heard of, and moves the shop's cursor once all is read. A place is
    /// kept after each page.
    pub(super) async fn walk(
        &self,
        shop: &Shop<'_>,
        publisher: &Publisher<'_>,
        until: DateTime<Utc>,
        metrics: &mut Metrics,
    ) -> Result<Walked, Failed> {
        let (name, zone, now) = (shop.name.as_str(), shop.zone(), self.ledger.now());
        let today = BusinessDay::of(now, zone).max(shop.settings.shop.start);
        let cursor = self.ledger.begin(name, today.window(zone).start.into()).await?;
        let pass = format!("orders/{name}");
        let checkpoint = self.ledger.checkpoint(&pass).await?;
        let mut version = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version);
        let kept = checkpoint.and_then(|checkpoint| serde_json::from_str::<Progress>(&checkpoint.state).ok());
        let first = DateTime::from(cursor.first).min(now);
        let mut progress = kept.unwrap_or(Progress { read_until: first, walk: None, heard_at: None, unheard: 0 });
        let overlap = TimeDelta::from_std(self.config.shopify.overlap).unwrap_or_default();
        let since = progress.read_until - overlap;
        let begun = progress.walk.take().filter(|walk| now - walk.begun_at < WALK_LASTS);
        let mut walk = begun.unwrap_or(Walk { since, begun_at: now, after: None, left: None });
        let depth = self.queue.depth().await?;
        let idle = depth.visible + depth.delayed == 0;
        let policies = &self.ledger.flow().policies;
        let patience = TimeDelta::from_std(self.config.protocol.backoff_cap).unwrap_or_default();
        let (mut read, mut sent) = (0, 0);
        let whole = loop {
            let asked_at = self.ledger.now();
            let page = shop.page(Search::UpdatedSince(walk.since), walk.after.as_ref()).await?;
            let next = page.next.clone();
            let found = shop.found(page, asked_at, true).await?;
            read += found.len();
            let sorted = progress.sort(found, &mut walk, &Rules { policies, patience, idle, now: asked_at });
            sent += sorted.send.len();
            let mut report = Report::default();
            let sending = publisher.publish(sorted.send, &sorted.settle, &mut report).await;
            report.count_exceptions(metrics);
            sending?;
            let whole = next.is_none();
            walk.after = next;
            if whole {
                progress.read_until = walk.left.map_or(walk.begun_at, |left| left.min(walk.begun_at));
            }
            progress.walk = (!whole).then(|| walk.clone());
            let state = serde_json::to_string(&progress).map_err(reconciliation::Failed::from)?;
            let Some(saved) = self.ledger.save_checkpoint(&pass, version, &state).await? else {
                tracing::info!(shop = name, "another run reads this shop; its checkpoint stands");
                break false;
            };
            version = saved;
            if whole || self.ledger.now() >= until {
                break whole;
            }
        };
        if whole {
            // All that was placed before it began has been read.
            let settled = BusinessDay::of(walk.begun_at, zone).window(zone).start;
            self.ledger.settle_until(name, settled.into()).await?;
        }
        metrics.count(Metric::OrdersFetched, None, read);
        metrics.count(Metric::OrdersEnqueued, None, sent);
        tracing::info!(shop = name, read, sent, whole, "a shop's orders read");
        let silent = progress.unheard >= SILENT;
        if silent {
            let last_webhook_at = progress.heard_at.map(tracing::field::display);
            tracing::warn!(shop = name, last_webhook_at, unheard = progress.unheard, "a silent shop");
        }
        Ok(Walked { whole, silent })
    }
}

impl Progress {
    /// What is to be done about a page of orders, which come in the order in which they changed.
    fn sort(&mut self, found: Vec<Whole>, walk: &mut Walk, rules: &Rules<'_>) -> Sorted {
        let mut sorted = Sorted::default();
        for Whole { order, refunds, updated_at } in found {
            let updated_at = updated_at.unwrap_or(rules.now);
            // Its webhook, or a message of ours, may be on its way.
            let fresh = !rules.idle && rules.now - updated_at < rules.patience;
            let policy = rules.policies.of(&order.item.delivery.key);
            let known = order.known.as_ref();
            let heard = match judge(&order.item, known, policy) {
                Judgement::Send if is_on_its_way(&order.item, known) => true,
                Judgement::Send if fresh => {
                    walk.leave(updated_at);
                    continue;
                }
                Judgement::Send => {
                    sorted.send.push(order.item);
                    false
                }
                // What cannot be read has been recorded by whoever could.
                Judgement::Park(_) if known.is_some() => true,
                Judgement::Skip(_) | Judgement::Park(_) => {
                    sorted.settle.push(order.item);
                    fresh || known.is_some()
                }
                Judgement::Delivered => {
                    let unknown = refunds.into_iter().filter(|refund| refund.known.is_none());
                    for refund in unknown {
                        match refund.item.fate {
                            Fate::Send(_) if fresh => walk.leave(updated_at),
                            Fate::Send(_) => sorted.send.push(refund.item),
                            _ => sorted.settle.push(refund.item),
                        }
                    }
                    true
                }
                Judgement::Rejected(_) | Judgement::Parked(_) | Judgement::Skipped(_) => true,
            };
            // What was read before may have been sent by us.
            if updated_at >= self.read_until {
                (self.heard_at, self.unheard) =
                    if heard { (Some(updated_at), 0) } else { (self.heard_at, self.unheard + 1) };
            }
        }
        sorted
    }
}

/// Whether this very version, or a newer one, has been claimed, or waits for its next attempt.
fn is_on_its_way(item: &Item, known: Option<&Record>) -> bool {
    known.is_some_and(|known| {
        let open = matches!(known.state, State::Pending | State::Claimed | State::Uncertain);
        open && known.revision >= item.delivery.revision
    })
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
