//! Simulated time: one true clock, which stands still while anybody computes, and the machines' own, which are off by
//! a little. The functions take a clock as `fn()`, so that the clocks belong to the thread that runs the simulation.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    cell::{Cell, RefCell},
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

/// Machines that functions may run on.
pub(crate) const MACHINES: usize = 7;

thread_local! {
    static BEGUN: Cell<Option<(Instant, DateTime<Utc>)>> = const { Cell::new(None) };
    static SKEWS: RefCell<[TimeDelta; MACHINES]> = const { RefCell::new([TimeDelta::zero(); MACHINES]) };
}

/// It is `at` now, on every machine but for its skew.
pub(crate) fn begin(at: DateTime<Utc>, skews: [TimeDelta; MACHINES]) {
    BEGUN.set(Some((Instant::now(), at)));
    SKEWS.replace(skews);
}

/// The true time: that of AWS and of the vendors.
pub(crate) fn now() -> DateTime<Utc> {
    BEGUN.get().map_or(DateTime::UNIX_EPOCH, |(begun, at)| at + begun.elapsed())
}

/// The time on a machine.
fn on<const MACHINE: usize>() -> DateTime<Utc> {
    now() + SKEWS.with_borrow(|skews| skews[MACHINE])
}

/// The clock of a machine.
pub(crate) fn of(machine: usize) -> fn() -> DateTime<Utc> {
    [on::<0>, on::<1>, on::<2>, on::<3>, on::<4>, on::<5>, on::<6>][machine]
}

/// Waits until it is truly `at`.
pub(crate) async fn until(at: DateTime<Utc>) {
    tokio::time::sleep((at - now()).to_std().unwrap_or(Duration::ZERO)).await;
}

/// The SDK signs its requests with this.
#[derive(Debug)]
pub(crate) struct Signing;

impl aws_smithy_async::time::TimeSource for Signing {
    fn now(&self) -> SystemTime {
        now().into()
    }
}
