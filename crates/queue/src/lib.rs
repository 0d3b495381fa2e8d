//! SQS: send in batches, take a delivered batch apart, take messages out by hand.

pub mod body;
mod letter;
mod probe;
mod receive;
mod send;
#[cfg(test)]
mod stub;
mod take;
mod trace;

pub use aws_lambda_events::sqs::{SqsBatchResponse as Response, SqsEvent as Event};
pub use receive::{Batch, InvalidBatch, RECEIPT_MARGIN, Received};
pub use send::{Entry, PATIENCE, Refused, Sent};
pub use take::Taken;
pub use trace::TraceHeader;

use aws_config::SdkConfig;
use aws_sdk_sqs::{Client, types::QueueAttributeName};

/// SQS takes at most this many entries in one batch call.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
pub const BATCH_ENTRIES: usize = 10;
/// SQS takes at most this many bytes in one message, and in one batch call, attributes included; the trace header, a
/// message system attribute, does not count.
pub const BATCH_BYTES: usize = 1024 * 1024;
/// What the attributes of a message in a dead-letter queue take at most, names and types included.
pub const ATTRIBUTE_BYTES: usize = 4 * 1024;
/// The longest body that is sent: it goes to the dead-letter queue with its attributes too.
pub const BODY_BYTES: usize = BATCH_BYTES - ATTRIBUTE_BYTES;

/// One standard queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// How much is in a queue; the numbers are approximate, as SQS gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received, neither deleted nor visible again.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

impl Depth {
    /// Everything that is in the queue.
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// SQS could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not {operation}")]
pub struct Unavailable {
    operation: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unavailable {
    fn new(operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { operation, source: source.into() }
    }
}

impl Queue {
    /// The queue at `url`.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self { client: Client::new(config), url: url.into() }
    }

    /// Asks SQS for the queue and keeps nothing of the answer: whether it is there and may be used.
    ///
    /// # Errors
    /// When SQS cannot be used, or has no such queue for us.
    pub async fn reach(&self) -> Result<(), Unavailable> {
        let attributes = Some(vec![QueueAttributeName::QueueArn]);
        let asked = self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(attributes);
        asked.send().await.map_err(|e| Unavailable::new("answer", e))?;
        Ok(())
    }

    /// How much is in the queue now.
    ///
    /// # Errors
    /// When SQS cannot be used.
    pub async fn depth(&self) -> Result<Depth, Unavailable> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as InFlight,
        };
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(vec![Visible, InFlight, Delayed]))
            .send()
            .await
            .map_err(|e| Unavailable::new("tell its depth", e))?;
        let number = |name| {
            let attributes = answer.attributes()?;
            attributes.get(&name)?.parse().ok()
        };
        Ok(Depth {
            visible: number(Visible).unwrap_or_default(),
            in_flight: number(InFlight).unwrap_or_default(),
            delayed: number(Delayed).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Sqs;
    use serde_json::json;

    #[tokio::test]
    async fn a_depth_is_read_by_name_and_everything_counts() {
        let sqs = Sqs::new(|_, _| {
            let attributes = json!({
                "ApproximateNumberOfMessages": "7",
                "ApproximateNumberOfMessagesNotVisible": "20",
                "ApproximateNumberOfMessagesDelayed": "300",
            });
            (200, json!({ "Attributes": attributes }))
        });
        let depth = sqs.queue().depth().await.unwrap();
        assert_eq!(depth, Depth { visible: 7, in_flight: 20, delayed: 300 });
        assert_eq!(depth.total(), 327);
        sqs.queue().reach().await.unwrap();
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_is_not_reached() {
        let missing = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"});
        let sqs = Sqs::new(move |_, _| (400, missing.clone()));
        assert!(sqs.queue().reach().await.is_err() && sqs.queue().depth().await.is_err());
        assert_eq!(sqs.calls().len(), 2);
    }
}
