//! What can happen, and what it does. Every write and every verdict comes from the ledger's own code.

use crate::{
    rules::Rule,
    scenario::{AHEAD, Destination, Fate, Scenario, TICK},
    state::{End, Request, Worker, World},
};
use ledger::{
    Attempt, ErrorClass, Event, Millis, Outcome, Repair, Repeat, Settled, State, Token, Verdict,
    decide::{conclude, decide},
};

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
    Release(usize),
    Wait(usize),
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
    Confirm(usize),
    Missing(usize),
    Resend(usize),
    Resettle(usize),
    Tick,
}

impl Scenario {
    pub(crate) fn start(&self) -> World {
        World {
            now: Millis(0),
            records: vec![None; 1 + self.delivery_of.iter().copied().max().unwrap_or(0)],
            queue: [0; 2],
            dead_letters: [0; 2],
            workers: [Worker::Idle, Worker::Idle],
            applied: vec![],
            requests: vec![],
            produced: vec![],
            faults_left: self.faults,
            vanished: false,
            expired: false,
            redriven: false,
            misled: false,
            taken_back: false,
            lease_kept: false,
            unordered: false,
            tokens: 0,
        }
    }

    /// A consumer's own clock.
    fn clock(world: &World, worker: usize) -> Millis {
        world.now.plus(TICK * AHEAD[worker % 2])
    }

    /// One event, put to the ledger by its own code; the rule that is switched off is taken out of the data.
    fn put(&self, world: &mut World, delivery: usize, event: &Event, now: Millis) -> Verdict {
        let mut write = decide(event, &self.policy, now);
        if let Some(rule) = self.without {
            rule.weaken(event, &self.policy, &mut write);
        }
        let attempt = write.run(&mut world.records[delivery]);
        let mut verdict = conclude(event, &self.policy, &attempt, now);
        if let Some(rule) = self.without {
            rule.misjudge(event, &attempt, &mut verdict, now);
        }
        crate::seen::note(&verdict, world);
        Self::listen(world, event, &attempt, &verdict);
        self.watch(world, delivery, event, &attempt);
        verdict
    }

    /// What is accepted is given up for a newer version, for another effect, or because it is missing.
    fn watch(&self, world: &mut World, delivery: usize, event: &Event, attempt: &Attempt) {
        let (Attempt::Applied(Some(before)), Some(after)) = (attempt, &world.records[delivery]) else { return };
        let accepted = |state| matches!(state, State::Accepted | State::Confirmed);
        world.lease_kept |= matches!(event, Event::Finish { .. }) && after.lease_end.is_some();
        let missing = matches!(event, Event::Reopen { repair: Repair::Missing, .. });
        let same = !self.policy.supersedes || (after.revision, &after.hash) == (before.revision, &before.hash);
        world.taken_back |= accepted(before.state) && !accepted(after.state) && same && !missing;
    }

