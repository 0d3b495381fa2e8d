//! SQS standard queues: at least once, in any order, counted receives, a dead-letter queue behind.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html>

use crate::{
    BrokenPromise, Function, QUEUE, clock,
    lambda::PRODUCERS_TRACE,
    world::{Caller, World},
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
/// The queue's visibility time-out, as in the template.
pub(crate) const VISIBILITY: TimeDelta = TimeDelta::seconds(480);

struct Message {
    body: String,
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
    /// SQS moved it although nothing of ours had failed.
    pub(crate) excused: bool,
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
    max_receives: u32,
}

impl Queues {
    pub(crate) fn new(max_receives: u32) -> Self {
        Self { messages: BTreeMap::new(), letters: Vec::new(), max_receives }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// When the next message can be received.
    pub(crate) fn next_visible(&self) -> Option<DateTime<Utc>> {
        self.messages.values().map(|m| m.visible_at).min()
    }

    fn put(&mut self, id: String, body: String, delay: TimeDelta, now: DateTime<Utc>) {
        let (sent_at, visible_at, received_at) = (now, now + delay, now);
        let (receives, handles, again) = (0, Vec::new(), false);
        let message = Message { body, sent_at, visible_at, received_at, receives, handles, again };
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

type Answer = Result<Value, (u16, &'static str)>;

pub(crate) fn send(world: &mut World, by: Function, request: &Value) -> Answer {
    let entries = request["Entries"].as_array().filter(|e| !e.is_empty()).ok_or((400, "EmptyBatchRequest"))?;
    if entries.len() > ENTRIES {
        return Err((400, "TooManyEntriesInBatchRequest"));
    }
    let body = |entry: &Value| entry["MessageBody"].as_str().unwrap_or_default().to_owned();
    if entries.iter().map(|e| body(e).len() + attribute_bytes(e)).sum::<usize>() > BYTES {
        return Err((400, "BatchRequestTooLong"));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let body = body(entry);
        // Whoever sends it, again or elsewhere, it belongs to the trace of the producer that found the order.
        let trace = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].as_str();
        if trace != Some(PRODUCERS_TRACE) {
            world.problems.push(format!("a message is sent in the trace {trace:?}"));
        }
        if !body.chars().all(is_allowed)
            || attributes(entry).any(|(_, value)| value.is_empty() || !value.chars().all(is_allowed))
        {
            failed.push(json!({"Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents"}));
            continue;
        }
        if world.odd(world.odds.entry) {
            let (code, sender) = NOT_NOW[world.rng.random_range(0..NOT_NOW.len())];
            failed.push(json!({"Id": entry["Id"], "SenderFault": sender, "Code": code}));
            // Of an error of SQS's own nobody knows.
            if sender || !world.odd(0.3) {
                continue;
            }
        }
        let id = world.fresh("m");
        if request["QueueUrl"] == QUEUE {
            world.queued(by, key(&body).as_deref());
            if !(world.broken == Some(BrokenPromise::Delivery) && world.odd(0.2)) {
                let delay = TimeDelta::seconds(entry["DelaySeconds"].as_i64().unwrap_or(0));
                world.queues.put(id.clone(), body, delay, clock::now());
            }
        } else {
            let class = entry["MessageAttributes"]["error_class"]["StringValue"].as_str().map(str::to_owned);
            world.queues.letters.push(Letter { body, class, excused: false });
        }
        if failed.last().is_none_or(|f| f["Id"] != entry["Id"]) {
            successful.push(json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""}));
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

/// The numbers are exact, as SQS's need not be.
pub(crate) fn depth(world: &World) -> Value {
    let messages = &world.queues.messages;
    let visible = messages.values().filter(|message| message.visible_at <= clock::now()).count();
    json!({"Attributes": {
        "ApproximateNumberOfMessages": visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": (messages.len() - visible).to_string(),
        "ApproximateNumberOfMessagesDelayed": "0",
    }})
}

pub(crate) fn hide(world: &mut World, by: Caller, request: &Value) -> Answer {
    let entries = request["Entries"].as_array().filter(|e| !e.is_empty()).ok_or((400, "EmptyBatchRequest"))?;
    if entries.len() > ENTRIES {
        return Err((400, "TooManyEntriesInBatchRequest"));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let seconds = entry["VisibilityTimeout"].as_i64().unwrap_or(-1);
        let known = world.queues.by_handle(entry["ReceiptHandle"].as_str().unwrap_or_default());
        let fails = world.odd(world.odds.entry);
        let until = clock::now() + TimeDelta::seconds(seconds);
        let mut refused = |code| failed.push(json!({"Id": entry["Id"], "SenderFault": true, "Code": code}));
        match known.and_then(|id| world.queues.messages.get_mut(&id)) {
            _ if fails => refused("RequestThrottled"),
            Some(message) if seconds < 0 || until > message.received_at + INVISIBLE => refused("InvalidParameterValue"),
            Some(message) if message.visible_at > clock::now() => {
                message.visible_at = until;
                let hidden = key(&message.body).map(|key| (key, message.visible_at));
                successful.push(json!({"Id": entry["Id"]}));
                world.hidden(by, hidden);
            }
            _ => refused("MessageNotInflight"),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

/// What the event source mapping receives, as Lambda hands it over: up to ten messages in any order. A message that has
/// been received too often goes to the dead-letter queue instead.
pub(crate) fn receive(world: &mut World, most: usize) -> Vec<Value> {
    let now = clock::now();
    let visible = world.queues.messages.iter().filter(|(_, m)| m.visible_at <= now).map(|(id, _)| id.clone());
    let mut visible: Vec<String> = visible.collect();
    let mut batch = Vec::new();
    let wanted = if world.odd(0.2) { world.rng.random_range(1..=most) } else { most };
    while batch.len() < wanted && !visible.is_empty() {
        let id = visible.swap_remove(world.rng.random_range(0..visible.len()));
        let exhausted = world.queues.messages.get(&id).is_some_and(|m| m.receives >= world.queues.max_receives);
        if exhausted {
            if let Some(message) = world.queues.messages.remove(&id) {
                world.say(&format!("SQS moves {id} to the dead-letter queue"));
                world.queues.letters.push(Letter { body: message.body, class: None, excused: message.again });
            }
            continue;
        }
        let again = world.odd(world.odds.duplicate);
        let soon = if world.odd(0.5) { 2_000 } else { 90_000 };
        let pause = TimeDelta::milliseconds(world.rng.random_range(0..soon));
        let handle = world.fresh("h");
        let Some(message) = world.queues.messages.get_mut(&id) else { continue };
        message.receives += 1;
        message.again |= again;
        message.received_at = now;
        message.visible_at = now + if again { pause } else { VISIBILITY };
        message.handles.push(handle.clone());
        batch.push(json!({
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
        }));
        if again && world.odd(0.2) {
            batch.extend(batch.last().cloned());
        }
    }
    batch
}

/// Deletes a message, or not: a standard queue may deliver it all the same.
pub(crate) fn delete(world: &mut World, id: &str) {
    if !world.odd(world.odds.duplicate / 4.0) {
        world.queues.messages.remove(id);
    } else if let Some(message) = world.queues.messages.get_mut(id) {
        message.again = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Odds;
    use rand::SeedableRng as _;
    use std::time::Duration;
    use tokio::time::advance;

    const CONSUMER: Caller = Caller { function: Function::Consumer, machine: 0, process: 0 };

    fn send_one(world: &mut World, body: &str) -> Value {
        send(world, Function::Producer, &json!({"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": body}]}))
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn receives_are_counted_until_the_message_moves_away() {
        let mut world = World::new(rand_chacha::ChaCha8Rng::seed_from_u64(1), Odds::NONE, DateTime::UNIX_EPOCH, 2);
        clock::begin(DateTime::UNIX_EPOCH, [TimeDelta::zero(); crate::clock::MACHINES]);
        send_one(&mut world, "one");
        let first = receive(&mut world, 10);
        assert_eq!(first[0]["attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!(receive(&mut world, 10).len(), 0, "it is in flight");
        let handle = first[0]["receiptHandle"].as_str().unwrap();
        let entry =
            |seconds: i64| json!({"Entries": [{"Id": "0", "ReceiptHandle": handle, "VisibilityTimeout": seconds}]});
        assert_eq!(hide(&mut world, CONSUMER, &entry(5)).unwrap()["Successful"][0]["Id"], "0");
        assert_eq!(hide(&mut world, CONSUMER, &entry(43_201)).unwrap()["Failed"][0]["Id"], "0", "twelve hours at most");
        advance(Duration::from_secs(3)).await;
        let refused = hide(&mut world, CONSUMER, &entry(43_198)).unwrap();
        assert_eq!(refused["Failed"][0]["Code"], "InvalidParameterValue", "twelve hours since its receipt");
        advance(Duration::from_secs(2)).await;
        assert_eq!(receive(&mut world, 10)[0]["attributes"]["ApproximateReceiveCount"], "2");
        advance(Duration::from_mins(8)).await;
        assert!(receive(&mut world, 10).is_empty() && world.queues.is_empty() && world.queues.letters.len() == 1);
    }

    #[test]
    fn what_sqs_refuses_is_refused() {
        let mut world = World::new(rand_chacha::ChaCha8Rng::seed_from_u64(1), Odds::NONE, DateTime::UNIX_EPOCH, 2);
        let eleven = vec![json!({"Id": "0", "MessageBody": "x"}); 11];
        let batch = |entries: Value| json!({"QueueUrl": QUEUE, "Entries": entries});
        assert_eq!(
            send(&mut world, Function::Producer, &batch(json!(eleven))),
            Err((400, "TooManyEntriesInBatchRequest"))
        );
        assert_eq!(send(&mut world, Function::Producer, &batch(json!([]))), Err((400, "EmptyBatchRequest")));
        let long = json!([{"Id": "0", "MessageBody": "x".repeat(BYTES + 1)}]);
        assert_eq!(send(&mut world, Function::Producer, &batch(long)), Err((400, "BatchRequestTooLong")));
        assert_eq!(send_one(&mut world, "\u{1}")["Failed"][0]["SenderFault"], true);
        let attributes = |value: &str| json!({"error": {"DataType": "String", "StringValue": value}});
        let entry =
            |body: &str, value: &str| json!([{"Id": "0", "MessageBody": body, "MessageAttributes": attributes(value)}]);
        assert_eq!(
            send(&mut world, Function::Producer, &batch(entry(&"x".repeat(BYTES - 12), "ab"))),
            Err((400, "BatchRequestTooLong"))
        );
        let refused = send(&mut world, Function::Producer, &batch(entry("x", ""))).unwrap();
        assert_eq!(refused["Failed"][0]["Code"], "InvalidMessageContents", "an empty value");
    }
}
