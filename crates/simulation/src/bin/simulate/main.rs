//! `simulate`: many seeds with a progress bar, or one seed with its trace; of the erp flow, the days that show its promises.

mod erp;
mod under_way;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use simulation::{Report, Scenario, run};
use std::{
    panic,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};
use under_way::UnderWay;

/// No seed takes so long: one that does, does not end.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether one does.
const EVERY: Duration = Duration::from_secs(1);

/// A flow that is simulated.
#[derive(Clone, Copy, ValueEnum)]
enum Flow {
    Reviews,
    Erp,
}

/// Runs a flow's functions in a simulated world, a seed a run.
#[derive(Parser)]
struct Options {
    /// Which flow.
    #[arg(long, value_enum, default_value_t = Flow::Reviews)]
    flow: Flow,
    /// Of the erp flow, how many orders the hardest day has.
    #[arg(long, default_value_t = 1_000)]
    orders: usize,
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One seed only, with its trace and the functions' log lines.
    #[arg(long)]
    seed: Option<u64>,
    /// The log lines' level.
    #[arg(long, default_value = "info")]
    log: String,
}

/// What a worker says of a seed.
enum News {
    Begun(u64),
    /// Without a report it panicked.
    Ended(u64, Option<Box<Report>>),
}

/// What came of many seeds.
#[derive(Default)]
struct Sums {
    ended: u64,
    delivered: u64,
    faults: u64,
    kills: u64,
    failed: u64,
    /// The first failure, with its trace.
    failure: Option<String>,
}

impl Sums {
    /// What is wrong with it.
    fn add(&mut self, seed: u64, report: Option<&Report>) -> Option<String> {
        self.ended += 1;
        let (problems, failure) = match report {
            Some(report) => {
                self.delivered += report.delivered;
                self.faults += report.faults;
                self.kills += report.kills;
                (report.problems.join("; "), report.failure()?)
            }
            None => ("it panicked".to_owned(), format!("again: make simulate SEED={seed}")),
        };
        self.failed += 1;
        self.failure.get_or_insert(failure);
        Some(problems)
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match (options.flow, options.seed) {
        (Flow::Erp, seed) => erp::show(seed.unwrap_or(1), options.orders),
        (Flow::Reviews, Some(seed)) => one(seed, &options.log),
        (Flow::Reviews, None) => many(&options),
    }
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn one(seed: u64, log: &str) -> ExitCode {
    let scenario = Scenario::of(seed);
    println!("{scenario:#?}");
    if let Err(error) = telemetry::init("simulation", log) {
        println!("{error}");
    }
    let report = run(&scenario);
    println!("{}", report.trace);
    println!("{:?}\n{} delivered, {} faults, {} kills", report.effects, report.delivered, report.faults, report.kills);
    println!("{}", if report.problems.is_empty() { "all is well".to_owned() } else { report.problems.join("\n") });
    if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]
fn many(options: &Options) -> ExitCode {
    let begun = Instant::now();
    let bar = ProgressBar::new(options.seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left, now {msg}") {
        bar.set_style(style);
    }
    let followed = follow(&workers(options.from, options.seeds), &bar);
    bar.finish_and_clear();
    let sums = match followed {
        Ok(sums) => sums,
        Err(endless) => {
            eprintln!("{endless}");
            return ExitCode::FAILURE;
        }
    };
    let Sums { ended, delivered, faults, kills, .. } = sums;
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = ended as f64 / seconds;
    println!(
        "{ended} seeds in {seconds:.1} s, {rate:.1} seeds/s: {delivered} orders delivered, {faults} faults, {kills} kills"
    );
    let Some(text) = sums.failure else { return ExitCode::SUCCESS };
    eprintln!("{text}\n{} of {ended} seeds failed", sums.failed);
    ExitCode::FAILURE
}

/// A thread a core. They are not waited for: one whose seed does not end is left behind.
fn workers(from: u64, seeds: u64) -> Receiver<News> {
    let (tell, news) = channel();
    let next = Arc::new(AtomicU64::new(from));
    for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
        let (tell, next) = (tell.clone(), Arc::clone(&next));
        thread::spawn(move || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= from + seeds || tell.send(News::Begun(seed)).is_err() {
                    return;
                }
                let report = panic::catch_unwind(|| Box::new(run(&Scenario::of(seed)))).ok();
                if tell.send(News::Ended(seed, report)).is_err() {
                    return;
                }
            }
        });
    }
    news
}

/// Adds up what the workers say; a sentence, if a seed does not end.
#[expect(clippy::print_stdout, reason = "also where there is no terminal")]
fn follow(news: &Receiver<News>, bar: &ProgressBar) -> Result<Sums, String> {
    let (mut sums, mut under_way) = (Sums::default(), UnderWay::default());
    loop {
        match news.recv_timeout(EVERY) {
            Ok(News::Begun(seed)) => under_way.begin(seed, Instant::now()),
            Ok(News::Ended(seed, report)) => {
                under_way.end(seed);
                if let Some(problems) = sums.add(seed, report.as_deref()) {
                    bar.suspend(|| println!("seed {seed}: {problems}"));
                }
                bar.inc(1);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(sums),
        }
        under_way.nobody_later_than(PATIENCE, Instant::now())?;
        bar.set_message(under_way.to_string());
    }
}
