//! What a simulation is about: days, orders, faults. All of it follows from one number.

use crate::{
    effect::Kill,
    fault::{BrokenPromise, Down, Odds, Outage},
    functions::Service,
};
use chrono::{NaiveDate, TimeDelta};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;

/// Days worth simulating: an ordinary one, and one of 23 and one of 25 hours.
const DAYS: [(i32, u32, u32, &str); 3] =
    [(2026, 11, 20, "Etc/UTC"), (2026, 3, 29, "Europe/Berlin"), (2026, 11, 1, "America/New_York")];

/// One simulation.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Everything random follows from it.
    pub seed: u64,
    pub(crate) first_day: NaiveDate,
    pub(crate) zone: &'static str,
    /// Nights that the producer is scheduled in; a day is generated for each.
    pub(crate) nights: u32,
    /// Orders of a day.
    pub(crate) orders: usize,
    /// Records of a Salesforce page.
    pub(crate) page_size: usize,
    pub(crate) odds: Odds,
    /// From the last midnight on, faults last so long.
    pub(crate) faults_last: TimeDelta,
    /// A service is down for a while, maybe for longer than that.
    pub(crate) outage: Option<Outage>,
    pub(crate) max_receives: u32,
    /// The destination creates a repeated order id again.
    pub(crate) repeats_create: bool,
    /// The share of posts that the destination answers with a yes and drops.
    pub(crate) drops: f64,
    /// The share of posts that it refuses as too many, and says for how long.
    pub(crate) throttles: f64,
    /// A query over more hours of completion time is too much for the source.
    pub(crate) source_hours: Option<f64>,
    /// The reconciler's hardest day: one order is dropped for ever, a reading is cut short, a skipped order changes its reason.
    pub(crate) doomed: bool,
    /// At so many calls the run is stopped.
    pub(crate) most_calls: u64,
    /// When the reconciler runs.
    pub(crate) reconciler: Reconciling,
    /// The event source mapping is off for so long after the first midnight.
    pub(crate) consumers_after: TimeDelta,
    /// The reconciler has time for a page a run.
    pub(crate) hurried: bool,
    pub(crate) kill: Option<Kill>,
    pub(crate) broken: Option<BrokenPromise>,
    /// Whether each function is asked for a check at the end, as at a deployment.
    pub(crate) checks: bool,
    /// Whether the cost is counted: every order is an ordinary one, and what the functions print is counted.
    pub(crate) billed: bool,
    /// Yotpo's order id is a field that the org does not keep unique, and some orders share theirs.
    pub(crate) twins: bool,
    /// Orders belong to two stores, `default` and `outlet`.
    pub(crate) outlet: bool,
}

/// When the reconciler runs. It mends what producer and consumer lose, so that they are judged before it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reconciling {
    Never,
    /// When the nights are over and the queue is empty.
    Afterwards,
    /// In the nights as well.
    Always,
}

