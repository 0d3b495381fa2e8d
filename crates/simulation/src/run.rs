//! One simulation from the first midnight until nothing is left to do.

use crate::{
    Bill, CONSUMERS,
    clock::{self, MACHINES},
    effect::Effect,
    lambda::Lambda,
    logs::Logs,
    oracle::{Mended, judge},
    reviews_flow::{self, check, consume, produce, scheduled},
    scenario::{Reconciling, Scenario},
    stage::{self, Stage},
    twins,
    world::{Sim, World},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike as _, Utc};
use config::BusinessDay;
use function::Event;
use rand::RngExt as _;
use sandbox::{Expected, Manifest, Outcome};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write as _};
use tokio::{
    select,
    task::{LocalSet, spawn_local},
};

/// The schedule starts the producer so often, and through so much of the night.
const EVERY: TimeDelta = TimeDelta::minutes(15);
const NIGHT: TimeDelta = TimeDelta::hours(6);
/// No clock is off by more.
const SECONDS: TimeDelta = TimeDelta::seconds(30);
/// The queue has so long to drain.
const NIGHT_AND_DAY: TimeDelta = TimeDelta::days(1);
/// After the nights the reconciler runs so often: what is accepted when one run sends it again is missing at the next.
const AFTERWARDS: std::time::Duration = std::time::Duration::from_hours(7);
/// It has so long to make every day complete: five repairs, and then some.
const COMPLETE_WITHIN: TimeDelta = TimeDelta::days(6);
/// The producer's machines come after the consumers', the reconciler's after those.
pub(crate) const PRODUCERS: usize = 2;

/// How a simulation went.
#[derive(Debug)]
pub struct Report {
    /// Which one.
    pub seed: u64,
    /// What is wrong, in sentences; empty when all is well.
    pub problems: Vec<String>,
    /// Everything that happened, a line each.
    pub trace: String,
    /// How often each effect occurred.
    pub effects: BTreeMap<Effect, u64>,
    /// Orders that were expected to be delivered, and were.
    pub delivered: u64,
    /// Messages that SQS took of producer and reconciler, by order.
    pub messages: BTreeMap<String, u64>,
    /// Certificates that were issued.
    pub certificates: u64,
    /// Of these, orders that waited for their date.
    pub released: usize,
    /// Orders completed before the start, as the producer's answers count them.
    pub outside: usize,
    /// Calls that went wrong.
    pub faults: u64,
    /// Processes that were killed.
    pub kills: u64,
    /// Whether the scenario's kill happened.
    pub kill_struck: bool,
    /// What it cost.
    pub bill: Bill,
}

impl Report {
    /// What a person needs to go on: what is wrong, what happened, and how to see it again.
    pub fn failure(&self) -> Option<String> {
        if self.problems.is_empty() {
            return None;
        }
        let mut text = self.trace.clone();
        let _ = writeln!(text, "\nseed {}: {}", self.seed, self.problems.join("; "));
        let _ = writeln!(text, "again: make simulate SEED={}", self.seed);
        Some(text)
    }
}

