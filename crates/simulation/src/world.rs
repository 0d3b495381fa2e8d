//! The state of a simulation, behind one lock: who runs, what goes wrong next, and what was seen.

use crate::{
    BrokenPromise,
    bill::Bill,
    clock::{self, MACHINES},
    dynamodb::Table,
    effect::{Effect, Function, Moment},
    fault::{Fault, Odds, Outage},
    sqs::Queues,
    watch::Watch,
};
use chrono::{DateTime, Utc};
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;
use sandbox::InProcess;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Where an invocation is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// At this effect.
    pub effect: Effect,
    /// At this moment of it.
    pub moment: Moment,
    /// At which of its occurrences, from 1.
    pub occurrence: u64,
}

/// Who makes a call: a function's process on a machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) function: Function,
    pub(crate) machine: usize,
    pub(crate) process: u64,
}

/// A call as it is about to be made.
pub(crate) struct Plan {
    pub(crate) fault: Option<Fault>,
    pub(crate) kill: Option<Moment>,
    pub(crate) before: Duration,
    pub(crate) after: Duration,
}

pub(crate) struct World {
    pub(crate) rng: ChaCha8Rng,
    pub(crate) odds: Odds,
    pub(crate) faults_end: DateTime<Utc>,
    /// With the midnight that its times count from.
    pub(crate) outage: Option<(DateTime<Utc>, Outage)>,
    /// At so many calls the run is stopped.
    pub(crate) most_calls: u64,
    pub(crate) kill: Option<Kill>,
    /// Whether it happened.
    pub(crate) kill_struck: bool,
    pub(crate) broken: Option<BrokenPromise>,
    pub(crate) queues: Queues,
    pub(crate) table: Table,
    pub(crate) secrets: BTreeMap<String, Value>,
    /// Delivery key to Yotpo's order id.
    pub(crate) order_ids: BTreeMap<String, String>,
    /// Occurrences of each effect.
    pub(crate) effects: BTreeMap<Effect, u64>,
    /// What the run costs.
    pub(crate) bill: Bill,
    /// Kills that happened.
    pub(crate) kills: u64,
    /// Faults that struck.
    pub(crate) faults: u64,
    /// Orders outside, as the producer's answers count them.
    pub(crate) outside: usize,
    /// Processes that are no more.
    dead: BTreeSet<u64>,
    processes: u64,
    requests: u64,
    /// Orders whose acceptance is in the ledger.
    pub(crate) accepted: BTreeSet<String>,
    /// How often nobody could know whether a purchase had taken effect, by order id.
    pub(crate) doubts: BTreeMap<String, u64>,
    /// Orders that somebody is posting, and is alive to hear the answer.
    pub(crate) posting: BTreeSet<String>,
    /// Purchases that a process was answered and has not recorded yet.
    answered: BTreeMap<u64, BTreeSet<String>>,
    /// What must hold at every moment.
    pub(crate) watch: Watch,
    /// The orders that a process knows to have recorded as not sent.
    pub(crate) excluded: BTreeMap<u64, BTreeSet<String>>,
    /// What must not happen and did.
    pub(crate) problems: Vec<String>,
    trace: String,
}

/// The simulation as everybody in it sees it; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    vendors: InProcess,
    /// Something may be receivable that was not.
    sent: Notify,
    killed: [Notify; MACHINES],
    /// There was a call too many.
    endless: Notify,
}

