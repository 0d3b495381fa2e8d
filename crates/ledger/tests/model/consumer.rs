//! What a consumer does with a message, and what the destination does with its call.

use crate::{
    actions::{Action, Answer},
    rules::Rule,
    scenario::{Destination, Scenario, TICK},
    state::{End, Request, Worker, World},
};
use ledger::{ErrorClass, Event, Millis, Outcome, Repeat, State, Token, Verdict};

impl Scenario {
    pub(crate) fn take(&self, world: &mut World, worker: usize, version: usize, lost: bool) -> Option<()> {
        world.queue[version] -= 1;
        let token = Token::from_text(world.tokens.to_string());
        world.tokens += 1;
        let asked_at = Self::clock(world, worker);
        let deadline = world.now.plus(TICK);
        world.workers[worker] = Worker::Claiming { version, token, asked_at, deadline };
        if lost {
            let Worker::Claiming { token, .. } = world.workers[worker].clone() else { return None };
            self.claim(world, version, &token, asked_at);
            Some(())
        } else {
            self.claim_again(world, worker)
        }
    }

    pub(crate) fn claim(&self, world: &mut World, version: usize, token: &Token, asked_at: Millis) -> Verdict {
        let (delivery, lease_end) = (self.versions[version].clone(), asked_at.plus(TICK));
        let event = Event::Claim { delivery, token: token.clone(), lease_end };
        self.put(world, self.delivery_of[version], &event, asked_at)
    }

    pub(crate) fn claim_again(&self, world: &mut World, worker: usize) -> Option<()> {
        let Worker::Claiming { version, token, asked_at, deadline } = world.workers[worker].clone() else {
            return None;
        };
        world.workers[worker] = match self.claim(world, version, &token, asked_at) {
            Verdict::Call { attempt, read_back_first, applied, .. } => {
                Worker::Holding { version, token, deadline, read: read_back_first, first: attempt == 1, applied }
            }
            Verdict::Conflict => {
                world.dead_letters[version] = 1;
                Worker::Ending { version, token, end: End::Conflict, written: false, applied: None }
            }
            Verdict::Held(_) | Verdict::Settling(_) => {
                world.queue[version] += 1;
                Worker::Idle
            }
            Verdict::Done | Verdict::Superseded | Verdict::Recorded | Verdict::Tried => Worker::Idle,
        };
        Some(())
    }

    pub(crate) fn hold(&self, world: &mut World, action: Action) -> Option<()> {
        let (Action::ReadBack(worker)
        | Action::CannotTell(worker)
        | Action::Call(worker)
        | Action::Unchanged(worker)
        | Action::Release(worker)
        | Action::Wait(worker)
        | Action::Skip(worker)
        | Action::WaitedTooLong(worker)) = action
        else {
            return None;
        };
        let Worker::Holding { version, token, deadline, first, applied, .. } = world.workers[worker].clone() else {
            return None;
        };
        let ending =
            |end| Worker::Ending { version, token: token.clone(), end, written: false, applied: applied.clone() };
        let delivery = self.delivery_of[version];
        world.workers[worker] = match action {
            Action::ReadBack(_) => {
                let last = world.applied.iter().rfind(|v| self.delivery_of[**v] == delivery);
                let there = match self.destinations[delivery] {
                    Destination::Upserts => last.is_some_and(|v| self.versions[*v].hash == self.versions[version].hash),
                    Destination::Ignores | Destination::Creates => last.is_some(),
                };
                if there {
                    ending(End::Accepted)
                } else {
                    Worker::Holding { version, token, deadline, read: false, first, applied }
                }
            }
            Action::Unchanged(_) => ending(End::Accepted),
            Action::CannotTell(_) => ending(End::Parked),
            Action::WaitedTooLong(_) => ending(End::Blocked),
            Action::Skip(_) => ending(self.skipped(version, first)),
            Action::Wait(_) => ending(match world.records[0].as_ref().map(|needed| needed.state) {
                Some(State::Skipped) if self.without != Some(Rule::SkippedTogether) => self.skipped(version, first),
                Some(State::Rejected | State::Parked) if self.without != Some(Rule::BlockedAtOnce) => End::Blocked,
                _ => End::Waiting,
            }),
            Action::Call(_) => {
                let until = deadline.max(world.now).plus(self.policies[delivery].settle);
                world.requests.push(Request { version, until, caller: Some(worker) });
                Worker::Calling { version, token, deadline, applied }
            }
            _ => ending(End::Pending(Self::clock(world, worker))),
        };
        self.dead_letter(world, worker);
        Some(())
    }

    /// How it ends that nothing is to be sent of it.
    fn skipped(&self, version: usize, first: bool) -> End {
        let may_skip = self.policies[self.delivery_of[version]].may_skip(if first { 1 } else { 2 });
        if may_skip || self.without == Some(Rule::SkipUntried) { End::Skipped } else { End::Parked }
    }

    /// What waits for a person has a copy in the dead-letter queue before the ledger says so.
    fn dead_letter(&self, world: &mut World, worker: usize) {
        if let Worker::Ending { version, end: End::Parked | End::Blocked | End::Rejected, .. } = world.workers[worker]
            && self.without != Some(Rule::DeadLetterFirst)
        {
            world.dead_letters[version] = 1;
        }
    }

    /// A call takes effect.
    pub(crate) fn land(&self, world: &mut World, request: usize) -> Option<()> {
        let Request { version, until, .. } = world.requests[request];
        if world.now >= until {
            return None;
        }
        world.requests.remove(request);
        self.apply(world, version);
        Some(())
    }

