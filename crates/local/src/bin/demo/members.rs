//! One day of the loyalty flow: what customers buy and send back in two markets, their points, and what the org shows of them.

use crate::{
    ground::{Failure, Ground, Settings},
    options::{Options, Switch},
    points::{Figures, Lag, Proof},
    progress::{LOYALTY, Progress},
    running::{RECONCILER_RUNS, Running, SCHEDULE},
};
use chrono::{NaiveDate, Utc};
use local::{Answered, Post};
use sandbox::{Fault, Market, Purchases, Sandbox, loyalty::Mischief};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Two of them: an account, a currency and a table of settings each.
const MARKETS: [Market; 2] = [
    Market { store: "default", name: "US", currency: "USD", digits: 2, guid: "guid-us" },
    Market { store: "japan", name: "JP", currency: "JPY", digits: 0, guid: "guid-jp" },
];

/// What the demo's settings have other than the shipped ones: how fast, and where the simulated org keeps things.
const SETTINGS: Settings = Settings {
    values: &[
        ("pace", "yotpo_loyalty", "400"),
        ("protocol", "call_timeout", "\"2s\""),
        ("protocol", "backoff_base", "\"500ms\""),
        ("protocol", "backoff_cap", "\"4s\""),
        ("protocol", "held_at_least", "\"3s\""),
        ("protocol", "clock_skew", "\"500ms\""),
        ("protocol", "wait", "\"1s\""),
        ("protocol", "missing_after", "\"1s\""),
        ("protocol.settle", "yotpo_loyalty", "\"1s\""),
        ("protocol.settle", "salesforce", "\"1s\""),
        ("loyalty", "refresh_after", "\"1s\""),
        ("loyalty", "sample", "200"),
        ("salesforce", "email", "[\"BillToContact.Email\", \"BillingEmailAddress\"]"),
        ("salesforce", "route_by", "\"Store__c\""),
        ("stores.default", "routes", "[\"US\"]"),
        ("stores.default", "currency", "\"USD\""),
        ("loyalty.route_by", "store", "\"Store__c\""),
        ("loyalty.customer.route_by", "store", "\"Store__c\""),
        ("loyalty.stores.default", "routes", "[{ store = \"US\" }]"),
    ],
    tables: "
[stores.japan]
routes = [\"JP\"]
currency = \"JPY\"

[loyalty.stores.japan]
routes = [{ store = \"JP\" }]
",
};
/// The flow alone; and short leases, for what another function holds comes back when it would have lapsed.
const PARAMETERS: &[(&str, &str)] = &[
    ("ReviewsFlow", "false"),
    ("LoyaltyFlow", "true"),
    ("LoyaltyTimeoutSeconds", "8"),
    ("WritebackTimeoutSeconds", "24"),
];
/// Yotpo works on a refund so many milliseconds after it has said yes.
const REFUND_AFTER_MS: i64 = 300;
/// A late event comes within so long.
const LATE: Duration = Duration::from_secs(2);
/// So long the way there and back is watched.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);
/// The org is held against Yotpo so often, with a run of the reconciler between.
const LOOKS: usize = 10;

/// Whether both ends are equal.
pub(crate) async fn run(options: &Options) -> Result<bool, Failure> {
    let ground = Ground::new(options, SETTINGS)?;
    let yesterday = Utc::now().date_naive().pred_opt().ok_or("there is no yesterday")?;

    let sandbox = Sandbox::start(options.seed, ([127, 0, 0, 1], 0).into()).await?;
    sandbox.loyalty.set(|settings| settings.refund_after_ms = REFUND_AFTER_MS);
    // A yen is worth less than a dollar, and so is a point for it.
    sandbox.loyalty.program("guid-us", |program| program.points_per_unit = 10);
    let mut purchases = Purchases::new(&sandbox, &MARKETS, options.seed, options.orders())?;
    purchases.complete(options.orders(), yesterday)?;
    if options.faults == Switch::On {
        for rule in Fault::demo_loyalty() {
            sandbox.add_fault(rule);
        }
    }

    let progress = Progress::new(options.orders(), LOYALTY);
    progress.say(&ground.announcement(options, SETTINGS));
    let emulator = ground.emulator()?;
    let memory = emulator.watch_memory();
    let stack = ground.deploy(&emulator, PARAMETERS).await?;
    stack.put_secret("salesforce", &sandbox.salesforce.secret())?;
    let accounts = MARKETS.map(|market| (market.store, market.guid));
    stack.put_secret("yotpo", &sandbox.loyalty.add_to_secret(json!({}), &accounts))?;

    let functions = ["LoyaltyProducerFunction", "LoyaltyConsumerFunction", "LoyaltyReconcilerFunction"];
    let _watch = if options.watch { Some(stack.watch("loyalty", &functions).await?) } else { None };

    let begun = Instant::now();
    let queues = &["LoyaltyQueueUrl", "WritebackQueueUrl"];
    let running = Running { stack: &stack, sandbox: &sandbox, progress, tail: emulator.log_tail(), queues };
    let mischief = mischief(options);
    let url = stack.webhook("LoyaltyWebhookUrl")?;
    let mut shop = Shop { running, url, mischief, answered: Answered::default(), quiet: true, runs: 0 };
    shop.look().await?;
    purchases.take_back()?;
    shop.look().await?;
    let rewards = purchases.redeem(yesterday)?;
    shop.look().await?;
    let (reconciled, certificates) = shop.reconcile(yesterday).await?;
    let (points, report) = (sandbox.points(&MARKETS), sandbox.report());
    let lag = shop.one_way_and_back(&mut purchases).await?;
    let dead_letters = ["LoyaltyDeadLetterQueueUrl", "WritebackDeadLetterQueueUrl"];
    let mut dead_lettered = 0;
    for queue in dead_letters {
        dead_lettered += stack.queue(queue)?.depth().await?.total();
    }
    let Shop { running, answered, quiet, runs, .. } = shop;
    let figures = Figures {
        orders: options.orders(),
        runs,
        reconciled,
        rewards,
        lag,
        report,
        dead_lettered,
        peaks: memory.peaks(),
        seconds: begun.elapsed().as_secs_f64(),
    };
    let proof = Proof { points, certificates, answered, quiet, figures };
    let progress = running.progress;
    progress.finish();
    proof.print();
    ground.end(options, emulator, &progress).await?;
    Ok(proof.holds())
}

/// Yotpo's events come twice, late, or not at all.
fn mischief(options: &Options) -> Mischief {
    let calm = Mischief { seed: options.seed, ..Mischief::default() };
    if options.faults == Switch::Off {
        return calm;
    }
    Mischief { double: 0.1, late: 0.2, late_within: LATE, never: 0.1, ..calm }
}

/// The shop at work.
struct Shop<'a> {
    running: Running<'a>,
    url: String,
    mischief: Mischief,
    answered: Answered,
    /// Whether the queues became empty each time.
    quiet: bool,
    /// Of the producer.
    runs: usize,
}

impl Shop<'_> {
    /// What the schedule and Yotpo's events bring about, until nothing is under way any more.
    async fn look(&mut self) -> Result<(), Failure> {
        self.runs += self.running.settle("LoyaltyProducerFunction").await?;
        self.quiet &= self.running.drain().await?;
        self.tell().await
    }

    /// Yotpo tells of what has happened, until there is nothing to tell; a stranger tries a token of his own.
    async fn tell(&mut self) -> Result<(), Failure> {
        loop {
            let events = self.running.sandbox.loyalty.events(&self.mischief);
            self.mischief.seed += 1;
            if events.is_empty() {
                return Ok(());
            }
            let mut plan: Vec<Post> = events.iter().map(|event| self.post(event)).collect();
            let strange = Post { path: format!("/{}", "0".repeat(40)), genuine: false, ..plan[0].clone() };
            plan.insert(0, strange);
            let answered = self.running.during(local::send(&self.url, plan)).await?;
            self.answered = self.answered.and(answered);
            self.quiet &= self.running.drain().await?;
        }
    }

    fn post(&self, event: &sandbox::loyalty::Sending) -> Post {
        Post::of_loyalty(event, &self.running.sandbox.loyalty.webhook_token(&event.guid))
    }

    /// Looks at the day by hand until every market's is complete and the org shows what Yotpo has, or nothing comes of it; how many runs
    /// it took, and the last certificates.
    async fn reconcile(&mut self, day: NaiveDate) -> Result<(usize, BTreeMap<String, Value>), Failure> {
        let (mut failed, mut certificates) = (0, BTreeMap::new());
        for run in 1..=RECONCILER_RUNS {
            let event = json!({"business_day": day.to_string()});
            let mut answer = self.running.run("LoyaltyReconcilerFunction", &event, &mut failed).await?;
            for certificate in answer["certificates"].as_array_mut().into_iter().flatten() {
                certificates
                    .insert(certificate["store"].as_str().unwrap_or_default().to_owned(), std::mem::take(certificate));
            }
            self.quiet &= self.running.drain().await?;
            let complete = MARKETS.iter().all(|market| {
                certificates.get(market.store).is_some_and(|certificate| certificate["complete"] == true)
            });
            if complete && (self.running.sandbox.points(&MARKETS).holds() || run >= LOOKS) {
                return Ok((run, certificates));
            }
            tokio::time::sleep(SCHEDULE).await;
        }
        Ok((RECONCILER_RUNS, certificates))
    }

    /// One more order on the quiet system: from its completion to its points at Yotpo, and from these to the org.
    async fn one_way_and_back(&mut self, purchases: &mut Purchases<'_>) -> Result<Option<Lag>, Failure> {
        let sandbox = self.running.sandbox;
        self.running.sandbox.clear_faults();
        self.running.during(tokio::time::sleep(SCHEDULE)).await?;
        let (begun, before) = (Instant::now(), sandbox.loyalty.sales().len());
        let customer = purchases.one_more(Utc::now())?;
        self.runs += self.running.settle("LoyaltyProducerFunction").await?;
        let arrived = self.until(|| sandbox.loyalty.sales().len() > before).await?;
        let there = begun.elapsed().as_secs_f64();
        let events = sandbox.loyalty.events(&Mischief::default());
        let plan: Vec<Post> = events.iter().map(|event| self.post(event)).collect();
        self.answered = self.answered.and(self.running.during(local::send(&self.url, plan)).await?);
        let shown = || {
            let stale = sandbox.points(&MARKETS).stale;
            !stale.iter().any(|stale| stale.contains(&customer))
        };
        let back = self.until(shown).await?;
        let whole = begun.elapsed().as_secs_f64();
        self.quiet &= self.running.drain().await?;
        Ok((arrived && back).then_some(Lag { there, back: whole - there }))
    }

    /// Waits for it; false if it does not come about.
    async fn until(&mut self, holds: impl Fn() -> bool) -> Result<bool, Failure> {
        let begun = Instant::now();
        while !holds() {
            if begun.elapsed() > PATIENCE {
                return Ok(false);
            }
            self.running.during(tokio::time::sleep(LOOK)).await?;
        }
        Ok(true)
    }
}
