//! A return or a cancellation at Yotpo: a part of an order that was accepted, taken from its balance before the call.

use crate::{
    consume::{Consumer, store_of},
    message::{CancellationAsked, ReturnAsked},
    money::MinorAmount,
    order::{order_key, unanswered},
    outcome::{internal, parked},
};
use config::{Repeatable, StoreName};
use delivery::{Claim, Undelivered};
use ledger::{Balance, BalanceEvent, BalanceVerdict, ErrorClass, State, balance::CANCELLATION};
use salesforce::Id;
use yotpo::loyalty::RefundRecord;

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
    /// Takes a return's part back.
    pub(crate) async fn a_return(&self, asked: &ReturnAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let (refund, imported) = (asked.refund.as_str(), asked.imported.as_ref());
        let of = Of { order: &asked.order, refund, imported, store: store_of(claim)? };
        let take = BalanceEvent::Take {
            refund: asked.refund.clone(),
            currency: asked.amount.currency.to_string(),
            asked: asked.amount.units,
        };
        self.refund(&of, &take, &asked.amount.to_string(), claim).await
    }

    /// Takes back all that is left of a cancelled order.
    pub(crate) async fn cancellation(&self, asked: &CancellationAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let imported = asked.imported.as_ref();
        let of = Of { order: &asked.order, refund: CANCELLATION, imported, store: store_of(claim)? };
        self.refund(&of, &BalanceEvent::Cancel { seen_at: asked.seen_at }, "all that is left", claim).await
    }

    async fn refund(
        &self,
        of: &Of<'_>,
        event: &BalanceEvent,
        asked: &str,
        claim: &Claim<'_>,
    ) -> Result<(), Undelivered> {
        self.after_its_order(of, claim).await?;
        let before = self.before(of, claim).await?;
        let order = of.order.as_str();
        let verdict = self.worker.ledger.put_to_balance(order, event).await.map_err(|error| internal(&error))?;
        let units = part(&verdict, of, asked, claim)?;
        if before.is_some_and(|balance| balance.parts.contains_key(of.refund)) {
            return Err(unanswered("a refund"));
        }
        let currency = match event {
            BalanceEvent::Take { currency, .. } => currency.clone(),
            _ => self.currency(of).await?,
        };
        let id = format!("{order}-{}", of.refund);
        let record =
            RefundRecord { id, order_id: order.to_owned(), total_amount_cents: units, currency, items: vec![] };
        self.call(claim, async |client| client.record_refund(&record).await).await
    }

    /// Yotpo drops a refund without a word whose order it does not know.
    async fn after_its_order(&self, of: &Of<'_>, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let known = self.known(&order_key(&of.store, of.order)?).await?;
        if known.as_ref().is_some_and(|known| known.accepted_at.is_some()) {
            return Ok(());
        }
        if let Some(amount) = of.imported {
            let (store, currency) = (of.store.to_string(), amount.currency.to_string());
            let open = BalanceEvent::Open { store, currency, amount: amount.units };
            let opened = self.worker.ledger.put_to_balance(of.order.as_str(), &open).await;
            return opened.map(drop).map_err(|error| internal(&error));
        }
        match known.map(|known| known.state) {
            Some(State::Skipped) => {
                claim.note_untouched();
                Err(Undelivered::Skipped("order_skipped".to_owned()))
            }
            _ => Err(waits(of)?),
        }
    }

    /// The order's currency.
    async fn currency(&self, of: &Of<'_>) -> Result<String, Undelivered> {
        let balance = self.worker.ledger.balance(of.order.as_str()).await.map_err(|error| internal(&error))?;
        balance.map(|balance| balance.currency).ok_or_else(|| internal(&Gone))
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
            Err(Undelivered::Skipped("covered".to_owned()))
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