/// Runs a simulation to its end on this thread.
///
/// # Panics
/// When the runtime cannot be built or the shipped configuration cannot be read.
pub fn run(scenario: &Scenario) -> Report {
    // The SDK draws the jitter of its retries from this thread's generator, and the consumer is given it too.
    fastrand::seed(scenario.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to report")]
    runtime.expect("a runtime").block_on(LocalSet::new().run_until(simulate(scenario)))
}

async fn simulate(scenario: &Scenario) -> Report {
    let mut stage = Stage::of(scenario);
    let sim = stage.lambda.sim.clone();
    let pollers: Vec<_> = (0..CONSUMERS as usize)
        .map(|machine| spawn_local(poller(stage.lambda.clone(), machine, stage.first_midnight())))
        .collect();
    select! {
        biased;
        () = sim.endless() => {
            stage.problems.push(format!("{} calls were made, and there is no end in sight", scenario.most_calls));
        }
        () = play(&mut stage) => {}
    }
    pollers.iter().for_each(tokio::task::JoinHandle::abort);
    report(stage)
}

/// The nights, what the reconciler mends afterwards, and what the oracle says before and after it.
async fn play(stage: &mut Stage) {
    let Stage { lambda, specs, manifest, calm, problems } = stage;
    let (sim, scenario) = (&lambda.sim, &*lambda.scenario);
    let machine = CONSUMERS as usize;
    let midnights = || specs.iter().map(|spec| spec.window().1);
    let (first, last) = (midnights().next(), midnights().next_back());
    let (mut settled, mut last_run) = (false, clock::now());
    for (spec, midnight) in specs.iter().zip(midnights()) {
        // An order is there when it is completed, not before.
        if Some(midnight) != first {
            manifest.next_day_was_run();
            let before = manifest.expected.len();
            manifest.extend(stage::orders(sim.vendors(), spec, problems));
            if scenario.twins {
                twins::name(sim.vendors(), manifest, before, problems);
            }
        }
        expect(sim, manifest);
        // The very first run begins with its clock's yesterday: not at midnight, when clocks may differ about the day.
        let begin = if Some(midnight) == first { midnight + EVERY } else { midnight };
        let patience = if Some(midnight) == last { *calm + NIGHT_AND_DAY } else { begin + NIGHT };
        (settled, last_run) = night(lambda, manifest, begin, patience, machine).await;
        if Some(midnight) == last && clock::now() >= begin + NIGHT_AND_DAY {
            manifest.next_day_was_run();
        }
    }
    manifest.was_run_until(BusinessDay::of(last_run, lambda.config.time_zone).previous().date());
    drain(sim, *calm).await;
    problems.extend(judge(scenario, manifest, &sim.vendors().yotpo.arrivals(), &sim.lock(), Mended::NotYet));
    let is_mended = scenario.reconciler != Reconciling::Never;
    if is_mended && !mend(lambda, manifest, specs.iter().map(|spec| spec.business_day), machine + PRODUCERS).await {
        problems.push("a day never became complete".to_owned());
    }
    if scenario.checks {
        problems.extend(checked(lambda, machine).await);
    }
    if is_mended {
        problems.extend(judge(scenario, manifest, &sim.vendors().yotpo.arrivals(), &sim.lock(), Mended::All));
    }
    if !settled {
        problems.push("the producer never said that all is settled".to_owned());
    }
}

fn report(stage: Stage) -> Report {
    let Stage { lambda, manifest, mut problems, .. } = stage;
    let world = lambda.sim.lock();
    problems.extend(world.problems.iter().cloned());
    let delivered = manifest.compare(&lambda.sim.vendors().yotpo.arrivals()).delivered;
    Report {
        seed: lambda.scenario.seed,
        problems,
        trace: world.trace().to_owned(),
        effects: world.effects.clone(),
        delivered,
        messages: world.watch.messages().map(|(order, messages)| (order.to_owned(), messages)).collect(),
        certificates: world.watch.certificates,
        released: manifest.expected.iter().filter(|expected| is_released(expected)).count(),
        outside: world.outside,
        faults: world.faults,
        kills: world.kills,
        kill_struck: world.kill_struck,
        bill: bill(&world, &lambda.logs, delivered),
    }
}

/// These orders are watched from now on.
fn expect(sim: &Sim, manifest: &Manifest) {
    let names = manifest.expected.iter();
    let names = names.map(|one| (format!("{}/{}", reviews::FLOW, one.id), one.order_id.clone()));
    let mut world = sim.lock();
    world.books.names.extend(names);
    world.watch.expect(&manifest.expected, reviews::FLOW);
}

/// The reconciler's part; whether every day became complete.
async fn mend(lambda: &Lambda, manifest: &Manifest, days: impl Iterator<Item = NaiveDate>, machine: usize) -> bool {
    let doomed = lambda.scenario.doomed;
    if doomed {
        change_a_reason(&lambda.sim, manifest);
    }
    let parked = |day: NaiveDate| usize::from(doomed) + twins::parked(manifest, day);
    let released = manifest.expected.iter().filter(|one| is_released(one)).map(|one| one.order_date);
    let days = days.chain(released).map(|day| (day.to_string(), parked(day))).collect();
    reconcile(lambda, days, machine).await
}

/// A poller of the event source mapping, from when it is on.
async fn poller(lambda: Lambda, machine: usize, first: DateTime<Utc>) {
    if !lambda.scenario.consumers_after.is_zero() {
        clock::until(first + lambda.scenario.consumers_after).await;
    }
    consume(lambda, machine).await;
}

/// A check of each function, which sends nothing: what is wrong.
async fn checked(lambda: &Lambda, machine: usize) -> Vec<String> {
    let sim = &lambda.sim;
    let (letters, arrivals) = (sim.lock().queues.letters.len(), sim.vendors().yotpo.arrivals());
    let mut wrong = check(lambda, machine).await;
    if !sim.lock().queues.is_empty() || sim.lock().queues.letters.len() > letters {
        wrong.push("a check sends messages".to_owned());
    }
    if sim.vendors().yotpo.arrivals() != arrivals {
        wrong.push("a check sends purchases".to_owned());
    }
    wrong
}

fn bill(world: &World, logs: &Logs, orders: u64) -> Bill {
    let mut bill = Bill { orders, stored_bytes: world.table.bytes(), ..world.bill.clone() };
    for (function, bytes) in logs.bytes() {
        bill.of(function).log_bytes += bytes;
    }
    bill
}

/// The schedule's runs of one night, and of the following ones until nothing is left to go wrong and two in a row had
/// nothing to do, or until `end`; whether the last one said that all is settled, and when it was.
async fn night(
    lambda: &Lambda,
    manifest: &Manifest,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    first_machine: usize,
) -> (bool, DateTime<Utc>) {
    let (mut at, mut last) = (begin, begin);
    let (mut settled, mut idle) = (false, 0);
    let zone = lambda.config.time_zone;
    // Of a run at midnight nobody can say, by its clock, whether the day was over.
    let at_midnight = |at| BusinessDay::of(at - SECONDS, zone) != BusinessDay::of(at + SECONDS, zone);
    while at < end && (idle < 2 || at_midnight(last)) {
        clock::until(at).await;
        let (second, touched) = {
            let mut world = lambda.sim.lock();
            let chance = &mut world.chance;
            let touched = chance.odd(chance.odds.touch).then(|| chance.rng.random_range(0..manifest.expected.len()));
            (chance.odd(chance.odds.two_producers), touched)
        };
        if let Some(expected) = touched.and_then(|index| manifest.expected.get(index)) {
            lambda.sim.lock().say(&format!("{} is touched", expected.order_id));
            // It is there: it was generated.
            let _ = lambda.sim.vendors().salesforce.touch("Order", &expected.order_id, clock::now());
        }
        if second && first_machine + 1 < MACHINES {
            spawn_local(produce(lambda.clone(), first_machine + 1, Event::Scheduled { at }));
        }
        if at.minute() == 30 && lambda.scenario.reconciler == Reconciling::Always {
            let machine = first_machine + PRODUCERS;
            spawn_local(reviews_flow::reconcile(lambda.clone(), machine, Event::Scheduled { at }));
            if second && machine + 1 < MACHINES {
                spawn_local(reviews_flow::reconcile(lambda.clone(), machine + 1, Event::Scheduled { at }));
            }
        }
        settled = produce(lambda.clone(), first_machine, Event::Scheduled { at }).await;
        last = at;
        idle = if settled && at > lambda.sim.lock().chance.faults_end { idle + 1 } else { 0 };
        at += EVERY;
        if (at - begin).num_seconds() % NIGHT_AND_DAY.num_seconds() >= NIGHT.num_seconds() {
            at += NIGHT_AND_DAY - NIGHT;
        }
    }
    (settled, last)
}

/// Whether an order's date was to come, and has come.
fn is_released(expected: &Expected) -> bool {
    expected.waits_for_its_date() && expected.outcome == Outcome::Delivered
}

/// Waits until the queue is empty, a day at most from when nothing goes wrong any more.
async fn drain(sim: &Sim, calm: DateTime<Utc>) {
    let give_up = clock::now().max(calm) + NIGHT_AND_DAY;
    while !sim.lock().queues.is_empty() && clock::now() < give_up {
        tokio::time::sleep(std::time::Duration::from_mins(10)).await;
    }
}

/// The reconciler's runs until it has certified each day as complete, but for so many orders that wait for a person: one
/// that is doomed, the second of a name. Whether it came to that.
async fn reconcile(lambda: &Lambda, mut open: BTreeMap<String, usize>, machine: usize) -> bool {
    let give_up = clock::now() + COMPLETE_WITHIN;
    while !open.is_empty() && clock::now() < give_up {
        for certificate in reviews_flow::reconcile(lambda.clone(), machine, scheduled()).await.0 {
            let (ledger, day) = (&certificate.ledger, certificate.business_day.to_string());
            let others = ledger.accepted + ledger.pending + ledger.uncertain + ledger.missing;
            if certificate.store.as_str() == "default" && others == 0 && open.get(&day) == Some(&ledger.parked) {
                open.remove(&day);
            }
        }
        drain(&lambda.sim, clock::now()).await;
        if !open.is_empty() {
            tokio::time::sleep(AFTERWARDS).await;
        }
    }
    open.is_empty()
}

/// An order without address gets one that the destination would refuse.
fn change_a_reason(sim: &Sim, manifest: &Manifest) {
    let no_email = Outcome::Skipped { reason: "no_email".to_owned() };
    if let Some(order) = manifest.expected.iter().find(|expected| expected.outcome == no_email) {
        // It is there: it was generated.
        let _ =
            sim.vendors().salesforce.patch("Order", &order.order_id, &json!({"BillToContact": {"Email": "nowhere"}}));
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
