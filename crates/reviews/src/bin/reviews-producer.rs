//! Lambda: the nightly producer of the reviews flow.

use function::scheduled;
use reviews::{FLOW, PRODUCER, produce::Producer, start};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(PRODUCER, FLOW, start::producer, Producer::check, Producer::run)).await
}
