//! One simulation from the first midnight until nothing is left to do.

use crate::{
    Bill, CONSUMERS, STACK,
    clock::{self, MACHINES},
    effect::Effect,
    lambda::Lambda,
    logs::Logs,
    oracle::{Mended, judge},
    scenario::{Reconciling, Scenario},
    twins, vendors,
    watch::Watch,
    world::{Sim, World},
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike as _, Utc};
use config::{BusinessDay, Relay};
use delivery::Pace;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sandbox::{DaySpec, Expected, Fault, InProcess, Manifest, Moment, Outcome, Rule, TooMuch, yotpo};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};
use tokio::task::{LocalSet, spawn_local};

/// The account that the store `default` belongs to.
pub(crate) const ACCOUNT: &str = "sandbox-default";
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
    let mut rng = ChaCha8Rng::seed_from_u64(scenario.seed);
    rng.set_stream(1);
    let specs: Vec<DaySpec> = (0..scenario.nights).map(|night| spec(scenario, night)).collect();
    let midnights: Vec<DateTime<Utc>> = specs.iter().map(|spec| spec.window().1).collect();
    // Half the bound each way, so that no two machines are further apart than it.
    let skews = std::array::from_fn(|_: usize| TimeDelta::milliseconds(rng.random_range(-5_000..5_000)));
    let (first, last) = (midnights[0], midnights[midnights.len() - 1]);
    clock::begin(first, skews);

    let vendors = InProcess::new(scenario.seed, vendors::URL, clock::now);
    vendors.salesforce.set(|settings| {
        settings.page_size = Some(scenario.page_size);
        settings.too_much = scenario.source_hours.map(|hours| {
            let (field, code) = ("ActivatedDate".to_owned(), "QUERY_TIMEOUT".to_owned());
            TooMuch { field, hours, code }
        });
    });
    vendors.yotpo.set(|settings| settings.repeats_create = scenario.repeats_create);
    let mut world = World::new(rng, scenario.odds.clone(), last + scenario.faults_last, scenario.max_receives);
    (world.kill, world.broken) = (scenario.kill, scenario.broken);
    world.outage = scenario.outage.map(|outage| (last, outage));
    let calm = scenario.outage.map_or(last, |outage| last + outage.until).max(world.faults_end);
    world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
    world.secrets.insert(format!("{STACK}/yotpo"), vendors.yotpo.secret(&[("default", ACCOUNT)]));
    let mut problems = Vec::new();
    let mut manifest = manifest(&vendors, &specs[0], &mut problems);
    if scenario.twins {
        twins::name(&vendors, &mut manifest, 0, &mut problems);
    }
    mislead(&vendors, scenario, &manifest);
    let config = config(scenario, &mut problems);
    let period = TimeDelta::from_std(Pace::new(config.pace.yotpo_reviews, CONSUMERS + 1).period()).unwrap_or_default();
    world.watch = Watch::of(zone(scenario), period);
    let sim = Sim::new(world, vendors);
    #[expect(clippy::expect_used, reason = "the level is a constant")]
    let logs = if scenario.billed { Logs::counted().expect("a log level") } else { Logs::default() };
    let lambda = Lambda { sim: sim.clone(), config, scenario: Arc::new(scenario.clone()), logs: logs.clone() };

    let consumers = CONSUMERS as usize;
    let pollers: Vec<_> = (0..consumers).map(|machine| spawn_local(poller(lambda.clone(), machine, first))).collect();
    let (mut settled, mut last_run) = (false, first);
    for (spec, midnight) in specs.iter().zip(midnights) {
        // An order is there when it is completed, not before.
        if midnight != first {
            manifest.next_day_was_run();
            let before = manifest.expected.len();
            manifest.extend(self::manifest(sim.vendors(), spec, &mut problems));
            if scenario.twins {
                twins::name(sim.vendors(), &mut manifest, before, &mut problems);
            }
        }
        expect(&sim, &manifest);
        // The very first run begins with its clock's yesterday: not at midnight, when clocks may differ about the day.
        let begin = if midnight == first { midnight + EVERY } else { midnight };
        let patience = if midnight == last { calm + NIGHT_AND_DAY } else { begin + NIGHT };
        (settled, last_run) = night(&lambda, &manifest, begin, patience, consumers).await;
        if midnight == last && clock::now() >= begin + NIGHT_AND_DAY {
            manifest.next_day_was_run();
        }
    }
    manifest.was_run_until(BusinessDay::of(last_run, lambda.config.time_zone).previous().date());
    drain(&sim, calm).await;
    problems.extend(judge(scenario, &manifest, &sim.vendors().yotpo.arrivals(), &sim.lock(), Mended::NotYet));
    if scenario.reconciler != Reconciling::Never {
        let days = specs.iter().map(|spec| spec.business_day);
        if !mend(&lambda, &manifest, days, consumers + PRODUCERS).await {
            problems.push("a day never became complete".to_owned());
        }
    }
    if scenario.checks {
        problems.extend(checked(&lambda, consumers).await);
    }
    pollers.iter().for_each(tokio::task::JoinHandle::abort);

    let arrivals = sim.vendors().yotpo.arrivals();
    let world = sim.lock();
    if scenario.reconciler != Reconciling::Never {
        problems.extend(judge(scenario, &manifest, &arrivals, &world, Mended::All));
    }
    if !settled {
        problems.push("the producer never said that all is settled".to_owned());
    }
    problems.extend(world.problems.iter().cloned());
    let delivered = manifest.compare(&arrivals).delivered;
    Report {
        seed: scenario.seed,
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
        bill: bill(&world, &logs, delivered),
    }
}