/// Twelve times as many as the longest of 10,000 seeds makes.
const MOST_CALLS: u64 = 200_000;
/// `maxReceiveCount` in the template.
const MAX_RECEIVES: u32 = 200;

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let storm = rng.random_bool(0.15);
        let outage = rng.random_bool(0.04).then(|| Outage::draw(&mut rng));
        let (year, month, day, zone) = *DAYS.choose(&mut rng).unwrap_or(&DAYS[0]);
        Self {
            seed,
            first_day: NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default(),
            zone,
            // What is promised begins with the first run that could write down where it begins.
            nights: if outage.is_some() { 2 } else { *[1, 1, 1, 1, 2, 3].choose(&mut rng).unwrap_or(&1) },
            orders: rng.random_range(8..17),
            page_size: *[3, 7, 20, 2_000].choose(&mut rng).unwrap_or(&20),
            odds: if storm { Odds::storm(&mut rng) } else { Odds::draw(&mut rng) },
            faults_last: TimeDelta::minutes(rng.random_range(20..150)),
            outage,
            max_receives: {
                let drawn = *[MAX_RECEIVES, MAX_RECEIVES, MAX_RECEIVES, MAX_RECEIVES, 3].choose(&mut rng).unwrap_or(&3);
                // While the ledger is down nothing can be claimed, and each last receive sends a fresh copy. With three receives a
                // message, each of which may come twice, copies would multiply for hours.
                if outage.is_some() { MAX_RECEIVES } else { drawn }
            },
            repeats_create: storm || rng.random_bool(0.4),
            drops: *[0.0, 0.0, 0.03, 0.1].choose(&mut rng).unwrap_or(&0.0),
            throttles: 0.0,
            source_hours: *[None, None, None, None, None, None, None, Some(5.0), Some(11.0), Some(40.0)]
                .choose(&mut rng)
                .unwrap_or(&None),
            doomed: false,
            most_calls: MOST_CALLS,
            reconciler: match seed % 10 {
                0 => Reconciling::Never,
                1..=4 => Reconciling::Afterwards,
                _ => Reconciling::Always,
            },
            consumers_after: TimeDelta::zero(),
            hurried: false,
            kill: None,
            broken: None,
            checks: false,
            billed: false,
            twins: seed % 7 == 3,
            outlet: false,
        }
    }

    /// A night in which nothing goes wrong, with many awkward orders in small pages, and a check of each function after it.
    pub fn calm(seed: u64) -> Self {
        Self {
            odds: Odds::NONE,
            outage: None,
            nights: 1,
            orders: 12,
            page_size: 5,
            faults_last: TimeDelta::minutes(40),
            max_receives: MAX_RECEIVES,
            repeats_create: true,
            drops: 0.0,
            throttles: 0.0,
            reconciler: Reconciling::Always,
            source_hours: None,
            checks: true,
            twins: false,
            ..Self::of(seed)
        }
    }

    /// The same, with everything in it that the reconciler has to do.
    #[must_use]
    pub fn doomed(seed: u64) -> Self {
        Self { doomed: true, drops: 0.3, ..Self::calm(seed) }
    }

    /// The same of two stores, `default` and `outlet`: for stories.
    #[must_use]
    pub fn of_two_stores(self) -> Self {
        Self { outlet: true, ..self }
    }

    /// Two nights in which nothing goes wrong, with orders that share their id, of one day and of two.
    pub fn twins(seed: u64) -> Self {
        Self { twins: true, nights: 2, ..Self::calm(seed) }
    }

    /// A night of so many ordinary orders in which nothing goes wrong, with everything counted that costs money.
    pub fn ordinary(seed: u64, orders: usize) -> Self {
        let shipped = 2_000;
        Self {
            orders,
            page_size: shipped,
            faults_last: TimeDelta::zero(),
            checks: false,
            billed: true,
            // A run in the night would meet the one after it, which the bill has.
            reconciler: Reconciling::Afterwards,
            ..Self::calm(seed)
        }
    }

    /// The same, with messages that are delivered twice at a time, slow calls, and a queue that gives up after so many receives.
    #[must_use]
    pub fn crowded(seed: u64, max_receives: u32) -> Self {
        let calm = Self::calm(seed);
        Self { odds: Odds { duplicate: 0.8, slow: 0.5, ..calm.odds }, max_receives, ..calm }
    }

    /// With a source that cannot answer a query over more than so many hours of completion time.
    #[must_use]
    pub fn slow_source(self, hours: f64) -> Self {
        Self { source_hours: Some(hours), ..self }
    }

    /// With so many nights.
    #[must_use]
    pub fn through(self, nights: u32) -> Self {
        Self { nights, ..self }
    }

    /// The same, with a reconciler that is out of time after a page, of the source or of the destination.
    #[must_use]
    pub fn hurried(self) -> Self {
        Self { hurried: true, ..self }
    }

    /// With a queue that gives up after so many receives.
    #[must_use]
    pub fn received(self, times: u32) -> Self {
        Self { max_receives: times, ..self }
    }

    /// With one kill.
    #[must_use]
    pub fn killed(self, kill: Kill) -> Self {
        Self { kill: Some(kill), ..self }
    }

    /// With a service that is down from the second midnight on, for so many hours.
    #[must_use]
    pub fn down(self, service: Service, how: Down, hours: i64) -> Self {
        let outage = Outage { service, how, from: TimeDelta::zero(), until: TimeDelta::hours(hours) };
        Self { outage: Some(outage), nights: 2, ..self }
    }

    /// With an AWS that does not keep its word.
    #[must_use]
    pub fn with(self, broken: BrokenPromise) -> Self {
        Self { broken: Some(broken), reconciler: Reconciling::Never, ..self }
    }

    /// Without a reconciler.
    #[must_use]
    pub fn unmended(self) -> Self {
        Self { reconciler: Reconciling::Never, ..self }
    }

    /// A calm night in which every run of producer and reconciler has a rival.
    pub fn rivals(seed: u64) -> Self {
        let calm = Self::calm(seed);
        Self { odds: Odds { two_producers: 1.0, ..calm.odds }, page_size: 3, ..calm }
    }

    /// A calm night in which nothing is received until the reconciler has run.
    pub fn backlog(seed: u64) -> Self {
        Self { consumers_after: TimeDelta::hours(2), ..Self::calm(seed) }
    }

    /// A night in which SQS takes no message of a batch call for itself in so many cases, and nothing else goes wrong.
    pub fn refusing(seed: u64, entries: f64) -> Self {
        let calm = Self::calm(seed);
        Self { odds: Odds { entry: entries, ..calm.odds }, ..calm }
    }

    /// A night in which the destination throttles this share of the posts, and nothing else goes wrong.
    pub fn throttled(seed: u64, share: f64) -> Self {
        Self { throttles: share, orders: 40, page_size: 2_000, ..Self::calm(seed) }
    }

    /// What may go wrong with AWS and the vendors, for as long as a story says. What makes one message two goes wrong seldom: under a
    /// pause both are there until it ends, and each may become two again.
    pub fn troubled(seed: u64) -> Self {
        let odds = Odds {
            aws: [0.005; 8],
            vendor: [0.02; 10],
            slow: 0.05,
            kill: 0.002,
            duplicate: 0.002,
            entry: 0.005,
            ..Odds::NONE
        };
        Self { odds, ..Self::calm(seed) }
    }

    /// A night in which the ledger answers in part.
    pub fn partly_read(seed: u64) -> Self {
        let calm = Self::calm(seed);
        Self { odds: Odds { partial: 0.5, ..calm.odds }, faults_last: TimeDelta::days(2), ..calm }
    }

    /// Nothing goes wrong: what is done is done once.
    pub(crate) fn is_calm(&self) -> bool {
        let untroubled = self.odds == Odds::NONE && self.outage.is_none() && self.kill.is_none();
        untroubled && self.drops == 0.0 && self.throttles == 0.0 && !self.doomed && self.broken.is_none()
    }

    /// AWS does what it is asked, and no process is killed.
    pub(crate) fn is_aws_calm(&self) -> bool {
        let Odds { aws, kill, entry, .. } = &self.odds;
        let untroubled = aws.iter().all(|odds| *odds == 0.0) && *kill == 0.0 && *entry == 0.0;
        untroubled && self.outage.is_none() && self.kill.is_none() && self.broken.is_none()
    }

    pub(crate) fn is_production(&self) -> bool {
        self.max_receives == MAX_RECEIVES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_queue_that_gives_up_early_goes_through_an_outage() {
        let mut down = (0..2_000).map(Scenario::of).filter(|scenario| scenario.outage.is_some()).peekable();
        assert!(down.peek().is_some(), "no seed has an outage");
        assert!(down.all(|scenario| scenario.is_production()), "copies of copies");
    }
}
