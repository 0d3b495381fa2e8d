//! One day of the erp flow, from a shop's webhooks to the comparison of Shopify and NetSuite.

use crate::{
    ground::{Failure, Ground, Settings},
    options::{Options, Switch},
    progress::{ERP, Progress},
    proof::{Figures, Proof},
    running::{RECONCILER_RUNS, Running, SCHEDULE},
};
use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use sandbox::{
    Fault, Sandbox,
    shopify::{Mischief, Story},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Whose orders.
pub(crate) const SHOP: &str = "acme.myshopify.com";

/// What the demo's settings have other than the shipped ones: how fast, and the subsidiary that an account with several asks for.
const SETTINGS: Settings = Settings {
    tables: "",
    values: &[
        ("erp", "subsidiary", "\"1\""),
        ("netsuite", "call_timeout", "\"3s\""),
        ("netsuite", "unanswered_hold", "\"2s\""),
        ("protocol", "backoff_base", "\"500ms\""),
        ("protocol", "backoff_cap", "\"4s\""),
        ("protocol", "held_at_least", "\"1s\""),
        ("protocol", "clock_skew", "\"500ms\""),
        ("protocol", "wait", "\"1s\""),
        ("protocol", "missing_after", "\"1s\""),
        ("protocol.settle", "netsuite", "\"3s\""),
    ],
};
/// The flow alone; and a short lease, for what another worker holds comes back when it would have lapsed.
const PARAMETERS: &[(&str, &str)] = &[("ReviewsFlow", "false"), ("ErpFlow", "true"), ("NetsuiteTimeoutSeconds", "8")];
/// A call that was held up lands so many milliseconds later: within `protocol.settle` and `netsuite.unanswered_hold`.
const LATE: u64 = 1_500;
/// From the first order to the last. What becomes of an order may take five hours.
const ORDERS_COME_FOR: TimeDelta = TimeDelta::hours(17);
/// A NetSuite call takes seconds; here it takes this long.
const CALL_MS: u64 = 20;
/// Shopify gives its bigger plans up to so many; a day is then read without a wait between two pages.
const POINTS_A_SECOND: f64 = 2_000.0;
/// From one webhook to the next, at most so many a second.
const STEP: Duration = Duration::from_millis(10);

/// Whether NetSuite has in the end what Shopify has.
pub(crate) async fn run(options: &Options) -> Result<bool, Failure> {
    let ground = Ground::new(options, SETTINGS)?;
    let yesterday = Utc::now().date_naive().pred_opt().ok_or("there is no yesterday")?;

    let sandbox = Sandbox::start(options.seed, ([127, 0, 0, 1], 0).into()).await?;
    sandbox.netsuite.set(|settings| {
        settings.call_ms = CALL_MS;
        settings.one_world = true;
    });
    sandbox.shopify.set(|settings| settings.points_a_second = POINTS_A_SECOND);
    let told = sandbox.shopify.tell(&story(yesterday, options.orders())?);
    let plan = sandbox.shopify.plan(&told, &mischief(options));
    if options.faults == Switch::On {
        for rule in Fault::demo_erp(LATE) {
            sandbox.add_fault(rule);
        }
    }

    let progress = Progress::new(options.orders(), ERP);
    progress.say(&ground.announcement(options, SETTINGS));
    let emulator = ground.emulator()?;
    let memory = emulator.watch_memory();
    let stack = ground.deploy(&emulator, PARAMETERS).await?;
    stack.put_secret("shopify", &sandbox.shopify.secret(&[SHOP]))?;
    stack.put_secret("netsuite", &sandbox.netsuite.secret())?;

    let functions = ["ShopifyWebhookFunction", "NetsuiteWorkerFunction", "ErpReconcilerFunction"];
    let _watch = if options.watch { Some(stack.watch("erp", &functions).await?) } else { None };

    let begun = Instant::now();
    let (url, queues) = (stack.webhook("ShopifyWebhookUrl")?, &["ErpQueueUrl"]);
    let mut running = Running { stack: &stack, sandbox: &sandbox, progress, tail: emulator.log_tail(), queues };
    let answered = running.during(local::send(&url, plan)).await?;
    let quiet = running.drain().await?;
    let (reconciled, certificate) = reconcile(&mut running, yesterday).await?;
    let proof = Proof {
        agreement: sandbox.agreement(),
        certificate,
        answered,
        quiet,
        figures: Figures {
            orders: options.orders(),
            webhooks: told.len(),
            reconciled,
            unchanged: running.progress.count("Unchanged"),
            report: sandbox.report(),
            dead_lettered: stack.queue("ErpDeadLetterQueueUrl")?.depth().await?.total(),
            peaks: memory.peaks(),
            seconds: begun.elapsed().as_secs_f64(),
        },
    };
    let progress = running.progress;
    progress.finish();
    proof.print();
    ground.end(options, emulator, &progress).await?;
    Ok(proof.holds())
}

/// Orders all day, and what becomes of each before the day is over.
fn story(day: NaiveDate, orders: usize) -> Result<Story, Failure> {
    let start = day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(1);
    let step = ORDERS_COME_FOR / i32::try_from(orders.max(1))?;
    Ok(Story { step, ..Story::new(SHOP, orders, start) })
}

/// Webhooks come twice, late, out of order, or not at all, and some are not Shopify's.
fn mischief(options: &Options) -> Mischief {
    let calm = Mischief { seed: options.seed, step: STEP, ..Mischief::default() };
    if options.faults == Switch::Off {
        return calm;
    }
    Mischief {
        duplicates: 0.05,
        retries: 0.05,
        retry_within: Duration::from_secs(5),
        shuffled: 0.2,
        shuffle_within: Duration::from_secs(2),
        omitted: 0.02,
        tampered: 0.02,
        forged: 0.01,
        ..calm
    }
}

/// Looks at the day by hand until it is complete or nothing comes of it; how many runs it took, and the last certificate.
async fn reconcile(running: &mut Running<'_>, day: NaiveDate) -> Result<(usize, Value), Failure> {
    let event = json!({"business_day": day.to_string(), "store": SHOP});
    let (mut failed, mut certificate) = (0, Value::Null);
    for run in 1..=RECONCILER_RUNS {
        let mut answer = running.run("ErpReconcilerFunction", &event, &mut failed).await?;
        if let Some(last) = answer["certificates"].as_array_mut().and_then(Vec::pop) {
            certificate = last;
        }
        if certificate["complete"] == true || !running.drain().await? {
            return Ok((run, certificate));
        }
        tokio::time::sleep(SCHEDULE).await;
    }
    Ok((RECONCILER_RUNS, certificate))
}
