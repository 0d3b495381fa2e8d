//! A day of the erp flow, from the first order until nothing is left to do.

use crate::{
    STACK,
    chance::Chance,
    clock::{self, MACHINES},
    effect::Kill,
    erp_ends,
    erp_flow::{self, work},
    erp_report::ErpReport,
    erp_story::{ErpStory, Sender},
    fault::{Fault, Odds},
    functions::{NETSUITE_WORKER, Service},
    lambda::Lambda,
    logs::Logs,
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use function::Event;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use reconciliation::Certificate;
use sandbox::{
    InProcess, netsuite,
    shopify::{Mischief, Mix},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

/// The shop whose orders they are.
pub(crate) const SHOP: &str = "acme.myshopify.com";
/// The event source mapping's `MaximumConcurrency`.
const WORKERS: usize = 4;
const WEBHOOKS: usize = 5;
const RECONCILER: usize = 4;
/// As the template has it.
const VISIBILITY: TimeDelta = TimeDelta::seconds(900);
const MAX_RECEIVES: u32 = 200;
/// How often the schedule starts the reconciler.
const EVERY: TimeDelta = TimeDelta::hours(1);
/// How often it is looked whether the queue is empty.
const LOOK: Duration = Duration::from_secs(10);

/// When the ledger is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgets {
    Never,
    /// In the middle of the story.
    HalfWay,
    /// When all is done, and all webhooks come once more.
    Afterwards,
}

/// A day's orders, and what is to go wrong.
#[derive(Clone, Debug)]
pub struct ErpDay {
    /// Everything random follows from it.
    pub seed: u64,
    pub(crate) stories: Vec<ErpStory>,
    pub(crate) mischief: Mischief,
    pub(crate) odds: Odds,
    /// So long after the last change the queue has to drain, once nothing goes wrong any more.
    pub(crate) drain: TimeDelta,
    /// How long NetSuite works on a call.
    pub(crate) call_ms: u64,
    /// The reconciler runs every hour, with access to the Admin API.
    pub(crate) reconciled: bool,
    pub(crate) forgets: Forgets,
    pub(crate) kill: Option<Kill>,
    /// What is to go wrong with the worker's calls to NetSuite: the endpoint, at which occurrence, from 1.
    pub(crate) strike: Option<(sandbox::Endpoint, u64, Fault)>,
    /// Changes of the shipped settings, as text.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    /// The queue is a plain one, for comparison.
    pub(crate) unfair: bool,
    /// All orders are older than the start: none is to be there.
    pub(crate) before_start: bool,
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_795_176_000).unwrap_or_default()
}

impl ErpDay {
    /// Orders a minute apart, each with two updates that change nothing mapped and up to three that do, and nothing goes wrong.
    pub fn calm(seed: u64, orders: usize) -> Self {
        let story = ErpStory {
            shop: SHOP,
            orders,
            first: TimeDelta::zero(),
            every: TimeDelta::seconds(60),
            mix: Mix::default(),
            tags: 2,
            changes: 3,
            within: 3_600,
        };
        Self {
            seed,
            stories: vec![story],
            mischief: Mischief { seed, ..Mischief::default() },
            odds: Odds::NONE,
            drain: TimeDelta::hours(1),
            call_ms: 1_000,
            reconciled: false,
            forgets: Forgets::Never,
            kill: None,
            strike: None,
            settings: Vec::new(),
            unfair: false,
            before_start: false,
        }
    }

    /// The same orders, and everything goes wrong that may: webhooks twice, late, overtaken, changed and forged; calls that are lost
    /// before and after they take effect, refused, up to ten minutes late or never answered; workers that die; AWS that fails now and
    /// then.
    pub fn storm(seed: u64, orders: usize) -> Self {
        let calm = Self::calm(seed, orders);
        let mischief = Mischief {
            duplicates: 0.2,
            retries: 0.1,
            retry_within: Duration::from_hours(1),
            shuffled: 0.3,
            shuffle_within: Duration::from_mins(5),
            tampered: 0.05,
            forged: 0.05,
            ..calm.mischief
        };
        let odds = Odds {
            aws: [0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.0],
            vendor: [0.002, 0.003, 0.01, 0.005, 0.003, 0.003, 0.02, 0.001, 0.01, 0.002],
            slow: 0.05,
            kill: 0.0005,
            duplicate: 0.05,
            latest: 0.2,
            ..Odds::NONE
        };
        Self { mischief, odds, drain: TimeDelta::hours(6), reconciled: true, ..calm }
    }

