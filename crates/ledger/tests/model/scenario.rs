//! What a run of the model is about: a destination, the versions of a delivery, and how much may go wrong.

use crate::rules::Rule;
use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Policy, Repeat, Revision};
use std::time::Duration;

/// One instant of the model's clock. Lease, skew and settle time are one each.
pub(crate) const TICK: Duration = Duration::from_mins(1);
/// The two consumers' clocks run ahead of the true one by this many instants.
pub(crate) const AHEAD: [u32; 2] = [0, 1];

/// How a destination treats a repeated call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// It creates, and ignores a key that it has (Yotpo Reviews). It may say yes and drop it.
    Ignores,
    /// Every call creates one more (credit memos).
    Creates,
    /// It keeps the last version under a key (customers, sales orders).
    Upserts,
}

impl Destination {
    fn policy(self) -> Policy {
        Policy {
            repeat: if self == Self::Creates { Repeat::ReadBack } else { Repeat::Harmless },
            supersedes: self == Self::Upserts,
            settle: if self == Self::Ignores { Duration::ZERO } else { TICK },
            clock_skew: TICK,
        }
    }
}

/// What the producer does with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Send(usize),
    Skip(usize),
    Reject(usize),
    Park(usize),
}

impl Fate {
    pub(crate) fn version(self) -> usize {
        let (Self::Send(version) | Self::Skip(version) | Self::Reject(version) | Self::Park(version)) = self;
        version
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub name: &'static str,
    /// By delivery: where it goes, and what the protocol knows of that.
    pub destinations: [Destination; 2],
    pub policies: [Policy; 2],
    /// The destination shows what it has. Where it does not, a consumer may find that nothing is to be sent.
    pub readable: bool,
    /// The versions that there are, of one delivery or of two.
    pub versions: Vec<Delivery>,
    /// To which delivery (0 or 1) each version belongs.
    pub delivery_of: Vec<usize>,
    /// What the producer does, step by step, and its choices at each.
    pub source: Vec<Vec<Fate>>,
    /// Delivery 1 needs delivery 0 to be accepted.
    pub depends: bool,
    /// It may have to give way to another delivery that asks for its name.
    pub gives_way: bool,
    pub workers: usize,
    pub faults: u8,
    /// How many copies of one version may be in the queue at once.
    pub copies: u8,
    pub repair_limit: u32,
    pub without: Option<Rule>,
}

fn version(delivery: usize, revision: i64, hash: &str, triggered_at: Option<i64>) -> Delivery {
    Delivery {
        key: DeliveryKey::try_from(format!("flow/{delivery}")).unwrap(),
        revision: Revision(revision),
        hash: EffectHash::stored(hash),
        store: String::new(),
        day: None,
        triggered_at: triggered_at.map(Millis),
    }
}

impl Scenario {
    fn new(name: &'static str, destination: Destination, versions: Vec<Delivery>, source: Vec<Vec<Fate>>) -> Self {
        let delivery_of = versions.iter().map(|v| usize::from(v.key.as_str() == "flow/1")).collect();
        Self {
            name,
            destinations: [destination; 2],
            policies: [destination.policy(); 2],
            readable: true,
            versions,
            delivery_of,
            source,
            depends: false,
            gives_way: false,
            workers: 2,
            faults: 2,
            copies: 2,
            repair_limit: 1,
            without: None,
        }
    }

    fn revisions(name: &'static str, destination: Destination) -> Self {
        use Fate::{Park, Reject, Send, Skip};
        let versions = vec![version(0, 1, "a", None), version(0, 2, "b", None)];
        Self::new(name, destination, versions, vec![vec![Send(0), Skip(0)], vec![Send(1), Skip(1), Reject(1), Park(1)]])
    }

    /// Reviews: creates only, ignores repeats.
    pub(crate) fn ignores() -> Self {
        Self::revisions("creates only, ignores repeats", Destination::Ignores)
    }

    /// Reviews, where another order asks for the same name.
    pub(crate) fn gives_way() -> Self {
        let versions = vec![version(0, 1, "a", None), version(0, 2, "b", None)];
        let source = vec![vec![Fate::Send(0)], vec![Fate::Send(1)]];
        let mut scenario = Self::new("creates only, gives way", Destination::Ignores, versions, source);
        scenario.gives_way = true;
        scenario.copies = 1;
        scenario.workers = 1;
        scenario
    }

    /// Refunds, credit memos: creates only, a repeat is harmful.
    pub(crate) fn creates() -> Self {
        Self::revisions("creates only, read back first", Destination::Creates)
    }

    /// Customers, sales orders.
    pub(crate) fn upserts() -> Self {
        Self::revisions("upserts", Destination::Upserts)
    }

    /// An upserting destination that is read back before a repeat all the same.
    pub(crate) fn upserts_read_back() -> Self {
        let mut scenario = Self::revisions("upserts, read back first", Destination::Upserts);
        scenario.policies[0].repeat = Repeat::ReadBack;
        scenario
    }

