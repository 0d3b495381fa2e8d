//! The promises, as the checker asks for them in every state.

use crate::{
    actions::Action,
    drain::{Known, drains},
    scenario::{Destination, Scenario},
    state::World,
};
use ledger::State;
use stateright::{Model, Property};
use std::cmp::Ordering;

#[derive(Debug)]
pub(crate) struct Checked {
    pub scenario: Scenario,
    pub known: Known,
    /// Only this promise, if one is named.
    pub only: Option<&'static str>,
}

impl Checked {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { scenario, known: Known::default(), only: None }
    }
}

impl Model for Checked {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.scenario.start()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.scenario.possible(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        self.scenario.step(world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let all: Vec<Property<Self>> = vec![
            Property::always(S2, |model: &Self, world: &World| no_double(&model.scenario, world)),
            Property::always(S3, |model: &Self, world: &World| no_stale(&model.scenario, world)),
            Property::always(S4, |model: &Self, world: &World| no_silence(&model.scenario, world)),
            Property::always(T1, |_: &Self, world: &World| !world.misled),
            Property::always(D1, |_: &Self, world: &World| !world.unordered),
            Property::always(S5, |_: &Self, world: &World| !world.taken_back),
            Property::always(N1, |model: &Self, world: &World| one_of_a_name(&model.scenario, world)),
            Property::always(W1, |_: &Self, world: &World| !world.lease_kept),
            Property::always(L1, |model: &Self, world: &World| drains(&model.scenario, world, &model.known).is_some()),
            Property::always(S1, |model: &Self, world: &World| {
                drains(&model.scenario, world, &model.known) != Some(false)
            }),
        ];
        all.into_iter().filter(|property| self.only.is_none_or(|name| name == property.name)).collect()
    }
}

pub(crate) const S1: &str = "S1 no loss";
pub(crate) const S2: &str = "S2 no double";
pub(crate) const S3: &str = "S3 no stale overwrite";
pub(crate) const S4: &str = "S4 no silent state";
pub(crate) const L1: &str = "L1 it drains";
pub(crate) const S5: &str = "S5 what is accepted stays so";
pub(crate) const W1: &str = "W1 nobody waits for a lease that was given back";
pub(crate) const T1: &str = "T1 a holder learns of its own success";
pub(crate) const N1: &str = "N1 one delivery of a name";
pub(crate) const D1: &str = "D1 nothing before what it waits for";

/// Where the destination only creates: one effect per key; where it upserts: one per version.
fn no_double(scenario: &Scenario, world: &World) -> bool {
    world.applied.iter().enumerate().all(|(i, a)| {
        world.applied[..i].iter().all(|b| match scenario.destinations[scenario.delivery_of[*a]] {
            Destination::Upserts => a != b,
            _ => scenario.delivery_of[*a] != scenario.delivery_of[*b],
        })
    })
}

/// What takes effect is newer than what did before; where nobody can know, a person has decided.
fn no_stale(scenario: &Scenario, world: &World) -> bool {
    world.applied.iter().enumerate().all(|(i, a)| {
        let before = world.applied[..i].iter().filter(|b| scenario.delivery_of[*a] == scenario.delivery_of[**b]);
        before.copied().all(|b| match scenario.order(*a, b) {
            Some(order) => order != Ordering::Less,
            None => world.redriven,
        })
    })
}

/// What gave its name away does not take effect, at the version that did or an older one.
fn one_of_a_name(scenario: &Scenario, world: &World) -> bool {
    world.name_given_away.is_none_or(|given| {
        world.applied.iter().all(|v| scenario.versions[*v].revision > scenario.versions[given].revision)
    })
}

/// Rejected and parked are in the index of what is open; whatever is open has a copy under way or in the
/// dead-letter queue, unless one outlived its queue (the reconciler sends it again: L1).
fn no_silence(scenario: &Scenario, world: &World) -> bool {
    world.records.iter().enumerate().all(|(delivery, record)| {
        let copy = || {
            (0..scenario.versions.len())
                .filter(|v| scenario.delivery_of[*v] == delivery)
                .any(|v| world.copies(v) > 0 || world.dead_letters[v] > 0)
        };
        let produced = scenario.newest(world, delivery).is_some();
        let repairs_bounded = record.as_ref().is_none_or(|r| r.repairs <= scenario.repair_limit + 1);
        repairs_bounded
            && match record.as_ref().map(|r| (r.state, r.open_since)) {
                Some((State::Rejected | State::Parked, open)) => open.is_some(),
                Some((State::Pending | State::Claimed | State::Uncertain, _)) => copy() || world.vanished,
                None => !produced || copy() || world.vanished || world.expired,
                Some(_) => true,
            }
    })
}