    /// A holder must be told of its own success.
    fn listen(world: &mut World, event: &Event, attempt: &Attempt, verdict: &Verdict) {
        let Attempt::Refused(Some(record)) = attempt else { return };
        world.misled |= match event {
            Event::Claim { token, .. } => {
                record.token.as_ref() == Some(token)
                    && record.state == State::Claimed
                    && !matches!(verdict, Verdict::Call { .. })
            }
            Event::Finish { token, revision, .. } => {
                let ours = record.token.as_ref() == Some(token) && record.state != State::Claimed;
                let confirmed = record.state == State::Confirmed && record.revision >= *revision;
                (ours || confirmed) && *verdict != Verdict::Recorded
            }
            _ => false,
        };
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
                Worker::Holding { version, deadline, read, .. } => {
                    let in_time = world.now < *deadline || self.without == Some(Rule::CallWithinLease);
                    let ready = self.ready(world, *version) || self.without == Some(Rule::WaitsFor);
                    actions.push(Action::Release(worker));
                    if *read && in_time {
                        actions.push(Action::ReadBack(worker));
                        if fault {
                            actions.push(Action::CannotTell(worker));
                        }
                    } else if in_time && ready {
                        actions.push(Action::Call(worker));
                    }
                    if !ready {
                        actions.push(Action::Wait(worker));
                        actions.push(Action::WaitedTooLong(worker));
                    }
                }
                Worker::Calling { .. } => {
                    let landed = !world.requests.iter().any(|r| r.caller == Some(worker));
                    actions.push(Action::Answer(worker, Answer::Yes));
                    if fault {
                        actions.push(Action::Answer(worker, Answer::Lost));
                        actions.push(Action::Answer(worker, Answer::LostForGood));
                        if !landed {
                            actions.push(Action::Answer(worker, Answer::Refused));
                            actions.push(Action::Answer(worker, Answer::NotSent));
                            if self.destination == Destination::Ignores {
                                actions.push(Action::Answer(worker, Answer::Dropped));
                            }
                        }
                    }
                }
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
            // A copy is left alone until whoever put it there has written down why.
            let being_parked = |w: &Worker| {
                let closing = matches!(w, Worker::Ending { end: End::Rejected | End::Parked | End::Conflict, .. });
                closing && w.version() == Some(version)
            };
            let young = world.workers.iter().any(being_parked) && self.without != Some(Rule::RedriveAge);
            if world.dead_letters[version] > 0 && !young {
                actions.push(Action::Redrive { version, crash: false });
                if fault {
                    actions.push(Action::Redrive { version, crash: true });
                }
            }
            let last = world.applied.last() == Some(&version);
            if last || (world.applied.contains(&version) && !world.expired) {
                actions.push(Action::Confirm(version));
            }
        }
        for delivery in 0..world.records.len() {
            let state = world.records[delivery].as_ref().map(|r| r.state);
            let copies = (0..self.versions.len()).any(|v| self.delivery_of[v] == delivery && world.copies(v) > 0);
            if state == Some(State::Accepted) && self.destination == Destination::Ignores {
                actions.push(Action::Missing(delivery));
            }
            if !copies {
                actions.extend([Action::Resend(delivery), Action::Resettle(delivery)]);
                if state.is_some() && self.policy.supersedes && !world.expired {
                    actions.push(Action::Expire(delivery));
                }
            }
        }
        actions.push(Action::Tick);
    }

    /// What `action` makes of the world; `None` where it changes nothing or cannot happen.
    pub(crate) fn step(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let faulty = match action {
            Action::Take { lost, .. } | Action::Finish { lost, .. } => lost,
            Action::Redrive { crash, .. } => crash,
            Action::Answer(_, answer) => answer != Answer::Yes,
            Action::CannotTell(_)
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
            Action::Confirm(version) => self.confirm(&mut next, version),
            Action::Missing(delivery) => self.missing(&mut next, delivery),
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

    fn produce(&self, world: &mut World, choice: usize) -> Option<()> {
        let fate = self.source[world.produced.len()][choice];
        if let Fate::Send(version) = fate {
            world.queue[version] += 1;
        } else if matches!(self.settle(world, fate), Verdict::Held(_)) && self.policy.supersedes {
            // Somebody is calling for an older version: what was to be settled comes again.
            return None;
        }
        world.produced.push(choice);
        Some(())
    }

    fn settle(&self, world: &mut World, fate: Fate) -> Verdict {
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
    fn resettle(&self, world: &mut World, delivery: usize) -> Option<()> {
        let fate = self.newest(world, delivery)?;
        let record = world.records[delivery].as_ref()?;
        let open = matches!(record.state, State::Pending | State::Claimed | State::Uncertain)
            && record.revision < self.versions[fate.version()].revision;
        let anywhere = (0..self.versions.len()).any(|v| self.delivery_of[v] == delivery && world.copies(v) > 0);
        if matches!(fate, Fate::Send(_)) || !open || anywhere {
            return None;
        }
        (self.settle(world, fate) == Verdict::Recorded).then_some(())
    }

    fn take(&self, world: &mut World, worker: usize, version: usize, lost: bool) -> Option<()> {
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

    fn claim(&self, world: &mut World, version: usize, token: &Token, asked_at: Millis) -> Verdict {
        let (delivery, lease_end) = (self.versions[version].clone(), asked_at.plus(TICK));
        let event = Event::Claim { delivery, token: token.clone(), lease_end };
        self.put(world, self.delivery_of[version], &event, asked_at)
    }

    fn claim_again(&self, world: &mut World, worker: usize) -> Option<()> {
        let Worker::Claiming { version, token, asked_at, deadline } = world.workers[worker].clone() else {
            return None;
        };
        world.workers[worker] = match self.claim(world, version, &token, asked_at) {
            Verdict::Call { read_back_first, .. } => {
                Worker::Holding { version, token, deadline, read: read_back_first }
            }
            Verdict::Conflict => {
                world.dead_letters[version] = 1;
                Worker::Ending { version, token, end: End::Conflict, written: false }
            }
            Verdict::Held(_) => {
                world.queue[version] += 1;
                Worker::Idle
            }
            Verdict::Done | Verdict::Superseded | Verdict::Recorded => Worker::Idle,
        };
        Some(())
    }

    fn hold(&self, world: &mut World, action: Action) -> Option<()> {
        let (Action::ReadBack(worker)
        | Action::CannotTell(worker)
        | Action::Call(worker)
        | Action::Release(worker)
        | Action::Wait(worker)
        | Action::WaitedTooLong(worker)) = action
        else {
            return None;
        };
        let Worker::Holding { version, token, deadline, .. } = world.workers[worker].clone() else { return None };
        let ending = |end| Worker::Ending { version, token: token.clone(), end, written: false };
        let delivery = self.delivery_of[version];
        world.workers[worker] = match action {
            Action::ReadBack(_) => {
                let last = world.applied.iter().rfind(|v| self.delivery_of[**v] == delivery);
                let there = match self.destination {
                    Destination::Upserts => last == Some(&version),
                    Destination::Ignores | Destination::Creates => last.is_some(),
                };
                if there { ending(End::Accepted) } else { Worker::Holding { version, token, deadline, read: false } }
            }
            Action::CannotTell(_) | Action::WaitedTooLong(_) => {
                world.dead_letters[version] = u8::from(self.without != Some(Rule::DeadLetterFirst));
                ending(End::Parked)
            }
            Action::Call(_) => {
                let until = deadline.max(world.now).plus(self.policy.settle);
                world.requests.push(Request { version, until, caller: Some(worker) });
                Worker::Calling { version, token, deadline }
            }
            Action::Wait(_) => ending(End::Waiting),
            _ => ending(End::Pending(Self::clock(world, worker))),
        };
        Some(())
    }

    /// A call takes effect.
    fn land(&self, world: &mut World, request: usize) -> Option<()> {
        let Request { version, until, .. } = world.requests[request];
        if world.now >= until {
            return None;
        }
        world.requests.remove(request);
        self.apply(world, version);
        Some(())
    }

    fn apply(&self, world: &mut World, version: usize) {
        let delivery = self.delivery_of[version];
        let last = world.applied.iter().rfind(|v| self.delivery_of[**v] == delivery).copied();
        let changes = match self.destination {
            Destination::Ignores => last.is_none(),
            Destination::Creates => true,
            Destination::Upserts => last != Some(version),
        };
        if changes {
            world.unordered |= self.depends && delivery == 1 && !world.applied.contains(&0);
            world.applied.push(version);
        }
    }

    fn answer(&self, world: &mut World, worker: usize, answer: Answer) -> Option<()> {
        let Worker::Calling { version, token, deadline } = world.workers[worker].clone() else { return None };
        let request = world.requests.iter().position(|r| r.caller == Some(worker));
        let local = Self::clock(world, worker);
        // A call that its caller still waits for ends with the invocation.
        let late = local.plus(self.policy.settle);
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
                    world.requests[request].until = world.now.min(deadline).plus(self.policy.settle);
                    let now = world.now;
                    world.requests.retain(|r| r.until > now || r.caller.is_some());
                }
                match (answer, self.policy.repeat) {
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
        if matches!(end, End::Parked | End::Rejected) && self.without != Some(Rule::DeadLetterFirst) {
            world.dead_letters[version] = 1;
        }
        world.workers[worker] = Worker::Ending { version, token, end, written: false };
        Some(())
    }

    fn finish(&self, world: &mut World, worker: usize, lost: bool) -> Option<()> {
        let Worker::Ending { version, token, end, .. } = world.workers[worker].clone() else { return None };
        let (delivery, now) = (&self.versions[version], Self::clock(world, worker));
        let outcome = match end {
            End::Accepted => Some(Outcome::Accepted),
            End::Pending(at) => Some(Outcome::Pending(ErrorClass::Unavailable, at)),
            End::Uncertain(at) => Some(Outcome::Uncertain(at)),
            End::Rejected => Some(Outcome::Rejected(String::new())),
            End::Parked => Some(Outcome::Parked(String::new())),
            End::Waiting => Some(Outcome::Waiting(self.versions[0].key.clone(), now)),
            End::Conflict => None,
        };
        let event = match outcome {
            Some(outcome) => {
                let (key, revision, token) = (delivery.key.clone(), delivery.revision, token.clone());
                Event::Finish { key, revision, token, outcome }
            }
            None => Event::Conflict { delivery: delivery.clone() },
        };
        let verdict = self.put(world, self.delivery_of[version], &event, now);
        if lost {
            world.workers[worker] = Worker::Ending { version, token, end, written: true };
            return Some(());
        }
        let closed = matches!(end, End::Accepted | End::Rejected | End::Parked | End::Conflict);
        if !(closed && verdict == Verdict::Recorded) {
            world.queue[version] += 1;
        } else if matches!(end, End::Rejected | End::Parked) && self.without == Some(Rule::DeadLetterFirst) {
            world.dead_letters[version] = 1;
        }
        world.workers[worker] = Worker::Idle;
        Some(())
    }

    fn unwritten(&self, world: &mut World, worker: usize) -> Option<()> {
        let Worker::Ending { version, .. } = world.workers[worker] else { return None };
        world.workers[worker] = Worker::Idle;
        if self.without != Some(Rule::DeleteWhenRecorded) {
            world.queue[version] += 1;
        }
        Some(())
    }

    fn crash(world: &mut World, worker: usize, scenario: &Self) -> Option<()> {
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

    fn redrive(&self, world: &mut World, version: usize, crash: bool) -> Option<()> {
        let (delivery, limit) = (self.versions[version].clone(), self.repair_limit);
        let event = Event::Reopen { delivery, repair: Repair::Redrive, limit };
        let verdict = self.put(world, self.delivery_of[version], &event, world.now);
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

    fn confirm(&self, world: &mut World, version: usize) -> Option<()> {
        let delivery = self.delivery_of[version];
        // The destination of a thing that is only created does not say which version it shows.
        let known = match &world.records[delivery] {
            Some(record) if !self.policy.supersedes => (0..self.versions.len())
                .find(|v| self.delivery_of[*v] == delivery && self.versions[*v].revision == record.revision)?,
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

    /// Accepted, and long afterwards not there: reopened; sent again if the source still wants it sent.
    fn missing(&self, world: &mut World, delivery: usize) -> Option<()> {
        let there = |v: &usize| self.delivery_of[*v] == delivery;
        let gone = !world.applied.iter().any(there) && !world.requests.iter().any(|r| there(&r.version));
        let record = world.records[delivery].as_ref()?;
        if self.destination != Destination::Ignores || !gone || record.state != State::Accepted {
            return None;
        }
        let known =
            self.versions.iter().position(|v| v.key.as_str().ends_with('0') && v.revision == record.revision)?;
        let newest = self.newest(world, delivery)?;
        let version = if let Fate::Send(version) = newest { version } else { known };
        let (copy, limit) = (self.versions[version].clone(), self.repair_limit + 1);
        let event = Event::Reopen { delivery: copy, repair: Repair::Missing, limit };
        let now = world.now;
        match (self.put(world, delivery, &event, now), newest) {
            (Verdict::Recorded, Fate::Send(_)) => world.queue[version] += 1,
            (Verdict::Recorded, fate) => drop(self.settle(world, fate)),
            _ => return None,
        }
        Some(())
    }

    /// What has been open or absent for longer than the longest back-off is sent again.
    fn resend(&self, world: &mut World, delivery: usize) -> Option<()> {
        let Some(Fate::Send(newest)) = self.newest(world, delivery) else { return None };
        let record = world.records[delivery].as_ref();
        let open = match record {
            None => !world.expired,
            Some(r) if r.revision < self.versions[newest].revision => {
                self.policy.supersedes || !matches!(r.state, State::Accepted | State::Confirmed)
            }
            Some(r) => matches!(r.state, State::Pending | State::Claimed | State::Uncertain),
        };
        let same = |v: &usize| record.is_some_and(|r| self.versions[*v].hash == r.hash);
        let current = record.is_some_and(|r| r.revision == self.versions[newest].revision);
        let of = |v: &usize| self.delivery_of[*v] == delivery;
        let version = (0..self.versions.len()).filter(of).find(|v| current && same(v)).unwrap_or(newest);
        let anywhere = (0..self.versions.len()).filter(of).any(|v| world.copies(v) > 0);
        (open && !anywhere && world.dead_letters[version] == 0).then(|| world.queue[version] += 1)
    }

    /// The table deletes a record at the end of its life: longer than any copy, and than anything that the
    /// source may still send unchanged.
    fn expire(&self, world: &mut World, delivery: usize) -> Option<()> {
        let of = |v: &usize| self.delivery_of[*v] == delivery;
        let alive = (0..self.versions.len()).filter(of).any(|v| world.copies(v) > 0 || world.dead_letters[v] > 0)
            || world.requests.iter().any(|r| of(&r.version));
        let record = world.records[delivery].as_ref()?;
        let closed = matches!(record.state, State::Accepted | State::Confirmed | State::Skipped);
        let to_come = self.source[world.produced.len()..].iter().flatten();
        let old = to_come.map(|fate| self.versions[fate.version()].revision).any(|r| r <= record.revision);
        if alive || !closed || world.expired || !self.policy.supersedes || old {
            return None;
        }
        world.records[delivery] = None;
        world.expired = true;
        Some(())
    }
}
