//! A return or a cancellation at Yotpo: a part of an order that was accepted, taken from its balance before the call.

use crate::{
    consume::{Consumer, store_of},
    message::{CancellationAsked, ReturnAsked},
    money::MinorAmount,
    order::{CANCELLED, order_key, unanswered},
    outcome::{internal, parked},
};
use config::{Repeatable, StoreName};
use delivery::{Claim, Undelivered};
use ledger::{Balance, BalanceEvent, BalanceVerdict, ErrorClass, Revision, State, balance::CANCELLATION};
use salesforce::Id;
use yotpo::loyalty::RefundRecord;

/// Why nothing is taken back of an order that was cancelled.
const COVERED: &str = "covered";

/// Which refund of which order.
struct Of<'a> {
    order: &'a Id,
    refund: &'a str,
    /// What the order was worth, where Yotpo has it by an import.
    imported: Option<&'a MinorAmount>,
    store: StoreName,
}

/// A balance that was there a moment ago.
#[derive(Debug, thiserror::Error)]
#[error("the order's balance is gone")]
struct Gone;

impl Consumer {
    /// Takes a return's part back; whose points that changed.
    pub(crate) async fn a_return(&self, asked: &ReturnAsked, claim: &Claim<'_>) -> Result<Option<String>, Undelivered> {
        let (refund, imported) = (asked.refund.as_str(), asked.imported.as_ref());
        let of = Of { order: &asked.order, refund, imported, store: store_of(claim)? };
        self.after_its_order(&of, claim, None).await?;
        let take = BalanceEvent::Take {
            refund: asked.refund.clone(),
            currency: asked.amount.currency.to_string(),
            asked: asked.amount.units,
        };
        self.refund(&of, &take, &asked.amount.to_string(), claim).await
    }

    /// Takes back all that is left of a cancelled order; whose points that changed.
    pub(crate) async fn cancellation(
        &self,
        asked: &CancellationAsked,
        claim: &Claim<'_>,
    ) -> Result<Option<String>, Undelivered> {
        let imported = asked.imported.as_ref();
        let of = Of { order: &asked.order, refund: CANCELLATION, imported, store: store_of(claim)? };
        self.after_its_order(&of, claim, Some(asked.seen_at)).await?;
        self.refund(&of, &BalanceEvent::Cancel { seen_at: asked.seen_at }, "all that is left", claim).await
    }

    async fn refund(
        &self,
        of: &Of<'_>,
        event: &BalanceEvent,
        asked: &str,
        claim: &Claim<'_>,
    ) -> Result<Option<String>, Undelivered> {
        let before = self.before(of, claim).await?;
        let (ledger, order) = (&self.worker.ledger, of.order.as_str());
        let verdict = ledger.put_to_balance(order, event).await.map_err(|error| internal(&error))?;
        let units = part(&verdict, of, asked, claim)?;
        if before.is_some_and(|balance| balance.parts.contains_key(of.refund)) {
            return Err(unanswered("a refund"));
        }
        let balance = ledger.balance(order).await.map_err(|error| internal(&error))?;
        let Balance { currency, customer, .. } = balance.ok_or_else(|| internal(&Gone))?;
        let id = format!("{order}-{}", of.refund);
        let record =
            RefundRecord { id, order_id: order.to_owned(), total_amount_cents: units, currency, items: vec![] };
        self.call(claim, async |client| client.record_refund(&record).await).await?;
        Ok(customer)
    }

    /// Yotpo drops a refund without a word whose order it does not know. `cancelled`: the order's revision at which it was seen
    /// cancelled.
    async fn after_its_order(
        &self,
        of: &Of<'_>,
        claim: &Claim<'_>,
        cancelled: Option<Revision>,
    ) -> Result<(), Undelivered> {
        let known = self.known(&order_key(&of.store, of.order)?).await?;
        if known.as_ref().is_some_and(|known| known.accepted_at.is_some()) {
            return Ok(());
        }
        let (ledger, order, store) = (&self.worker.ledger, of.order.as_str(), of.store.to_string());
        if let Some(amount) = of.imported {
            let currency = amount.currency.to_string();
            let open = BalanceEvent::Open { store, currency, amount: amount.units, customer: None };
            return ledger.put_to_balance(order, &open).await.map(drop).map_err(|error| internal(&error));
        }
        if let Some(known) = known {
            // A refund is called for after its order was accepted, which it never was.
            claim.note_untouched();
            return Err(if known.state == State::Skipped {
                Undelivered::Skipped("order_skipped".to_owned())
            } else {
                waits(of)?
            });
        }
        // Nobody has begun to send the order, and a claim of it that comes meanwhile opens the balance first, or finds it closed.
        let (balance, reason) = match cancelled {
            Some(seen_at) => {
                let close = BalanceEvent::Close { store, seen_at };
                match ledger.put_to_balance(order, &close).await.map_err(|error| internal(&error))? {
                    BalanceVerdict::Opened(balance) => (Some(*balance), CANCELLED),
                    _ => (None, CANCELLED),
                }
            }
            None => (ledger.balance(order).await.map_err(|error| internal(&error))?, COVERED),
        };
        claim.note_untouched();
        if balance.is_some_and(|balance| balance.is_closed()) {
            return Err(Undelivered::Skipped(reason.to_owned()));
        }
        Err(waits(of)?)
    }

    /// The balance as it was before this attempt, where that tells whether an earlier one may have called.
    async fn before(&self, of: &Of<'_>, claim: &Claim<'_>) -> Result<Option<Balance>, Undelivered> {
        if !claim.unanswered || self.loyalty.repeat.refunds == Repeatable::Harmless {
            return Ok(None);
        }
        self.worker.ledger.balance(of.order.as_str()).await.map_err(|error| internal(&error))
    }
}

fn waits(of: &Of<'_>) -> Result<Undelivered, Undelivered> {
    order_key(&of.store, of.order).map(Undelivered::Waits)
}

/// What the refund is sent for, in minor units; `asked`: what it asks for, in words.
fn part(verdict: &BalanceVerdict, of: &Of<'_>, asked: &str, claim: &Claim<'_>) -> Result<i64, Undelivered> {
    let conflict = |reason, error| Err(parked(ErrorClass::Conflict, reason, error));
    match verdict {
        BalanceVerdict::Has(units) if *units > 0 => Ok(*units),
        // Without a part of its own it was never sent.
        BalanceVerdict::Has(_) | BalanceVerdict::Covered => {
            claim.note_untouched();
            Err(Undelivered::Skipped(COVERED.to_owned()))
        }
        BalanceVerdict::Missing | BalanceVerdict::Opened(_) | BalanceVerdict::Noted => Err(waits(of)?),
        BalanceVerdict::Changed(was) => {
            conflict("refund_changed", format!("the refund was for {was} minor units, and now asks for {asked}"))
        }
        BalanceVerdict::OtherCurrency => {
            conflict("other_currency", format!("the refund asks for {asked}, in another currency than its order's"))
        }
        BalanceVerdict::Exceeds(rest) => conflict(
            "exceeds_order",
            format!(
                "the refund asks for {asked}, and {rest} minor units are left of its order; released, it takes those"
            ),
        ),
        BalanceVerdict::Full => {
            conflict("too_many_refunds", "the order has too many refunds to keep account of".to_owned())
        }
    }
}
