//! Lambda: the nightly producer of the reviews flow.

use reviews::{environment, produce::Producer, scheduled};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(scheduled::serve(
        "reviews-producer",
        environment::producer,
        |works| &works.config,
        Producer::check,
        Producer::run,
    ))
    .await
}
