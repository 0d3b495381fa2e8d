//! What may go wrong, and how likely it is in a given run.

use crate::functions::Service;
use chrono::TimeDelta;
use rand::{RngExt as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How a single call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection: certainly without effect, and the caller knows.
    Refused,
    /// The connection breaks before the call takes effect.
    LostBefore,
    /// The connection breaks after it.
    LostAfter,
    /// It breaks now, and the call takes effect later.
    Late(Duration),
    /// The service answers with an error, and did nothing.
    ErrorBefore,
    /// The service answers with an error, and did it.
    ErrorAfter,
    /// Too many calls.
    Throttled,
    /// The call takes effect, and there is never an answer.
    Hang,
    /// The token has expired (vendors only).
    Expired,
    /// The caller has no right to make it.
    Denied,
    /// A proxy or a firewall answers with a page of its own and this status, and passes nothing on.
    Foreign(u16),
}

/// What stands before a service answers with.
const FOREIGN: [u16; 10] = [400, 401, 403, 404, 409, 413, 421, 431, 451, 511];

/// How a service is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// It cannot be reached.
    Refused,
    /// Connections break before a call takes effect.
    Broken,
    /// It answers with an error.
    Failing,
    /// It answers that there are too many calls.
    Throttling,
    /// It does what it is asked, and never answers.
    Hanging,
    /// It does not know our credentials, or our rights.
    Denying,
    /// What stands before it answers with pages of its own.
    Blocking,
}

impl Down {
    /// Every way.
    pub const ALL: [Self; 7] =
        [Self::Refused, Self::Broken, Self::Failing, Self::Throttling, Self::Hanging, Self::Denying, Self::Blocking];

    fn fault(self) -> Fault {
        match self {
            Self::Refused => Fault::Refused,
            Self::Broken => Fault::LostBefore,
            Self::Failing => Fault::ErrorBefore,
            Self::Throttling => Fault::Throttled,
            Self::Hanging => Fault::Hang,
            Self::Denying => Fault::Denied,
            Self::Blocking => Fault::Foreign(400),
        }
    }
}

/// What AWS does not do, and no protocol can make good: for tests of the oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenPromise {
    /// The queue loses a message that it accepted.
    Delivery,
    /// The table writes whatever the condition says.
    Condition,
}

/// A service fails every call for a while: minutes, or longer than a day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) service: Service,
    pub(crate) how: Down,
    /// Since the last midnight.
    pub(crate) from: TimeDelta,
    /// Since the last midnight.
    pub(crate) until: TimeDelta,
}

impl Outage {
    pub(crate) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let service = *Service::OF_REVIEWS.choose(rng).unwrap_or(&Service::Table);
        let how = *Down::ALL.choose(rng).unwrap_or(&Down::Refused);
        let from = TimeDelta::minutes(rng.random_range(0..60));
        let lasts = if rng.random_bool(0.5) { 5..120 } else { 120..26 * 60 };
        let until = from + TimeDelta::minutes(rng.random_range(lasts));
        Self { service, how, from, until }
    }

    /// What becomes of a call to `service`, so long after the last midnight.
    pub(crate) fn strikes(&self, service: Service, at: TimeDelta) -> Option<Fault> {
        (service == self.service && (self.from..self.until).contains(&at)).then(|| self.how.fault())
    }
}

/// How likely what is in one run. Most of it is off in most runs, so that what is on can be seen at work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Odds {
    pub(crate) aws: [f64; 8],
    pub(crate) vendor: [f64; 10],
    /// A call takes seconds.
    pub(crate) slow: f64,
    /// An invocation is killed at an effect.
    pub(crate) kill: f64,
    /// A received message stays visible, or comes back after its deletion.
    pub(crate) duplicate: f64,
    /// An entry of a batch call fails by itself.
    pub(crate) entry: f64,
    /// A read that need not be consistent is not.
    pub(crate) stale: f64,
    /// A read of many answers in part.
    pub(crate) partial: f64,
    /// A second producer starts with the first.
    pub(crate) two_producers: f64,
    /// An order is touched between two runs of the producer.
    pub(crate) touch: f64,
    /// Of the calls that take effect late, so many do so up to ten minutes late.
    pub(crate) latest: f64,
}

impl Odds {
    pub(crate) const NONE: Self = Self {
        aws: [0.0; 8],
        vendor: [0.0; 10],
        slow: 0.0,
        kill: 0.0,
        duplicate: 0.0,
        entry: 0.0,
        stale: 0.0,
        partial: 0.0,
        two_producers: 0.0,
        touch: 0.0,
        latest: 0.0,
    };

    pub(crate) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut small = || *[0.0, 0.0, 0.0, 0.0, 0.01, 0.03, 0.1].choose(rng).unwrap_or(&0.0);
        let (aws, vendor) = (std::array::from_fn(|_| small()), std::array::from_fn(|_| small()));
        let (slow, kill, stale) = (small(), small() / 2.0, small());
        let entry = *[0.0, 0.0, 0.03, 0.6].choose(rng).unwrap_or(&0.0);
        let mut large = || *[0.0, 0.0, 0.05, 0.3].choose(rng).unwrap_or(&0.0);
        let (duplicate, two_producers, touch) = (large(), large(), large());
        Self { aws, vendor, slow, kill, entry, stale, partial: stale, duplicate, two_producers, touch, latest: 0.0 }
    }

    /// Everything that makes two workers meet over one order: copies, slow calls, failures that are tried again soon,
    /// and writes that land when nobody expects them any more.
    pub(crate) fn storm(rng: &mut ChaCha8Rng) -> Self {
        let late = rng.random_range(0.05..0.3);
        let failing = rng.random_range(0.1..0.5);
        Self {
            aws: [0.0, 0.0, 0.0, late, 0.0, 0.0, 0.0, 0.0],
            vendor: [failing, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            slow: rng.random_range(0.2..0.9),
            duplicate: rng.random_range(0.2..0.8),
            ..Self::NONE
        }
    }

    /// What goes wrong with a call, if anything does.
    pub(crate) fn strike(&self, at_vendor: bool, rng: &mut ChaCha8Rng) -> Option<Fault> {
        let odds: &[f64] = if at_vendor { &self.vendor } else { &self.aws };
        let mut dice: f64 = rng.random();
        // Often about as late as the first attempts that follow.
        let late = if rng.random_bool(0.5) { 4_000..12_000 } else { 200..40_000 };
        let late = if self.latest > 0.0 && rng.random_bool(self.latest) { 40_000..600_000 } else { late };
        let late = Duration::from_millis(rng.random_range(late));
        for (index, share) in odds.iter().enumerate() {
            if dice < *share {
                return Some(match index {
                    0 => Fault::Refused,
                    1 => Fault::LostBefore,
                    2 => Fault::LostAfter,
                    3 => Fault::Late(late),
                    4 => Fault::ErrorBefore,
                    5 => Fault::ErrorAfter,
                    6 => Fault::Throttled,
                    7 => Fault::Hang,
                    8 => Fault::Expired,
                    _ => Fault::Foreign(*FOREIGN.choose(rng).unwrap_or(&403)),
                });
            }
            dice -= share;
        }
        None
    }
}
