//! Receiving: Lambda hands over a batch; the messages that are not done are named in the answer, and only
//! those come back. <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use crate::{BATCH_ENTRIES, Entry, Queue, TraceHeader, Unavailable};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use chrono::{DateTime, Utc};
use std::{collections::HashSet, time::Duration};
use tokio::time::Instant;

/// SQS allows no visibility time-out beyond twelve hours from the receipt, and refuses a longer one.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
pub(crate) const LONGEST_INVISIBLE: Duration = Duration::from_hours(12);
/// How long before its invocation begins a message may have been received: the mapping tries to invoke until the queue's
/// visibility time-out is over, which is no longer than this.
pub const RECEIPT_MARGIN: Duration = Duration::from_hours(1);

/// One message as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// SQS's id: what the partial batch response names.
    pub id: String,
    /// What changes of visibility name.
    pub receipt_handle: String,
    /// The body as it came.
    pub body: String,
    /// How often SQS has delivered it, this time included.
    pub receives: u32,
    /// When it was first sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// The trace that it was sent in.
    pub trace: Option<TraceHeader>,
    /// Whose it is, where its sender said so: what a fair queue goes by.
    pub group: Option<String>,
}

/// A batch as Lambda hands it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The messages, none twice.
    pub messages: Vec<Received>,
}

/// An event that is not an SQS batch. The whole batch goes back.
#[derive(Debug, thiserror::Error)]
#[error("the event is not an SQS batch: record {index} has no `{field}`")]
pub struct InvalidBatch {
    index: usize,
    field: &'static str,
}

impl Batch {
    /// Takes an event apart. A message that is in it twice is kept once.
    ///
    /// # Errors
    /// When a record lacks what the answer would have to name.
    pub fn from_event(event: SqsEvent) -> Result<Self, InvalidBatch> {
        let mut seen = HashSet::new();
        let mut messages = Vec::with_capacity(event.records.len());
        for (index, record) in event.records.into_iter().enumerate() {
            let message = Received::from_record(record).map_err(|field| InvalidBatch { index, field })?;
            if seen.insert(message.id.clone()) {
                messages.push(message);
            }
        }
        Ok(Self { messages })
    }

    /// The partial batch response that names `failed`, and only messages of this batch: Lambda takes an
    /// unknown or empty identifier for a failure of the whole batch.
    pub fn response<'a>(&self, failed: impl IntoIterator<Item = &'a str>) -> SqsBatchResponse {
        let failed: HashSet<&str> = failed.into_iter().collect();
        let mut response = SqsBatchResponse::default();
        for message in self.messages.iter().filter(|m| failed.contains(m.id.as_str())) {
            response.add_failure(&message.id);
        }
        response
    }
}

impl Received {
    /// The same message, to be sent again as one that was never received.
    pub fn afresh(&self) -> Entry {
        Entry { trace: self.trace.clone(), group: self.group.clone(), ..Entry::new(self.body.clone()) }
    }

    fn from_record(record: SqsMessage) -> Result<Self, &'static str> {
        let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
        let receives = attribute("ApproximateReceiveCount").and_then(|n| n.parse().ok()).unwrap_or(1);
        let sent_at =
            attribute("SentTimestamp").and_then(|ms| ms.parse().ok()).and_then(DateTime::from_timestamp_millis);
        let present = |value: Option<String>| value.filter(|v| !v.is_empty());
        Ok(Self {
            receives,
            sent_at,
            trace: attribute("AWSTraceHeader").and_then(TraceHeader::parse),
            group: attribute("MessageGroupId").map(str::to_owned),
            id: present(record.message_id).ok_or("messageId")?,
            receipt_handle: present(record.receipt_handle).ok_or("receiptHandle")?,
            body: record.body.unwrap_or_default(),
        })
    }
}

