//! Which conditional write an event asks for, or what is to be said: pure, by what was last seen of the item.

use super::write::{BalanceChange as Change, BalanceCondition as Condition, BalanceWrite};
use super::{Balance, BalancePart, CANCELLATION};
use crate::key::Revision;

/// More refunds of one order than this need a person: the item stays small.
pub const MOST_REFUNDS: usize = 200;

/// Something that happens to an order's balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceEvent {
    /// The order is about to be sent, to this store.
    Open {
        /// The store.
        store: String,
        /// Its currency.
        currency: String,
        /// What it is worth, in minor units.
        amount: i64,
        /// Whose points it changes, by the id at the destination.
        customer: Option<String>,
    },
    /// The order is cancelled, and nobody has begun to send it: nobody will. What is open stays as it is.
    Close {
        /// The store.
        store: String,
        /// The order's revision at which that was seen.
        seen_at: Revision,
    },
    /// A refund is about to be sent.
    Take {
        /// Its id.
        refund: String,
        /// Its currency.
        currency: String,
        /// What it is for, in minor units: more than nothing.
        asked: i64,
    },
    /// The order is cancelled: what is left is taken.
    Cancel {
        /// The order's revision at which that was seen.
        seen_at: Revision,
    },
    /// A person lets a refund through that asks for more than is left: it takes what is.
    Release {
        /// Its id.
        refund: String,
    },
    /// A refund is not sent after all, a person has decided: its part is there again.
    GiveBack {
        /// Its id.
        refund: String,
    },
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceVerdict {
    /// The order's balance, as it was opened or closed now or before.
    Opened(Box<Balance>),
    /// The refund has so much of the order, now or since an earlier try. Nothing: all had been given back.
    Has(i64),
    /// It is as it was asked for.
    Noted,
    /// There is no balance: the order was never about to be sent.
    Missing,
    /// The order was cancelled, which took all that was left.
    Covered,
    /// The refund is in another currency than its order.
    OtherCurrency,
    /// The refund took its part already, for another amount: this one.
    Changed(i64),
    /// The refund asks for more than is left: this much. Nothing is taken.
    Exceeds(i64),
    /// The order has [`MOST_REFUNDS`].
    Full,
}

/// What is known of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeenBalance {
    /// Nobody has looked yet.
    Unseen,
    /// There is none.
    Absent,
    /// It is this.
    Item(Balance),
}

/// What to do next about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look at the item: it is needed to know what to write.
    Look,
    /// Write; where the condition does not hold, decide again by what is there.
    Write(BalanceWrite),
    /// Say this.
    Say(BalanceVerdict),
}

/// What `event` asks for, by what was last seen of the item.
pub fn decide(event: &BalanceEvent, seen: &SeenBalance) -> Next {
    use BalanceVerdict::{Missing, Noted, Opened};
    let balance = match (event, seen) {
        (BalanceEvent::Open { store, currency, amount, customer }, SeenBalance::Unseen | SeenBalance::Absent) => {
            let (store, currency, customer) = (store.clone(), currency.clone(), customer.clone());
            return write([Condition::Absent], Change::Open { store, currency, amount: *amount, customer });
        }
        (BalanceEvent::Close { store, seen_at }, SeenBalance::Unseen | SeenBalance::Absent) => {
            return write([Condition::Absent], Change::Close { store: store.clone(), seen_at: *seen_at });
        }
        // Most refunds are neither too large nor too late: no look is needed.
        (BalanceEvent::Take { refund, currency, asked }, SeenBalance::Unseen) => {
            return take_whole(refund, currency, *asked);
        }
        (_, SeenBalance::Unseen) => return Next::Look,
        (_, SeenBalance::Absent) => return Next::Say(Missing),
        (_, SeenBalance::Item(balance)) => balance,
    };
    let unchanged = Condition::VersionIs(balance.version);
    match event {
        BalanceEvent::Open { .. } | BalanceEvent::Close { .. } => Next::Say(Opened(Box::new(balance.clone()))),
        BalanceEvent::Take { refund, currency, asked } => take(balance, refund, currency, *asked),
        BalanceEvent::Cancel { seen_at } => match balance.parts.get(CANCELLATION) {
            Some(part) => Next::Say(BalanceVerdict::Has(part.taken)),
            None => write([unchanged], Change::Cancel { seen_at: *seen_at, taken: balance.rest }),
        },
        BalanceEvent::Release { refund } if is_released(balance, refund) => Next::Say(Noted),
        BalanceEvent::Release { refund } => write([unchanged], Change::Release { refund: refund.clone() }),
        BalanceEvent::GiveBack { refund } => match balance.parts.get(refund).filter(|_| !balance.is_closed()) {
            Some(part) => write([unchanged], Change::GiveBack { refund: refund.clone(), part: *part }),
            None => Next::Say(Noted),
        },
    }
}

fn is_released(balance: &Balance, refund: &str) -> bool {
    balance.released.contains(refund) || balance.parts.contains_key(refund)
}

fn write<const N: usize>(conditions: [Condition; N], change: Change) -> Next {
    Next::Write(BalanceWrite { conditions: conditions.into(), change })
}

/// A refund that fits takes all that it asks for.
fn take_whole(refund: &str, currency: &str, asked: i64) -> Next {
    let conditions = [
        Condition::CurrencyIs(currency.to_owned()),
        Condition::NotCancelled,
        Condition::RestAtLeast(asked),
        Condition::HasNoPart(refund.to_owned()),
        Condition::FewerRefundsThan(MOST_REFUNDS),
    ];
    write(conditions, Change::Take { refund: refund.to_owned(), part: BalancePart { asked, taken: asked } })
}

fn take(balance: &Balance, refund: &str, currency: &str, asked: i64) -> Next {
    let say = Next::Say;
    if let Some(part) = balance.parts.get(refund) {
        return say(if part.asked == asked {
            BalanceVerdict::Has(part.taken)
        } else {
            BalanceVerdict::Changed(part.asked)
        });
    }
    if balance.is_closed() {
        return say(BalanceVerdict::Covered);
    }
    if balance.currency != currency {
        return say(BalanceVerdict::OtherCurrency);
    }
    if balance.cancelled_at.is_some() {
        return say(BalanceVerdict::Covered);
    }
    if balance.parts.len() >= MOST_REFUNDS {
        return say(BalanceVerdict::Full);
    }
    if asked <= balance.rest {
        return take_whole(refund, currency, asked);
    }
    if balance.is_rounding(asked) || balance.released.contains(refund) {
        let part = BalancePart { asked, taken: balance.rest };
        return write([Condition::VersionIs(balance.version)], Change::Take { refund: refund.to_owned(), part });
    }
    say(BalanceVerdict::Exceeds(balance.rest))
}
