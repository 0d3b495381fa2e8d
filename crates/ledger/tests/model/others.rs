//! What producer, redrive, reconciler and the table itself do.

use crate::{
    rules::Rule,
    scenario::{Fate, Scenario},
    state::World,
};
use ledger::{Delivery, EffectHash, Event, Record, Repair, Settled, State, Verdict};

impl Scenario {
    pub(crate) fn produce(&self, world: &mut World, choice: usize) -> Option<()> {
        let fate = self.source[world.produced.len()][choice];
        if let Fate::Send(version) = fate {
            world.queue[version] += 1;
        } else {
            match self.settle(world, fate) {
                // Somebody is calling for an older version: what was to be settled comes again.
                Verdict::Held(_) if self.supersedes(fate.version()) => return None,
                // Whoever claims it finds out whether it is to be skipped.
                Verdict::Tried => world.queue[fate.version()] += 1,
                _ => {}
            }
        }
        world.produced.push(choice);
        Some(())
    }

    /// A holder skips a version that by rule is not sent, if nothing is there: it knows or has read that something is, or is the
    /// first.
    pub(crate) fn skips(&self, world: &World, version: usize, first: bool, applied: Option<&EffectHash>) -> bool {
        let mut fates = world.produced.iter().enumerate().map(|(step, choice)| self.source[step][*choice]);
        let shown = || world.applied.iter().any(|v| self.delivery_of[*v] == self.delivery_of[version]);
        fates.any(|fate| fate == Fate::Skip(version)) && applied.is_none() && (first || !shown())
    }

    fn supersedes(&self, version: usize) -> bool {
        self.policies[self.delivery_of[version]].supersedes
    }

    pub(crate) fn settle(&self, world: &mut World, fate: Fate) -> Verdict {
        let version = fate.version();
        let settled = match fate {
            Fate::Send(_) | Fate::Skip(_) => Settled::Skipped(String::new()),
            Fate::Reject(_) => Settled::Rejected(String::new()),
            Fate::Park(_) => {
                world.dead_letters[version] = 1;
                Settled::Parked(String::new())
            }
        };
        let event = Event::Settle { delivery: self.versions[version].clone(), settled };
        let now = world.now;
        self.put(world, self.delivery_of[version], &event, now)
    }

    /// The reconciler finds an older version open without a copy, and the source does not want it sent any more.
    pub(crate) fn resettle(&self, world: &mut World, delivery: usize) -> Option<()> {
        let fate = self.newest(world, delivery)?;
        let record = world.records[delivery].as_ref()?;
        let waits = matches!(record.state, State::Rejected | State::Parked) && matches!(fate, Fate::Skip(_));
        let open = (waits || matches!(record.state, State::Pending | State::Claimed | State::Uncertain))
            && record.revision < self.versions[fate.version()].revision;
        let anywhere = (0..self.versions.len()).any(|v| self.delivery_of[v] == delivery && world.copies(v) > 0);
        if matches!(fate, Fate::Send(_)) || !open || anywhere {
            return None;
        }
        match self.settle(world, fate) {
            Verdict::Recorded => {}
            Verdict::Tried => world.queue[fate.version()] += 1,
            _ => return None,
        }
        Some(())
    }

    pub(crate) fn redrive(&self, world: &mut World, version: usize, crash: bool) -> Option<()> {
        let (delivery, limit) = (self.versions[version].clone(), self.repair_limit);
        let event = Event::Reopen { delivery, repair: Repair::Redrive, limit };
        let verdict = self.put(world, self.delivery_of[version], &event, world.now);
        if verdict == Verdict::Recorded {
            // A person gives it its name back.
            world.name_given_away = None;
        }
        if crash {
            world.redriven |= verdict == Verdict::Recorded;
            return Some(());
        }
        match verdict {
            Verdict::Recorded => {
                if world.copies(version) > usize::from(self.copies) {
                    return None;
                }
                world.queue[version] += 1;
                world.redriven = true;
            }
            _ => return None,
        }
        world.dead_letters[version] = 0;
        Some(())
    }