    pub(crate) fn apply(&self, world: &mut World, version: usize) {
        let delivery = self.delivery_of[version];
        let last = world.applied.iter().rfind(|v| self.delivery_of[**v] == delivery).copied();
        let changes = match self.destinations[delivery] {
            Destination::Ignores => last.is_none(),
            Destination::Creates => true,
            Destination::Upserts => last != Some(version),
        };
        if changes {
            let before = || world.applied.iter().any(|v| self.delivery_of[*v] == 0);
            world.unordered |= self.depends && delivery == 1 && !before();
            world.applied.push(version);
        }
    }

    pub(crate) fn answer(&self, world: &mut World, worker: usize, answer: Answer) -> Option<()> {
        let Worker::Calling { version, token, deadline, applied } = world.workers[worker].clone() else { return None };
        let request = world.requests.iter().position(|r| r.caller == Some(worker));
        let local = Self::clock(world, worker);
        let policy = self.policies[self.delivery_of[version]];
        // A call that its caller still waits for ends with the invocation.
        let late = local.plus(policy.settle);
        let end = match answer {
            Answer::Yes => {
                if let Some(request) = request {
                    if world.now >= deadline {
                        return None;
                    }
                    world.requests.remove(request);
                    self.apply(world, version);
                }
                End::Accepted
            }
            Answer::Lost | Answer::LostForGood => {
                if let Some(request) = request {
                    world.requests[request].caller = None;
                    world.requests[request].until = world.now.min(deadline).plus(policy.settle);
                    let now = world.now;
                    world.requests.retain(|r| r.until > now || r.caller.is_some());
                }
                match (answer, policy.repeat) {
                    (Answer::LostForGood, _) => End::Parked,
                    (_, Repeat::Harmless) => End::Pending(late),
                    (_, Repeat::ReadBack) => End::Uncertain(late),
                }
            }
            Answer::Dropped | Answer::Refused | Answer::NotSent => {
                world.requests.remove(request?);
                match answer {
                    Answer::Dropped => End::Accepted,
                    Answer::Refused => End::Rejected,
                    _ => End::Pending(local),
                }
            }
        };
        let unanswered = matches!(answer, Answer::Lost | Answer::LostForGood);
        let applied = applied.filter(|_| !unanswered || self.without == Some(Rule::AppliedUnanswered));
        world.workers[worker] = Worker::Ending { version, token, end, written: false, applied };
        self.dead_letter(world, worker);
        Some(())
    }

    pub(crate) fn finish(&self, world: &mut World, worker: usize, lost: bool) -> Option<()> {
        let Worker::Ending { version, token, end, applied, .. } = world.workers[worker].clone() else { return None };
        let (delivery, now) = (&self.versions[version], Self::clock(world, worker));
        let outcome = match end {
            End::Accepted => Some(Outcome::Accepted),
            End::Pending(at) => Some(Outcome::Pending(ErrorClass::Unavailable, at)),
            End::Uncertain(at) => Some(Outcome::Uncertain(at)),
            End::Rejected => Some(Outcome::Rejected(String::new())),
            End::Parked => Some(Outcome::Parked(String::new())),
            End::Waiting => Some(Outcome::Waiting(self.versions[0].key.clone(), now)),
            End::Blocked => Some(Outcome::Blocked(self.versions[0].key.clone())),
            End::Skipped => Some(Outcome::Skipped(String::new())),
            End::Conflict => None,
        };
        let event = match outcome {
            Some(outcome) => {
                let (key, revision, token) = (delivery.key.clone(), delivery.revision, token.clone());
                let known = if end == End::Accepted { Some(delivery.hash.clone()) } else { applied.clone() };
                Event::Finish { key, revision, token, outcome, applied: known }
            }
            None => Event::Conflict { delivery: delivery.clone() },
        };
        let verdict = self.put(world, self.delivery_of[version], &event, now);
        if lost {
            world.workers[worker] = Worker::Ending { version, token, end, written: true, applied };
            return Some(());
        }
        let closed = !matches!(end, End::Pending(_) | End::Uncertain(_) | End::Waiting);
        if !(closed && verdict == Verdict::Recorded) {
            world.queue[version] += 1;
        } else if matches!(end, End::Rejected | End::Parked | End::Blocked)
            && self.without == Some(Rule::DeadLetterFirst)
        {
            world.dead_letters[version] = 1;
        }
        world.workers[worker] = Worker::Idle;
        Some(())
    }

    pub(crate) fn unwritten(&self, world: &mut World, worker: usize) -> Option<()> {
        let Worker::Ending { version, .. } = world.workers[worker] else { return None };
        world.workers[worker] = Worker::Idle;
        if self.without != Some(Rule::DeleteWhenRecorded) {
            world.queue[version] += 1;
        }
        Some(())
    }

    pub(crate) fn crash(world: &mut World, worker: usize, scenario: &Self) -> Option<()> {
        let version = world.workers[worker].version()?;
        for request in world.requests.iter_mut().filter(|r| r.caller == Some(worker)) {
            request.caller = None;
        }
        let now = world.now;
        world.requests.retain(|r| r.until > now || r.caller.is_some());
        world.workers[worker] = Worker::Idle;
        if scenario.without != Some(Rule::DeleteWhenDone) {
            world.queue[version] += 1;
        }
        Some(())
    }
}
