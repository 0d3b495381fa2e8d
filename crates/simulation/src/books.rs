//! The books on what may have taken effect without anybody knowing, and on what is known of it.

use crate::{effect::Effect, functions::Caller};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of deliveries, by process.
#[derive(Default)]
pub(crate) struct Books {
    /// What the destination calls a delivery, by its key.
    pub(crate) names: BTreeMap<String, String>,
    /// Deliveries whose acceptance is in the ledger, by their names.
    accepted: BTreeSet<String>,
    /// Those that somebody is posting, and is alive to hear the answer.
    posting: BTreeSet<String>,
    /// How often nobody could know whether a post had taken effect.
    doubts: BTreeMap<String, u64>,
    /// Posts that a process was answered and has not recorded yet.
    answered: BTreeMap<u64, BTreeSet<String>>,
    /// Deliveries that a process knows to have recorded as not sent.
    excluded: BTreeMap<u64, BTreeSet<String>>,
}

impl Books {
    /// A post begins; what is wrong with that.
    pub(crate) fn posts(&mut self, name: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.accepted.contains(name) {
            wrong.push(format!("{name} is posted again after its acceptance was recorded"));
        }
        if !self.posting.insert(name.to_owned()) {
            wrong.push(format!("{name} is posted by two at a time"));
        }
        wrong
    }

    /// A post's caller has the answer, gives up or dies.
    pub(crate) fn posted(&mut self, name: &str) {
        self.posting.remove(name);
    }

    /// A call is over; `clean` when the caller has the answer.
    pub(crate) fn note(&mut self, caller: Caller, effect: Effect, subject: &str, clean: bool) {
        match clean {
            true if effect.is_post() => {
                self.answered.entry(caller.process).or_default().insert(subject.to_owned());
            }
            false if effect.is_post() => self.doubt(subject.to_owned()),
            true if !caller.function.consumes && effect.writes(&["parked", "rejected", "skipped"]) => {
                self.excluded.entry(caller.process).or_default().insert(subject.to_owned());
            }
            // A write that failed and was repeated leaves no doubt.
            true if caller.function.consumes && !effect.writes(&["claimed"]) => {
                if let (Some(name), Some(open)) = (self.names.get(subject), self.answered.get_mut(&caller.process)) {
                    open.remove(name);
                }
            }
            _ => {}
        }
    }

    /// An invocation is over: what it was answered and could not record, nobody knows.
    pub(crate) fn over(&mut self, process: u64) {
        for name in self.answered.remove(&process).unwrap_or_default() {
            self.doubt(name);
        }
    }

    fn doubt(&mut self, name: String) {
        *self.doubts.entry(name).or_default() += 1;
    }

    /// How often nobody could know whether a post had taken effect.
    pub(crate) fn doubts(&self, name: &str) -> u64 {
        self.doubts.get(name).copied().unwrap_or(0)
    }

    /// How many deliveries a process has recorded as not sent.
    pub(crate) fn excluded(&mut self, process: u64) -> usize {
        self.excluded.remove(&process).unwrap_or_default().len()
    }

    /// The ledger holds that a delivery is accepted, or that it is to be sent again and may be posted again.
    pub(crate) fn accepted(&mut self, key: &str, is_accepted: bool) {
        let Some(name) = self.names.get(key) else { return };
        if is_accepted {
            self.accepted.insert(name.clone());
        } else {
            self.accepted.remove(name);
        }
    }
}
