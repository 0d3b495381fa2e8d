//! The functions at work, and how far they are.

use crate::{ground::Failure, progress::Progress};
use local::{Stack, Tail};
use sandbox::Sandbox;
use serde_json::Value;
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

pub(crate) struct Running<'a> {
    pub(crate) stack: &'a Stack<'a>,
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) progress: Progress,
    pub(crate) tail: Tail,
    /// The output with the queue's URL.
    pub(crate) queue: &'static str,
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

    /// Waits until the queue is empty and stays so; false when it does not become empty.
    pub(crate) async fn drain(&mut self) -> Result<bool, Failure> {
        let queue = self.stack.queue(self.queue)?;
        let (mut empty, mut last) = (0, (0, Instant::now()));
        loop {
            let delivered = self.progress.look(self.sandbox, &mut self.tail)?;
            if delivered != last.0 {
                last = (delivered, Instant::now());
            }
            empty = if queue.depth().await?.total() == 0 { empty + 1 } else { 0 };
            if empty == 3 || last.1.elapsed() > PATIENCE {
                return Ok(empty > 0);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
