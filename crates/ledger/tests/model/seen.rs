//! Which states and verdicts a run has met: nothing that is claimed is claimed of an empty set.

use crate::state::World;
use ledger::{State, Verdict};
use std::sync::atomic::{AtomicU32, Ordering};

static STATES: AtomicU32 = AtomicU32::new(0);
static VERDICTS: AtomicU32 = AtomicU32::new(0);

const VERDICT_NAMES: [&str; 9] =
    ["call", "call after reading back", "recorded", "done", "superseded", "held", "conflict", "settling", "tried"];

pub(crate) fn note(verdict: &Verdict, world: &World) {
    let verdict = match verdict {
        Verdict::Call { read_back_first: false, .. } => 0,
        Verdict::Call { read_back_first: true, .. } => 1,
        Verdict::Recorded => 2,
        Verdict::Done => 3,
        Verdict::Superseded => 4,
        Verdict::Held(_) => 5,
        Verdict::Conflict => 6,
        Verdict::Settling(_) => 7,
        Verdict::Tried => 8,
    };
    VERDICTS.fetch_or(1 << verdict, Ordering::Relaxed);
    for record in world.records.iter().flatten() {
        STATES.fetch_or(1 << record.state as u32, Ordering::Relaxed);
    }
}

/// What was never met.
pub(crate) fn unmet() -> Vec<&'static str> {
    let (states, verdicts) = (STATES.load(Ordering::Relaxed), VERDICTS.load(Ordering::Relaxed));
    let states = State::ALL.into_iter().filter(|s| states & (1 << *s as u32) == 0).map(State::as_str);
    let verdicts = VERDICT_NAMES.iter().enumerate().filter(|(i, _)| verdicts & (1 << i) == 0).map(|(_, name)| *name);
    states.chain(verdicts).collect()
}
