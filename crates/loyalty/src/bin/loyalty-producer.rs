//! Lambda: the producer of the loyalty flow, every 15 minutes.

use function::scheduled;
use loyalty::{FLOW, PRODUCER, produce::Producer, start};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(PRODUCER, FLOW, start::producer, Producer::check, Producer::run)).await
}