/// These orders are watched from now on.
fn expect(sim: &Sim, manifest: &Manifest) {
    let names = manifest.expected.iter();
    let names = names.map(|one| (format!("{}/{}", reviews::FLOW, one.id), one.order_id.clone()));
    let mut world = sim.lock();
    world.order_ids.extend(names);
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
    lambda.poll(machine).await;
}

/// A check of each function, which sends nothing: what is wrong.
async fn checked(lambda: &Lambda, machine: usize) -> Vec<String> {
    let sim = &lambda.sim;
    let (letters, arrivals) = (sim.lock().queues.letters.len(), sim.vendors().yotpo.arrivals());
    let mut wrong = lambda.check(machine).await;
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
            let (second, touch) = (world.odds.two_producers, world.odds.touch);
            let touched = world.odd(touch).then(|| world.rng.random_range(0..manifest.expected.len()));
            (world.odd(second), touched)
        };
        if let Some(expected) = touched.and_then(|index| manifest.expected.get(index)) {
            lambda.sim.lock().say(&format!("{} is touched", expected.order_id));
            // It is there: it was generated.
            let _ = lambda.sim.vendors().salesforce.touch("Order", &expected.order_id, clock::now());
        }
        if second && first_machine + 1 < MACHINES {
            spawn_local(lambda.clone().produce(first_machine + 1, at));
        }
        if at.minute() == 30 && lambda.scenario.reconciler == Reconciling::Always {
            let machine = first_machine + PRODUCERS;
            spawn_local(lambda.clone().reconcile(machine, at));
            if second && machine + 1 < MACHINES {
                spawn_local(lambda.clone().reconcile(machine + 1, at));
            }
        }
        settled = lambda.clone().produce(first_machine, at).await;
        last = at;
        idle = if settled && at > lambda.sim.lock().faults_end { idle + 1 } else { 0 };
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
        for certificate in lambda.clone().reconcile(machine, clock::now()).await {
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

/// Drops, and what else the reconciler is to meet.
fn mislead(vendors: &InProcess, scenario: &Scenario, manifest: &Manifest) {
    if scenario.drops > 0.0 {
        vendors.add_fault(Fault::silent_drops(scenario.drops));
    }
    if scenario.throttles > 0.0 {
        let share = Some(scenario.throttles / 2.0);
        for (retry_after, reset) in [(Some(30), None), (None, Some(45))] {
            let fault = Fault::Status { code: 429, moment: Moment::Before, retry_after, reset };
            vendors.add_fault(Rule { share, ..Rule::always(yotpo::CREATE, fault) });
        }
    }
    let doomed = manifest.expected.iter().find(|expected| expected.outcome == Outcome::Delivered);
    if let Some(doomed) = doomed.filter(|_| scenario.doomed) {
        let order_id = Some(doomed.order_id.clone());
        vendors.add_fault(Rule { subject: order_id, ..Rule::always(yotpo::CREATE, Fault::SilentDrop) });
        vendors.add_fault(Rule { after: Some(1), next: Some(1), ..Rule::always(yotpo::READ, Fault::status(503)) });
    }
}

fn zone(scenario: &Scenario) -> sandbox::TimeZone {
    sandbox::TimeZone::get(scenario.zone).unwrap_or(sandbox::TimeZone::UTC)
}

fn spec(scenario: &Scenario, night: u32) -> DaySpec {
    let day = scenario.first_day + Days::new(night.into());
    let mut spec = DaySpec::new(scenario.seed, day, zone(scenario), scenario.orders);
    // The first day has the awkward orders, if any.
    spec.awkward = !scenario.billed && night == 0;
    spec.other_dates = spec.awkward;
    spec
}

fn manifest(vendors: &InProcess, spec: &DaySpec, problems: &mut Vec<String>) -> Manifest {
    vendors.seed_day(spec).unwrap_or_else(|error| {
        problems.push(error.to_string());
        Manifest {
            window: spec.window(),
            expected: Vec::new(),
            refused: Vec::new(),
            personal: sandbox::Personal::default(),
        }
    })
}

/// The shipped configuration with the sandbox's field names and the scenario's time zone.
pub(crate) fn config(scenario: &Scenario, problems: &mut Vec<String>) -> Arc<Relay> {
    let shipped = include_str!("../../../infra/config/relay.toml");
    let zone = format!("\ntime_zone = \"{}\"", scenario.zone);
    let changes = [
        ("\ntime_zone = \"Etc/UTC\"", zone.as_str()),
        ("\n#route_by = \"Brand__c\"", "\nroute_by = \"Store__c\""),
        ("\n#routes = [\"Acme\", \"Acme Outlet\"]", "\nroutes = [\"default\"]"),
        ("\n#test_order = \"Is_Test__c\"", "\ntest_order = \"Is_Test__c\""),
    ];
    let named_by = format!("\norder_id = \"{}\"", twins::FIELD);
    let order_id = "\norder_id = \"OrderNumber\"";
    let names = scenario.twins.then_some((order_id, named_by.as_str()));
    let mut toml = shipped.to_owned();
    for (from, to) in changes.into_iter().chain(names) {
        if !toml.contains(from) {
            problems.push(format!("the shipped configuration has no line {from:?}"));
        }
        toml = toml.replacen(from, to, 1);
    }
    #[expect(clippy::expect_used, reason = "without a configuration there is nothing to simulate")]
    Arc::new(Relay::parse(&toml, "the shipped configuration").expect("a configuration"))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
