//! Lambda: brings what Yotpo has to the org.

use function::batch;
use loyalty::{FLOW, WRITEBACK, refresh::Refresher, start};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(batch::serve(WRITEBACK, FLOW, start::writeback, Refresher::check, Refresher::consume)).await
}
