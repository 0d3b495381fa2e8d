//! The functions at work, and how far they are.

use crate::{ground::Failure, progress::Progress};
use chrono::{SecondsFormat, Utc};
use local::{Stack, Tail};
use sandbox::Sandbox;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The schedule's 15 minutes are a second here.
pub(crate) const SCHEDULE: Duration = Duration::from_secs(1);
/// The reconciler has so many runs to make the day complete.
pub(crate) const RECONCILER_RUNS: usize = 20;
const LOOK: Duration = Duration::from_millis(200);
/// So many runs of a function one after the other may fail.
const FAILED_RUNS: usize = 20;
/// Without any order delivered for so long, whatever is still in the queue stays there.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the scheduler sends.
pub(crate) fn scheduled() -> Value {
    json!({ "scheduled_at": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true) })
}

pub(crate) struct Running<'a> {
    pub(crate) stack: &'a Stack<'a>,
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) progress: Progress,
    pub(crate) tail: Tail,
    /// The outputs with the queues' URLs.
    pub(crate) queues: &'static [&'static str],
}

impl Running<'_> {
    /// Shows how far things are until `work` is done.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(LOOK) => drop(self.progress.look(self.sandbox, &mut self.tail)?),
            }
        }
    }

    /// One run of a function; its answer, `null` if it failed, as it may now and then.
    pub(crate) async fn run(&mut self, function: &str, event: &Value, failed: &mut usize) -> Result<Value, Failure> {
        let stack = self.stack;
        let answer = self.during(stack.invoke(function, event)).await??;
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

    /// Does what the schedule does until the producer says that all is read; how many runs it took.
    pub(crate) async fn settle(&mut self, producer: &str) -> Result<usize, Failure> {
        let mut failed = 0;
        for run in 1.. {
            let answer = self.run(producer, &scheduled(), &mut failed).await?;
            if answer["settled"] == Value::Bool(true) {
                return Ok(run);
            }
            tokio::time::sleep(SCHEDULE).await;
        }
        Err("unreachable: runs are not counted to the end".into())
    }

    /// Waits until the queues are empty and stay so; false when they do not become empty.
    pub(crate) async fn drain(&mut self) -> Result<bool, Failure> {
        let queues: Vec<_> = self.queues.iter().map(|queue| self.stack.queue(queue)).collect::<Result<_, _>>()?;
        let (mut empty, mut last) = (0, (0, Instant::now()));
        loop {
            let delivered = self.progress.look(self.sandbox, &mut self.tail)?;
            if delivered != last.0 {
                last = (delivered, Instant::now());
            }
            let mut waiting = 0;
            for queue in &queues {
                waiting += queue.depth().await?.total();
            }
            empty = if waiting == 0 { empty + 1 } else { 0 };
            if empty == 3 || last.1.elapsed() > PATIENCE {
                return Ok(empty > 0);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
