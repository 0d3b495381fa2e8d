//! What can happen, and what it does. Every write and every verdict comes from the ledger's own code.

use crate::{
    rules::Rule,
    scenario::{Destination, Scenario, TICK},
    state::{End, Worker, World},
};
use ledger::{Millis, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Yes,
    /// Yes, and it is dropped silently.
    Dropped,
    /// No, for good.
    Refused,
    /// Certainly without effect.
    NotSent,
    /// None: the call may have taken effect, or may do so within the settle time.
    Lost,
    /// None, and it was the last receive.
    LostForGood,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Produce(usize),
    Take {
        worker: usize,
        version: usize,
        lost: bool,
    },
    ClaimAgain(usize),
    ReadBack(usize),
    CannotTell(usize),
    Call(usize),
    /// What it asks for is there already.
    Unchanged(usize),
    Release(usize),
    Wait(usize),
    Skip(usize),
    WaitedTooLong(usize),
    Land(usize),
    Answer(usize, Answer),
    Finish {
        worker: usize,
        lost: bool,
    },
    /// The ledger cannot be reached.
    Unwritten(usize),
    Crash(usize),
    Duplicate(usize),
    Vanish(usize),
    Expire(usize),
    Redrive {
        version: usize,
        crash: bool,
    },
    Dismiss {
        version: usize,
        crash: bool,
    },
    Confirm(usize),
    Missing(usize),
    /// It gives way to another delivery that asks for its name.
    GiveWay(usize),
    GiveUp,
    Appear,
    Resend(usize),
    Resettle(usize),
    Tick,
}

impl Scenario {
    pub(crate) fn start(&self) -> World {
        World {
            now: Millis(0),
            records: vec![None; 1 + self.delivery_of.iter().copied().max().unwrap_or(0)],
            queue: [0; 3],
            dead_letters: [0; 3],
            workers: [Worker::Idle, Worker::Idle],
            applied: vec![],
            requests: vec![],
            produced: vec![],
            faults_left: self.faults,
            vanished: false,
            expired: false,
            redriven: false,
            giving_up: None,
            name_given_away: None,
            misled: false,
            taken_back: false,
            lease_kept: false,
            unordered: false,
            tokens: 0,
        }
    }

    /// Whether a holder of this version has to wait for another delivery.
    pub(crate) fn waits(&self, world: &World, version: usize) -> bool {
        !self.ready(world, version)
    }

    fn ready(&self, world: &World, version: usize) -> bool {
        let needed = world.records[0].as_ref();
        !self.depends
            || self.delivery_of[version] == 0
            || needed.is_some_and(|r| matches!(r.state, State::Accepted | State::Confirmed))
    }

    /// The destination may say yes and drop it, and it can be seen that it did.
    pub(crate) fn drops(&self, delivery: usize) -> bool {
        self.destinations[delivery] == Destination::Ignores && self.readable
    }

    /// A copy is left alone until whoever put it there has written down why.
    pub(crate) fn is_young(&self, world: &World, version: usize) -> bool {
        let being_parked = |w: &Worker| {
            let closing =
                matches!(w, Worker::Ending { end: End::Rejected | End::Parked | End::Blocked | End::Conflict, .. });
            closing && w.version() == Some(version)
        };
        let being_given_up = world.giving_up == Some(version);
        let young = world.workers.iter().any(being_parked) || being_given_up;
        young && self.without != Some(Rule::RedriveAge)
    }

    /// What a person may do with the copies of a version.
    fn by_hand(&self, world: &World, version: usize, actions: &mut Vec<Action>) {
        let letter = world.dead_letters[version] > 0 && !self.is_young(world, version);
        for crash in [false, true].into_iter().take(1 + usize::from(world.faults_left > 0)) {
            if letter {
                actions.push(Action::Redrive { version, crash });
            }
            if !self.depends && (letter || world.queue[version] > 0) {
                actions.push(Action::Dismiss { version, crash });
            }
        }
    }

