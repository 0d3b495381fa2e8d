//! `[pace]` and `[protocol]`: DESIGN section 4 in figures.

use std::time::Duration;

use serde::Deserialize;

use crate::duration;

/// `[pace]`: calls a second that we allow ourselves, for each vendor account, all workers together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paces {
    /// One store's Yotpo Reviews account; over 0.
    pub yotpo_reviews: f64,
    /// One store's Yotpo Loyalty account; over 0.
    pub yotpo_loyalty: f64,
}

/// `[protocol]`: the delivery protocol's times.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// When a call to a vendor is given up.
    #[serde(deserialize_with = "duration::read")]
    pub call_timeout: Duration,
    /// How far two of our clocks may be apart; part of when a lease counts as lapsed.
    #[serde(deserialize_with = "duration::read")]
    pub clock_skew: Duration,
    /// Back-off after a first failure; doubles with each further one.
    #[serde(deserialize_with = "duration::read")]
    pub backoff_base: Duration,
    /// The longest back-off; at most 12 h, SQS's longest visibility time-out.
    #[serde(deserialize_with = "duration::read")]
    pub backoff_cap: Duration,
    /// A delivery that another worker holds is looked at again no sooner than this.
    #[serde(deserialize_with = "duration::read")]
    pub held_at_least: Duration,
    /// When a delivery that waits for another one is looked at again.
    #[serde(deserialize_with = "duration::read")]
    pub wait: Duration,
    /// How long after acceptance a delivery that is not found at the destination counts as missing.
    #[serde(deserialize_with = "duration::read")]
    pub missing_after: Duration,
    /// How often one delivery is repaired before it is left parked.
    pub repair_limit: u32,
    /// Producer and reconciler stop after a page when their invocation has less than this left.
    #[serde(deserialize_with = "duration::read")]
    pub producer_stop_before: Duration,
    /// How long a call that we gave up on may still take effect.
    pub settle: Settle,
}

/// `[protocol.settle]`: settle time by destination.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settle {
    /// Yotpo Reviews; none, since it ignores a repeated order id.
    #[serde(deserialize_with = "duration::read")]
    pub yotpo_reviews: Duration,
    /// NetSuite: a call goes on after its client has gone.
    #[serde(deserialize_with = "duration::read")]
    pub netsuite: Duration,
    /// Yotpo Loyalty's customers, where a newer version overtakes an older one; its orders and refunds have none.
    #[serde(deserialize_with = "duration::read")]
    pub yotpo_loyalty: Duration,
    /// Salesforce, where it is written to.
    #[serde(deserialize_with = "duration::read")]
    pub salesforce: Duration,
}

impl Default for Paces {
    fn default() -> Self {
        Self { yotpo_reviews: 4.0, yotpo_loyalty: 4.0 }
    }
}

impl Default for Settle {
    fn default() -> Self {
        Self {
            yotpo_reviews: Duration::ZERO,
            netsuite: Duration::from_mins(15),
            yotpo_loyalty: Duration::from_mins(10),
            salesforce: Duration::from_mins(2),
        }
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(10),
            clock_skew: Duration::from_secs(10),
            backoff_base: Duration::from_secs(10),
            backoff_cap: Duration::from_mins(30),
            held_at_least: Duration::from_mins(1),
            wait: Duration::from_mins(20),
            missing_after: Duration::from_hours(6),
            repair_limit: 5,
            producer_stop_before: Duration::from_mins(1),
            settle: Settle::default(),
        }
    }
}
