//! Sending: messages are packed into as few batch calls as the limits allow, and each of the up to ten
//! answers in a call is looked at, since SQS says 200 to a call in which entries failed.

use crate::{BATCH_BYTES, BATCH_ENTRIES, BODY_BYTES, Queue, TraceHeader, Unavailable};
use aws_sdk_sqs::{
    error::{ProvideErrorMetadata as _, SdkError},
    operation::send_message_batch::{SendMessageBatchError, SendMessageBatchOutput},
    types::{
        MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
        SendMessageBatchRequestEntry,
    },
};
use futures_util::{StreamExt as _, stream};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};

/// Batch calls under way at once.
const CONCURRENT_CALLS: usize = 5;
/// How long entries that are refused for now are sent again where nothing else is short of time: a throttle lasts seconds.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The longest pause before the second try; each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// SQS delays no message for longer.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
const LONGEST_DELAY: Duration = Duration::from_mins(15);
/// What SQS says of an entry that it will never take. `SenderFault` alone says nothing: throttles, KMS and denied access
/// bear it too. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors>
const FOR_GOOD: [&str; 3] = ["InvalidMessageContents", TOO_LONG, "InvalidParameterValue"];
const TOO_LONG: &str = "MessageTooLong";

/// A message to send.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The body; ASCII, since SQS refuses some control characters.
    pub body: String,
    /// String attributes, name and value.
    pub attributes: Vec<(&'static str, String)>,
    /// The trace that it belongs to: that of the invocation which first sent it.
    pub trace: Option<TraceHeader>,
    /// It cannot be received for so long.
    pub(crate) delay: Duration,
    /// Whose it is, so that one tenant's many messages do not keep another's waiting: a standard queue whose messages have a group
    /// is a fair queue.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
    pub(crate) group: Option<String>,
}

impl Entry {
    /// A message without attributes.
    pub fn new(body: String) -> Self {
        Self { body, attributes: Vec::new(), trace: None, delay: Duration::ZERO, group: None }
    }

    /// The same message, as part of a trace.
    #[must_use]
    pub fn traced(self, trace: Option<TraceHeader>) -> Self {
        Self { trace, ..self }
    }

    /// The same message, received no sooner than this, or than SQS's longest delay.
    #[must_use]
    pub fn later(self, delay: Duration) -> Self {
        Self { delay: delay.min(LONGEST_DELAY), ..self }
    }

    /// The same message, as one of this tenant's: up to 128 ASCII letters, digits and punctuation.
    #[must_use]
    pub fn of_group(self, group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), ..self }
    }

    /// What SQS's limits are about; the trace header, a system attribute, does not count:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html>
    pub(crate) fn bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        self.body.len() + attributes.map(|(name, value)| attribute_bytes(name) + value.len()).sum::<usize>()
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
        request = request.set_message_group_id(self.group.clone());
        if !self.delay.is_zero() {
            let seconds = self.delay.as_millis().div_ceil(1000);
            request = request.delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        }
        request.build().map_err(|e| Unavailable::new("take a message", e))
    }
}

/// What an attribute with an empty value takes.
pub(crate) const fn attribute_bytes(name: &str) -> usize {
    name.len() + "String".len()
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
    /// Refused for what they are: sending them again is of no use.
    pub refused: Vec<Refused>,
    /// Not accepted for now, or nobody knows; sending them again is right.
    pub unsent: Vec<usize>,
    /// What the last of those was refused with: SQS's code, or what happened to the call.
    pub why: Option<String>,
}

/// What became of a call.
struct Call {
    sent: Sent,
    /// It was refused as a whole for what one of its entries is: each is to have a call of its own.
    poisoned: bool,
}

impl Queue {
    /// Sends messages in batch calls, several at a time. Those that are not accepted for now are sent again, and only
    /// those, after a pause that grows, until `patience` is over. One whose body is longer than [`BODY_BYTES`] is refused.
    pub async fn send(&self, entries: &[&Entry], patience: Duration) -> Sent {
        let is_too_long = |entry: &Entry| entry.body.len() > BODY_BYTES || entry.bytes() > BATCH_BYTES;
        self.send_all(entries, is_too_long, patience).await
    }

