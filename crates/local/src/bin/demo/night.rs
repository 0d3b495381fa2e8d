//! One night, from the seeded orders to the comparison.

use crate::{
    options::{Options, Switch},
    progress::Progress,
    summary::{STORE, Summary},
};
use chrono::{SecondsFormat, Utc};
use local::{Deploy, Emulator, Profile, Stack, Workspace, with_values};
use sandbox::{DaySpec, Fault, Sandbox};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What the demo's settings have other than the shipped ones: how fast, and where the simulated org keeps things.
const SETTINGS: [(&str, &str, &str); 7] = [
    ("pace", "yotpo_reviews", "1000"),
    ("protocol", "backoff_base", "\"500ms\""),
    ("protocol", "backoff_cap", "\"4s\""),
    ("protocol", "missing_after", "\"1s\""),
    ("salesforce", "route_by", "\"Store__c\""),
    ("stores.default", "routes", "[\"default\"]"),
    ("reviews", "test_order", "\"Is_Test__c\""),
];
const STACK: &str = "order-relay";
/// The schedule's 15 minutes are a second here.
const SCHEDULE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(200);
/// So many runs of producer or reconciler one after the other may fail.
const FAILED_RUNS: usize = 20;
/// The reconciler has so many runs to make the day complete.
const RECONCILER_RUNS: usize = 20;
/// The share of posts that Yotpo answers with a yes and drops.
const SILENT_DROPS: f64 = 0.03;
/// Without any order delivered for so long, whatever is still in the queue stays there.
const PATIENCE: Duration = Duration::from_mins(2);

type Failure = Box<dyn Error + Send + Sync>;

/// Whether nothing was lost or doubled.
pub(crate) async fn run(options: &Options) -> Result<bool, Failure> {
    let workspace = Workspace::here();
    let (directory, _lock) = fresh_directory(&workspace, options)?;
    let now = Utc::now();
    let yesterday = now.date_naive().pred_opt().ok_or("there is no yesterday")?;

    let sandbox = Sandbox::start(options.seed, ([127, 0, 0, 1], 0).into()).await?;
    let manifest = sandbox.seed_day(&DaySpec::new(options.seed, yesterday, sandbox::TimeZone::UTC, options.orders))?;
    if options.faults == Switch::On {
        for rule in Fault::demo(options.seed).into_iter().chain([Fault::silent_drops(SILENT_DROPS)]) {
            sandbox.add_fault(rule);
        }
    }
    let settings = directory.join("relay.toml");
    fs::write(&settings, with_values(&fs::read_to_string(workspace.relay_toml())?, &SETTINGS)?)?;

    let progress = Progress::new(options.orders);
    progress.say(&announcement(options, &directory));
    let emulator = Emulator::start(&workspace, &directory, &[])?;
    let memory = emulator.watch_memory();
    let profile = if options.dev || options.watch { Profile::Dev } else { Profile::Local };
    let stack = local::deploy(&emulator, &Deploy::new(STACK, profile, &settings)).await?;
    stack.put_secret("salesforce", &sandbox.salesforce.secret())?;
    stack.put_secret("yotpo", &sandbox.yotpo.secret(&[(STORE, "sandbox-default")]))?;

    let functions = ["ReviewsProducerFunction", "ReviewsConsumerFunction", "ReviewsReconcilerFunction"];
    let _watch = if options.watch { Some(stack.watch("reviews", &functions).await?) } else { None };

    let begun = Instant::now();
    let mut night = Night { stack: &stack, sandbox: &sandbox, progress, tail: emulator.log_tail(), last: (0, begun) };
    let runs = night.settle().await?;
    let quiet = night.drain().await?;
    let (reconciled, certificates) = night.reconcile().await?;
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
        orders: options.orders,
    };
    night.progress.finish();
    summary.print(SETTINGS[0].2);
    if options.keep == Switch::On {
        let relay = command(&workspace, &directory, &emulator, &settings)?;
        night.progress.say(&format!("Everything goes on running until Ctrl-C. Try: {} status", relay.display()));
        std::future::pending::<()>().await;
    }
    drop(emulator);
    fs::remove_dir_all(directory.join("tmp"))?;
    Ok(summary.holds())
}

