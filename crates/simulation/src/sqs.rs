//! SQS standard queues: at least once, in any order, counted receives, a dead-letter queue behind.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html>

use crate::{
    HINTS, QUEUE,
    chance::Chance,
    clock,
    fairness::{Fairness, Grouped},
    fault::BrokenPromise,
    functions::PRODUCERS_TRACE,
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a batch call may hold, in entries and in bytes.
const ENTRIES: usize = 10;
const BYTES: usize = 1024 * 1024;
/// No message is invisible for longer, counted from its receipt.
const INVISIBLE: TimeDelta = TimeDelta::hours(12);
/// What is said of an entry that is not accepted for now, and whether SQS calls it the sender's fault.
const NOT_NOW: [(&str, bool); 6] = [
    ("InternalError", false),
    ("ServiceUnavailable", false),
    ("RequestThrottled", true),
    ("KMS.ThrottlingException", true),
    ("KmsThrottled", true),
    ("AccessDenied", true),
];
/// The visibility time-out of the reviews flow's queue, as in the template.
pub(crate) const VISIBILITY: TimeDelta = TimeDelta::seconds(480);
/// How long the queue keeps a message, as in the template.
const RETENTION: TimeDelta = TimeDelta::days(7);

struct Message {
    body: String,
    group: Option<String>,
    sent_at: DateTime<Utc>,
    visible_at: DateTime<Utc>,
    /// The last time.
    received_at: DateTime<Utc>,
    receives: u32,
    handles: Vec<String>,
    /// It was received twice at a time, or came back after its deletion.
    again: bool,
}

/// A message that a person is to look at.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) body: String,
    /// The attribute `error_class`; none when SQS moved the message itself.
    pub(crate) class: Option<String>,
    /// The attribute `error`, likewise.
    pub(crate) error: Option<String>,
    /// The attribute `reason`, likewise.
    pub(crate) reason: Option<String>,
    /// SQS moved it although nothing of ours had failed.
    pub(crate) excused: bool,
}

impl Grouped for Message {
    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }
}

impl Letter {
    /// The delivery that it names.
    pub(crate) fn key(&self) -> Option<String> {
        key(&self.body)
    }
}

/// The delivery key of a message.
fn key(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body["key"].as_str()?.to_owned())
}

/// The flow's queue and its dead-letter queue.
pub(crate) struct Queues {
    messages: BTreeMap<String, Message>,
    pub(crate) letters: Vec<Letter>,
    /// What was sent to the write-back's queue, which nobody polls here, and for how many seconds each is held back.
    pub(crate) hints: Vec<(i64, String)>,
    /// The queue's visibility time-out.
    pub(crate) visibility: TimeDelta,
    pub(crate) fairness: Fairness,
    max_receives: u32,
}

impl Queues {
    pub(crate) fn new(max_receives: u32) -> Self {
        let (visibility, fairness) = (VISIBILITY, Fairness::default());
        Self { messages: BTreeMap::new(), letters: Vec::new(), hints: Vec::new(), visibility, fairness, max_receives }
    }

    /// How many messages there are, hidden ones too.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// When the next message can be received.
    pub(crate) fn next_visible(&self) -> Option<DateTime<Utc>> {
        self.messages.values().map(|m| m.visible_at).min()
    }

    fn put(&mut self, id: String, body: String, group: Option<String>, delay: TimeDelta, now: DateTime<Utc>) {
        let (sent_at, visible_at, received_at) = (now, now + delay, now);
        let (receives, handles, again) = (0, Vec::new(), false);
        let message = Message { body, group, sent_at, visible_at, received_at, receives, handles, again };
        self.messages.insert(id, message);
    }

    fn by_handle(&self, handle: &str) -> Option<String> {
        let owns = |m: &Message| m.handles.iter().any(|h| h == handle);
        self.messages.iter().find(|(_, m)| owns(m)).map(|(id, _)| id.clone())
    }
}

/// Characters that SQS takes: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn attributes(entry: &Value) -> impl Iterator<Item = (&String, &str)> {
    let all = entry["MessageAttributes"].as_object().into_iter().flatten();
    all.map(|(name, value)| (name, value["StringValue"].as_str().unwrap_or_default()))
}

/// Name, type and value of each.
fn attribute_bytes(entry: &Value) -> usize {
    attributes(entry).map(|(name, value)| name.len() + "String".len() + value.len()).sum()
}

/// What a call is answered, and what it did; an error's status and code.
type Answer<T> = Result<(Value, Vec<T>), (u16, &'static str)>;

/// The entries of a batch call.
fn entries(request: &Value) -> Result<&Vec<Value>, (u16, &'static str)> {
    let entries = request["Entries"].as_array().filter(|e| !e.is_empty()).ok_or((400, "EmptyBatchRequest"))?;
    if entries.len() > ENTRIES { Err((400, "TooManyEntriesInBatchRequest")) } else { Ok(entries) }
}

/// What the event source mapping receives, as Lambda hands it over.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) records: Vec<Value>,
    /// Messages that had been received too often, and went to the dead-letter queue instead.
    pub(crate) moved: Vec<String>,
}

