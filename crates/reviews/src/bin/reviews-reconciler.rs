//! Lambda: the reconciler of the reviews flow.

use reviews::{environment, reconcile::Reconciler, scheduled};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(
        "reviews-reconciler",
        environment::reconciler,
        |works| &works.config,
        Reconciler::check,
        Reconciler::run,
    ))
    .await
}