impl Queue {
    /// Sets when messages become visible again, counted from now, in batch calls: as late as asked for, or as SQS allows for
    /// messages whose invocation began at `begun`.
    ///
    /// # Errors
    /// When SQS cannot be used; the queue's own time-out then applies to those messages.
    pub async fn hide(&self, messages: &[(&Received, Duration)], begun: Instant) -> Result<(), Unavailable> {
        let longest = LONGEST_INVISIBLE.saturating_sub(RECEIPT_MARGIN + begun.elapsed());
        for chunk in messages.chunks(BATCH_ENTRIES) {
            let mut entries = Vec::with_capacity(chunk.len());
            for (index, (message, delay)) in chunk.iter().enumerate() {
                // Whole seconds, rounded up: never sooner than asked.
                let seconds = delay.min(&longest).as_millis().div_ceil(1000);
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&message.receipt_handle)
                    .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
                    .build()
                    .map_err(|e| Unavailable::new("hide a message", e))?;
                entries.push(entry);
            }
            let answer = self
                .client
                .change_message_visibility_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|e| Unavailable::new("hide messages", e))?;
            for failed in answer.failed() {
                tracing::warn!(code = failed.code(), "a message keeps the queue's own visibility time-out");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Sqs;

    fn event(ids: &[&str]) -> SqsEvent {
        let records: Vec<_> = ids
            .iter()
            .map(|id| {
                serde_json::json!({
                    "messageId": id, "receiptHandle": format!("handle-{id}"), "body": "{}",
                    "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1763706271000"},
                    "messageAttributes": {}, "eventSource": "aws:sqs",
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
    }

    #[test]
    fn the_answer_has_the_shape_that_lambda_reads() {
        let batch = Batch::from_event(event(&["a", "b"])).unwrap();
        let response = serde_json::to_value(batch.response(["b"])).unwrap();
        assert_eq!(response, serde_json::json!({"batchItemFailures": [{"itemIdentifier": "b"}]}));
        let response = serde_json::to_value(batch.response([])).unwrap();
        assert_eq!(response, serde_json::json!({"batchItemFailures": []}));
    }

    #[test]
    fn only_messages_of_the_batch_are_named() {
        let batch = Batch::from_event(event(&["a"])).unwrap();
        assert!(batch.response(["", "z"]).batch_item_failures.is_empty());
    }

    #[test]
    fn a_message_that_comes_twice_in_a_batch_is_handled_once() {
        let batch = Batch::from_event(event(&["a", "a"])).unwrap();
        assert_eq!(batch.messages.len(), 1);
        assert_eq!(batch.messages[0].receives, 3);
    }

    #[test]
    fn a_message_keeps_the_trace_that_it_was_sent_in() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
        let mut event = event(&["a", "b"]);
        event.records[0].attributes.insert("AWSTraceHeader".to_owned(), header.to_owned());
        let batch = Batch::from_event(event).unwrap();
        let traces: Vec<_> = batch.messages.iter().map(|m| m.trace.as_ref().map(TraceHeader::as_str)).collect();
        assert_eq!(traces, [Some(header), None]);
    }

    #[test]
    fn a_record_without_an_id_is_refused_by_name() {
        let error = Batch::from_event(event(&[""])).unwrap_err();
        assert_eq!(error.to_string(), "the event is not an SQS batch: record 0 has no `messageId`");
    }

    /// `Retry-After: 86400`: SQS would refuse twelve hours from now, and the queue's own minutes would apply.
    #[tokio::test(start_paused = true)]
    async fn a_message_is_hidden_for_what_is_left_of_twelve_hours_since_its_receipt() {
        let received = Instant::now();
        // The mapping takes a while to invoke, and the function to answer.
        tokio::time::advance(Duration::from_mins(8)).await;
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(50)).await;
        let sqs = Sqs::of_each(|_, _| None);
        let batch = Batch::from_event(event(&["a", "b"])).unwrap();
        let hidden =
            [(&batch.messages[0], Duration::from_hours(24)), (&batch.messages[1], Duration::from_millis(1_500))];
        sqs.queue().hide(&hidden, begun).await.unwrap();
        let asked: Vec<_> = sqs
            .entries()
            .iter()
            .map(|entry| Duration::from_secs(entry["VisibilityTimeout"].as_u64().unwrap()))
            .collect();
        assert!(received.elapsed() + asked[0] <= Duration::from_hours(12), "{asked:?}");
        assert_eq!(asked[0] + RECEIPT_MARGIN + begun.elapsed(), LONGEST_INVISIBLE, "{asked:?}");
        assert_eq!(asked[1], Duration::from_secs(2));
    }
}
