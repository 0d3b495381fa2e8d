//! An account that allows so many calls at once: its places, each a small item that somebody has until an instant.

use crate::{
    expression::{number, text},
    key::Token,
    millis::Millis,
    table::{Error, Ledger},
};
use aws_sdk_dynamodb::types::AttributeValue;

/// One of an account's places, held until [`Slot::until`] at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The account.
    pub account: String,
    /// Which of its places, from 0.
    pub place: u32,
    /// Who has it.
    pub token: Token,
    /// From when on anybody may take it.
    pub until: Millis,
}

impl Ledger {
    /// Takes one of the `of` places of an account until `until`, which is the end by anybody's clock: the bound on their difference
    /// is the caller's to add. The places are tried in turn from `first` on; a random one spares refusals. `None`: all are held.
    ///
    /// # Errors
    /// When DynamoDB cannot be used; a place may be held until `until` then.
    pub async fn take_slot(
        &self,
        account: &str,
        of: u32,
        first: u32,
        token: &Token,
        until: Millis,
    ) -> Result<Option<Slot>, Error> {
        for place in (0..of).map(|n| (first % of + n) % of) {
            let slot = Slot { account: account.to_owned(), place, token: token.clone(), until };
            // Our own token: the answer was lost, and the SDK asks again.
            let free = "attribute_not_exists(held_until) OR held_until <= :now OR #t = :t";
            let now = (":now", number(self.millis().0));
            if self.write_slot(&slot, free, "SET #t = :t, held_until = :u", [now, (":u", number(until.0))]).await? {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Gives a place back; false if somebody else has it by now.
    ///
    /// # Errors
    /// When DynamoDB cannot be used: it is held until its end then.
    pub async fn give_back_slot(&self, slot: &Slot) -> Result<bool, Error> {
        self.write_slot(slot, "#t = :t", "SET held_until = :u", [(":u", number(0))]).await
    }

    /// Holds a place until another instant: a call that nobody answered may still run. False if somebody else has it by now.
    ///
    /// # Errors
    /// When DynamoDB cannot be used: it is held until its old end then.
    pub async fn hold_slot(&self, slot: &Slot, until: Millis) -> Result<bool, Error> {
        self.write_slot(slot, "#t = :t", "SET held_until = :u", [(":u", number(until.0))]).await
    }

    async fn write_slot<const N: usize>(
        &self,
        slot: &Slot,
        condition: &str,
        update: &str,
        values: [(&str, AttributeValue); N],
    ) -> Result<bool, Error> {
        let token = (":t", text(slot.token.as_str()));
        let values = values.into_iter().chain([token]);
        self.write(&slot_key(&slot.account, slot.place), condition, update, &[("#t", "token")], values).await
    }
}

/// All flows share an account's places.
fn slot_key(account: &str, place: u32) -> String {
    format!("slot/{account}/{place}")
}
