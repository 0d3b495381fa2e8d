//! The trace of a message is that of the log lines about it.

use crate::stage::{Stage, sqs};
use serde_json::json;

const ID: &str = "1-691fd1a4-3b1f5c2a7d9e8f0a1b2c3d4e";

/// The emulator gives invocations no trace and forgets that of a message sent in a batch, so that this one gets its trace
/// from the test. What the functions send is looked at in the simulation.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_about_a_delivery_has_the_trace_of_its_message() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(30)).unwrap();
    stage.deliver_all(&manifest).await;
    let letters = stage.dead_letters();
    let refused = letters.iter().find(|letter| letter.error.contains("Yotpo refused it")).unwrap();
    // The same order once more: it is settled.
    let header = format!("Root={ID};Parent=4f5e6d7c8b9a0f1e;Sampled=1");
    let request = json!({
        "QueueUrl": stage.stack.output("ReviewsQueueUrl").unwrap(),
        "MessageBody": refused.body,
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": header}},
    });
    sqs(stage.emulator.endpoint(), "SendMessage", &request);
    stage.drained().await;
    let lines = stage.logged("settled before");
    let line = lines.iter().find(|line| line["trace_id"] == ID).unwrap_or_else(|| panic!("{lines:?}"));
    assert_eq!(line["delivery_key"].as_str(), refused.delivery_key.as_deref());
}
