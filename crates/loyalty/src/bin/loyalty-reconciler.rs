//! Lambda: the reconciler of the loyalty flow.

use function::scheduled;
use loyalty::{FLOW, RECONCILER, reconcile::Reconciler, start};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(RECONCILER, FLOW, start::reconciler, Reconciler::check, Reconciler::run)).await
}
