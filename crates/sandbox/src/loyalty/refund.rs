//! Refunds: taken at once, worked on later, and lost without a word where they do not fit.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::account::Account;
use super::settings::{Excess, Repeats, Settings};

/// A refund that was answered 200 and not worked on yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) due: DateTime<Utc>,
    pub(super) id: Option<String>,
    pub(super) order_id: String,
    pub(super) amount: i64,
    pub(super) currency: Option<String>,
}

/// A refund that took nothing back, though it was answered 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostRefund {
    /// The shop's own id.
    pub id: Option<String>,
    /// The order that it named.
    pub order_id: String,
    /// Why.
    pub reason: &'static str,
}

impl Account {
    /// Works on every refund that is due.
    pub(super) fn work(&mut self, settings: &Settings, now: DateTime<Utc>) {
        let (due, later) = std::mem::take(&mut self.waiting).into_iter().partition(|refund| refund.due <= now);
        self.waiting = later;
        let due: Vec<Waiting> = due;
        for refund in due {
            if let Err(reason) = self.take_back(settings, &refund, now) {
                self.lost.push(LostRefund { id: refund.id, order_id: refund.order_id, reason });
            }
        }
    }

    fn take_back(&mut self, settings: &Settings, refund: &Waiting, now: DateTime<Utc>) -> Result<(), &'static str> {
        let sale = self.sales.get_mut(&refund.order_id).ok_or("no such order")?;
        if sale.currency != refund.currency {
            return Err("another currency than the order's");
        }
        let id = refund.id.clone().unwrap_or_else(|| format!("made-up-{}", self.refunds.len()));
        let known = self.refunds.get(&id).map(|refund| refund.amount);
        let before = match (known, settings.repeated_refund) {
            (Some(_), Repeats::Ignored) => return Ok(()),
            (Some(before), Repeats::Replace) => before,
            _ => 0,
        };
        let rest = sale.amount - sale.refunded + before;
        let taken = match settings.excess {
            _ if refund.amount <= rest => refund.amount,
            Excess::Cut => rest,
            Excess::Applied => refund.amount,
            Excess::Lost => return Err("more than is left"),
        };
        sale.refunded += taken - before;
        let effects = self.refunds.get(&id).map_or(0, |refund| refund.effects) + 1;
        self.refunds.insert(id, Returned { order_id: refund.order_id.clone(), amount: taken, effects });
        self.award(&refund.order_id, "Refund", now);
        Ok(())
    }
}

/// A refund that took something back.
#[derive(Debug, Clone)]
pub(super) struct Returned {
    pub(super) order_id: String,
    pub(super) amount: i64,
    /// How often it counted. Two is a double.
    pub(super) effects: u64,
}