    /// With a kill at an effect.
    #[must_use]
    pub fn killed(self, kill: Kill) -> Self {
        Self { kill: Some(kill), ..self }
    }

    /// Orders come so many seconds apart.
    #[must_use]
    pub fn every(mut self, seconds: i64) -> Self {
        self.stories.iter_mut().for_each(|story| story.every = TimeDelta::seconds(seconds));
        self
    }

    /// The ledger is lost in the middle of the day, restored from nothing.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Self { forgets: Forgets::HalfWay, ..self }
    }

    pub(crate) async fn happens(&self) -> (ErpReport, Lambda) {
        let lambda = self.lambda();
        let local = LocalSet::new();
        let report = Box::pin(local.run_until(self.play(lambda.clone()))).await;
        (report, lambda)
    }

    fn lambda(&self) -> Lambda {
        fastrand::seed(self.seed);
        clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(self.seed, vendors::URL, clock::now);
        let chance = Chance {
            rng: ChaCha8Rng::seed_from_u64(self.seed),
            odds: self.odds.clone(),
            faults_end: self.told_by(),
            broken: None,
        };
        let mut world = World::new(chance, MAX_RECEIVES);
        world.queues.visibility = VISIBILITY;
        world.queues.fairness.off = self.unfair;
        world.kill = self.kill;
        world.strike =
            self.strike.map(|(endpoint, nth, fault)| (NETSUITE_WORKER.effect(endpoint.name(), ""), nth, fault));
        let shops: Vec<&str> = self.stories.iter().map(|story| story.shop).collect();
        let of_shops =
            if self.reconciled { vendors.shopify.secret(&shops) } else { vendors.shopify.webhook_secret(&shops) };
        world.secrets.insert(format!("{STACK}/shopify"), of_shops);
        world.secrets.insert(format!("{STACK}/netsuite"), vendors.netsuite.secret());
        vendors.netsuite.set(|settings| settings.call_ms = self.call_ms);
        let sim = Sim::new(world, vendors);
        let mut settings = include_str!("../../../infra/config/relay.toml").to_owned();
        let changes = self.settings.iter().copied();
        for (from, to) in changes.chain([("\n#subsidiary = \"1\"", "\nsubsidiary = \"1\"")]) {
            if !settings.contains(from) {
                sim.lock().problems.push(format!("the shipped settings have no line {from:?}"));
            }
            settings = settings.replacen(from, to, 1);
        }
        #[expect(clippy::expect_used, reason = "without settings there is nothing to simulate")]
        let config = Arc::new(Relay::parse(&settings, "the shipped settings").expect("settings"));
        let scenario = Arc::new(Scenario { max_receives: MAX_RECEIVES, ..Scenario::of(self.seed) });
        Lambda { sim, config, scenario, logs: Logs::default() }
    }

    /// When the last order has seen its last change, at the latest.
    fn told_by(&self) -> DateTime<Utc> {
        let lasts = |story: &ErpStory| {
            let orders = story.every * i32::try_from(story.orders).unwrap_or(i32::MAX);
            let changes = i64::from(story.within) * i64::try_from(story.tags + story.changes).unwrap_or_default();
            story.first + orders + TimeDelta::seconds(changes)
        };
        noon() + self.stories.iter().map(lasts).max().unwrap_or_default()
    }

    async fn play(&self, lambda: Lambda) -> ErpReport {
        let told_by = self.told_by();
        let pollers: Vec<_> = (0..WORKERS).map(|machine| spawn_local(work(lambda.clone(), machine))).collect();
        let sender = Sender::new(lambda.clone(), WEBHOOKS, self.mischief, told_by, self.forgets == Forgets::Afterwards);
        let certificates = Rc::new(RefCell::new(BTreeMap::new()));
        let schedule = self.reconciled.then(|| spawn_local(scheduled(lambda.clone(), Rc::clone(&certificates))));
        let stories: Vec<JoinHandle<()>> = (1..)
            .zip(&self.stories)
            .map(|(place, story)| spawn_local(Rc::clone(&sender).tell(story.clone(), self.seed.wrapping_add(place))))
            .collect();
        if self.forgets == Forgets::HalfWay {
            clock::until(noon() + (told_by - noon()) / 2).await;
            lambda.sim.lock().table.forget("");
        }
        for story in stories {
            let _ = story.await;
        }
        let mut wrong = sender.answered().await;
        let mut drained = empty(&lambda, clock::now().max(told_by) + self.drain).await;
        if self.forgets == Forgets::Afterwards {
            drained = self.forget_all(&lambda, &sender).await;
            wrong += sender.answered().await;
        }
        if self.reconciled {
            // Two more runs, after the next midnight of the shop: the day is over, and proven.
            clock::until(noon() + TimeDelta::days((told_by - noon()).num_days() + 1) + TimeDelta::hours(9)).await;
            drained = drained.or(empty(&lambda, clock::now() + self.drain).await);
        }
        pollers.into_iter().chain(schedule).for_each(|task| task.abort());
        let mut problems = self.problems(&lambda);
        if wrong > 0 {
            problems.push(format!("{wrong} webhooks were not answered as they should be"));
        }
        if drained.is_none() {
            problems.push("the queue is not empty".to_owned());
        }
        let certificates = certificates.take();
        if self.reconciled {
            let open = certificates.values().filter(|certificate: &&Certificate| !certificate.complete);
            problems.extend(open.map(|certificate| format!("a day is not complete: {certificate:?}")));
            // One whose run was killed after it was kept is not issued again.
            let day = noon().date_naive();
            let kept = lambda.sim.lock().table.holds(&format!("certificate/erp/{SHOP}/{day}"));
            if certificates.is_empty() && !kept {
                problems.push("no day is certified".to_owned());
            }
        }
        report(self, &lambda, problems, certificates, drained)
    }

    /// The ledger is lost when all is done, and everything comes once more.
    async fn forget_all(&self, lambda: &Lambda, sender: &Rc<Sender>) -> Option<DateTime<Utc>> {
        let vendors = lambda.sim.vendors();
        for (place, one) in vendors.netsuite.transactions().iter().enumerate() {
            let Some(id) = one.external_id.as_deref().filter(|id| id.starts_with("shopify_order_")) else { continue };
            let Some(line) = one.lines.iter().find(|line| !line.closed && line.fulfilled.is_zero()) else { continue };
            // Every third is shipped, every third is edited by hand.
            let _ = match place % 3 {
                0 => vendors.netsuite.fulfil(id, line.line, 1),
                1 => {
                    let line = serde_json::json!({"line": line.line, "description": "by hand"});
                    vendors.netsuite.edit(id, &serde_json::json!({"item": {"items": [line]}}))
                }
                _ => Ok(()),
            };
        }
        let before = lines_of(lambda);
        lambda.sim.lock().table.forget("");
        sender.again();
        sender.answered().await;
        let drained = empty(lambda, clock::now() + self.drain).await;
        if lines_of(lambda) != before {
            lambda.sim.lock().problems.push("a line was rewritten that was there".to_owned());
        }
        drained
    }

    fn problems(&self, lambda: &Lambda) -> Vec<String> {
        let vendors = lambda.sim.vendors();
        let mut problems = if self.before_start { Vec::new() } else { erp_ends::compare(vendors) };
        if self.before_start && !vendors.netsuite.transactions().is_empty() {
            problems.push("an order is there that is older than the start".to_owned());
        }
        let world = lambda.sim.lock();
        problems.extend(world.problems.iter().cloned());
        // Nothing in a story needs a person.
        let letters = world.queues.letters.iter();
        problems.extend(letters.map(|letter| {
            format!("a letter of {:?}: {:?} {:?} {:?}", letter.key(), letter.class, letter.reason, letter.error)
        }));
        if self.kill.is_some() && !world.kill_struck {
            problems.push("the kill did not happen".to_owned());
        }
        problems
    }
}

