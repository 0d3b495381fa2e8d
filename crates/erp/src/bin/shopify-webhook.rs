//! Lambda: takes Shopify's webhooks.

use erp::{FLOW, WEBHOOK, start, webhook::Webhook};
use function::webhook;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(webhook::serve(WEBHOOK, FLOW, start::webhook, Webhook::check, Webhook::answer)).await
}
