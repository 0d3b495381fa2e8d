//! `SendMessageBatch` answers 200 with entries that failed: only those are sent again, and none is taken for sent.

use crate::stage::{Setting, Stage, sqs};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use queue::{Entry, Queue};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// An SQS that fails entries: those whose body is `refused` for good, every third other one once.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<BTreeMap<String, usize>>>);

impl Respond for Failing {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let mut seen = self.0.lock().unwrap();
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in body["Entries"].as_array().unwrap() {
            let (id, text) = (&entry["Id"], entry["MessageBody"].as_str().unwrap());
            let times = seen.entry(text.to_owned()).or_default();
            *times += 1;
            let number = text.parse::<usize>().ok();
            if text == "refused" {
                failed.push(json!({"Id": id, "Code": "InvalidMessageContents", "SenderFault": true}));
            } else if *times == 1 && number.is_some_and(|n| n % 3 == 0) {
                failed.push(json!({"Id": id, "Code": "InternalError", "SenderFault": false}));
            } else {
                successful.push(json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": md5(text)}));
            }
        }
        ResponseTemplate::new(200).set_body_json(json!({"Successful": successful, "Failed": failed}))
    }
}

/// The SDK does not check it in a batch's answer, but the field must be there.
fn md5(_: &str) -> &'static str {
    "d41d8cd98f00b204e9800998ecf8427e"
}

/// The SDK's configuration for a server that is no AWS.
async fn config(server: &MockServer) -> aws_config::SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(server.uri())
        .http_client(aws::http_client().unwrap())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

#[tokio::test]
async fn only_entries_that_failed_are_sent_again() {
    let server = MockServer::start().await;
    let failing = Failing::default();
    Mock::given(any()).respond_with(failing.clone()).mount(&server).await;
    let queue = Queue::new(&config(&server).await, format!("{}/queue", server.uri()));
    let mut entries: Vec<Entry> = (0..50).map(|n| Entry::new(n.to_string())).collect();
    entries.push(Entry::new("refused".to_owned()));
    entries.push(Entry::new("x".repeat(queue::BODY_BYTES)));
    entries.push(Entry::new("y".repeat(queue::BODY_BYTES + 1)));

    let sent = queue.send(&entries.iter().collect::<Vec<_>>(), queue::PATIENCE).await;

    assert_eq!((sent.accepted, sent.unsent.len()), (51, 0));
    let refused: Vec<_> = sent.refused.iter().map(|refused| (refused.index, refused.code.as_str())).collect();
    assert_eq!(refused, [(52, "MessageTooLong"), (50, "InvalidMessageContents")]);
    let seen = failing.0.lock().unwrap();
    for n in 0..50usize {
        assert_eq!(seen[&n.to_string()], if n % 3 == 0 { 2 } else { 1 }, "message {n}");
    }
    assert_eq!(seen["refused"], 1);
}

/// Between the functions and the emulator's SQS: every `SendMessageBatch` loses a third of its entries on the way, with a
/// 200 that says so.
struct Lossy {
    emulator: Arc<Mutex<String>>,
    lost: Arc<Mutex<usize>>,
}

impl Respond for Lossy {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let emulator = self.emulator.lock().unwrap().clone();
        let target = request.headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        let mut failed = Vec::new();
        if target == "SendMessageBatch" {
            let entries = body["Entries"].as_array_mut().unwrap();
            let mut lost = self.lost.lock().unwrap();
            // A batch of one is let through, or nothing would ever arrive.
            let every = if entries.len() > 1 { 3 } else { usize::MAX };
            let mut index = 0;
            entries.retain(|entry| {
                index += 1;
                let keep = index % every != 0;
                if !keep {
                    failed.push(json!({"Id": entry["Id"], "Code": "InternalError", "SenderFault": false}));
                }
                keep
            });
            *lost += failed.len();
        }
        let mut answer = sqs(&emulator, &target, &body);
        if !failed.is_empty() {
            answer["Failed"] = failed.into();
        }
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_says_200_and_takes_two_thirds_loses_nothing() {
    let proxy = MockServer::start().await;
    let (emulator, lost) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(0)));
    let lossy = Lossy { emulator: Arc::clone(&emulator), lost: Arc::clone(&lost) };
    Mock::given(any()).respond_with(lossy).mount(&proxy).await;
    let stage = Stage::with(Setting {
        environment: &[("AWS_ENDPOINT_URL_SQS", proxy.uri().as_str())],
        // A third of a third of a third … of fifty is still one after the resends of one run.
        settings: &[("reviews", "batch_size", "20")],
        ..Setting::default()
    })
    .await;
    *emulator.lock().unwrap() = stage.emulator.endpoint().to_owned();
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(100)).unwrap();
    stage.deliver_all(&manifest).await;
    assert!(*lost.lock().unwrap() > 30, "entries were to be lost on the way");
}

/// A queue whose every call gets `answer`, and the calls it got.
async fn recording(answer: Value) -> (MockServer, Queue) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(answer)).mount(&server).await;
    let queue = Queue::new(&config(&server).await, format!("{}/queue", server.uri()));
    (server, queue)
}

async fn requests(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn messages_are_hidden_for_whole_seconds_rounded_up_ten_a_call() {
    let (server, queue) = recording(json!({"Successful": [], "Failed": []})).await;
    let message = |n: usize| queue::Received {
        id: n.to_string(),
        receipt_handle: format!("handle-{n}"),
        body: String::new(),
        receives: 1,
        sent_at: None,
        trace: None,
        group: None,
    };
    let messages: Vec<_> = (0..12).map(message).collect();
    let delays = [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(30)];
    let hidden: Vec<_> = messages.iter().zip(delays.iter().copied().cycle()).collect();

    queue.hide(&hidden, tokio::time::Instant::now()).await.unwrap();

    let requests = requests(&server).await;
    let entries: Vec<_> = requests.iter().map(|request| request["Entries"].as_array().unwrap()).collect();
    assert_eq!(entries.iter().map(|entries| entries.len()).collect::<Vec<_>>(), [10, 2]);
    let seen: Vec<_> = entries
        .iter()
        .copied()
        .flatten()
        .map(|e| (e["ReceiptHandle"].clone(), e["VisibilityTimeout"].clone()))
        .collect();
    for (n, seen) in seen.iter().enumerate() {
        let seconds = [0, 1, 30][n % 3];
        assert_eq!(*seen, (json!(format!("handle-{n}")), json!(seconds)));
    }
}

#[tokio::test]
async fn a_depth_is_what_is_visible_in_flight_and_delayed() {
    let attributes = json!({
        "ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesNotVisible": "5", "ApproximateNumberOfMessagesDelayed": "7",
    });
    let (_server, queue) = recording(json!({"Attributes": attributes})).await;
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.visible, depth.in_flight, depth.delayed, depth.total()), (3, 5, 7, 15));
}