impl Queues {
    /// `SendMessageBatch`; the delivery keys of the messages that the queue has taken.
    pub(crate) fn send(&mut self, chance: &mut Chance, request: &Value) -> Answer<String> {
        let entries = entries(request)?;
        let body = |entry: &Value| entry["MessageBody"].as_str().unwrap_or_default().to_owned();
        if entries.iter().map(|e| body(e).len() + attribute_bytes(e)).sum::<usize>() > BYTES {
            return Err((400, "BatchRequestTooLong"));
        }
        let (mut successful, mut failed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            let body = body(entry);
            if !body.chars().all(is_allowed)
                || attributes(entry).any(|(_, value)| value.is_empty() || !value.chars().all(is_allowed))
            {
                failed.push(json!({"Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents"}));
                continue;
            }
            if chance.odd(chance.odds.entry) {
                let (code, sender) = NOT_NOW[chance.rng.random_range(0..NOT_NOW.len())];
                failed.push(json!({"Id": entry["Id"], "SenderFault": sender, "Code": code}));
                // Of an error of SQS's own nobody knows.
                if sender || !chance.odd(0.3) {
                    continue;
                }
            }
            let id = chance.fresh("m");
            if request["QueueUrl"] == QUEUE {
                taken.extend(key(&body));
                if !(chance.broken == Some(BrokenPromise::Delivery) && chance.odd(0.2)) {
                    let delay = TimeDelta::seconds(entry["DelaySeconds"].as_i64().unwrap_or(0));
                    let group = entry["MessageGroupId"].as_str().map(str::to_owned);
                    self.put(id.clone(), body, group, delay, clock::now());
                }
            } else if request["QueueUrl"] == HINTS {
                self.hints.push((entry["DelaySeconds"].as_i64().unwrap_or(0), body));
            } else {
                let said = |name: &str| entry["MessageAttributes"][name]["StringValue"].as_str().map(str::to_owned);
                let (class, error, reason) = (said("error_class"), said("error"), said("reason"));
                self.letters.push(Letter { body, class, error, reason, excused: false });
            }
            if failed.last().is_none_or(|f| f["Id"] != entry["Id"]) {
                successful.push(json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""}));
            }
        }
        Ok((json!({"Successful": successful, "Failed": failed}), taken))
    }

    /// `GetQueueAttributes`. The numbers are exact, as SQS's need not be.
    pub(crate) fn depth(&self) -> Value {
        let visible = self.messages.values().filter(|message| message.visible_at <= clock::now()).count();
        json!({"Attributes": {
            "ApproximateNumberOfMessages": visible.to_string(),
            "ApproximateNumberOfMessagesNotVisible": (self.messages.len() - visible).to_string(),
            "ApproximateNumberOfMessagesDelayed": "0",
        }})
    }

    /// `ChangeMessageVisibilityBatch`; which deliveries' messages are hidden now, and until when.
    pub(crate) fn hide(&mut self, chance: &mut Chance, request: &Value) -> Answer<(String, DateTime<Utc>)> {
        let (mut successful, mut failed, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries(request)? {
            let seconds = entry["VisibilityTimeout"].as_i64().unwrap_or(-1);
            let known = self.by_handle(entry["ReceiptHandle"].as_str().unwrap_or_default());
            let fails = chance.odd(chance.odds.entry);
            let until = clock::now() + TimeDelta::seconds(seconds);
            let mut refused = |code| failed.push(json!({"Id": entry["Id"], "SenderFault": true, "Code": code}));
            match known.and_then(|id| self.messages.get_mut(&id)) {
                _ if fails => refused("RequestThrottled"),
                Some(message) if seconds < 0 || until > message.received_at + INVISIBLE => {
                    refused("InvalidParameterValue");
                }
                Some(message) if message.visible_at > clock::now() => {
                    message.visible_at = until;
                    hidden.extend(key(&message.body).map(|key| (key, until)));
                    successful.push(json!({"Id": entry["Id"]}));
                }
                _ => refused("MessageNotInflight"),
            }
        }
        Ok((json!({"Successful": successful, "Failed": failed}), hidden))
    }

    /// Up to `most` messages in any order.
    pub(crate) fn receive(&mut self, chance: &mut Chance, most: usize) -> Received {
        let now = clock::now();
        self.messages.retain(|_, message| message.sent_at + RETENTION > now);
        let visible = self.messages.iter().filter(|(_, message)| message.visible_at <= now);
        let mut visible: Vec<String> = self.fairness.first(visible).into_iter().cloned().collect();
        let mut received = Received::default();
        let wanted = if chance.odd(0.2) { chance.rng.random_range(1..=most) } else { most };
        while received.records.len() < wanted && !visible.is_empty() {
            let id = visible.swap_remove(chance.rng.random_range(0..visible.len()));
            if self.messages.get(&id).is_some_and(|m| m.receives >= self.max_receives) {
                if let Some(message) = self.messages.remove(&id) {
                    let (body, excused) = (message.body, message.again);
                    self.letters.push(Letter { body, class: None, error: None, reason: None, excused });
                    received.moved.push(id);
                }
                continue;
            }
            let again = chance.odd(chance.odds.duplicate);
            let soon = if chance.odd(0.5) { 2_000 } else { 90_000 };
            let pause = TimeDelta::milliseconds(chance.rng.random_range(0..soon));
            let handle = chance.fresh("h");
            let Some(message) = self.messages.get_mut(&id) else { continue };
            message.receives += 1;
            message.again |= again;
            message.received_at = now;
            message.visible_at = now + if again { pause } else { self.visibility };
            self.fairness.received(message.group.as_deref(), now);
            message.handles.push(handle.clone());
            let record = record(&id, &handle, message);
            if again && chance.odd(0.2) {
                received.records.push(record.clone());
            }
            received.records.push(record);
        }
        received
    }

    /// Deletes a message, or not: a standard queue may deliver it all the same.
    pub(crate) fn delete(&mut self, chance: &mut Chance, id: &str) {
        if !chance.odd(chance.odds.duplicate / 4.0) {
            self.messages.remove(id);
        } else if let Some(message) = self.messages.get_mut(id) {
            message.again = true;
        }
    }
}

