//! Lambda: brings what webhooks say to NetSuite.

use erp::{FLOW, WORKER, apply::Applier, start};
use function::batch;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(batch::serve(WORKER, FLOW, start::worker, Applier::check, Applier::consume)).await
}
