//! Lambda: takes what Yotpo tells of.

use function::webhook;
use loyalty::{FLOW, WEBHOOK, webhook::Webhook};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(webhook::serve(WEBHOOK, FLOW, Webhook::of, Webhook::check, Webhook::answer)).await
}
