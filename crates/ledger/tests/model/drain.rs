//! L1: from every reachable state, without further faults, fair steps reach quiescence.
//!
//! One fair step is chosen for each state, without randomness. Following it from every visited state ends,
//! within [`LONGEST`] steps, where nothing is left to do; what was found to end is remembered, so that a
//! state costs one step and not a whole run.

use crate::{
    actions::{Action, Answer},
    scenario::{Destination, Fate, Scenario},
    state::{Worker, World},
};
use ledger::{Record, Repeat, State, decide::DISMISSED};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Mutex,
};

/// More fair steps than any state needs.
pub(crate) const LONGEST: usize = 60;

/// How many fair steps each known state is away from its end, and whether that end is a good one.
#[derive(Debug)]
pub(crate) struct Known(Vec<Mutex<HashMap<u64, (u8, bool)>>>);

impl Default for Known {
    fn default() -> Self {
        Self((0..64).map(|_| Mutex::default()).collect())
    }
}

impl Known {
    fn shard(&self, print: u64) -> &Mutex<HashMap<u64, (u8, bool)>> {
        &self.0[usize::try_from(print % 64).unwrap_or(0)]
    }

    fn get(&self, print: u64) -> Option<(u8, bool)> {
        self.shard(print).lock().unwrap().get(&print).copied()
    }

    /// The most fair steps that any state needed.
    pub(crate) fn longest(&self) -> u8 {
        self.0.iter().filter_map(|s| s.lock().unwrap().values().map(|(n, _)| *n).max()).max().unwrap_or(0)
    }
}

