//! What a function works with: made at cold start, and if that fails by each invocation anew until it succeeds. What an operator
//! has mended meanwhile works at once, and what is still wrong is the invocation's answer.

use crate::environment::ColdStart;
use tokio::sync::OnceCell;

/// What a function works with, made by `F`.
pub(crate) struct Start<T, F> {
    made: OnceCell<T>,
    make: F,
}

impl<T, F: AsyncFn() -> Result<T, ColdStart>> Start<T, F> {
    /// The cold start. A failure is a log line; the runtime's own words would not be JSON.
    pub(crate) async fn cold(make: F) -> Self {
        let start = Self { made: OnceCell::new(), make };
        // Said in a line; the next invocation tries again.
        let _ = start.get().await;
        start
    }

    /// What the function works with.
    ///
    /// # Errors
    /// When it still cannot be made; the sentence says what to mend.
    pub(crate) async fn get(&self) -> Result<&T, ColdStart> {
        self.made.get_or_try_init(|| (self.make)()).await.inspect_err(|error| {
            let error_class = ledger::ErrorClass::Misconfigured;
            tracing::error!(%error_class, error = error as &dyn std::error::Error, "cold start failed");
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_failed_start_is_tried_again_and_a_good_one_is_kept() {
        let tries = AtomicU32::new(0);
        let start = Start::cold(async || match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(ColdStart::Secret("not yet".into())),
            n => Ok(n),
        })
        .await;
        assert_eq!(start.get().await.unwrap_err().to_string(), "not yet");
        assert_eq!(*start.get().await.unwrap(), 2);
        assert_eq!(*start.get().await.unwrap(), 2);
    }
}