    /// Sends one entry as it is, however long, and again for so long.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn send_one(&self, entry: Entry, patience: Duration) -> Result<(), Unavailable> {
        let sent = self.send_all(&[&entry], |entry| entry.bytes() > BATCH_BYTES, patience).await;
        match (sent.accepted, sent.refused.into_iter().next()) {
            (1, _) => Ok(()),
            (_, Some(refused)) => Err(Unavailable::new("take a message", refused.code)),
            (_, None) => Err(Unavailable::new("take a message", sent.why.unwrap_or_else(|| "no answer".to_owned()))),
        }
    }

    async fn send_all(&self, entries: &[&Entry], is_too_long: impl Fn(&Entry) -> bool, patience: Duration) -> Sent {
        let until = Instant::now() + patience;
        let mut sent = Sent::default();
        let mut open: Vec<usize> = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            if is_too_long(entry) {
                sent.refused.push(Refused { index, code: TOO_LONG.to_owned() });
            } else {
                open.push(index);
            }
        }
        let (mut most, mut longest) = (BATCH_ENTRIES, FIRST_PAUSE);
        while !open.is_empty() {
            let calls = stream::iter(pack(entries, &open, most))
                .map(|batch| async move { self.send_batch(entries, batch).await })
                .buffer_unordered(CONCURRENT_CALLS)
                .collect::<Vec<_>>()
                .await;
            open.clear();
            for Call { sent: call, poisoned } in calls {
                sent.accepted += call.accepted;
                sent.refused.extend(call.refused);
                open.extend(call.unsent);
                sent.why = call.why.or(sent.why);
                most = if poisoned { 1 } else { most };
            }
            // Half of it at least, as the SDK's own retries: a crowd spreads out, and nobody comes back at once.
            let pause = longest / 2 + (longest / 2).mul_f64(fastrand::f64());
            if open.is_empty() || Instant::now() + pause > until {
                break;
            }
            sleep(pause).await;
            longest = (longest * 2).min(LONGEST_PAUSE);
        }
        sent.unsent = open;
        sent
    }

    async fn send_batch(&self, entries: &[&Entry], batch: Vec<usize>) -> Call {
        let requests: Result<Vec<_>, _> = batch.iter().map(|&index| entries[index].request(index)).collect();
        let requests = match requests {
            Ok(requests) => requests,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a batch could not be made");
                let why = Some(error.to_string());
                return Call { sent: Sent { unsent: batch, why, ..Sent::default() }, poisoned: false };
            }
        };
        let call = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(requests));
        match call.send().await {
            Ok(answer) => Call { sent: answered(batch, &answer), poisoned: false },
            Err(error) => failed(batch, &error),
        }
    }
}

/// What SQS says of each entry. One that the answer does not mention counts as unsent: a second copy is harmless.
fn answered(batch: Vec<usize>, answer: &SendMessageBatchOutput) -> Sent {
    let mut sent = Sent { unsent: batch, ..Sent::default() };
    for done in answer.successful() {
        sent.accepted += usize::from(take(&mut sent.unsent, done.id()).is_some());
    }
    let mut for_now: BTreeMap<&str, usize> = BTreeMap::new();
    for failed in answer.failed() {
        let code = bare(failed.code());
        if !FOR_GOOD.contains(&code) {
            *for_now.entry(code).or_default() += 1;
        } else if let Some(index) = take(&mut sent.unsent, failed.id()) {
            sent.refused.push(Refused { index, code: code.to_owned() });
        }
    }
    for (code, entries) in for_now {
        tracing::warn!(code, entries, "not accepted for now");
        sent.why = Some(code.to_owned());
    }
    sent
}

/// A call that was not answered, or refused as a whole.
fn failed(batch: Vec<usize>, error: &SdkError<SendMessageBatchError>) -> Call {
    let code = error.code().map(bare);
    let mut sent = Sent { why: Some(code.map_or_else(|| error.to_string(), str::to_owned)), ..Sent::default() };
    let for_good = code.filter(|code| FOR_GOOD.contains(code));
    if let (Some(code), &[index]) = (for_good, batch.as_slice()) {
        sent.refused.push(Refused { index, code: code.to_owned() });
    } else {
        let error = error as &dyn std::error::Error;
        tracing::warn!(entries = batch.len(), error, "a batch was not accepted");
        sent.unsent = batch;
    }
    Call { sent, poisoned: for_good.is_some() }
}

/// A code without the names of protocol and service, which stand before it in some answers; KMS's codes keep theirs.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code)
}

fn take(open: &mut Vec<usize>, id: &str) -> Option<usize> {
    let index: usize = id.parse().ok()?;
    let at = open.iter().position(|&i| i == index)?;
    Some(open.swap_remove(at))
}

/// Packs entries, in order, into calls of at most so many entries and one mebibyte.
fn pack(entries: &[&Entry], open: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &index in open {
        let size = entries[index].bytes();
        match batches.last_mut() {
            Some(batch) if batch.len() < most && bytes + size <= BATCH_BYTES => {
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
#[path = "send_tests.rs"]
mod tests;