/// A script that runs the operator's command line against this emulator.
fn command(workspace: &Workspace, directory: &Path, emulator: &Emulator, settings: &Path) -> Result<PathBuf, Failure> {
    let program = workspace.binary(Profile::Local, "relay")?;
    let variables = emulator.variables_for_a_client();
    let variables = variables.map(|(name, value)| format!("export {name}='{value}'\n")).collect::<Vec<_>>().concat();
    let (program, settings) = (program.display(), settings.display());
    let script = format!("#!/bin/sh\n{variables}export RELAY_CONFIG='{settings}'\nexec '{program}' \"$@\"\n");
    let path = directory.join("relay");
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// An empty directory, and what keeps other demos out of it meanwhile.
fn fresh_directory(workspace: &Workspace, options: &Options) -> io::Result<(PathBuf, Option<File>)> {
    let (directory, lock) = match &options.directory {
        Some(directory) => (directory.clone(), None),
        None => free_directory(&workspace.root().join(".demo"))?,
    };
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(&directory)?;
    Ok((directory, lock))
}

/// The first of `1`, `2`, … that no running demo uses.
fn free_directory(parent: &Path) -> io::Result<(PathBuf, Option<File>)> {
    fs::create_dir_all(parent)?;
    let mut number = 1;
    loop {
        let lock = File::create(parent.join(format!("{number}.lock")))?;
        match lock.try_lock() {
            Ok(()) => return Ok((parent.join(number.to_string()), Some(lock))),
            Err(TryLockError::WouldBlock) => number += 1,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn announcement(options: &Options, directory: &Path) -> String {
    let changed = SETTINGS.map(|(table, key, value)| format!("  [{table}] {key} = {value}\n")).concat();
    format!(
        "{} orders, faults {}, seed {}; logs in {}\n\
         Settings are those of infra/config/relay.toml but for\n{changed}\
         and the schedule's 15 minutes are a second: the vendors are simulated, there is nobody to be spared.",
        options.orders,
        if options.faults == Switch::On { "on" } else { "off" },
        options.seed,
        directory.display(),
    )
}

struct Night<'a> {
    stack: &'a Stack<'a>,
    sandbox: &'a Sandbox,
    progress: Progress,
    tail: local::Tail,
    /// How many were delivered, and since when so many.
    last: (u64, Instant),
}

impl Night<'_> {
    /// Does what the schedule does until the producer says that the day is settled; how many runs it took.
    async fn settle(&mut self) -> Result<usize, Failure> {
        let mut failed = 0;
        for run in 1.. {
            let answer = self.scheduled("ReviewsProducerFunction", &mut failed).await?;
            if answer["settled"] == Value::Bool(true) {
                return Ok(run);
            }
            tokio::time::sleep(SCHEDULE).await;
        }
        Err("unreachable: runs are not counted to the end".into())
    }

    /// Does what the schedule does until the store's day is complete or nothing comes of it; how many runs it took, and the
    /// last certificate of each store.
    async fn reconcile(&mut self) -> Result<(usize, BTreeMap<String, Value>), Failure> {
        let (mut failed, mut certificates) = (0, BTreeMap::new());
        for run in 1.. {
            let answer = self.scheduled("ReviewsReconcilerFunction", &mut failed).await?;
            for certificate in answer["certificates"].as_array().into_iter().flatten() {
                certificates.insert(certificate["store"].as_str().unwrap_or_default().to_owned(), certificate.clone());
            }
            let complete = certificates.get(STORE).is_some_and(|c| c["complete"] == Value::Bool(true));
            if complete || run == RECONCILER_RUNS || !self.drain().await? {
                return Ok((run, certificates));
            }
            tokio::time::sleep(SCHEDULE).await;
        }
        Err("unreachable: runs are not counted to the end".into())
    }

    /// One run of a function as its schedule starts it; its answer, `null` if it failed, as it may now and then.
    async fn scheduled(&mut self, function: &str, failed: &mut usize) -> Result<Value, Failure> {
        let at = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let event = json!({ "scheduled_at": at });
        let mut invocation = Box::pin(self.stack.invoke(function, &event));
        let answer = loop {
            tokio::select! {
                answer = &mut invocation => break answer?,
                () = tokio::time::sleep(LOOK) => drop(self.progress.look(self.sandbox, &mut self.tail)?),
            }
        };
        if answer.error.is_none() {
            *failed = 0;
            return Ok(answer.payload);
        }
        *failed += 1;
        if *failed == FAILED_RUNS {
            return Err(format!("{function} failed {failed} times: {}", answer.payload["errorMessage"]).into());
        }
        Ok(Value::Null)
    }

    /// Waits until the queue is empty and stays so; false when it does not become empty.
    async fn drain(&mut self) -> Result<bool, Failure> {
        self.last.1 = Instant::now();
        let queue = self.stack.queue("ReviewsQueueUrl")?;
        let mut empty = 0;
        loop {
            let delivered = self.progress.look(self.sandbox, &mut self.tail)?;
            if delivered != self.last.0 {
                self.last = (delivered, Instant::now());
            }
            empty = if queue.depth().await?.total() == 0 { empty + 1 } else { 0 };
            if empty == 3 || self.last.1.elapsed() > PATIENCE {
                return Ok(empty > 0);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
