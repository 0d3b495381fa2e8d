//! What the functions print, by the byte.

use crate::functions::{FUNCTIONS, Function};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{Dispatch, instrument::WithSubscriber as _};

/// The default of the template's parameter `LogLevel`.
const LEVEL: &str = "info";

/// A paper that remembers only how much is on it.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<AtomicU64>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Each function's paper; without any, lines go where the process's own go.
#[derive(Clone, Default)]
pub(crate) struct Logs(BTreeMap<Function, (Dispatch, Paper)>);

impl Logs {
    /// A paper a function, at the default level.
    ///
    /// # Errors
    /// Never: the level is one.
    pub(crate) fn counted() -> Result<Self, telemetry::UnknownLevel> {
        let of = |function: Function| {
            let paper = Paper::default();
            let writer = paper.clone();
            let lines = telemetry::dispatch(function.name, LEVEL, move || writer.clone())?;
            Ok((function, (lines, paper)))
        };
        Ok(Self(FUNCTIONS.iter().copied().map(of).collect::<Result<_, _>>()?))
    }

    /// Runs a function's work so that its lines are counted.
    pub(crate) async fn of<T>(&self, function: Function, work: impl Future<Output = T>) -> T {
        match self.0.get(&function) {
            Some((lines, _)) => work.with_subscriber(lines.clone()).await,
            None => work.await,
        }
    }

    /// Where a function's metrics go.
    pub(crate) fn paper(&self, function: Function) -> Paper {
        self.0.get(&function).map(|(_, paper)| paper.clone()).unwrap_or_default()
    }

    /// What each function has printed.
    pub(crate) fn bytes(&self) -> BTreeMap<Function, u64> {
        self.0.iter().map(|(function, (_, paper))| (*function, paper.0.load(Ordering::Relaxed))).collect()
    }
}
