//! The state of a simulation, behind one lock: who runs, what goes wrong next, and what was seen.

use crate::{
    bill::Bill,
    books::Books,
    chance::Chance,
    clock::{self, MACHINES},
    dynamodb::Table,
    effect::{Effect, Kill, Moment},
    fault::{Fault, Outage},
    functions::{Caller, Function},
    sqs::Queues,
    watch::Watch,
};
use chrono::{DateTime, Utc};
use rand::RngExt as _;
use sandbox::InProcess;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// A call as it is about to be made.
pub(crate) struct Plan {
    pub(crate) fault: Option<Fault>,
    pub(crate) kill: Option<Moment>,
    pub(crate) before: Duration,
    pub(crate) after: Duration,
}

pub(crate) struct World {
    pub(crate) chance: Chance,
    /// With the midnight that its times count from.
    pub(crate) outage: Option<(DateTime<Utc>, Outage)>,
    /// At so many calls the run is stopped.
    pub(crate) most_calls: u64,
    pub(crate) kill: Option<Kill>,
    /// What is to go wrong with an effect at one of its occurrences, from 1.
    pub(crate) strike: Option<(Effect, u64, Fault)>,
    /// Whether it happened.
    pub(crate) kill_struck: bool,
    pub(crate) queues: Queues,
    pub(crate) table: Table,
    pub(crate) secrets: BTreeMap<String, Value>,
    pub(crate) books: Books,
    /// What must hold at every moment.
    pub(crate) watch: Watch,
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
    /// What must not happen and did.
    pub(crate) problems: Vec<String>,
    /// Processes that are no more.
    dead: BTreeSet<u64>,
    processes: u64,
    requests: u64,
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
        self.lock().dies(caller, why);
        self.0.killed[caller.machine].notify_waiters();
    }
}

/// A post, until its caller has the answer, gives up or dies.
pub(crate) struct Posting {
    pub(crate) sim: Sim,
    pub(crate) name: String,
}

impl Drop for Posting {
    fn drop(&mut self) {
        self.sim.lock().books.posted(&self.name);
    }
}

impl World {
    /// Nothing is in the queue or the ledger, and nobody runs.
    pub(crate) fn new(chance: Chance, max_receives: u32) -> Self {
        Self {
            chance,
            outage: None,
            most_calls: u64::MAX,
            kill: None,
            strike: None,
            kill_struck: false,
            queues: Queues::new(max_receives),
            table: Table::default(),
            secrets: BTreeMap::new(),
            books: Books::default(),
            watch: Watch::nothing(),
            effects: BTreeMap::new(),
            bill: Bill::default(),
            kills: 0,
            faults: 0,
            outside: 0,
            problems: Vec::new(),
            dead: BTreeSet::new(),
            processes: 0,
            requests: 0,
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

    /// A process begins.
    pub(crate) fn born(&mut self, function: Function, machine: usize) -> Caller {
        self.processes += 1;
        Caller { function, machine, process: self.processes }
    }

    pub(crate) fn is_dead(&self, process: u64) -> bool {
        self.dead.contains(&process)
    }

    fn dies(&mut self, caller: Caller, why: &str) {
        if self.dead.insert(caller.process) {
            self.kills += 1;
            self.say(&format!("{caller:?} is killed: {why}"));
            self.books.over(caller.process);
        }
    }

    fn plan(&mut self, caller: Caller, effect: Effect, subject: &str) -> Option<Plan> {
        if self.is_dead(caller.process) {
            return None;
        }
        let times = self.effects.entry(effect).or_default();
        *times += 1;
        let occurrence = *times;
        let planned = self.kill.filter(|kill| kill.effect == effect && kill.occurrence == occurrence);
        self.kill_struck |= planned.is_some();
        let Chance { rng, odds, .. } = &mut self.chance;
        let mut fault = odds.strike(effect.service.is_vendor(), rng);
        let slow = self.chance.odd(self.chance.odds.slow);
        let mut latency = || Duration::from_millis(self.chance.rng.random_range(if slow { 100..4_000 } else { 1..20 }));
        let (before, after) = (latency(), latency());
        let mut kill = planned.map(|kill| kill.moment);
        if kill.is_none() && self.chance.odd(self.chance.odds.kill) {
            kill = Some(Moment::ALL[self.chance.rng.random_range(0..Moment::ALL.len())]);
        }
        if self.chance.is_calm() || kill.is_some() {
            fault = None;
        }
        let down = self.outage.and_then(|(midnight, o)| o.strikes(effect.service, clock::now() - midnight));
        fault = fault.or(down.filter(|_| kill.is_none()));
        let struck = self.strike.filter(|(struck, nth, _)| *struck == effect && *nth == occurrence);
        fault = fault.or(struck.map(|(_, _, fault)| fault));
        self.faults += u64::from(fault.is_some());
        if effect.is_post() {
            self.problems.extend(self.books.posts(subject));
        }
        self.problems.extend(self.watch.calls(caller, effect, subject, clock::now()));
        let mut line = format!("{caller:?}: {effect} {subject}");
        if let Some(fault) = fault {
            let _ = write!(line, " {fault:?}");
        }
        if let Some(kill) = kill {
            let _ = write!(line, " kill {kill:?}");
        }
        self.say(&line);
        Some(Plan { fault, kill, before, after })
    }

    /// An invocation's id, of the length that Lambda's have.
    pub(crate) fn request_id(&mut self) -> String {
        self.requests += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.requests)
    }
}