    /// Everything that can happen next.
    pub(crate) fn possible(&self, world: &World, actions: &mut Vec<Action>) {
        let fault = world.faults_left > 0;
        if let Some(choices) = self.source.get(world.produced.len()) {
            actions.extend((0..choices.len()).map(Action::Produce));
        }
        for (worker, doing) in world.workers.iter().enumerate().take(self.workers) {
            match doing {
                Worker::Idle => {
                    for version in (0..self.versions.len()).filter(|v| world.queue[*v] > 0) {
                        actions.push(Action::Take { worker, version, lost: false });
                        if fault {
                            actions.push(Action::Take { worker, version, lost: true });
                        }
                    }
                    continue;
                }
                Worker::Claiming { .. } => actions.push(Action::ClaimAgain(worker)),
                Worker::Holding { version, deadline, read, first, applied, .. } => {
                    let in_time = world.now < *deadline || self.without == Some(Rule::CallWithinLease);
                    let ready = self.ready(world, *version) || self.without == Some(Rule::WaitsFor);
                    actions.push(Action::Release(worker));
                    if applied.as_ref() == Some(&self.versions[*version].hash) {
                        actions.push(Action::Unchanged(worker));
                        continue;
                    }
                    let skips = !read && self.skips(world, *version, *first, applied.as_ref());
                    if skips {
                        actions.push(Action::Skip(worker));
                    }
                    if *read && in_time {
                        actions.push(Action::ReadBack(worker));
                        if fault {
                            actions.push(Action::CannotTell(worker));
                        }
                    } else if in_time && ready && !skips {
                        actions.push(Action::Call(worker));
                    }
                    if !ready {
                        actions.push(Action::Wait(worker));
                        if fault {
                            actions.push(Action::WaitedTooLong(worker));
                        }
                    }
                    if !self.readable {
                        actions.push(Action::Skip(worker));
                    }
                }
                Worker::Calling { version, .. } => self.answers(world, worker, *version, actions),
                Worker::Ending { .. } => {
                    actions.push(Action::Finish { worker, lost: false });
                    if fault {
                        actions.push(Action::Finish { worker, lost: true });
                        actions.push(Action::Unwritten(worker));
                    }
                }
            }
            if fault {
                actions.push(Action::Crash(worker));
            }
        }
        actions.extend((0..world.requests.len()).map(Action::Land));
        for version in 0..self.versions.len() {
            if fault && world.queue[version] > 0 {
                actions.push(Action::Vanish(version));
            }
            let sent = world.queue[version] > 0 || world.workers.iter().any(|w| w.version() == Some(version));
            if fault && sent && world.copies(version) < usize::from(self.copies) {
                actions.push(Action::Duplicate(version));
            }
            self.by_hand(world, version, actions);
            let last = world.applied.last() == Some(&version);
            if self.readable && (last || (world.applied.contains(&version) && !world.expired)) {
                actions.push(Action::Confirm(version));
            }
        }
        if self.gives_way {
            // The order of its name is met at any time, at any version that the source had.
            actions.extend((0..world.produced.len()).map(Action::GiveWay));
        }
        if world.giving_up.is_some() {
            actions.extend([Action::GiveUp, Action::Appear]);
        }
        for delivery in 0..world.records.len() {
            let state = world.records[delivery].as_ref().map(|r| r.state);
            let copies = (0..self.versions.len()).any(|v| self.delivery_of[v] == delivery && world.copies(v) > 0);
            if state == Some(State::Accepted) && self.drops(delivery) {
                actions.push(Action::Missing(delivery));
            }
            if !copies {
                actions.extend([Action::Resend(delivery), Action::Resettle(delivery)]);
                if state.is_some() && self.policies[delivery].supersedes && !self.depends && !world.expired {
                    actions.push(Action::Expire(delivery));
                }
            }
        }
        actions.push(Action::Tick);
    }

    /// How a call may end.
    fn answers(&self, world: &World, worker: usize, version: usize, actions: &mut Vec<Action>) {
        actions.push(Action::Answer(worker, Answer::Yes));
        if world.faults_left == 0 {
            return;
        }
        actions.extend([Action::Answer(worker, Answer::Lost), Action::Answer(worker, Answer::LostForGood)]);
        let landed = !world.requests.iter().any(|r| r.caller == Some(worker));
        if !landed {
            // What it has, it does not refuse.
            if self.readable || world.applied.is_empty() {
                actions.push(Action::Answer(worker, Answer::Refused));
            }
            actions.push(Action::Answer(worker, Answer::NotSent));
            if self.drops(self.delivery_of[version]) {
                actions.push(Action::Answer(worker, Answer::Dropped));
            }
        }
    }

    /// What `action` makes of the world; `None` where it changes nothing or cannot happen.
    pub(crate) fn step(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let faulty = match action {
            Action::Take { lost, .. } | Action::Finish { lost, .. } => lost,
            Action::Redrive { crash, .. } | Action::Dismiss { crash, .. } => crash,
            Action::Answer(_, answer) => answer != Answer::Yes,
            Action::CannotTell(_)
            | Action::WaitedTooLong(_)
            | Action::Unwritten(_)
            | Action::Crash(_)
            | Action::Duplicate(_)
            | Action::Vanish(_) => true,
            _ => false,
        };
        if faulty {
            next.faults_left = world.faults_left.checked_sub(1)?;
        }
        let done = match action {
            Action::Produce(choice) => self.produce(&mut next, choice),
            Action::Take { worker, version, lost } => self.take(&mut next, worker, version, lost),
            Action::ClaimAgain(worker) => self.claim_again(&mut next, worker),
            Action::Land(request) => self.land(&mut next, request),
            Action::Answer(worker, answer) => self.answer(&mut next, worker, answer),
            Action::Finish { worker, lost } => self.finish(&mut next, worker, lost),
            Action::Redrive { version, crash } => self.redrive(&mut next, version, crash),
            Action::Dismiss { version, crash } => self.dismiss(&mut next, version, crash),
            Action::Confirm(version) => self.confirm(&mut next, version),
            Action::Missing(delivery) => self.missing(&mut next, delivery),
            Action::GiveWay(version) => {
                self.give_way(&mut next, version);
                Some(())
            }
            Action::GiveUp => self.give_up(&mut next),
            Action::Appear => self.appear(&mut next),
            Action::Resend(delivery) => self.resend(&mut next, delivery),
            Action::Resettle(delivery) => self.resettle(&mut next, delivery),
            Action::Expire(delivery) => self.expire(&mut next, delivery),
            Action::Unwritten(worker) => self.unwritten(&mut next, worker),
            Action::Crash(worker) => Self::crash(&mut next, worker, self),
            Action::Duplicate(version) => {
                next.queue[version] += 1;
                Some(())
            }
            Action::Vanish(version) => {
                next.queue[version] -= 1;
                next.vanished = true;
                Some(())
            }
            Action::Tick => {
                next.now = next.now.plus(TICK);
                let now = next.now;
                next.requests.retain(|r| r.until > now || r.caller.is_some());
                Some(())
            }
            held => self.hold(&mut next, held),
        };
        done?;
        next.requests.sort();
        (next != *world).then_some(next)
    }
}
