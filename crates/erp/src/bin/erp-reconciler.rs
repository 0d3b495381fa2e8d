//! Lambda: the reconciler of the erp flow.

use erp::{FLOW, RECONCILER, reconcile::Reconciler, start};
use function::scheduled;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(RECONCILER, FLOW, start::reconciler, Reconciler::check, Reconciler::run)).await
}
