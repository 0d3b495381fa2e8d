//! `simulate`: many seeds with a progress bar, or one seed with its trace.

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::{Report, Scenario, run};
use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Runs the reviews flow's functions in a simulated world, a seed a run.
#[derive(Parser)]
struct Options {
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

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]
fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        let scenario = Scenario::of(seed);
        println!("{scenario:#?}");
        if let Err(error) = telemetry::init("simulation", &options.log) {
            println!("{error}");
        }
        let report = run(&scenario);
        println!("{}", report.trace);
        println!(
            "{:?}\n{} delivered, {} faults, {} kills",
            report.effects, report.delivered, report.faults, report.kills
        );
        println!("{}", if report.problems.is_empty() { "all is well".to_owned() } else { report.problems.join("\n") });
        return if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let begun = Instant::now();
    let bar = ProgressBar::new(options.seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let (next, failed) = (AtomicU64::new(options.from), Mutex::new(Vec::<Report>::new()));
    let sums = [const { AtomicU64::new(0) }; 3];
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= options.from + options.seeds {
                        return;
                    }
                    let report = run(&Scenario::of(seed));
                    for (sum, count) in sums.iter().zip([report.delivered, report.faults, report.kills]) {
                        sum.fetch_add(count, Ordering::Relaxed);
                    }
                    #[expect(clippy::print_stdout, reason = "also where there is no terminal")]
                    if !report.problems.is_empty() {
                        bar.suspend(|| println!("seed {seed}: {}", report.problems.join("; ")));
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(report);
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let [delivered, faults, kills] = sums.map(AtomicU64::into_inner);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = options.seeds as f64 / seconds;
    println!(
        "{} seeds in {seconds:.1} s, {rate:.1} seeds/s: {delivered} orders delivered, {faults} faults, {kills} kills",
        options.seeds
    );
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some(text) = failed.first().and_then(Report::failure) else { return ExitCode::SUCCESS };
    eprintln!("{text}\n{} of {} seeds failed", failed.len(), options.seeds);
    ExitCode::FAILURE
}
