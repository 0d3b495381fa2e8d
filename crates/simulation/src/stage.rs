//! What a run begins with: the orders at the source, the shipped configuration, and what is to go wrong.

use crate::{
    CONSUMERS, STACK,
    chance::Chance,
    clock,
    lambda::Lambda,
    logs::Logs,
    scenario::Scenario,
    twins, vendors,
    watch::Watch,
    world::{Sim, World},
};
use chrono::{DateTime, Days, TimeDelta, Utc};
use config::Relay;
use delivery::Pace;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sandbox::{DaySpec, Fault, InProcess, Manifest, Moment, Outcome, Rule, TooMuch, yotpo};
use std::sync::Arc;

/// The account that the store `default` belongs to.
pub(crate) const ACCOUNT: &str = "sandbox-default";

/// A run, and what is known of it.
pub(crate) struct Stage {
    pub(crate) lambda: Lambda,
    /// The days, one for each night.
    pub(crate) specs: Vec<DaySpec>,
    /// What is to become of the orders so far.
    pub(crate) manifest: Manifest,
    /// When nothing goes wrong any more.
    pub(crate) calm: DateTime<Utc>,
    pub(crate) problems: Vec<String>,
}

impl Stage {
    /// It is the first midnight, and the first day's orders are there.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(scenario.seed);
        rng.set_stream(1);
        let specs: Vec<DaySpec> = (0..scenario.nights).map(|night| spec(scenario, night)).collect();
        let (first, last) = (specs[0].window().1, specs[specs.len() - 1].window().1);
        // Half the bound each way, so that no two machines are further apart than it.
        let skews = std::array::from_fn(|_: usize| TimeDelta::milliseconds(rng.random_range(-5_000..5_000)));
        clock::begin(first, skews);

        let mut problems = Vec::new();
        let vendors = vendors(scenario);
        let mut manifest = orders(&vendors, &specs[0], &mut problems);
        if scenario.twins {
            twins::name(&vendors, &mut manifest, 0, &mut problems);
        }
        mislead(&vendors, scenario, &manifest);
        let config = config(scenario, &mut problems);

        let faults_end = last + scenario.faults_last;
        let chance = Chance { rng, odds: scenario.odds.clone(), faults_end, broken: scenario.broken };
        let mut world = World::new(chance, scenario.max_receives);
        (world.kill, world.most_calls) = (scenario.kill, scenario.most_calls);
        world.outage = scenario.outage.map(|outage| (last, outage));
        let calm = scenario.outage.map_or(last, |outage| last + outage.until).max(faults_end);
        world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
        world.secrets.insert(format!("{STACK}/yotpo"), vendors.yotpo.secret(&[("default", ACCOUNT)]));
        let period = Pace::new(config.pace.yotpo_reviews, CONSUMERS + 1).period();
        world.watch = Watch::of(zone(scenario), TimeDelta::from_std(period).unwrap_or_default());

        #[expect(clippy::expect_used, reason = "the level is a constant")]
        let logs = if scenario.billed { Logs::counted().expect("a log level") } else { Logs::default() };
        let lambda = Lambda { sim: Sim::new(world, vendors), config, scenario: Arc::new(scenario.clone()), logs };
        Self { lambda, specs, manifest, calm, problems }
    }

    pub(crate) fn first_midnight(&self) -> DateTime<Utc> {
        self.specs[0].window().1
    }
}

fn vendors(scenario: &Scenario) -> InProcess {
    let vendors = InProcess::new(scenario.seed, vendors::URL, clock::now);
    vendors.salesforce.set(|settings| {
        settings.page_size = Some(scenario.page_size);
        settings.too_much = scenario.source_hours.map(|hours| {
            let (field, code) = ("ActivatedDate".to_owned(), "QUERY_TIMEOUT".to_owned());
            TooMuch { field, hours, code }
        });
    });
    vendors.yotpo.set(|settings| settings.repeats_create = scenario.repeats_create);
    vendors
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

/// A day's orders, and what is to become of them.
pub(crate) fn orders(vendors: &InProcess, spec: &DaySpec, problems: &mut Vec<String>) -> Manifest {
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
    let outlet = ("\nroutes = [\"default\"]", "\nroutes = [\"default\"]\n\n[stores.outlet]\nroutes = [\"outlet\"]");
    for (from, to) in changes.into_iter().chain(names).chain(scenario.outlet.then_some(outlet)) {
        if !toml.contains(from) {
            problems.push(format!("the shipped configuration has no line {from:?}"));
        }
        toml = toml.replacen(from, to, 1);
    }
    #[expect(clippy::expect_used, reason = "without a configuration there is nothing to simulate")]
    Arc::new(Relay::parse(&toml, "the shipped configuration").expect("a configuration"))
}
