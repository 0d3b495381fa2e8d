//! Days and weeks told by a test: what happens, and when, is the test's, and nothing goes wrong by itself.

use crate::{
    CONSUMERS, OUTLET, STACK,
    chance::Chance,
    clock,
    effect::Kill,
    functions::Service,
    lambda::Lambda,
    logs::Logs,
    reviews_flow::{consume, produce, reconcile, scheduled},
    run::PRODUCERS,
    scenario::Scenario,
    stage::{ACCOUNT, config},
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use config::{BusinessDay, Zone};
use function::Event;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use reconciliation::Certificate;
use sandbox::{Arrival, DaySpec, InProcess, Manifest, Route, TimeZone};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    select,
    task::{LocalSet, spawn_local},
};

/// The stack, its vendors, and one store, `default`, whose days are those of UTC.
pub struct Story {
    lambda: Lambda,
}

/// What a run of the reconciler said.
#[derive(Debug)]
pub struct Looked {
    /// A certificate for each day that was looked at to the end, of orders of no store too.
    pub certificates: Vec<Certificate>,
    metrics: String,
}

impl Looked {
    /// The store's certificate of a day.
    pub fn of(&self, day: NaiveDate) -> Option<&Certificate> {
        let day = BusinessDay::from(day);
        self.certificates.iter().find(|one| one.store.as_str() == "default" && one.business_day == day)
    }

    /// A metric's value, if it was written.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let mut lines = self.metrics.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find_map(|line| line[name].as_f64())
    }
}

