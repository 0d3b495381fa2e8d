//! One process from its start on: cold, then warm.

use crate::{
    error::Error,
    functions::Event,
    host::Host,
    process::Process,
    share::{Bounded, Share},
};
use std::{path::Path, time::Duration};

/// How it is run.
pub(crate) struct Run<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) environment: &'a [(String, String)],
    pub(crate) share: Share,
    pub(crate) warm: usize,
}

/// What it took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// From the start of the process to its first question for an event.
    pub(crate) to_next: Duration,
    /// From the start of the process to its first answer.
    pub(crate) to_answer: Duration,
    /// On a CPU until then.
    pub(crate) cpu_to_answer: Duration,
    /// Each further invocation, from event to answer.
    pub(crate) warm: Vec<Duration>,
    /// On a CPU, a message of a further invocation.
    pub(crate) cpu_warm: Duration,
    /// Memory, at most, in bytes.
    pub(crate) peak: u64,
    /// What whoever waits for the answer waits for.
    pub(crate) within: Option<Duration>,
}

impl Run<'_> {
    /// Hands the event to a new process, and then again and again.
    pub(crate) async fn of(&self, event: &Event) -> Result<Taken, Error> {
        let host = Host::start().await?;
        let bounds = Bounded::of(self.share)?;
        let mut environment = self.environment.to_vec();
        environment.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), host.address.to_string()));
        let process = Process::spawn(self.binary, &environment, bounds.as_ref())?;
        // The event is there when the process asks for it, as it is on Lambda.
        let time_left = Duration::from_secs(event.timeout);
        let first = host.invoke(&event.body, time_left).await?;
        let (cpu_to_answer, to_next) = (process.cpu(), host.first_next().await? - process.spawned_at);
        let is_right = |answer: &[u8]| String::from_utf8_lossy(answer).contains(event.answered);
        if !is_right(&first.answer) {
            let said = String::from_utf8_lossy(&first.answer).into_owned();
            return Err(Error::Function(format!("the answer is not {}: {said}", event.answered)));
        }
        let mut warm = Vec::with_capacity(self.warm);
        for _ in 0..self.warm {
            let next = host.invoke(&event.body, time_left).await?;
            if is_right(&next.answer) {
                warm.push(next.until - next.from);
            }
        }
        let count = u32::try_from(warm.len().max(1)).unwrap_or(u32::MAX).saturating_mul(event.messages.max(1));
        let taken = Taken {
            to_next,
            to_answer: first.until - process.spawned_at,
            cpu_to_answer,
            warm,
            cpu_warm: process.cpu().saturating_sub(cpu_to_answer) / count,
            peak: process.peak(),
            within: event.within.map(Duration::from_secs),
        };
        drop(process);
        Ok(taken)
    }
}
