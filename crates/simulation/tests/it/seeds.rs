//! Many seeds, and what makes them worth running.

use simulation::{BrokenPromise, Report, Scenario, run};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

/// `make simulate` runs more of them, and nightly CI others every night.
const SEEDS: u64 = 300;

#[test]
fn many_seeds_lose_and_double_nothing() {
    let begun = Instant::now();
    let [next, delivered, faults, kills] = [const { AtomicU64::new(0) }; 4];
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        return;
                    }
                    let report = run(&Scenario::of(seed));
                    if let Some(text) = report.failure() {
                        panic!("{text}");
                    }
                    delivered.fetch_add(report.delivered, Ordering::Relaxed);
                    faults.fetch_add(report.faults, Ordering::Relaxed);
                    kills.fetch_add(report.kills, Ordering::Relaxed);
                }
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let [delivered, faults, kills] = [delivered, faults, kills].map(AtomicU64::into_inner);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = SEEDS as f64 / seconds;
    println!("{SEEDS} seeds in {seconds:.0} s, {rate:.1} seeds/s: {delivered} orders, {faults} faults, {kills} kills");
    assert!(delivered > 5 * SEEDS && faults > SEEDS && kills > SEEDS / 10, "nothing much happened");
}

/// The trace has every call, fault and instant in it.
#[test]
fn a_seed_is_the_whole_simulation() {
    for seed in [1, 2, 3, 17, 41] {
        let once = thread::spawn(move || run(&Scenario::of(seed)).trace);
        let again = run(&Scenario::of(seed)).trace;
        assert!(again.lines().any(|line| line.contains("yotpo.create")), "hardly anything happened:\n{again}");
        assert_eq!(once.join().unwrap(), again, "seed {seed} is not one simulation");
    }
    assert_ne!(run(&Scenario::of(1)).trace, run(&Scenario::of(2)).trace);
}

/// An order that says that it will be completed on a day to come waits for that day, is told of meanwhile, and is sent then.
#[test]
fn a_date_to_come_is_sent_when_its_day_is_over_and_one_before_the_start_is_counted() {
    for seed in [1, 2] {
        let first_night = run(&Scenario::calm(seed));
        assert_eq!((first_night.failure(), first_night.released), (None, 0));
        // Two orders were completed before the first day and have changed in it.
        assert_eq!(first_night.outside, 2, "{}", first_night.trace);
        let third_night = run(&Scenario::calm(seed).through(3));
        assert_eq!((third_night.failure(), third_night.released), (None, 1));
    }
}

/// Were it not so, the rest would prove nothing.
#[test]
fn the_oracle_notices_what_is_lost_and_what_is_doubled() {
    let says = |report: &Report, words: &str| report.problems.iter().any(|problem| problem.contains(words));
    let mut nights = (1..20).map(|seed| run(&Scenario::calm(seed).with(BrokenPromise::Delivery)));
    let report = nights.find(|report| says(report, " is lost")).expect("nothing is lost where messages are");
    let again = format!("make simulate SEED={}", report.seed);
    assert!(report.failure().unwrap().contains(&again), "it does not say how to see it again");

    // Two workers have to meet over an order.
    let mut crowds = (1..20).map(|seed| run(&Scenario::crowded(seed, 200).with(BrokenPromise::Condition)));
    let doubled = |report: Report| says(&report, " times, with 0 calls in doubt") && says(&report, "posted again");
    assert!(crowds.any(doubled), "nothing is doubled without conditions");
}