/// Every order's lines at NetSuite.
fn lines_of(lambda: &Lambda) -> Vec<(Option<String>, Vec<netsuite::Line>)> {
    let transactions = lambda.sim.vendors().netsuite.transactions();
    transactions.into_iter().map(|one| (one.external_id, one.lines)).collect()
}

/// Waits until the queue is empty; when it was, if before `latest`.
async fn empty(lambda: &Lambda, latest: DateTime<Utc>) -> Option<DateTime<Utc>> {
    while clock::now() < latest {
        if lambda.sim.lock().queues.is_empty() {
            return Some(clock::now());
        }
        tokio::time::sleep(LOOK).await;
    }
    None
}

/// The schedule, which starts the reconciler.
async fn scheduled(lambda: Lambda, certificates: Rc<RefCell<BTreeMap<(String, String), Certificate>>>) {
    let mut at = noon() + TimeDelta::minutes(30);
    loop {
        clock::until(at).await;
        for certificate in erp_flow::reconcile(lambda.clone(), RECONCILER, Event::Scheduled { at }).await {
            let name = (certificate.store.to_string(), certificate.business_day.to_string());
            certificates.borrow_mut().insert(name, certificate);
        }
        at += EVERY;
    }
}

fn report(
    day: &ErpDay,
    lambda: &Lambda,
    problems: Vec<String>,
    certificates: BTreeMap<(String, String), Certificate>,
    drained: Option<DateTime<Utc>>,
) -> ErpReport {
    let vendors = lambda.sim.vendors();
    let (transactions, concurrency) = (vendors.netsuite.transactions(), vendors.netsuite.concurrency());
    let world = lambda.sim.lock();
    let calls = world
        .effects
        .iter()
        .filter(|(effect, _)| effect.service == Service::NetSuite && effect.operation != netsuite::TOKEN.name());
    let is_order = |one: &&netsuite::Transaction| one.kind == "salesOrder";
    let versions = transactions.iter().filter(is_order).flat_map(|one| &one.stamps);
    let revision = |stamp: &str| stamp.strip_prefix("r=")?.split(';').next()?.parse().ok();
    let latency = |written: &netsuite::Stamp| {
        Some(written.at - DateTime::from_timestamp_millis(revision(written.stamp.as_deref()?)?)?)
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let letters = world.queues.letters.iter();
    ErpReport {
        seed: day.seed,
        problems,
        trace: world.trace().to_owned(),
        effects: world.effects.clone(),
        webhooks: world.bill.functions.get(&crate::SHOPIFY_WEBHOOK).map_or(0, |usage| usage.invocations),
        orders: transactions.iter().filter(is_order).count(),
        memos: transactions.len() - transactions.iter().filter(is_order).count(),
        calls: calls.map(|(_, times)| times).sum(),
        peak: (concurrency.peak_known, concurrency.peak),
        latencies: versions.filter_map(latency).collect(),
        drained: drained.map(|at| at - noon()),
        longest: longest(vendors),
        letters: letters.map(|letter| (text(&letter.class), text(&letter.reason), text(&letter.error))).collect(),
        certificates,
        faults: world.faults,
        kills: world.kills,
        struck: world.kill_struck,
        ended: clock::now(),
    }
}

/// The longest from when an order was placed until NetSuite had it, by shop.
fn longest(vendors: &InProcess) -> BTreeMap<String, TimeDelta> {
    let mut longest = BTreeMap::new();
    for truth in vendors.shopify.truths() {
        let there = vendors.netsuite.transaction(&format!("shopify_order_{}", truth.id));
        let Some(first) = there.and_then(|there| Some(there.stamps.first()?.at)) else { continue };
        let waited = first - truth.placed_at;
        let known = longest.entry(truth.shop).or_insert(waited);
        *known = waited.max(*known);
    }
    longest
}

/// Runs a day to its end on this thread.
///
/// # Panics
/// When the runtime cannot be built or the shipped settings cannot be read.
pub fn run_erp(day: &ErpDay) -> ErpReport {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to report")]
    runtime.expect("a runtime").block_on(day.happens()).0
}