impl Sim {
    pub(crate) fn new(world: World, vendors: InProcess) -> Self {
        let (sent, endless) = (Notify::new(), Notify::new());
        Self(Arc::new(Shared { world: Mutex::new(world), vendors, sent, killed: Default::default(), endless }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn vendors(&self) -> &InProcess {
        &self.0.vendors
    }

    pub(crate) fn sent(&self) -> &Notify {
        &self.0.sent
    }

    /// Resolves when the process on that machine is killed.
    pub(crate) async fn killed(&self, machine: usize) {
        self.0.killed[machine].notified().await;
    }

    /// What is to become of a call; nothing, if its caller is dead or the run is over.
    pub(crate) fn plan(&self, caller: Caller, effect: Effect, subject: &str) -> Option<Plan> {
        let mut world = self.lock();
        if world.effects.values().sum::<u64>() >= world.most_calls {
            self.0.endless.notify_one();
            return None;
        }
        world.plan(caller, effect, subject)
    }

    /// Resolves at the first call that is one too many.
    pub(crate) async fn endless(&self) {
        self.0.endless.notified().await;
    }

    /// The process ends, now.
    pub(crate) fn kill(&self, caller: Caller, why: &str) {
        self.lock().bury(caller, why);
        self.0.killed[caller.machine].notify_one();
    }
}

/// A purchase that is being posted, until its caller has the answer, gives up or dies.
pub(crate) struct Posting {
    pub(crate) sim: Sim,
    pub(crate) order: String,
}

impl Drop for Posting {
    fn drop(&mut self) {
        self.sim.lock().posting.remove(&self.order);
    }
}

impl World {
    pub(crate) fn new(rng: ChaCha8Rng, odds: Odds, faults_end: DateTime<Utc>, max_receives: u32) -> Self {
        Self {
            rng,
            odds,
            faults_end,
            outage: None,
            most_calls: u64::MAX,
            kill: None,
            kill_struck: false,
            broken: None,
            queues: Queues::new(max_receives),
            table: Table::default(),
            secrets: BTreeMap::new(),
            order_ids: BTreeMap::new(),
            effects: BTreeMap::new(),
            bill: Bill::default(),
            kills: 0,
            faults: 0,
            outside: 0,
            dead: BTreeSet::new(),
            processes: 0,
            requests: 0,
            accepted: BTreeSet::new(),
            doubts: BTreeMap::new(),
            posting: BTreeSet::new(),
            answered: BTreeMap::new(),
            watch: Watch::nothing(),
            excluded: BTreeMap::new(),
            problems: Vec::new(),
            trace: String::new(),
        }
    }

    /// A line of the trace.
    pub(crate) fn say(&mut self, line: &str) {
        let _ = writeln!(self.trace, "{} {line}", clock::now().format("%dT%H:%M:%S%.3f"));
    }

    pub(crate) fn trace(&self) -> &str {
        &self.trace
    }

    /// True with this probability, while faults last.
    pub(crate) fn odd(&mut self, share: f64) -> bool {
        share > 0.0 && clock::now() < self.faults_end && self.rng.random_bool(share)
    }

    pub(crate) fn born(&mut self) -> u64 {
        self.processes += 1;
        self.processes
    }

    pub(crate) fn is_dead(&self, process: u64) -> bool {
        self.dead.contains(&process)
    }

    fn bury(&mut self, caller: Caller, why: &str) {
        if self.dead.insert(caller.process) {
            self.kills += 1;
            self.say(&format!("{caller:?} is killed: {why}"));
            self.over(caller);
        }
    }

    /// An invocation is over: what it was answered and could not record, nobody knows.
    pub(crate) fn over(&mut self, caller: Caller) {
        for order in self.answered.remove(&caller.process).unwrap_or_default() {
            self.doubt(order);
        }
    }

    pub(crate) fn doubt(&mut self, order: String) {
        *self.doubts.entry(order).or_default() += 1;
    }

    fn plan(&mut self, caller: Caller, effect: Effect, subject: &str) -> Option<Plan> {
        if self.is_dead(caller.process) {
            return None;
        }
        let occurrence = self.effects.entry(effect).or_default();
        *occurrence += 1;
        let planned = self.kill.filter(|kill| kill.effect == effect && kill.occurrence == *occurrence);
        self.kill_struck |= planned.is_some();
        let calm = clock::now() >= self.faults_end;
        let mut fault = self.odds.strike(effect.is_at_vendor(), &mut self.rng);
        let slow = self.odd(self.odds.slow);
        let mut latency = || Duration::from_millis(self.rng.random_range(if slow { 100..4_000 } else { 1..20 }));
        let (before, after) = (latency(), latency());
        let mut kill = planned.map(|kill| kill.moment);
        if kill.is_none() && self.odd(self.odds.kill) {
            kill = Some(Moment::ALL[self.rng.random_range(0..Moment::ALL.len())]);
        }
        if calm || kill.is_some() {
            fault = None;
        }
        let down = self.outage.and_then(|(midnight, o)| o.strikes(effect.service(), clock::now() - midnight));
        fault = fault.or(down.filter(|_| kill.is_none()));
        self.faults += u64::from(fault.is_some());
        if effect == Effect::CreatePurchase && self.accepted.contains(subject) {
            self.problems.push(format!("{subject} is posted again after its acceptance was recorded"));
        }
        if effect == Effect::CreatePurchase && !self.posting.insert(subject.to_owned()) {
            self.problems.push(format!("{subject} is posted by two at a time"));
        }
        self.problems.extend(self.watch.calls(caller, effect, subject, clock::now()));
        let mut line = format!("{:?}{} {effect:?} {subject}", caller.function, caller.process);
        if let Some(fault) = fault {
            let _ = write!(line, " {fault:?}");
        }
        if let Some(kill) = kill {
            let _ = write!(line, " kill {kill:?}");
        }
        self.say(&line);
        Some(Plan { fault, kill, before, after })
    }

    /// Keeps the books on what may have taken effect without anybody knowing: `clean` when the caller has the answer.
    pub(crate) fn note(&mut self, caller: Caller, effect: Effect, subject: &str, clean: bool) {
        match effect {
            Effect::CreatePurchase if clean => {
                self.answered.entry(caller.process).or_default().insert(subject.to_owned());
            }
            Effect::CreatePurchase => self.doubt(subject.to_owned()),
            Effect::RecordExclusion | Effect::RecordAgain if clean => {
                self.excluded.entry(caller.process).or_default().insert(subject.to_owned());
            }
            // A write that failed and was repeated leaves no doubt.
            Effect::RecordOutcome if clean => {
                if let (Some(order), Some(open)) = (self.order_ids.get(subject), self.answered.get_mut(&caller.process))
                {
                    open.remove(order);
                }
            }
            _ => {}
        }
    }

    /// SQS has taken a message of this delivery.
    pub(crate) fn queued(&mut self, by: Function, key: Option<&str>) {
        let known = self.odds.stale == 0.0;
        self.problems.extend(key.and_then(|key| self.watch.queued(by, key, known, clock::now())));
    }

    /// A process hides the message of a delivery until some instant.
    pub(crate) fn hidden(&mut self, by: Caller, hidden: Option<(String, DateTime<Utc>)>) {
        self.problems.extend(hidden.and_then(|(key, until)| self.watch.hidden(by, &key, until, clock::now())));
    }

    /// An invocation's id, of the length that Lambda's have.
    pub(crate) fn request_id(&mut self) -> String {
        self.requests += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.requests)
    }

    /// An identifier that nothing else has, the same in every run of the seed.
    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        format!("{prefix}-{:016x}", self.rng.next_u64())
    }
}