    /// Sales orders, of which a third version asks for what the first one did.
    pub(crate) fn unchanged() -> Self {
        let versions = vec![version(0, 1, "a", None), version(0, 2, "b", None), version(0, 3, "a", None)];
        let source = vec![vec![Fate::Send(0)], vec![Fate::Send(1)], vec![Fate::Send(2)]];
        let mut scenario = Self::new(
            "upserts, read back first, the third version as the first",
            Destination::Upserts,
            versions,
            source,
        );
        scenario.policies[0].repeat = Repeat::ReadBack;
        scenario.workers = 1;
        scenario.copies = 1;
        scenario
    }

    /// Two effects at one revision; the vendor does not say which is newer.
    pub(crate) fn two_hashes() -> Self {
        let versions = vec![version(0, 1, "a", None), version(0, 1, "b", None)];
        let source = vec![vec![Fate::Send(0)], vec![Fate::Send(1)]];
        Self::new("upserts, two effects at one revision", Destination::Upserts, versions, source)
    }

    /// The same, with one consumer, and a person who redrives twice.
    pub(crate) fn two_hashes_one_worker() -> Self {
        let mut scenario = Self::two_hashes();
        scenario.name = "upserts, two effects at one revision, one consumer";
        scenario.workers = 1;
        scenario.repair_limit = 2;
        scenario
    }

    /// Two effects at one revision, with the vendor's trigger time.
    pub(crate) fn two_triggers() -> Self {
        let versions = vec![version(0, 1, "a", Some(1)), version(0, 1, "b", Some(2))];
        let source = vec![vec![Fate::Send(0)], vec![Fate::Send(1)]];
        Self::new("upserts, two triggers at one revision", Destination::Upserts, versions, source)
    }

    fn depending(name: &'static str, versions: Vec<Delivery>, source: Vec<Vec<Fate>>) -> Self {
        let mut scenario = Self::new(name, Destination::Upserts, versions, source);
        scenario.destinations[1] = Destination::Creates;
        scenario.policies[1] = Destination::Creates.policy();
        scenario.depends = true;
        scenario.copies = 1;
        scenario
    }

    /// An order that is created, and the customer that it needs, who is upserted.
    pub(crate) fn dependency() -> Self {
        let versions = vec![version(0, 1, "a", None), version(1, 1, "a", None)];
        let source = vec![vec![Fate::Send(1)], vec![Fate::Send(0), Fate::Skip(0), Fate::Park(0)]];
        Self::depending("one delivery waits for another", versions, source)
    }

    /// The same, with a customer who is sent after all.
    pub(crate) fn late_dependency() -> Self {
        let versions = vec![version(0, 1, "a", None), version(0, 2, "b", None), version(1, 1, "a", None)];
        let source = vec![vec![Fate::Send(2)], vec![Fate::Skip(0), Fate::Park(0)], vec![Fate::Send(1)]];
        let mut scenario = Self::depending("one delivery waits for another, which changes", versions, source);
        scenario.workers = 1;
        scenario
    }

    /// Loyalty's orders: created once, and never shown.
    pub(crate) fn unread() -> Self {
        let versions = vec![version(0, 1, "a", None), version(0, 2, "b", None)];
        let source = vec![vec![Fate::Send(0)], vec![Fate::Send(1)]];
        let mut scenario = Self::new("creates only, cannot be read", Destination::Ignores, versions, source);
        scenario.readable = false;
        scenario
    }

    /// A producer that comes late with an older version.
    pub(crate) fn late_producer() -> Self {
        let mut scenario = Self::upserts();
        scenario.name = "upserts, an older version comes late";
        scenario.source = vec![vec![Fate::Send(1)], vec![Fate::Skip(0), Fate::Reject(0), Fate::Park(0)]];
        scenario
    }

    #[must_use]
    pub(crate) fn faults(mut self, faults: u8) -> Self {
        self.faults = faults;
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, rule: Rule) -> Self {
        self.without = Some(rule);
        self
    }

    /// The order of two versions of one delivery, where anybody can know it.
    pub(crate) fn order(&self, a: usize, b: usize) -> Option<std::cmp::Ordering> {
        let (a, b) = (&self.versions[a], &self.versions[b]);
        match a.revision.cmp(&b.revision) {
            std::cmp::Ordering::Equal if a.hash == b.hash => Some(std::cmp::Ordering::Equal),
            std::cmp::Ordering::Equal => a.triggered_at.zip(b.triggered_at).map(|(a, b)| a.cmp(&b)),
            order => Some(order),
        }
    }

    pub(crate) fn describe(&self, version: usize) -> String {
        let v = &self.versions[version];
        let delivery = match (self.depends, self.delivery_of[version]) {
            (false, _) => "",
            (true, 0) => "customer ",
            (true, _) => "order ",
        };
        format!("{delivery}r{}{}", v.revision.0, v.hash.as_str())
    }
}