    /// A person decides that the version of a copy is not sent: the ledger says so, then the copy is deleted, in the
    /// dead-letter queue or, if somebody is to be forgotten, in the queue.
    pub(crate) fn dismiss(&self, world: &mut World, version: usize, crash: bool) -> Option<()> {
        let ledger_first = self.without != Some(Rule::DismissFirst);
        if ledger_first || !crash {
            let (delivery, now) = (self.versions[version].clone(), world.now);
            let event = Event::Settle { delivery, settled: Settled::Dismissed(String::new()) };
            let verdict = self.put(world, self.delivery_of[version], &event, now);
            if crash || matches!(verdict, Verdict::Held(_)) {
                return Some(());
            }
        }
        if world.dead_letters[version] > 0 && !self.is_young(world, version) {
            world.dead_letters[version] = 0;
        } else {
            world.queue[version] = world.queue[version].checked_sub(1)?;
        }
        Some(())
    }

    pub(crate) fn confirm(&self, world: &mut World, version: usize) -> Option<()> {
        let delivery = self.delivery_of[version];
        // The destination of a thing that is only created does not say which version it shows.
        let known = match &world.records[delivery] {
            Some(record) if !self.policies[delivery].supersedes => (0..self.versions.len())
                .find(|v| self.delivery_of[*v] == delivery && self.versions[*v].revision == record.revision)?,
            // A later version may have asked for the same effect, and got it without a call.
            Some(record) if record.state == State::Accepted && record.hash == self.versions[version].hash => {
                let same = |v: &Delivery| (v.revision, &v.hash) == (record.revision, &record.hash);
                (0..self.versions.len()).find(|v| self.delivery_of[*v] == delivery && same(&self.versions[*v]))?
            }
            _ => version,
        };
        let event = Event::Confirm { delivery: self.versions[known].clone() };
        self.put(world, delivery, &event, world.now);
        Some(())
    }

    /// What the source wants of a delivery's newest version. What a person has released can be sent.
    pub(crate) fn newest(&self, world: &World, delivery: usize) -> Option<Fate> {
        let fates = world.produced.iter().enumerate().map(|(step, choice)| self.source[step][*choice]);
        let newest = fates
            .filter(|fate| self.delivery_of[fate.version()] == delivery)
            .max_by_key(|fate| self.versions[fate.version()].revision);
        match newest? {
            Fate::Park(version) if world.redriven => Some(Fate::Send(version)),
            fate => Some(fate),
        }
    }

    /// Accepted, and long afterwards not there: reopened and sent again if the source still wants it sent, else recorded as
    /// it does; given up if it was reopened as often as is allowed.
    pub(crate) fn missing(&self, world: &mut World, delivery: usize) -> Option<()> {
        let there = |v: &usize| self.delivery_of[*v] == delivery;
        let gone = !world.applied.iter().any(there) && !world.requests.iter().any(|r| there(&r.version));
        let record = world.records[delivery].as_ref()?;
        if !self.drops(delivery) || !gone || record.state != State::Accepted {
            return None;
        }
        let known =
            self.versions.iter().position(|v| v.key.as_str().ends_with('0') && v.revision == record.revision)?;
        let newest = self.newest(world, delivery)?;
        if record.repairs >= self.repair_limit {
            // A copy goes to the dead-letter queue; why is written down next, see `give_up`.
            world.dead_letters[newest.version()] = 1;
            world.giving_up = Some(newest.version());
            return Some(());
        }
        let version = if let Fate::Send(version) = newest { version } else { known };
        let (copy, limit) = (self.versions[version].clone(), self.repair_limit);
        let event = Event::Reopen { delivery: copy, repair: Repair::Missing, limit };
        let now = world.now;
        match (self.put(world, delivery, &event, now), newest) {
            (Verdict::Recorded, Fate::Send(_)) => world.queue[version] += 1,
            (Verdict::Recorded, fate) => drop(self.settle(world, fate)),
            _ => return None,
        }
        Some(())
    }

