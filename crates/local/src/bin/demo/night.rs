//! One night of the reviews flow, from the seeded orders to the comparison.

use crate::{
    ground::{Failure, Ground, Settings},
    options::{Options, Switch},
    progress::{Progress, REVIEWS},
    running::{RECONCILER_RUNS, Running, SCHEDULE, scheduled},
    summary::{STORE, Summary},
};
use chrono::Utc;
use sandbox::{DaySpec, Fault, Sandbox};
use serde_json::Value;
use std::{collections::BTreeMap, time::Instant};

/// What the demo's settings have other than the shipped ones: how fast, and where the simulated org keeps things.
const SETTINGS: Settings = Settings {
    tables: "",
    values: &[
        ("pace", "yotpo_reviews", "1000"),
        ("protocol", "backoff_base", "\"500ms\""),
        ("protocol", "backoff_cap", "\"4s\""),
        ("protocol", "missing_after", "\"1s\""),
        ("salesforce", "route_by", "\"Store__c\""),
        ("stores.default", "routes", "[\"default\"]"),
        ("reviews", "test_order", "\"Is_Test__c\""),
    ],
};
/// The share of posts that Yotpo answers with a yes and drops.
const SILENT_DROPS: f64 = 0.03;

/// Whether nothing was lost or doubled.
pub(crate) async fn run(options: &Options) -> Result<bool, Failure> {
    let ground = Ground::new(options, SETTINGS)?;
    let now = Utc::now();
    let yesterday = now.date_naive().pred_opt().ok_or("there is no yesterday")?;

    let sandbox = Sandbox::start(options.seed, ([127, 0, 0, 1], 0).into()).await?;
    let spec = DaySpec::new(options.seed, yesterday, sandbox::TimeZone::UTC, options.orders());
    let manifest = sandbox.seed_day(&spec)?;
    if options.faults == Switch::On {
        for rule in Fault::demo(options.seed).into_iter().chain([Fault::silent_drops(SILENT_DROPS)]) {
            sandbox.add_fault(rule);
        }
    }

    let progress = Progress::new(options.orders(), REVIEWS);
    progress.say(&ground.announcement(options, SETTINGS));
    let emulator = ground.emulator()?;
    let memory = emulator.watch_memory();
    let stack = ground.deploy(&emulator, &[]).await?;
    stack.put_secret("salesforce", &sandbox.salesforce.secret())?;
    stack.put_secret("yotpo", &sandbox.yotpo.secret(&[(STORE, "sandbox-default")]))?;

    let functions = ["ReviewsProducerFunction", "ReviewsConsumerFunction", "ReviewsReconcilerFunction"];
    let _watch = if options.watch { Some(stack.watch("reviews", &functions).await?) } else { None };

    let begun = Instant::now();
    let queues = &["ReviewsQueueUrl"];
    let mut running = Running { stack: &stack, sandbox: &sandbox, progress, tail: emulator.log_tail(), queues };
    let runs = running.settle("ReviewsProducerFunction").await?;
    let quiet = running.drain().await?;
    let (reconciled, certificates) = reconcile(&mut running).await?;
    let summary = Summary {
        quiet,
        runs,
        reconciled,
        certificates,
        verdict: manifest.compare(&sandbox.yotpo.arrivals()),
        manifest,
        report: sandbox.report(),
        dead_lettered: stack.queue("ReviewsDeadLetterQueueUrl")?.depth().await?.total(),
        peaks: memory.peaks(),
        seconds: begun.elapsed().as_secs_f64(),
        orders: options.orders(),
    };
    let progress = running.progress;
    progress.finish();
    summary.print(SETTINGS.values[0].2);
    ground.end(options, emulator, &progress).await?;
    Ok(summary.holds())
}

/// Does what the schedule does until the store's day is complete or nothing comes of it; how many runs it took, and the
/// last certificate of each store.
async fn reconcile(running: &mut Running<'_>) -> Result<(usize, BTreeMap<String, Value>), Failure> {
    let (mut failed, mut certificates) = (0, BTreeMap::new());
    for run in 1.. {
        let answer = running.run("ReviewsReconcilerFunction", &scheduled(), &mut failed).await?;
        for certificate in answer["certificates"].as_array().into_iter().flatten() {
            certificates.insert(certificate["store"].as_str().unwrap_or_default().to_owned(), certificate.clone());
        }
        let complete = certificates.get(STORE).is_some_and(|c| c["complete"] == Value::Bool(true));
        if complete || run == RECONCILER_RUNS || !running.drain().await? {
            return Ok((run, certificates));
        }
        tokio::time::sleep(SCHEDULE).await;
    }
    Err("unreachable: runs are not counted to the end".into())
}