fn print(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// How a fair run from here ends: `None` if it does not, else whether the end is a good one.
pub(crate) fn drains(scenario: &Scenario, world: &World, known: &Known) -> Option<bool> {
    let mut path = vec![];
    let mut at = world.clone();
    let (mut steps, good) = loop {
        let print = print(&at);
        if let Some(found) = known.get(print) {
            break found;
        }
        if path.len() > LONGEST {
            return None;
        }
        path.push(print);
        match next(scenario, &at) {
            Some(next) => at = next,
            None => break (0, fulfilled(scenario, &at)),
        }
    };
    for print in path.into_iter().rev() {
        known.shard(print).lock().unwrap().insert(print, (steps, good));
        steps = steps.saturating_add(1);
    }
    (usize::from(steps) <= LONGEST).then_some(good)
}

/// The step that a fair world takes next; `None` when nothing is left to do.
pub(crate) fn next(scenario: &Scenario, world: &World) -> Option<World> {
    let changed = |action| scenario.step(world, action).filter(|next| print(next) != print(world));
    let needed = world.records[0].as_ref().map(|r| r.state);
    let decided = matches!(needed, Some(State::Skipped | State::Rejected | State::Parked));
    for (worker, doing) in world.workers.iter().enumerate() {
        let actions: &[Action] = match doing {
            Worker::Idle => continue,
            Worker::Claiming { .. } => &[Action::ClaimAgain(worker)],
            Worker::Ending { .. } => &[Action::Finish { worker, lost: false }],
            Worker::Calling { .. } => &[Action::Answer(worker, Answer::Yes), Action::Crash(worker)],
            Worker::Holding { deadline, .. } if world.now >= *deadline => &[Action::Release(worker)],
            Worker::Holding { version, applied: Some(there), .. } if *there == scenario.versions[*version].hash => {
                &[Action::Unchanged(worker)]
            }
            Worker::Holding { read: true, .. } => &[Action::ReadBack(worker)],
            Worker::Holding { version, .. } if scenario.waits(world, *version) => &[Action::Wait(worker)],
            Worker::Holding { version, first, applied, .. }
                if scenario.skips(world, *version, *first, applied.as_ref()) =>
            {
                &[Action::Skip(worker)]
            }
            Worker::Holding { .. } => &[Action::Call(worker)],
        };
        for action in actions {
            let mut fair = world.clone();
            // The deadline of an invocation is no fault of the trace's budget.
            fair.faults_left = fair.faults_left.max(1);
            if let Some(mut next) = scenario.step(&fair, *action) {
                next.faults_left = world.faults_left;
                return Some(next);
            }
        }
    }
    let reconcile = (0..world.records.len())
        .flat_map(|d| [Action::Resend(d), Action::Missing(d), Action::Resettle(d)])
        .chain(confirmable(scenario, world))
        .chain(std::iter::once(Action::GiveUp).filter(|_| world.giving_up.is_some()))
        .chain(interrupted(scenario, world));
    let take = (0..scenario.versions.len())
        .filter(|v| world.queue[*v] > 0 && (decided || !scenario.waits(world, *v)))
        .map(|version| Action::Take { worker: 0, version, lost: false });
    std::iter::once(Action::Produce(0))
        .filter(|_| world.produced.len() < scenario.source.len())
        .chain(take)
        .chain(reconcile)
        .find_map(changed)
        .or_else(|| {
            let held = |(delivery, r): (usize, &Record)| {
                let lapse = r.lease_end.map(|end| scenario.policies[delivery].lapses_at(end));
                let open = matches!(r.state, State::Pending | State::Claimed | State::Uncertain);
                open && lapse.max(r.not_before).is_some_and(|at| at > world.now)
            };
            let waiting = !world.requests.is_empty()
                || world.queue.iter().any(|n| *n > 0)
                || (0..world.records.len()).filter_map(|d| Some((d, world.records[d].as_ref()?))).any(held);
            waiting.then(|| scenario.step(world, Action::Tick)).flatten()
        })
}

/// What the reconciler would confirm: what the destination shows now, and the ledger does not say.
fn confirmable(scenario: &Scenario, world: &World) -> Vec<Action> {
    let shown = |delivery| world.applied.iter().rfind(|v| scenario.delivery_of[**v] == delivery).copied();
    let unsaid = |delivery: &usize| world.records[*delivery].as_ref().is_none_or(|r| r.state != State::Confirmed);
    (0..world.records.len())
        .filter(|_| scenario.readable)
        .filter(unsaid)
        .filter_map(shown)
        .map(Action::Confirm)
        .collect()
}

/// A repair that died between the ledger and the queue: its copy is still in the dead-letter queue.
fn interrupted(scenario: &Scenario, world: &World) -> Vec<Action> {
    let open = |v: &usize| {
        let state = world.records[scenario.delivery_of[*v]].as_ref().map(|r| r.state);
        world.dead_letters[*v] > 0 && matches!(state, None | Some(State::Pending | State::Claimed | State::Uncertain))
    };
    (0..scenario.versions.len()).filter(open).map(|version| Action::Redrive { version, crash: false }).collect()
}

/// S1 and S4 of a world in which nothing is left to do: every delivery ends in a state that is true.
fn fulfilled(scenario: &Scenario, world: &World) -> bool {
    world.queue.iter().all(|n| *n == 0) && (0..world.records.len()).all(|delivery| ended(scenario, world, delivery))
}

pub(crate) fn is_dismissed(record: &Record) -> bool {
    record.reason.as_deref().is_some_and(|reason| reason.starts_with(DISMISSED))
}

fn ended(scenario: &Scenario, world: &World, delivery: usize) -> bool {
    let Some(newest) = scenario.newest(world, delivery) else { return true };
    let shown = world.applied.iter().rfind(|v| scenario.delivery_of[**v] == delivery).copied();
    let Some(record) = &world.records[delivery] else { return world.expired && shown.is_none() };
    let version = &scenario.versions[newest.version()];
    let creates = scenario.destinations[delivery] != Destination::Upserts;
    // Of two effects at one revision the newest is not known; whichever the record speaks of is meant.
    let current = record.revision >= version.revision;
    let is_shown = shown.is_some_and(|v| creates || scenario.versions[v].hash == record.hash);
    match record.state {
        State::Confirmed => is_shown && (creates || current || matches!(newest, Fate::Skip(_))),
        State::Skipped => {
            let with = |needed: &Record| needed.state == State::Skipped;
            let together = !scenario.depends || delivery == 0 || world.records[0].as_ref().is_some_and(with);
            // Where nothing is read before a repeat, what a skip leaves there is an older version.
            let reads = scenario.policies[delivery].repeat == Repeat::ReadBack;
            current && (shown.is_none() || world.expired || (!creates && !reads)) && together
        }
        // Where nothing can be read, whoever dismisses what was tried has decided without knowing.
        State::Rejected => {
            let unknown = !scenario.readable && is_dismissed(record);
            (current || creates) && (shown.is_none() || !creates || unknown)
        }
        State::Parked => {
            let copy = (0..scenario.versions.len()).any(|v| {
                scenario.delivery_of[v] == delivery
                    && world.dead_letters[v] > 0
                    && scenario.versions[v].hash == record.hash
            });
            copy && (current || creates)
        }
        State::Accepted => !scenario.readable && is_shown,
        State::Pending | State::Claimed | State::Uncertain => false,
    }
}
