//! Why a delivery did not take place; each variant is a row of the protocol.

use ledger::{DeliveryKey, ErrorClass};
use std::time::Duration;

/// Why a delivery did not take place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The call failed: it is tried again.
    Failed {
        /// Why.
        class: ErrorClass,
        /// The call may take effect all the same. Where a repeat would harm, the delivery is uncertain then, and its next holder
        /// reads back before it calls.
        may_land: bool,
        /// How long the vendor asks to be left alone.
        floor: Option<Duration>,
    },
    /// Nothing was called, for want of time or of a turn: back as it came.
    Spared {
        /// Why.
        class: ErrorClass,
        /// How long the account is to be left alone.
        floor: Option<Duration>,
    },
    /// Nothing was called, and nothing is there where the claim asks to read back first: this delivery has to be accepted first. Not
    /// an attempt.
    Waits(DeliveryKey),
    /// Likewise, and somebody is at that one right now: looked at again within seconds.
    WaitsShortly(DeliveryKey),
    /// Likewise, and it turns out that nothing is to be sent, by this rule.
    Skipped(String),
    /// Refused for good.
    Rejected(String),
    /// A person decides.
    Parked {
        /// What kind of trouble it is.
        class: ErrorClass,
        /// What the ledger keeps: a word.
        reason: &'static str,
        /// What the copy in the dead-letter queue says: a sentence without personal data.
        error: String,
    },
}
