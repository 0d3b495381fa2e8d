//! The days with which the erp flow's promises are shown, at any size: small ones in the suite, thousands of orders by `simulate`.

use crate::{erp_day::ErpDay, erp_report::ErpReport, erp_story::ErpStory};
use chrono::TimeDelta;
use sandbox::shopify::Mix;
use std::{fmt::Write as _, time::Duration};

/// Calls at a time that are ours, and that one more may make which nobody waits for.
const CALLS: (usize, usize) = (4, 5);
/// Calls made for each that is needed, at most.
const RATIO: f64 = 1.3;
/// Of orders that are placed at once, this many a second.
const A_SECOND: i32 = 20;
/// Another shop, with ten orders.
const QUIET: &str = "quiet.myshopify.com";

/// A promise, and the day that shows it.
pub struct ErpCase {
    /// What it shows.
    pub name: &'static str,
    /// The day.
    pub day: ErpDay,
    /// A day to compare it with.
    pub twin: Option<ErpDay>,
    /// What there is to say of the figures, and what is wrong with them.
    pub judge: fn(&ErpReport, Option<&ErpReport>) -> (String, Vec<String>),
}

/// Every promise, with so many orders for the hardest day.
pub fn erp_cases(seed: u64, orders: usize) -> Vec<ErpCase> {
    let pace = |day: ErpDay| day.every(10);
    let many = orders.saturating_mul(10);
    vec![
        ErpCase {
            name: "everything goes wrong",
            day: pace(ErpDay::storm(seed, orders)),
            twin: Some(ErpDay { reconciled: true, ..pace(ErpDay::calm(seed, orders)) }),
            judge: costs_little,
        },
        ErpCase {
            name: "everything goes wrong, and the ledger is lost half-way",
            day: pace(ErpDay::storm(seed.wrapping_add(1), orders)).forgetting(),
            twin: None,
            judge: well,
        },
        ErpCase {
            name: "updates of orders that change tags alone",
            day: tagged(seed, orders, 10),
            twin: None,
            judge: updates_nothing,
        },
        ErpCase { name: "orders older than the start", day: old(seed, many), twin: None, judge: costs_nothing },
        ErpCase {
            name: "a crowd of one shop, and ten orders of another",
            day: crowd(seed, many),
            twin: Some(ErpDay { unfair: true, ..crowd(seed, many) }),
            judge: drains,
        },
        ErpCase { name: "orders that no webhook brought", day: unheard(seed, orders / 2), twin: None, judge: well },
    ]
}

/// Orders that are tagged so often each, and see nothing else.
fn tagged(seed: u64, orders: usize, tags: usize) -> ErpDay {
    let mut day = ErpDay::calm(seed, orders).every(10);
    (day.stories[0].tags, day.stories[0].changes) = (tags, 0);
    day
}

fn old(seed: u64, orders: usize) -> ErpDay {
    let settings = vec![("\nstart = \"2026-01-01\"", "\nstart = \"2027-01-01\"")];
    let mut day = ErpDay { settings, before_start: true, ..ErpDay::calm(seed, orders) };
    (day.stories[0].tags, day.stories[0].changes) = (0, 0);
    day.stories[0].every = TimeDelta::seconds(1) / A_SECOND;
    // Who is new as a customer is carried whatever they ordered.
    day.stories[0].mix.guests = 1.0;
    day
}

fn crowd(seed: u64, orders: usize) -> ErpDay {
    let calm = ErpDay::calm(seed, orders);
    let mix = Mix { guests: 0.0, returning: 1.0, gift_cards: 0.0, ..Mix::default() };
    let noisy =
        ErpStory { every: TimeDelta::seconds(1) / A_SECOND, tags: 0, changes: 0, mix, ..calm.stories[0].clone() };
    // In the middle of what the noisy one takes, which is about 0.7 seconds an order.
    let first = TimeDelta::milliseconds(i64::try_from(orders).unwrap_or_default() * 250);
    let quiet = ErpStory { shop: QUIET, orders: 10, first, every: first / 10, ..noisy.clone() };
    ErpDay { stories: vec![noisy, quiet], drain: TimeDelta::hours(12), ..calm }
}

fn unheard(seed: u64, orders: usize) -> ErpDay {
    let mut day = ErpDay { reconciled: true, drain: TimeDelta::hours(6), ..ErpDay::calm(seed, orders) }.every(10);
    day.mischief.omitted = 1.0;
    day
}

fn crowded(report: &ErpReport) -> Vec<String> {
    let (known, all) = report.peak;
    let too_many = known > CALLS.0 || all > CALLS.1;
    too_many
        .then(|| format!("{known} calls at a time, and {all} with those whose callers had gone"))
        .into_iter()
        .collect()
}

fn well(report: &ErpReport, _: Option<&ErpReport>) -> (String, Vec<String>) {
    (String::new(), crowded(report))
}

fn costs_little(report: &ErpReport, calm: Option<&ErpReport>) -> (String, Vec<String>) {
    let mut wrong = crowded(report);
    let ratio = calm.map_or(f64::INFINITY, |calm| report.ratio(calm));
    if ratio > RATIO {
        wrong.push(format!("{ratio:.2} calls were made for each that was needed"));
    }
    let needed = calm.map_or(0, |calm| calm.calls);
    (format!("calls made / needed: {} / {needed} = {ratio:.2}", report.calls), wrong)
}

fn updates_nothing(report: &ErpReport, _: Option<&ErpReport>) -> (String, Vec<String>) {
    let updates = report.of_updates();
    let wrong = (updates > 0).then(|| format!("{updates} calls for orders that are there"));
    (
        format!("calls that read or change what is there: {updates}, after {} webhooks", report.webhooks),
        wrong.into_iter().collect(),
    )
}

fn costs_nothing(report: &ErpReport, _: Option<&ErpReport>) -> (String, Vec<String>) {
    let wrong = (report.calls > 0).then(|| format!("{} calls", report.calls));
    (format!("calls to NetSuite: {}", report.calls), wrong.into_iter().collect())
}

/// The cap's full speed: what the calls take, four at a time; and nobody waits for another shop's orders.
fn drains(report: &ErpReport, unfair: Option<&ErpReport>) -> (String, Vec<String>) {
    let seconds = |time: TimeDelta| time.to_std().unwrap_or(Duration::ZERO).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "no day has 2^53 calls")]
    let formula = report.calls as f64 / CALLS.0 as f64;
    let drained = report.drained.map_or(f64::INFINITY, seconds);
    let mut said = format!(
        "{} calls of 1 s, 4 at a time: {formula:.0} s by the formula, {drained:.0} s measured, {:.2} of it",
        report.calls,
        drained / formula
    );
    let waited = |report: &ErpReport| report.longest.get(QUIET).copied().map_or(f64::INFINITY, seconds);
    let plain = unfair.map_or(f64::INFINITY, waited);
    let _ = write!(said, "\nlongest wait of the quiet shop: {:.0} s; {plain:.0} s in a plain queue", waited(report));
    let mut wrong = crowded(report);
    if drained > 1.3 * formula + 60.0 {
        wrong.push("it drains more slowly than it could".to_owned());
    }
    if waited(report) > 60.0 {
        wrong.push(format!("the quiet shop has waited for {:.0} s", waited(report)));
    }
    (said, wrong)
}
