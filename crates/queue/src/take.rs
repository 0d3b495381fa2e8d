//! Receiving by hand: what an operator's command looks at, and what it takes out.

use crate::{BATCH_ENTRIES, Queue, TraceHeader, Unavailable, receive::LONGEST_INVISIBLE};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
};
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// An empty answer to a call that waits this long comes from all of SQS's servers.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
const WAIT_SECONDS: i32 = 1;

/// A message that was taken, hidden from everybody else until its time is over, or it is deleted or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// SQS's id, the same however often it is taken.
    pub id: String,
    /// What deleting and giving back name: of this taking.
    pub receipt_handle: String,
    /// The body as it came.
    pub body: String,
    /// Its string attributes.
    pub attributes: BTreeMap<String, String>,
    /// When it was sent to this queue.
    pub sent_at: Option<DateTime<Utc>>,
    /// How often it was received, this time included.
    pub receives: u32,
    /// The trace that it was sent in.
    pub trace: Option<TraceHeader>,
    /// When it was taken, or earlier.
    pub taken_at: Instant,
}

impl Taken {
    fn of(message: Message, taken_at: Instant) -> Option<Self> {
        let system = |name| message.attributes().and_then(|all| all.get(&name)).map(String::as_str);
        let sent_at = system(MessageSystemAttributeName::SentTimestamp)
            .and_then(|ms| ms.parse().ok())
            .and_then(DateTime::from_timestamp_millis);
        let receives = system(MessageSystemAttributeName::ApproximateReceiveCount).and_then(|n| n.parse().ok());
        let trace = system(MessageSystemAttributeName::AwsTraceHeader).and_then(TraceHeader::parse);
        let (receives, attributes) = (receives.unwrap_or(1), message.message_attributes.unwrap_or_default());
        Some(Self {
            sent_at,
            receives,
            trace,
            taken_at,
            attributes: attributes.into_iter().filter_map(|(name, v)| Some((name, v.string_value?))).collect(),
            id: message.message_id?,
            receipt_handle: message.receipt_handle?,
            body: message.body.unwrap_or_default(),
        })
    }
}

impl Queue {
    /// Takes up to ten messages, hidden for so long; none if the queue has none to give.
    ///
    /// # Errors
    /// When SQS cannot be used.
    pub async fn take(&self, hidden: Duration) -> Result<Vec<Taken>, Unavailable> {
        let asked_at = Instant::now();
        let hidden = hidden.min(LONGEST_INVISIBLE);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(BATCH_ENTRIES).unwrap_or(i32::MAX))
            .visibility_timeout(i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX))
            .wait_time_seconds(WAIT_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(|e| Unavailable::new("give messages", e))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(|message| Taken::of(message, asked_at)).collect())
    }

    /// Deletes messages that were taken; the ids of those that SQS did not delete.
    ///
    /// # Errors
    /// When SQS cannot be used: some may be deleted.
    pub async fn delete(&self, taken: &[&Taken]) -> Result<Vec<String>, Unavailable> {
        let mut left = Vec::new();
        for chunk in taken.chunks(BATCH_ENTRIES) {
            let entries = chunk.iter().enumerate().map(|(index, message)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(&message.receipt_handle).build()
            });
            let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|e| Unavailable::new("delete", e))?;
            let call = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = call.send().await.map_err(|e| Unavailable::new("delete messages", e))?;
            let failed = answer.failed().iter().filter_map(|failed| failed.id().parse::<usize>().ok());
            left.extend(failed.filter_map(|index| Some(chunk.get(index)?.id.clone())));
        }
        Ok(left)
    }

    /// Gives messages back that were taken: visible at once. One that SQS does not take back is visible when its time is over.
    ///
    /// # Errors
    /// When SQS cannot be used.
    pub async fn give_back(&self, taken: &[&Taken]) -> Result<(), Unavailable> {
        self.hold(taken, Duration::ZERO).await
    }

    /// Hides messages that were taken for so long from now, or as long as SQS allows since they were taken.
    ///
    /// # Errors
    /// When SQS cannot be used; what is not hidden longer is visible when its time is over.
    pub async fn hold(&self, taken: &[&Taken], hidden: Duration) -> Result<(), Unavailable> {
        for chunk in taken.chunks(BATCH_ENTRIES) {
            let entries = chunk.iter().enumerate().map(|(index, message)| {
                // A second's margin: SQS counts whole ones.
                let left = LONGEST_INVISIBLE.saturating_sub(message.taken_at.elapsed() + Duration::from_secs(1));
                let seconds = i32::try_from(hidden.min(left).as_secs()).unwrap_or(i32::MAX);
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(&message.receipt_handle).visibility_timeout(seconds).build()
            });
            let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|e| Unavailable::new("take back", e))?;
            let call = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            call.send().await.map_err(|e| Unavailable::new("take messages back", e))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Sqs;

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_is_held_for_what_is_left_of_twelve_hours_since() {
        let taken = Taken {
            id: "1".to_owned(),
            receipt_handle: "handle".to_owned(),
            body: String::new(),
            attributes: BTreeMap::new(),
            sent_at: None,
            receives: 1,
            trace: None,
            taken_at: Instant::now(),
        };
        tokio::time::advance(Duration::from_mins(90)).await;
        let sqs = Sqs::of_each(|_, _| None);
        for hidden in [Duration::from_hours(24), Duration::from_mins(5), Duration::ZERO] {
            sqs.queue().hold(&[&taken], hidden).await.unwrap();
        }
        let asked: Vec<_> = sqs.entries().iter().map(|entry| entry["VisibilityTimeout"].as_u64().unwrap()).collect();
        assert_eq!(asked, [(12 * 60 - 90) * 60 - 1, 300, 0]);
    }
}
