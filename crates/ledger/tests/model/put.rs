//! One event, put to the ledger's own code, and what is watched while it happens.

use crate::{
    scenario::{AHEAD, Scenario, TICK},
    state::World,
};
use ledger::{
    Attempt, Event, Millis, Repair, State, Verdict,
    decide::{conclude, decide},
};

impl Scenario {
    /// A consumer's own clock.
    pub(crate) fn clock(world: &World, worker: usize) -> Millis {
        world.now.plus(TICK * AHEAD[worker % 2])
    }

    /// One event, put to the ledger by its own code; the rule that is switched off is taken out of the data.
    pub(crate) fn put(&self, world: &mut World, delivery: usize, event: &Event, now: Millis) -> Verdict {
        let policy = &self.policies[delivery];
        let mut write = decide(event, policy, now);
        if let Some(rule) = self.without {
            rule.weaken(event, policy, &mut write);
        }
        let attempt = write.run(&mut world.records[delivery]);
        let mut verdict = conclude(event, policy, &attempt, now);
        if let Some(rule) = self.without {
            rule.misjudge(event, &attempt, &mut verdict, now);
        }
        crate::seen::note(&verdict, world);
        Self::listen(world, event, &attempt, &verdict);
        self.watch(world, delivery, event, &attempt);
        verdict
    }

    /// What is accepted is given up for a newer version, for another effect, or because it is missing.
    pub(crate) fn watch(&self, world: &mut World, delivery: usize, event: &Event, attempt: &Attempt) {
        let (Attempt::Applied(Some(before)), Some(after)) = (attempt, &world.records[delivery]) else { return };
        let accepted = |state| matches!(state, State::Accepted | State::Confirmed);
        world.lease_kept |= matches!(event, Event::Finish { .. }) && after.lease_end.is_some();
        let missing = matches!(event, Event::Reopen { repair: Repair::Missing, .. })
            || (matches!(event, Event::GiveUp { .. }) && before.state == State::Accepted);
        let same =
            !self.policies[delivery].supersedes || (after.revision, &after.hash) == (before.revision, &before.hash);
        world.taken_back |= accepted(before.state) && !accepted(after.state) && same && !missing;
    }

    /// A holder must be told of its own success, and of nobody else's.
    pub(crate) fn listen(world: &mut World, event: &Event, attempt: &Attempt, verdict: &Verdict) {
        let Attempt::Refused(Some(record)) = attempt else { return };
        world.misled |= match event {
            Event::Claim { token, .. } => {
                record.token.as_ref() == Some(token)
                    && record.state == State::Claimed
                    && !matches!(verdict, Verdict::Call { .. })
            }
            Event::Finish { token, revision, .. } => {
                let finished = record.token.as_ref() == Some(token) && record.state != State::Claimed;
                let ours = finished && record.revision == *revision;
                let confirmed = record.state == State::Confirmed && record.revision >= *revision;
                (ours || confirmed) != (*verdict == Verdict::Recorded)
            }
            _ => false,
        };
    }
}