fn record(id: &str, handle: &str, message: &Message) -> Value {
    let mut record = json!({
        "messageId": id,
        "receiptHandle": handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": message.sent_at.timestamp_millis().to_string(),
            "AWSTraceHeader": PRODUCERS_TRACE,
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    });
    if let Some(group) = &message.group {
        record["attributes"]["MessageGroupId"] = group.as_str().into();
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Odds;
    use rand::SeedableRng as _;
    use std::time::Duration;
    use tokio::time::advance;

    fn chance() -> Chance {
        let rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        Chance { rng, odds: Odds::NONE, faults_end: DateTime::UNIX_EPOCH, broken: None }
    }

    fn send(queues: &mut Queues, entries: &Value) -> Result<Value, (u16, &'static str)> {
        queues.send(&mut chance(), &json!({"QueueUrl": QUEUE, "Entries": entries})).map(|(answer, _)| answer)
    }

    fn one(body: &str) -> Value {
        json!([{"Id": "0", "MessageBody": body}])
    }

    #[tokio::test(start_paused = true)]
    async fn receives_are_counted_until_the_message_moves_away() {
        let (mut queues, chance) = (Queues::new(2), &mut chance());
        clock::begin(DateTime::UNIX_EPOCH, [TimeDelta::zero(); crate::clock::MACHINES]);
        send(&mut queues, &one("one")).unwrap();
        let first = queues.receive(chance, 10).records;
        assert_eq!(first[0]["attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!(queues.receive(chance, 10).records.len(), 0, "it is in flight");
        let handle = first[0]["receiptHandle"].as_str().unwrap();
        let mut hide = |queues: &mut Queues, seconds: i64| {
            let entry = json!({"Id": "0", "ReceiptHandle": handle, "VisibilityTimeout": seconds});
            queues.hide(chance, &json!({"Entries": [entry]})).unwrap().0
        };
        assert_eq!(hide(&mut queues, 5)["Successful"][0]["Id"], "0");
        assert_eq!(hide(&mut queues, 43_201)["Failed"][0]["Id"], "0", "twelve hours at most");
        advance(Duration::from_secs(3)).await;
        let refused = hide(&mut queues, 43_198);
        assert_eq!(refused["Failed"][0]["Code"], "InvalidParameterValue", "twelve hours since its receipt");
        advance(Duration::from_secs(2)).await;
        assert_eq!(queues.receive(chance, 10).records[0]["attributes"]["ApproximateReceiveCount"], "2");
        advance(Duration::from_mins(8)).await;
        let last = queues.receive(chance, 10);
        assert!(last.records.is_empty() && last.moved.len() == 1);
        assert!(queues.is_empty() && queues.letters.len() == 1);
    }

    #[test]
    fn what_sqs_refuses_is_refused() {
        let mut queues = Queues::new(2);
        let mut send = |entries: Value| send(&mut queues, &entries);
        let eleven = vec![json!({"Id": "0", "MessageBody": "x"}); 11];
        assert_eq!(send(json!(eleven)), Err((400, "TooManyEntriesInBatchRequest")));
        assert_eq!(send(json!([])), Err((400, "EmptyBatchRequest")));
        assert_eq!(send(one(&"x".repeat(BYTES + 1))), Err((400, "BatchRequestTooLong")));
        assert_eq!(send(one("\u{1}")).unwrap()["Failed"][0]["SenderFault"], true);
        let attributes = |value: &str| json!({"error": {"DataType": "String", "StringValue": value}});
        let entry =
            |body: &str, value: &str| json!([{"Id": "0", "MessageBody": body, "MessageAttributes": attributes(value)}]);
        assert_eq!(send(entry(&"x".repeat(BYTES - 12), "ab")), Err((400, "BatchRequestTooLong")));
        let refused = send(entry("x", "")).unwrap();
        assert_eq!(refused["Failed"][0]["Code"], "InvalidMessageContents", "an empty value");
    }
}
