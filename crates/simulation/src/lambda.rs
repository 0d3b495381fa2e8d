//! Lambda: processes that are started cold, and their invocations, which end, are killed, or run out of time.

use crate::{
    DEAD_LETTERS, QUEUE, STACK, TABLE,
    aws::sdk_config,
    clock,
    functions::{Caller, Function},
    logs::Logs,
    scenario::Scenario,
    vendors,
    world::Sim,
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use function::{Checked, ColdStart, Environment, Invoked};
use queue::TraceHeader;
use serde_json::Value;
use std::{fmt, io::Write as _, sync::Arc};
use telemetry::Metrics;
use tokio::select;
use tracing::Instrument as _;

/// Lambda's own time-out for a cold start.
const INIT_TIMEOUT: TimeDelta = TimeDelta::seconds(10);

/// What every process is started with.
#[derive(Clone)]
pub(crate) struct Lambda {
    pub(crate) sim: Sim,
    pub(crate) config: Arc<Relay>,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) logs: Logs,
}

/// A process after its cold start, with what it works with.
pub(crate) struct Process<T> {
    pub(crate) caller: Caller,
    pub(crate) works: T,
}

/// What an invocation came to.
pub(crate) struct Ended<A> {
    pub(crate) answer: A,
    /// The metrics that it wrote, a line each.
    pub(crate) metrics: String,
}

impl Lambda {
    /// A new process on a machine, before its cold start.
    pub(crate) fn born(&self, function: Function, machine: usize) -> (Caller, Environment, rest::Client) {
        let caller = self.sim.lock().born(function, machine);
        let environment = Environment {
            config: Arc::clone(&self.config),
            aws: sdk_config(&self.sim, caller, self.scenario.seed),
            stack: STACK.to_owned(),
            table: TABLE.to_owned(),
            queue: QUEUE.to_owned(),
            dead_letters: DEAD_LETTERS.to_owned(),
            now: clock::of(machine),
        };
        let of_erp = function.flow == erp::FLOW;
        let call_timeout = if of_erp { self.config.netsuite.call_timeout } else { self.config.protocol.call_timeout };
        let http = vendors::client(&self.sim, caller, call_timeout);
        (caller, environment, http)
    }

    /// A cold start; no process, if it fails or is killed.
    pub(crate) async fn start<T>(
        &self,
        function: Function,
        machine: usize,
        make: impl AsyncFnOnce(Environment, rest::Client) -> Result<T, ColdStart>,
    ) -> Option<Process<T>> {
        let (caller, environment, http) = self.born(function, machine);
        match self.alive(caller, clock::now() + INIT_TIMEOUT, make(environment, http)).await? {
            Ok(works) => Some(Process { caller, works }),
            Err(error) => {
                self.sim.lock().say(&format!("{caller:?} does not start: {error}"));
                None
            }
        }
    }

    /// An invocation of at most so long; nothing, if it fails or is killed. What it counted is written however it ended.
    pub(crate) async fn invoke<T, A, E: fmt::Display>(
        &self,
        process: &Process<T>,
        timeout: TimeDelta,
        work: impl AsyncFnOnce(&T, &Invoked, &mut Metrics) -> Result<A, E>,
    ) -> Option<Ended<A>> {
        let (caller, begun) = (process.caller, clock::now());
        let Function { name, flow, .. } = caller.function;
        let trace = caller.function.trace();
        let invoked = Invoked { deadline: begun + timeout, trace: TraceHeader::parse(trace) };
        let request_id = self.sim.lock().request_id();
        let mut metrics = Metrics::new(flow, name, &request_id);
        let run = async {
            let span = telemetry::invocation(&request_id, Some(trace));
            work(&process.works, &invoked, &mut metrics).instrument(span).await
        };
        let answer = self.alive(caller, invoked.deadline, run).await;
        let mut world = self.sim.lock();
        world.books.over(caller.process);
        world.bill.invoked(caller.function, clock::now() - begun);
        drop(world);
        let answer = answer?;
        let metrics = self.counted(caller, &mut metrics);
        match answer {
            Ok(answer) => Some(Ended { answer, metrics }),
            Err(error) => {
                self.sim.lock().say(&format!("{caller:?} failed: {error}"));
                None
            }
        }
    }

    /// Asks a process for a check; what it finds wrong.
    pub(crate) async fn check<T>(
        &self,
        process: &Process<T>,
        check: impl AsyncFnOnce(&T, Checked) -> Checked,
    ) -> Vec<String> {
        let deadline = clock::now() + process.caller.function.timeout;
        let check = check(&process.works, Checked::started(&self.config));
        let answer = self.alive(process.caller, deadline, check).await;
        let wrong = answer.into_iter().flat_map(|answer| answer.checked).filter(|check| !check.ok);
        wrong.map(|check| format!("check of {}: {}", check.name, check.error.unwrap_or_default())).collect()
    }

    /// Runs `work` until it is done, killed, or out of time; only in the first case there is a result.
    async fn alive<T>(&self, caller: Caller, deadline: DateTime<Utc>, work: impl Future<Output = T>) -> Option<T> {
        let killed = async {
            while !self.sim.lock().is_dead(caller.process) {
                self.sim.killed(caller.machine).await;
            }
        };
        // Boxed: it is tens of kilobytes, and moved about.
        let work = Box::pin(self.logs.of(caller.function, Box::pin(work)));
        let result = select! {
            biased;
            () = killed => None,
            result = work => Some(result),
            () = clock::until(deadline) => {
                self.sim.kill(caller, "out of time");
                None
            }
        };
        result.filter(|_| !self.sim.lock().is_dead(caller.process))
    }

    /// Writes an invocation's metrics. They count each delivery that it knows to have recorded as not sent.
    fn counted(&self, caller: Caller, metrics: &mut Metrics) -> String {
        let mut lines = Vec::new();
        // Writing to memory, and counting bytes, does not fail.
        let _ = metrics.flush(clock::now(), &mut lines);
        let _ = self.logs.paper(caller.function).write_all(&lines);
        let parsed = lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let count = |line: &Value, name: &str| line[name].as_f64().unwrap_or_default();
        let counted: f64 = parsed
            .map(|line| ["OrdersSkipped", "Parked", "Rejected"].map(|name| count(&line, name)).iter().sum::<f64>())
            .sum();
        let mut world = self.sim.lock();
        let excluded = world.books.excluded(caller.process);
        if counted < f64::from(u32::try_from(excluded).unwrap_or(u32::MAX)) {
            world.problems.push(format!("{caller:?} recorded {excluded} orders as not sent and counted {counted}"));
        }
        String::from_utf8_lossy(&lines).into_owned()
    }
}
