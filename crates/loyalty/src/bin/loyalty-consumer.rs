//! Lambda: brings customers, orders, refunds and lifecycle events to Yotpo Loyalty.

use function::batch;
use loyalty::{CONSUMER, FLOW, consume::Consumer, start};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(batch::serve(CONSUMER, FLOW, start::consumer, Consumer::check, Consumer::consume)).await
}