/// Runs a story that begins at the first instant of `day`.
///
/// # Panics
/// When the runtime cannot be built or the shipped configuration cannot be read, and when there is no end to the calls.
pub fn tell<T>(day: NaiveDate, scenario: &Scenario, story: impl AsyncFnOnce(&Story) -> T) -> T {
    fastrand::seed(scenario.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to tell")]
    runtime.expect("a runtime").block_on(LocalSet::new().run_until(async {
        let begin = BusinessDay::from(day).window(Zone::UTC).start;
        clock::begin(begin, Default::default());
        let scenario = Scenario { zone: "Etc/UTC", ..scenario.clone() };
        let vendors = InProcess::new(scenario.seed, vendors::URL, clock::now);
        vendors.salesforce.set(|settings| settings.page_size = Some(scenario.page_size));
        let rng = ChaCha8Rng::seed_from_u64(scenario.seed);
        let chance = Chance { rng, odds: scenario.odds.clone(), faults_end: begin, broken: scenario.broken };
        let mut world = World::new(chance, scenario.max_receives);
        world.most_calls = scenario.most_calls;
        world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
        let accounts = [("default", ACCOUNT), ("outlet", OUTLET)];
        let accounts = if scenario.outlet { &accounts[..] } else { &accounts[..1] };
        world.secrets.insert(format!("{STACK}/yotpo"), vendors.yotpo.secret(accounts));
        let mut problems = Vec::new();
        let config = config(&scenario, &mut problems);
        assert_eq!(problems, Vec::<String>::new());
        let sim = Sim::new(world, vendors);
        let lambda = Lambda { sim, config, scenario: Arc::new(scenario), logs: Logs::default() };
        let machines = 0..CONSUMERS as usize;
        let pollers: Vec<_> = machines.map(|machine| spawn_local(consume(lambda.clone(), machine))).collect();
        let here = Story { lambda: lambda.clone() };
        let told = select! {
            biased;
            () = lambda.sim.endless() => panic!("there is no end to the calls"),
            told = story(&here) => told,
        };
        pollers.iter().for_each(tokio::task::JoinHandle::abort);
        assert_eq!(lambda.sim.lock().problems, Vec::<String>::new());
        told
    }))
}

impl Story {
    /// The vendors.
    pub fn vendors(&self) -> &InProcess {
        self.lambda.sim.vendors()
    }

    /// So many ordinary orders are completed on that day.
    ///
    /// # Panics
    /// When the vendors do not take them.
    pub fn orders(&self, day: NaiveDate, orders: usize) -> Manifest {
        let manifest = self.seed(day, orders, None);
        self.watch(&manifest);
        manifest
    }

    /// The same, of a day that was settled without them.
    pub fn orders_that_show_up(&self, day: NaiveDate, orders: usize) -> Manifest {
        self.seed(day, orders, None)
    }

    /// What becomes of them is looked at from now on.
    pub fn watch(&self, manifest: &Manifest) {
        let mut world = self.lambda.sim.lock();
        for expected in &manifest.expected {
            world.books.names.insert(format!("{}/{}", reviews::FLOW, expected.id), expected.order_id.clone());
        }
        world.watch.expect(&manifest.expected, reviews::FLOW);
    }

    /// The same, with order numbers from there on.
    pub fn orders_from(&self, day: NaiveDate, orders: usize, first_number: u64) -> Manifest {
        let manifest = self.seed(day, orders, Some(first_number));
        self.watch(&manifest);
        manifest
    }

    fn seed(&self, day: NaiveDate, orders: usize, first_number: Option<u64>) -> Manifest {
        let mut spec = DaySpec::new(self.lambda.scenario.seed, day, TimeZone::UTC, orders);
        (spec.awkward, spec.first_number) = (false, first_number);
        if self.lambda.scenario.outlet {
            let outlet =
                Route { value: Some("outlet".to_owned()), app_key: OUTLET.to_owned(), ..spec.routes[0].clone() };
            spec.routes.push(outlet);
        }
        #[expect(clippy::expect_used, reason = "they are generated")]
        self.vendors().seed_day(&spec).expect("orders")
    }

    /// It is so much later.
    pub async fn pass(&self, time: TimeDelta) {
        clock::until(clock::now() + time).await;
    }

    /// It is `at`.
    pub async fn until(&self, at: DateTime<Utc>) {
        clock::until(at).await;
    }

    /// The schedule starts the producer until all is settled, ten times at most; what is on the queue is delivered.
    pub async fn night(&self) -> bool {
        let mut settled = false;
        for _ in 0..10 {
            settled = produce(self.lambda.clone(), CONSUMERS as usize, scheduled()).await;
            self.pass(TimeDelta::minutes(15)).await;
            if settled {
                break;
            }
        }
        settled
    }

    /// A person has the producer run a day; whether it is settled.
    pub async fn by_hand(&self, day: NaiveDate) -> bool {
        let event = Event::Day { day: day.into(), store: None, history: false };
        let settled = produce(self.lambda.clone(), CONSUMERS as usize, event).await;
        self.pass(TimeDelta::minutes(15)).await;
        settled
    }

    /// The schedule starts the reconciler; what it sent again is delivered.
    pub async fn look(&self) -> Looked {
        self.start(scheduled()).await
    }

    /// A person has the reconciler look at a day.
    pub async fn look_by_hand(&self, day: NaiveDate) -> Looked {
        self.start(Event::Day { day: day.into(), store: None, history: false }).await
    }

    /// The schedule starts two reconcilers at once.
    pub async fn look_twice(&self) -> [Looked; 2] {
        let machine = CONSUMERS as usize + PRODUCERS;
        let look = |machine| reconcile(self.lambda.clone(), machine, scheduled());
        let (one, other) = tokio::join!(look(machine), look(machine + 1));
        self.pass(TimeDelta::minutes(15)).await;
        [one, other].map(|(certificates, metrics)| Looked { certificates, metrics })
    }

    async fn start(&self, event: Event) -> Looked {
        let machine = CONSUMERS as usize + PRODUCERS;
        let (certificates, metrics) = reconcile(self.lambda.clone(), machine, event).await;
        self.pass(TimeDelta::minutes(15)).await;
        Looked { certificates, metrics }
    }

    /// The next such call is interrupted, and its process with it.
    pub fn kill(&self, mut kill: Kill) {
        let mut world = self.lambda.sim.lock();
        kill.occurrence += world.effects.get(&kill.effect).copied().unwrap_or(0);
        world.kill = Some(kill);
    }

    /// Whether that has happened.
    pub fn kill_struck(&self) -> bool {
        self.lambda.sim.lock().kill_struck
    }

    /// From now on things go wrong as the scenario has it, for so long.
    pub fn trouble(&self, lasts: TimeDelta) {
        self.lambda.sim.lock().chance.faults_end = clock::now() + lasts;
    }

    /// So many calls were made to a service, whatever became of them.
    pub fn calls(&self, service: Service) -> u64 {
        let world = self.lambda.sim.lock();
        world.effects.iter().filter(|(effect, _)| effect.service == service).map(|(_, times)| times).sum()
    }

    /// So many messages are on the queue, hidden ones too.
    pub fn waiting(&self) -> usize {
        self.lambda.sim.lock().queues.len()
    }

    /// So much went wrong.
    pub fn faults(&self) -> u64 {
        self.lambda.sim.lock().faults
    }

    /// The ledger forgets everything that it keeps under keys of this kind.
    pub fn forget(&self, kind: &str) {
        self.lambda.sim.lock().table.forget(kind);
    }

    /// A person pauses the flow, or one store of it.
    pub fn pause(&self, store: Option<&str>) {
        let of = store.unwrap_or("*");
        let key = format!("pause/{}", reviews::FLOW);
        let item = [
            ("k".to_owned(), json!({ "S": key })),
            (format!("{of} since"), json!({"N": clock::now().timestamp_millis().to_string()})),
            (format!("{of} by"), json!({"S": "arn:aws:iam::123456789012:user/jane"})),
            (format!("{of} why"), json!({"S": "the account is being moved"})),
        ];
        self.lambda.sim.lock().table.keep(&key, item.into_iter().collect());
    }

    /// A person ends the pause of the flow, or of one store of it.
    pub fn resume(&self, store: Option<&str>) {
        let of = store.unwrap_or("*");
        let key = format!("pause/{}", reviews::FLOW);
        let item = [
            ("k".to_owned(), json!({ "S": key })),
            (format!("{of} ended"), json!({"N": clock::now().timestamp_millis().to_string()})),
        ];
        self.lambda.sim.lock().table.keep(&key, item.into_iter().collect());
    }

    /// The ledger's items under keys of this kind, as DynamoDB has them.
    pub fn kept(&self, kind: &str) -> Vec<Value> {
        self.lambda.sim.lock().table.kept(kind)
    }

    /// Everything that happened, a line each.
    pub fn trace(&self) -> String {
        self.lambda.sim.lock().trace().to_owned()
    }

    /// How often an order was posted, to whichever account.
    pub fn posts(&self, order_id: &str) -> u64 {
        self.arrived(order_id).map(|arrival| arrival.posted).sum()
    }

    /// How often an order took effect, at whichever account.
    pub fn effects(&self, order_id: &str) -> u64 {
        self.arrived(order_id).map(|arrival| arrival.effects).sum()
    }

    fn arrived(&self, order_id: &str) -> impl Iterator<Item = Arrival> {
        [ACCOUNT, OUTLET].into_iter().filter_map(|account| self.vendors().yotpo.arrival(account, order_id))
    }
}
