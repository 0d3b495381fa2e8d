//! Sending: messages are packed into as few batch calls as the limits allow, and each of the up to ten
//! answers in a call is looked at, since SQS says 200 to a call in which entries failed.

use crate::{BATCH_BYTES, BATCH_ENTRIES, Queue, TraceHeader, Unavailable};
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use futures_util::{StreamExt as _, stream};

/// Batch calls under way at once.
const CONCURRENT_CALLS: usize = 5;
/// How often entries that failed through no fault of theirs are sent again before they are handed back.
const RESENDS: usize = 3;

/// A message to send.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The body; ASCII, since SQS refuses some control characters.
    pub body: String,
    /// String attributes, name and value.
    pub attributes: Vec<(&'static str, String)>,
    /// The trace that it belongs to: that of the invocation which first sent it.
    pub trace: Option<TraceHeader>,
}

impl Entry {
    /// A message without attributes.
    pub fn new(body: String) -> Self {
        Self { body, attributes: Vec::new(), trace: None }
    }

    /// The same message, as part of a trace.
    #[must_use]
    pub fn traced(self, trace: Option<TraceHeader>) -> Self {
        Self { trace, ..self }
    }

    /// What SQS's limits are about; the trace header, a system attribute, does not count:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html>
    fn bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        self.body.len() + attributes.map(|(name, value)| name.len() + value.len() + "String".len()).sum::<usize>()
    }

    fn request(&self, index: usize) -> Result<SendMessageBatchRequestEntry, Unavailable> {
        let mut request = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(&self.body);
        for (name, value) in &self.attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|e| Unavailable::new("take an attribute", e))?;
            request = request.message_attributes(*name, value);
        }
        if let Some(trace) = &self.trace {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace.as_str())
                .build()
                .map_err(|e| Unavailable::new("take a trace header", e))?;
            request = request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
        }
        request.build().map_err(|e| Unavailable::new("take a message", e))
    }
}

/// An entry that SQS will not take however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of the entries that were handed in.
    pub index: usize,
    /// SQS's code.
    pub code: String,
}

/// What became of the entries, by their index.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// How many SQS accepted.
    pub accepted: usize,
    /// Refused as the sender's fault: sending them again is of no use.
    pub refused: Vec<Refused>,
    /// Not accepted, or nobody knows; sending them again is right.
    pub unsent: Vec<usize>,
}

impl Queue {
    /// Sends entries in batch calls, several at a time. Entries that failed are sent again a few times,
    /// and only those.
    pub async fn send(&self, entries: &[&Entry]) -> Sent {
        let mut sent = Sent::default();
        let mut open: Vec<usize> = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            if entry.bytes() > BATCH_BYTES {
                sent.refused.push(Refused { index, code: "MessageTooLong".to_owned() });
            } else {
                open.push(index);
            }
        }
        for _ in 0..=RESENDS {
            if open.is_empty() {
                break;
            }
            let calls = stream::iter(pack(entries, &open))
                .map(|batch| async move { self.send_batch(entries, batch).await })
                .buffer_unordered(CONCURRENT_CALLS)
                .collect::<Vec<_>>()
                .await;
            open.clear();
            for call in calls {
                sent.accepted += call.accepted;
                sent.refused.extend(call.refused);
                open.extend(call.unsent);
            }
        }
        sent.unsent = open;
        sent
    }

    /// Sends one entry.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn send_one(&self, entry: Entry) -> Result<(), Unavailable> {
        let sent = self.send(&[&entry]).await;
        match (sent.accepted, sent.refused.into_iter().next()) {
            (1, _) => Ok(()),
            (_, Some(refused)) => Err(Unavailable::new("take a message", refused.code)),
            (_, None) => Err(Unavailable::new("take a message", "it did not answer")),
        }
    }

    async fn send_batch(&self, entries: &[&Entry], batch: Vec<usize>) -> Sent {
        let mut sent = Sent::default();
        let requests: Result<Vec<_>, _> = batch.iter().map(|&index| entries[index].request(index)).collect();
        let answer = match requests {
            Ok(requests) => self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(requests))
                .send()
                .await
                .map_err(|e| Unavailable::new("take a batch", e)),
            Err(error) => Err(error),
        };
        match answer {
            Err(error) => {
                tracing::warn!(
                    entries = batch.len(),
                    error = &error as &dyn std::error::Error,
                    "a batch was not sent; it will be sent again"
                );
                sent.unsent = batch;
            }
            Ok(answer) => {
                // An entry that the answer does not mention counts as unsent: a second copy is harmless.
                sent.unsent = batch;
                for done in answer.successful() {
                    sent.accepted += usize::from(take(&mut sent.unsent, done.id()).is_some());
                }
                for failed in answer.failed() {
                    if failed.sender_fault()
                        && let Some(index) = take(&mut sent.unsent, failed.id())
                    {
                        sent.refused.push(Refused { index, code: failed.code().to_owned() });
                    }
                }
            }
        }
        sent
    }
}

fn take(open: &mut Vec<usize>, id: &str) -> Option<usize> {
    let index: usize = id.parse().ok()?;
    let at = open.iter().position(|&i| i == index)?;
    Some(open.swap_remove(at))
}

/// Packs entries, in order, into calls of at most ten entries and one mebibyte.
fn pack(entries: &[&Entry], open: &[usize]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &index in open {
        let size = entries[index].bytes();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_ENTRIES && bytes + size <= BATCH_BYTES => {
                batch.push(index);
                bytes += size;
            }
            _ => {
                batches.push(vec![index]);
                bytes = size;
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_entry_is_packed_once_in_order_within_the_limits(sizes in prop::collection::vec(0usize..BATCH_BYTES, 0..60)) {
            let entries: Vec<Entry> = sizes.iter().map(|&n| Entry::new("x".repeat(n))).collect();
            let open: Vec<usize> = (0..entries.len()).collect();
            let batches = pack(&entries.iter().collect::<Vec<_>>(), &open);
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= BATCH_ENTRIES);
                prop_assert!(batch.iter().map(|&i| entries[i].bytes()).sum::<usize>() <= BATCH_BYTES);
            }
            prop_assert_eq!(batches.concat(), open);
        }
    }

    #[test]
    fn the_limits_are_those_of_sqs() {
        assert_eq!((BATCH_ENTRIES, BATCH_BYTES), (10, 1_048_576));
    }

    #[test]
    fn attributes_count_towards_the_size_and_the_trace_does_not() {
        let entry = Entry { body: "12345".into(), attributes: vec![("ab", "cde".into())], trace: None };
        assert_eq!(entry.bytes(), 5 + 2 + 3 + 6);
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
        let traced = entry.clone().traced(TraceHeader::parse(header));
        assert_eq!(traced.bytes(), entry.bytes());
        let request = traced.request(0).unwrap();
        let sent = request.message_system_attributes().unwrap();
        assert_eq!(sent[&MessageSystemAttributeNameForSends::AwsTraceHeader].string_value(), Some(header));
        assert!(entry.request(0).unwrap().message_system_attributes().is_none());
    }
}