    /// Another delivery asks for its name: a copy goes to the dead-letter queue, then the ledger parks it. If the ledger has
    /// said so, the other one is sent.
    pub(crate) fn give_way(&self, world: &mut World, version: usize) {
        world.dead_letters[version] = 1;
        let event =
            Event::Settle { delivery: self.versions[version].clone(), settled: Settled::GaveWay(String::new()) };
        let now = world.now;
        if self.put(world, self.delivery_of[version], &event, now) == Verdict::Recorded {
            world.name_given_away = world.name_given_away.max(Some(version));
        }
    }

    /// The reconciler that has put a copy of what is missing into the dead-letter queue says so.
    pub(crate) fn give_up(&self, world: &mut World) -> Option<()> {
        let version = world.giving_up.take()?;
        let event = Event::GiveUp { delivery: self.versions[version].clone(), reason: String::new() };
        self.put(world, self.delivery_of[version], &event, world.now);
        Some(())
    }

    /// What was missing when the destination was read appears there after all.
    pub(crate) fn appear(&self, world: &mut World) -> Option<()> {
        let version = world.giving_up?;
        let there = world.applied.iter().any(|v| self.delivery_of[*v] == self.delivery_of[version]);
        (!there).then(|| world.applied.push(version))
    }

    /// What has been open or absent for longer than the longest back-off is sent again.
    pub(crate) fn resend(&self, world: &mut World, delivery: usize) -> Option<()> {
        let record = world.records[delivery].as_ref();
        let newest = match self.newest(world, delivery)? {
            Fate::Send(newest) => newest,
            // Somebody had claimed it to find out whether it is to be skipped.
            Fate::Skip(newest) if record.is_some_and(|r| r.revision == self.versions[newest].revision) => newest,
            _ => return None,
        };
        let open = match record {
            None => !world.expired,
            Some(r) if r.revision < self.versions[newest].revision => {
                self.policies[delivery].supersedes || !matches!(r.state, State::Accepted | State::Confirmed)
            }
            // What was skipped with another delivery, which is not skipped any more.
            Some(r) if r.state == State::Skipped => {
                let still = |needed: &Record| needed.state == State::Skipped;
                let other = self.depends && delivery == 1 && !world.records[0].as_ref().is_some_and(still);
                other && self.without != Some(Rule::SkippedComesBack)
            }
            Some(r) => matches!(r.state, State::Pending | State::Claimed | State::Uncertain),
        };
        let same = |v: &usize| record.is_some_and(|r| self.versions[*v].hash == r.hash);
        let current = record.is_some_and(|r| r.revision == self.versions[newest].revision);
        let of = |v: &usize| self.delivery_of[*v] == delivery;
        let at = |v: &usize| self.versions[*v].revision == self.versions[newest].revision;
        let version = (0..self.versions.len()).filter(of).find(|v| current && at(v) && same(v)).unwrap_or(newest);
        let anywhere = (0..self.versions.len()).filter(of).any(|v| world.copies(v) > 0);
        // What is open is redriven where it has a copy there; what is skipped is not.
        let redriven = world.dead_letters[version] > 0 && record.is_none_or(|r| r.state != State::Skipped);
        (open && !anywhere && !redriven).then(|| world.queue[version] += 1)
    }

    /// The table deletes a record at the end of its life: longer than any copy, and than anything that the
    /// source may still send unchanged.
    pub(crate) fn expire(&self, world: &mut World, delivery: usize) -> Option<()> {
        let of = |v: &usize| self.delivery_of[*v] == delivery;
        let alive = (0..self.versions.len()).filter(of).any(|v| world.copies(v) > 0 || world.dead_letters[v] > 0)
            || world.requests.iter().any(|r| of(&r.version));
        let record = world.records[delivery].as_ref()?;
        let closed = matches!(record.state, State::Accepted | State::Confirmed | State::Skipped);
        let to_come = self.source[world.produced.len()..].iter().flatten();
        let old = to_come.map(|fate| self.versions[fate.version()].revision).any(|r| r <= record.revision);
        if alive || !closed || world.expired || !self.policies[delivery].supersedes || old {
            return None;
        }
        world.records[delivery] = None;
        world.expired = true;
        Some(())
    }
}
